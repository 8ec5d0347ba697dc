"""The ways a canonical value may be written (§1), and ways that no reader may accept.

`write(rng, kind, value)` picks one accepted way; `unreadable(rng, column)` a text that is not of the column's
type or is too long. With `contested` also what READINGS.md finds open.
"""

import random
from collections.abc import Callable
from functools import cache

from .tables import Column, columns, mhlw_codes, nationality_names, statuses
from .values import ERAS

FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in map(chr, range(0x21, 0x7F))}
INVISIBLE = "\u200b\u00ad\u200e\u202a\ufeff\ufe0f"
OUTSIDE = ("", "", "", "", "", "", "", " ", "　", "  ")


def full_width(text: str) -> str:
    return text.translate(FULL_WIDTH)


def any_case(rng: random.Random, text: str) -> str:
    return rng.choice((text, text.lower(), text.upper(), text.title()))


def any_width(rng: random.Random, text: str) -> str:
    return full_width(text) if rng.random() < 0.15 else text


def write(rng: random.Random, column: Column, value: str, contested: bool = False) -> str:
    """An accepted way to write `value`, with white space around it now and then."""
    if not value:
        return rng.choice(("", "", "", " ", "　"))
    writer = WRITERS.get(column.kind, _as_it_is)
    written = writer(rng, value)
    if contested and column.kind in CONTESTED and rng.random() < 0.2:
        written = CONTESTED[column.kind](rng, value)
    if column.kind not in ("text", "phone") and rng.random() < 0.05:
        place = rng.randrange(len(written) + 1)
        written = written[:place] + rng.choice(INVISIBLE) + written[place:]
    return rng.choice(OUTSIDE) + written + rng.choice(OUTSIDE)


def _as_it_is(_rng: random.Random, value: str) -> str:
    return value


def _date(rng: random.Random, value: str) -> str:
    year, month, day = (int(part) for part in value.split("-"))
    known = bool(month and day)
    shapes = [
        value,
        value,
        f"{year}.{month}.{day}",
        f"{year}・{month}・{day}",
        value.replace("-", rng.choice("‐–—−")),
        f"{year}-{month}-{day}",
        f"{year:04}{month:02}{day:02}",
        f"{year}/{month}/{day}",
        f"{year}/{month:02}/{day:02}",
        f"{year}年{month}月{day}日",
        f"{year}年{month:02}月{day:02}日",
    ]
    for name, (letter, offset, first_day) in ERAS.items():
        number = year - offset
        if number > 99:
            continue
        if value >= first_day if known else value[:4] > first_day[:4]:
            shapes.append(f"{name}{'元' if number == 1 else number}年{month}月{day}日")
            shapes.append(f"{letter}{number}.{month}.{day}")
            shapes.append(f"{letter}{number}.{month:02}.{day:02}")
            shapes.append(f"{letter}{number:02}{month:02}{day:02}")
            shapes.append(f"{name} {number}年 {month}月 {day}日")
            if known:
                shapes.append(f"{name}{_kanji(number)}年{_kanji(month)}月{_kanji(day)}日")
    written = rng.choice(shapes)
    digits = {ord(str(n)): chr(0xFF10 + n) for n in range(10)}
    return written.translate(digits) if rng.random() < 0.15 else written


def _kanji(number: int) -> str:
    tens, ones = divmod(number, 10)
    return (
        ("" if tens < 2 else "一二三四五六七八九"[tens - 1])
        + "十" * (tens > 0)
        + " 一二三四五六七八九"[ones].strip()
    )


def _sex(rng: random.Random, value: str) -> str:
    ways = {
        "0": ("0", "不詳", "3", "0"),
        "1": ("1", "男", "M", "male", "m", "Male", "1"),
        "2": ("2", "女", "F", "female", "f", "FEMALE", "2"),
        "9": ("9",),
    }
    return any_width(rng, rng.choice(ways[value]))


def _boolean(rng: random.Random, value: str) -> str:
    ways = {
        "true": ("true", "1", "有", "あり", "yes", "TRUE", "Yes"),
        "false": ("false", "0", "2", "無", "なし", "no", "FALSE", "No"),
    }
    return any_width(rng, rng.choice(ways[value]))


def _status(rng: random.Random, value: str) -> str:
    status = statuses()[value]
    ways = [value, value, status.name_ja, any_case(rng, status.name_en), any_case(rng, value)]
    ways += [code for code, codes in mhlw_codes().items() if value in codes][:3] * 2
    if value == "hsp":
        ways.append("39")
    return any_width(rng, rng.choice(ways))


def _nationality(rng: random.Random, value: str) -> str:
    ways = _names_of(value)
    return any_width(rng, any_case(rng, rng.choice([value, value, *ways])))


@cache
def _names_of(nationality: str) -> list[str]:
    return [name for name, code in nationality_names().items() if code == nationality]


def _card_number(rng: random.Random, value: str) -> str:
    separator = rng.choice(("", "", "", "", "-", " ", "－", "　", "  ", " - "))
    other = rng.choice((separator, ""))
    written = value[:2] + separator + value[2:10] + other + value[10:]
    if rng.random() < 0.15:
        written = written.lower()
    return full_width(written) if rng.random() < 0.1 else written


def _establishment_number(rng: random.Random, value: str) -> str:
    return rng.choice((value, f"{value[:4]}-{value[4:10]}-{value[10:]}"))


def _corporate_number(rng: random.Random, value: str) -> str:
    spaced = f"{value[0]} {value[1:5]} {value[5:9]} {value[9:]}"
    return rng.choice((value, value, full_width(value), spaced, full_width(spaced)))


def _postal_code(rng: random.Random, value: str) -> str:
    return rng.choice((value, f"{value[:3]}-{value[3:]}"))


def _ground(rng: random.Random, value: str) -> str:
    return any_width(rng, any_case(rng, value)) if rng.random() < 0.2 else value


WRITERS: dict[str, Callable[[random.Random, str], str]] = {
    "date": _date,
    "partial date": _date,
    "sex": _sex,
    "boolean": _boolean,
    "status code": _status,
    "nationality code": _nationality,
    "card number": _card_number,
    "establishment number": _establishment_number,
    "corporate number": _corporate_number,
    "postal code": _postal_code,
    "coe | change": _ground,
}


def _contested_date(rng: random.Random, value: str) -> str:
    year, month, day = (int(part) for part in value.split("-"))
    number = year - 1988
    return rng.choice(
        (
            f"{year}-{month:02}/{day:02}",
            f"{year} {month} {day}",
            f"H{number}年{month}-{day}",
            f"{year}ー{month}ー{day}",
            f"平成1年{month}月{day}日",
            f"平成0年{month}月{day}日",
            f"0{year % 1000}-{month:02}-{day:02}",
        )
    )


def _contested_card_number(rng: random.Random, value: str) -> str:
    dash = rng.choice("ー_")
    return rng.choice(
        (
            f"{value[:2]}{dash}{value[2:10]}{dash}{value[10:]}",
            f"{value[:6]} {value[6:]}",
            f"{value[:2]}\u00a0{value[2:]}",
        )
    )


CONTESTED: dict[str, Callable[[random.Random, str], str]] = {
    "date": _contested_date,
    "partial date": _contested_date,
    "card number": _contested_card_number,
    "establishment number": lambda _rng, value: full_width(value),
    "postal code": lambda rng, value: rng.choice(
        (full_width(value), f"〒{value}", f"{value[:3]}ー{value[3:]}")
    ),
    "phone": lambda _rng, value: value * 20,
}

WRONG: dict[str, tuple[str, ...]] = {
    "date": (
        "2026-02-30",
        "2026-13-01",
        "令和8年2月30日",
        "R8.13.1",
        "2026-04",
        "20260431",
        "26-04-01",
        "2026-00-00",
        "2026-04-00",
        "不明",
        "2026-04-01T00:00:00",
        "H0.4.1",
        "明日",
        "202641",
    ),
    "partial date": (
        "1985-02-30",
        "1985-13-00",
        "1985",
        "0000-00-00",
        "昭和60年13月0日",
        "?",
        "1985-04",
        "1985-00-32",
    ),
    "sex": ("4", "男性", "X", "-", "10"),
    "boolean": ("3", "true false", "○", "y", "不明"),
    "status code": ("ninja", "00", "78", "19", "技術者", "3", "350"),
    "nationality code": ("ATLANTIS", "ZZ", "QQQ", "中華", "KO"),
    "card number": (
        "A123",
        "AB1234567CD",
        "AB123456789CD",
        "12345678ABCD",
        "ABCD12345678",
        "不明",
        "A812345678CD",
    ),
    "establishment number": (
        "1234567890",
        "123456789012",
        "12345-67890-1",
        "1234-5678901",
        "1234-567890-12",
        "abcdefghijk",
    ),
    "corporate number": (
        "6000012070002",
        "600001207000",
        "60000120700011",
        "T6000012070001",
        "6000-01207-0001",
    ),
    "postal code": ("100-000", "10000011", "1000-001", "郵便", "100"),
    "coe | change": ("renewal", "coe change", "x"),
}


def unreadable(rng: random.Random, column: Column) -> str:
    """A text the column cannot hold; nothing where it can hold every text."""
    if column.kind == "text":
        return too_long(rng, column)
    return rng.choice(WRONG[column.kind]) if column.kind in WRONG else ""


def too_long(rng: random.Random, column: Column) -> str:
    assert column.most is not None
    return _of_length(rng, column.most + 1)


def longest(rng: random.Random, column: Column) -> str:
    """A text of exactly the length allowed, white space outside it not counted."""
    assert column.most is not None
    return rng.choice(OUTSIDE) + _of_length(rng, column.most) + rng.choice(OUTSIDE)


def _of_length(rng: random.Random, length: int) -> str:
    character = rng.choice(("A", "李", "𠮷", "é", "Ａ"))  # one to four bytes, one or two UTF-16 units
    return character * length


def column(dataset: str, name: str) -> Column:
    return next(column for column in columns(dataset) if column.name == name)
