"""Read the forms of incidents into the arguments of the service; an invalid value is a Misread."""

from datetime import date, datetime
from typing import Final

from django.http import QueryDict
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.errors import IncidentRefused
from renkei.node.incidents import scope
from renkei.node.incidents.models import Condition, Item
from renkei.node.incidents.scope import Concerned

_MOST_PERSONS: Final = 10**12
CONDITIONS_AMISS: Final = Words(
    "当てはまる要件を選ぶか、「いずれにも当たらない」だけを選んでください。",
    "Please choose the conditions that hold, or only “none of them”.",
)
#: The choice that none of the conditions holds.
NONE: Final = "none"


class Misread(IncidentRefused):
    """The value of a field is invalid."""

    def __init__(self, field: str, ja: str, en: str) -> None:
        super().__init__(en, ja)
        self.field = field


def statements(fields: QueryDict) -> dict[Item, str]:
    """Return the statements by item, without blank ones."""
    found = {item: fields.get(f"say-{item.value}", "").strip() for item in Item}
    return {item: text for item, text in found.items() if text}


def found_at(fields: QueryDict, now: datetime) -> datetime:
    """Return the time of discovery in Japan's time; now if nothing was typed."""
    text = fields.get("found_at", "").strip()
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misread(
            "found_at",
            "判明した日時を、2026-11-24T11:20の形で入力してください。",
            "Please enter the time as 2026-11-24T11:20.",
        ) from None
    moment = moment if moment.tzinfo else timezone.make_aware(moment)
    if moment > now:
        raise Misread(
            "found_at",
            "判明日時が未来になっています。直してください。",
            "The time of discovery is in the future. Please correct it.",
        )
    return moment


def conditions(fields: QueryDict) -> list[Condition] | None:
    """Return the conditions judged to hold; None if not judged yet."""
    chosen = fields.getlist("condition")
    if chosen == [NONE]:
        return []
    if not set(chosen) <= set(Condition.values):
        raise Misread("condition", CONDITIONS_AMISS.ja, CONDITIONS_AMISS.en)
    return [Condition(each) for each in chosen] or None


def persons(fields: QueryDict) -> int | None:
    """Return the counted number of persons; None if nothing was typed."""
    text = fields.get("persons", "").strip().replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > _MOST_PERSONS:
        raise Misread(
            "persons", "人数は数字で入力してください。", "Please enter the number of persons in digits."
        )
    return int(text)


def deliveries(fields: QueryDict) -> Concerned | None:
    """Return the deliveries concerned, counted from trail and records; None if none is named."""
    match fields.get("way", ""):
        case "":
            return None
        case "numbers":
            service = fields.get("service", "")
            first = _number(fields, "first")
            last = _number(fields, "last") if fields.get("last", "").strip() else first
            if service not in scope.DATA:
                raise Misread("service", "業務を選んでください。", "Please choose the service.")
            found = scope.of_numbers(service, first, last)
        case "days":
            since = _day(fields, "since")
            until = _day(fields, "until") if fields.get("until", "").strip() else since
            found = scope.of_period(since, until)
        case "medium":
            found = scope.of_medium(_day(fields, "medium"))
        case _:
            raise Misread(
                "way", "送付の指定の仕方を選んでください。", "Please choose how to name the deliveries."
            )
    counted = scope.count(found)
    if not counted.deliveries:
        raise Misread(
            "way",
            "その指定に当たる送付はありません。送受信の画面で番号と日を確かめてください。",
            "There is no such delivery. Please check numbers and days on the page Deliveries.",
        )
    return counted


def _number(fields: QueryDict, name: str) -> int:
    text = fields.get(name, "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise Misread(
            name,
            "送付の番号を数字で入力してください。",
            "Please enter the numbers of the deliveries in digits.",
        )
    return int(text)


def _day(fields: QueryDict, name: str) -> date:
    try:
        return date.fromisoformat(fields.get(name, "").strip())
    except ValueError:
        raise Misread(
            name, "日付を2026-11-24の形で入力してください。", "Please enter the day as 2026-11-24."
        ) from None
