"""What the forms of incidents say, read into what the service takes; what cannot be read names its field."""

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
    "Choose the conditions that hold, or “none of them” alone.",
)
#: Of the conditions: that none of them holds.
NONE: Final = "none"


class Misread(IncidentRefused):
    """What stands in a field cannot be taken."""

    def __init__(self, field: str, ja: str, en: str) -> None:
        super().__init__(en, ja)
        self.field = field


def statements(fields: QueryDict) -> dict[Item, str]:
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
        raise Misread(
            "found_at",
            "判明した日時を、2026-11-24T11:20の形で入力してください。",
            "Give the time as 2026-11-24T11:20.",
        ) from None
    moment = moment if moment.tzinfo else timezone.make_aware(moment)
    if moment > now:
        raise Misread(
            "found_at",
            "判明日時が未来になっています。直してください。",
            "It cannot have been found in the future. Correct the time.",
        )
    return moment


def conditions(fields: QueryDict) -> list[Condition] | None:
    """Return what was judged to hold; None where nobody judged."""
    chosen = fields.getlist("condition")
    if chosen == [NONE]:
        return []
    if not set(chosen) <= set(Condition.values):
        raise Misread("condition", CONDITIONS_AMISS.ja, CONDITIONS_AMISS.en)
    return [Condition(each) for each in chosen] or None


def persons(fields: QueryDict) -> int | None:
    """Return how many people somebody counted; None where nothing is typed."""
    text = fields.get("persons", "").strip().replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > _MOST_PERSONS:
        raise Misread("persons", "人数は数字で入力してください。", "Give the number of persons in digits.")
    return int(text)


def deliveries(fields: QueryDict) -> Concerned | None:
    """Return the deliveries concerned, counted from trail and records; None where none is named."""
    match fields.get("way", ""):
        case "":
            return None
        case "numbers":
            service = fields.get("service", "")
            first = _number(fields, "first")
            last = _number(fields, "last") if fields.get("last", "").strip() else first
            if service not in scope.DATA:
                raise Misread("service", "業務を選んでください。", "Choose the service.")
            found = scope.of_numbers(service, first, last)
        case "days":
            since = _day(fields, "since")
            until = _day(fields, "until") if fields.get("until", "").strip() else since
            found = scope.of_period(since, until)
        case "medium":
            found = scope.of_medium(_day(fields, "medium"))
        case _:
            raise Misread("way", "送付の指定の仕方を選んでください。", "Choose how the deliveries are named.")
    counted = scope.count(found)
    if not counted.deliveries:
        raise Misread(
            "way",
            "その指定に当たる送付はありません。送受信の画面で番号と日を確かめてください。",
            "No delivery is meant by this. See the numbers and days on the page of deliveries.",
        )
    return counted


def _number(fields: QueryDict, name: str) -> int:
    text = fields.get(name, "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise Misread(
            name, "送付の番号を数字で入力してください。", "Give the numbers of the deliveries in digits."
        )
    return int(text)


def _day(fields: QueryDict, name: str) -> date:
    try:
        return date.fromisoformat(fields.get(name, "").strip())
    except ValueError:
        raise Misread(
            name, "日付を2026-11-24の形で入力してください。", "Give the day as 2026-11-24."
        ) from None
