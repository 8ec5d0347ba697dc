"""§3: the verdict on one item, and the cause of a difference."""

from collections.abc import Callable, Sequence

from . import addresses, names
from .reading import Taken
from .tables import compare_as, statuses

AGREEING = ("same", "equivalent")
UNKNOWN_SEX = ("0", "9")
RELATED = (frozenset({"KOR", "PRK", "QZK"}), frozenset({"CHN", "TWN"}))
ERA_OFFSETS = (2018, 1988, 1925, 1911)
ERA_YEARS = frozenset(ERA_OFFSETS) | {a - b for a in ERA_OFFSETS for b in ERA_OFFSETS if a > b}


def verdict(item: str, reported: Taken, record: Taken) -> str:
    """One item of a notification against a card's or a person's record."""
    if item in reported.unreadable:
        return "not_readable"
    if not reported[item]:
        return "not_reported"
    if item == "name":
        found = names.verdict(reported["name"], record["name"], record["kanji_name"])
        return "not_readable" if found == "not_held" and "name" in record.unreadable else found
    if item in record.unreadable:
        return "not_readable"
    if not record[item]:
        return "not_held"
    if reported[item] == record[item] and item != "sex":
        return "same"
    return COMPARISONS.get(item, _never)(reported, record)


def _status(reported: Taken, record: Taken) -> str:
    return _agreeing(any(_are_one_line(a, b) for a in reported.codes for b in record.codes))


def _are_one_line(one: str, other: str) -> bool:
    return one == other or one in _ancestors(other) or other in _ancestors(one)


def _ancestors(code: str) -> list[str]:
    found = []
    while code := statuses()[code].parent:
        found.append(code)
    return found


def _birth_date(reported: Taken, record: Taken) -> str:
    one, other = known_on_both(reported["birth_date"], record["birth_date"])
    return _agreeing(one == other)


def _sex(reported: Taken, record: Taken) -> str:
    if reported["sex"] in UNKNOWN_SEX or record["sex"] in UNKNOWN_SEX:
        return "not_comparable"
    return "same" if reported["sex"] == record["sex"] else "different"


def _nationality(reported: Taken, record: Taken) -> str:
    return _agreeing(compare_as()[reported["nationality"]] == compare_as()[record["nationality"]])


def _address(reported: Taken, record: Taken) -> str:
    return _agreeing(addresses.agree(reported["address"], record["address"]))


def _never(_reported: Taken, _record: Taken) -> str:
    return "different"


def _agreeing(agree: bool) -> str:
    return "equivalent" if agree else "different"


COMPARISONS: dict[str, Callable[[Taken, Taken], str]] = {
    "status_of_residence": _status,
    "birth_date": _birth_date,
    "sex": _sex,
    "nationality": _nationality,
    "address": _address,
}


def cause(item: str, reported: Taken, linked: Taken, latest: Taken, other_cards: Sequence[Taken]) -> str:
    """Why the item differs from the linked record: the first that fits."""
    if verdict(item, reported, latest) in AGREEING:
        return "as_latest"
    if any(verdict(item, reported, card) in AGREEING for card in other_cards):
        return "other_card"
    if item == "name":
        return names.cause(reported["name"], linked["name"], linked["kanji_name"])
    if item in ("birth_date", "stay_expires_on"):
        return date_cause(reported[item], linked[item])
    if item == "nationality":
        two = {compare_as()[reported[item]], compare_as()[linked[item]]}
        return "related" if any(two <= family for family in RELATED) else "different"
    return "different"


def date_cause(reported: str, registered: str) -> str:
    (year, month, day), (year_2, month_2, day_2) = known_on_both(reported, registered)
    if year == year_2 and month == day_2 and day == month_2:
        return "day_month_swapped"
    if _is_one_slip(year + month + day, year_2 + month_2 + day_2):
        return "one_digit"
    if (month, day) == (month_2, day_2) and abs(int(year) - int(year_2)) in ERA_YEARS:
        return "era"
    return "different"


def known_on_both(one: str, other: str) -> tuple[list[str], list[str]]:
    """Year, month and day of two dates, with `00` on both sides where either is unknown."""
    pairs = [
        ("00", "00") if "00" in (a, b) else (a, b)
        for a, b in zip(one.split("-"), other.split("-"), strict=True)
    ]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _is_one_slip(one: str, other: str) -> bool:
    """One digit replaced, or two neighbours exchanged, in eight digits."""
    places = [place for place in range(len(one)) if one[place] != other[place]]
    if len(places) == 1:
        return True
    if len(places) == 2:
        first, second = places
        exchanged = one[first] == other[second] and one[second] == other[first]
        return second == first + 1 and exchanged
    return False
