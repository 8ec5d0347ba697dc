"""§1: every accepted shape of a value becomes its one canonical form, or `UnreadableError`."""

import datetime
import re
from collections.abc import Callable

from .tables import (
    Column,
    any_case_and_width,
    is_dash,
    mhlw_codes,
    nationality_names,
    status_names,
    statuses,
)

ERAS = {  # name, letter, year before the first, first day that may be written in it
    "明治": ("M", 1867, "1873-01-01"),  # before 6年 of another calendar
    "大正": ("T", 1911, "1912-07-30"),
    "昭和": ("S", 1925, "1926-12-25"),
    "平成": ("H", 1988, "1989-01-08"),
    "令和": ("R", 2018, "2019-05-01"),
}
DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
UNITS = {"十": 10, "百": 100, "千": 1000}
NUMERALS = "".join([*DIGITS, *UNITS])
ERA_LETTERS = {letter: name for name, (letter, _, _) in ERAS.items()}

_ERA = "(?P<era>明治|大正|昭和|平成|令和|[MTSHR])"
_SPACED = r"\s*{}\s*"
_YEAR, _MONTH, _DAY = (_SPACED.format("年"), _SPACED.format("月"), r"\s*日")
_BETWEEN = _SPACED.format("[-/.・]")
_ENDS = [(_YEAR, _MONTH, _DAY), (_BETWEEN, _BETWEEN, "")]
_BEGINNINGS = ("(?P<year>[0-9]{4})", _ERA + r"\s*(?P<year>元|[0-9]{1,2})")
DATE_SHAPES = (
    *(
        re.compile(f"{beginning}{first}(?P<month>[0-9]{{1,2}}){second}(?P<day>[0-9]{{1,2}}){last}")
        for beginning in _BEGINNINGS
        for first, second, last in _ENDS
    ),
    re.compile("(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
    re.compile(_ERA + "(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
)
SEXES = dict.fromkeys(("0", "3", "不詳"), "0")
SEXES |= dict.fromkeys(("1", "男", "M", "MALE"), "1")
SEXES |= dict.fromkeys(("2", "女", "F", "FEMALE"), "2")
SEXES |= {"9": "9"}
BOOLEANS = dict.fromkeys(("TRUE", "1", "有", "あり", "YES"), "true")
BOOLEANS |= dict.fromkeys(("FALSE", "0", "2", "無", "なし", "NO"), "false")


class UnreadableError(Exception):
    """The value is not of its type, or too long."""


def date(text: str) -> str:
    year, month, day = _parts(text)
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        raise UnreadableError from None


def partial_date(text: str) -> str:
    """As `date`, but the month and the day may be 0: unknown."""
    year, month, day = _parts(text)
    try:
        # 2000 was a leap year and January has 31 days: the unknown parts forbid nothing.
        datetime.date(year if month and day else 2000, month or 1, day or 1)
    except ValueError:
        raise UnreadableError from None
    if year == 0:
        raise UnreadableError
    return f"{year:04}-{month:02}-{day:02}"


def _parts(text: str) -> tuple[int, int, int]:
    text = re.sub(f"[{NUMERALS}]+", lambda found: kanji_number(found[0]), dashed(text))
    for shape in DATE_SHAPES:
        if found := shape.fullmatch(text):
            parts = found.groupdict()
            year = 1 if parts["year"] == "元" else int(parts["year"])
            if era := parts.get("era"):
                _, before_first, first_day = ERAS[ERA_LETTERS.get(era, era)]
                if year == 0 or before_first + year < int(first_day[:4]):
                    raise UnreadableError
                year += before_first
            return year, int(parts["month"]), int(parts["day"])
    raise UnreadableError


def dashed(text: str) -> str:
    return "".join("-" if is_dash(character) else character for character in any_case_and_width(text))


def kanji_number(text: str) -> str:
    """二十三 is 23, and so is 二三; 〇一 keeps its zero."""
    if not any(character in UNITS for character in text):
        return "".join(str(DIGITS[character]) for character in text)
    total, pending = 0, ""
    for character in text:
        if character in UNITS:
            total += (int(pending) if pending else 1) * UNITS[character]
            pending = ""
        else:
            pending += str(DIGITS[character])
    return str(total + (int(pending) if pending else 0))


def sex(text: str) -> str:
    return _one_of(SEXES, text)


def boolean(text: str) -> str:
    return _one_of(BOOLEANS, text)


def status_set(text: str) -> frozenset[str]:
    """The codes a status stands for: one, or several where an MHLW code does not say which."""
    return frozenset(_status_codes(text))


def status_code(text: str) -> str:
    codes = _status_codes(text)
    if len(codes) == 1:
        return codes[0]
    parents = {statuses()[code].parent for code in codes}
    common = parents.pop() if len(parents) == 1 else ""
    return common or codes[0]


def _status_codes(text: str) -> tuple[str, ...]:
    folded = any_case_and_width(text)
    if folded in mhlw_codes():
        return mhlw_codes()[folded]
    return (_one_of(status_names(), text),)


def nationality_code(text: str) -> str:
    return _one_of(nationality_names(), text)


def card_number(text: str) -> str:
    found = re.fullmatch(r"([A-Z]{2})[ -]*([0-9]{8})[ -]*([A-Z]{2})", dashed(text))
    if not found:
        raise UnreadableError
    return "".join(found.groups())


def establishment_number(text: str) -> str:
    found = re.fullmatch(r"([0-9]{11})|([0-9]{4}-[0-9]{6}-[0-9])", any_case_and_width(text))
    if not found:
        raise UnreadableError
    return found[0].replace("-", "")


def corporate_number(text: str) -> str:
    digits = "".join(any_case_and_width(text).split())
    if not re.fullmatch(r"[0-9]{13}", digits):
        raise UnreadableError
    return digits


def has_wrong_check_digit(digits: str) -> bool:
    return int(digits[0]) != corporate_check_digit(digits[1:])


def corporate_check_digit(base: str) -> int:
    """9 - (Σ Pn·Qn mod 9): Pn the n-th digit from the right, Qn 1 for odd n and 2 for even n."""
    total = sum(int(digit) * (1 if n % 2 else 2) for n, digit in enumerate(reversed(base), start=1))
    return 9 - total % 9


def postal_code(text: str) -> str:
    found = re.fullmatch(r"([0-9]{3})-?([0-9]{4})", any_case_and_width(text))
    if not found:
        raise UnreadableError
    return found[1] + found[2]


def ground(text: str) -> str:
    return _one_of({"COE": "coe", "CHANGE": "change"}, text)


def phone(text: str) -> str:
    return text


READERS: dict[str, Callable[[str], str]] = {
    "date": date,
    "partial date": partial_date,
    "sex": sex,
    "boolean": boolean,
    "status code": status_code,
    "nationality code": nationality_code,
    "card number": card_number,
    "establishment number": establishment_number,
    "corporate number": corporate_number,
    "postal code": postal_code,
    "coe | change": ground,
    "phone": phone,
}


def read(column: Column, text: str) -> str:
    """The canonical form of a value that is not blank and has no outer white space."""
    if column.most is not None and len(text) > column.most:
        raise UnreadableError
    if column.kind == "text":
        return text
    return READERS[column.kind](text)


def _one_of(table: dict[str, str], text: str) -> str:
    try:
        return table[any_case_and_width(text)]
    except KeyError:
        raise UnreadableError from None
