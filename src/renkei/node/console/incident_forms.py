"""What the forms of incidents say, read into what the service takes; and the words of its codes.

Each refusal is an IncidentRefused, whose sentence stands above the form; what was typed stays in it.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from django.http import QueryDict
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.incidents import concerned
from renkei.node.incidents.concerned import Concerned
from renkei.node.incidents.errors import IncidentRefused
from renkei.node.incidents.models import Condition, Incident, Item, Kind

KINDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Kind.LEAK.value: Words("漏えい等(漏えい・滅失・毀損)", "Leak, loss or damage of personal data"),
        Kind.OUTAGE.value: Words("障害", "Outage"),
    }
)
ITEMS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Item.OVERVIEW.value: Words("概要", "Overview"),
        Item.DATA.value: Words("対象となる情報の項目", "Data concerned"),
        Item.PERSONS.value: Words("本人の数", "Number of persons"),
        Item.CAUSE.value: Words("原因", "Cause"),
        Item.SECONDARY.value: Words("二次被害又はそのおそれ", "Secondary damage, or the risk of it"),
        Item.RESPONSE.value: Words("本人への対応", "Response to the persons"),
        Item.PUBLICATION.value: Words("公表の実施状況", "Publication"),
        Item.PREVENTION.value: Words("再発防止のための措置", "Prevention"),
        Item.OTHER.value: Words("その他参考となる事項", "Other"),
    }
)
CONDITIONS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Condition.SPECIAL_CARE.value: Words("要配慮個人情報が含まれる", "Special-care personal data"),
        Condition.PROPERTY.value: Words("財産的被害のおそれがある", "Property damage may follow"),
        Condition.MALICIOUS.value: Words("不正の目的によるおそれがある", "Malicious intent may be behind it"),
        Condition.MANY.value: Words("本人が100人を超える", "More than 100 persons"),
    }
)
#: How the deliveries concerned are named: one way of these.
WAYS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "numbers": Words("送付の番号", "By number"),
        "days": Words("業務日", "By business day"),
        "medium": Words("媒体に書き出した日", "By the day written to a medium"),
    }
)
#: Of what is typed, the longest; what a notice holds altogether is checked when it is recorded.
LONGEST: Final = 2000
_MOST_PERSONS: Final = 10**12


def said(fields: QueryDict) -> dict[Item, str]:
    """Return what is said by item, blanks left out."""
    found = {item: fields.get(f"say-{item.value}", "").strip() for item in Item}
    return {item: text for item, text in found.items() if text}


def found_at(fields: QueryDict, now: datetime) -> datetime:
    """Return when it came to be known, in Japan's time; now where nothing is typed."""
    text = fields.get("found_at", "").strip()
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(
            "判明した日時を、2026-11-24T11:20の形で入力してください。",
            "Give the time as 2026-11-24T11:20.",
        ) from None
    return moment if moment.tzinfo else timezone.make_aware(moment)


def kind(fields: QueryDict) -> Kind:
    """Return what happened."""
    chosen = fields.get("kind", "")
    if chosen not in Kind.values:
        raise _refused("種別を選んでください。", "Choose what kind it is.")
    return Kind(chosen)


def suspected(fields: QueryDict) -> bool:
    """Return whether it is a suspicion; which of both has to be said."""
    if fields.get("suspected") not in ("true", "false"):
        raise _refused("おそれか、確かかを選んでください。", "Choose whether it is suspected or certain.")
    return fields["suspected"] == "true"


def conditions(fields: QueryDict, *, asked: bool = False) -> list[Condition] | None:
    """Return what was judged to hold; None where nobody judged. `asked`: that is no answer."""
    chosen, none = fields.getlist("condition"), fields.get("condition-none") == "on"
    if not set(chosen) <= set(Condition.values) or (chosen and none) or (asked and not chosen and not none):
        raise _refused(
            "当てはまる要件を選ぶか、「いずれにも当たらない」だけを選んでください。",
            "Choose the conditions that hold, or “none of them” alone.",
        )
    return [Condition(each) for each in chosen] if chosen or none else None


def persons(fields: QueryDict) -> int | None:
    """Return how many people somebody counted; None where nothing is typed."""
    text = fields.get("persons", "").strip().replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > _MOST_PERSONS:
        raise _refused("人数は数字で入力してください。", "Give the number of persons in digits.")
    return int(text)


def deliveries(fields: QueryDict) -> Concerned | None:
    """Return the deliveries concerned, counted from trail and records; None where none is named."""
    match fields.get("way", ""):
        case "":
            return None
        case "numbers":
            service = fields.get("service", "")
            first = _number(fields.get("first", ""))
            last = _number(fields.get("last", "").strip() or fields.get("first", ""))
            if service not in concerned.DATA:
                raise _refused("業務を選んでください。", "Choose the service.")
            found = concerned.of_numbers(service, first, last)
        case "days":
            since = _day(fields.get("since", ""))
            until = _day(fields.get("until", "").strip() or fields.get("since", ""))
            found = concerned.of_period(since, until)
        case "medium":
            found = concerned.of_medium(_day(fields.get("medium", "")))
        case _:
            raise _refused("送付の指定の仕方を選んでください。", "Choose how the deliveries are named.")
    counted = concerned.count(found)
    if not counted.deliveries:
        raise _refused(
            "その指定に当たる送付はありません。送受信の画面で番号と日を確かめてください。",
            "No delivery is meant by this. See the numbers and days on the page of deliveries.",
        )
    return counted


def mark(incident: Incident) -> str:
    """Return a mark of all that an officer looked at; another one means that somebody was faster."""
    parts = (
        incident.suspected,
        incident.conditions,
        incident.deliveries,
        incident.persons,
        incident.closed_at,
        incident.statements.count(),
        incident.reports.count(),
        incident.notices.count(),
    )
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def _number(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise _refused(
            "送付の番号を数字で入力してください。", "Give the numbers of the deliveries in digits."
        )
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _refused("日付を2026-11-24の形で入力してください。", "Give the day as 2026-11-24.") from None


def _refused(ja: str, en: str) -> IncidentRefused:
    return IncidentRefused(en, ja)
