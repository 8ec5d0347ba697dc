"""Dates as people and forms write them, read into one canonical form.

Each accepted format is a row of `SHAPES`; to accept another, add a row.
"""

import calendar
import re
from functools import lru_cache

import polars as pl

from renkei.agreement.text import ERAS
from renkei.matching.byte_scan import Shape
from renkei.matching.numerals import DIGITS, TENS, digits_of

# Eras by the ways to write them (name or letter).
_ERAS = {written: era for era in ERAS for written in (era.name, era.letter)}
_LAST_YEAR = 99  # an era's years run on past its end (平成33年 is 2021)

_YEAR = f"(?:(?P<era>{'|'.join(_ERAS)})(?P<of_era>元|[0-9]{{1,2}})|(?P<year>[0-9]{{4}}))"
SHAPES = tuple(
    re.compile(shape)
    for shape in (
        f"{_YEAR}(?P<by>[-/.・])(?P<month>[0-9]{{1,2}})(?P=by)(?P<day>[0-9]{{1,2}})",  # 2026-4-1, R8.4.1
        f"{_YEAR}年(?P<month>[0-9]{{1,2}})月(?P<day>[0-9]{{1,2}})日",  # 2026年4月1日, 令和元年5月1日
        "(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",  # 20260401
        # R080401
        f"(?P<era>{'|'.join(_ERAS)})(?P<of_era>[0-9]{{2}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})",
    )
)

# The hyphens of Unicode (Pd), and what is typed for one, are read as a hyphen between the parts of a date. So
# is white space between digits; elsewhere it counts as nothing (令和 8年 4月 1日).
_SPACE_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])\s+(?=[0-9])")
_SPACE = re.compile(r"\s+")
_DASH = re.compile("[−ー‐‑‒–—―⸺⸻〜〰゠﹘﹣－-]")

_NUMERAL = re.compile(f"[{''.join(DIGITS)}{''.join(TENS)}]+")


_CANONICAL = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CANONICAL_SHAPE = Shape(b"0000-00-00", b"9999-99-99")


def read_dates(folded: pl.Series, *, partial: bool) -> pl.Series:
    """Read dates of any accepted shape.

    `folded` is text without outer white space, NFKC-normalised and upper-cased. Returns Int32 `yyyymmdd` if
    `partial` (an unknown month or day is 00), else Date; null where the text is not such a date.
    """
    # The fast path for most rows: complete dates in canonical form. The calendar has no year 0.
    canonical = folded
    if _CANONICAL_SHAPE.bytes_of(folded.to_arrow()) is None:
        canonical = folded.set(~folded.str.contains(_CANONICAL), None)
    day = pl.col("day")
    dates = (
        canonical.to_frame("day")
        .select(day.str.to_date("%Y-%m-%d", strict=False))
        .select(pl.when(day.dt.year() > 0).then(as_number(day) if partial else day))
        .to_series()
    )
    if dates.null_count() == folded.null_count():
        return dates
    odd = dates.is_null() & folded.is_not_null()
    return dates.scatter(odd.arg_true(), _odd_dates(folded.filter(odd), partial=partial))


def as_number(day: pl.Expr) -> pl.Expr:
    """Write a Date as Int32 `yyyymmdd`."""
    return day.dt.year() * 10_000 + day.dt.month().cast(pl.Int32) * 100 + day.dt.day().cast(pl.Int32)


def _odd_dates(folded: pl.Series, *, partial: bool) -> pl.Series:
    numbers = [_number(text) for text in folded]
    if partial:
        return pl.Series(numbers, dtype=pl.Int32)
    return pl.Series(numbers, dtype=pl.Int32).cast(pl.String).str.zfill(8).str.to_date("%Y%m%d", strict=False)


@lru_cache(maxsize=1 << 16)
def _number(folded: str) -> int | None:
    """Read a date of any shape of `SHAPES` as yyyymmdd; None where it is no date. Unknown parts are 00."""
    text = _NUMERAL.sub(lambda numeral: digits_of(numeral[0]), folded)
    text = _SPACE.sub("", _SPACE_BETWEEN_DIGITS.sub("-", text))
    text = _DASH.sub("-", text)
    for shape in SHAPES:
        if parts := shape.fullmatch(text):
            found = parts.groupdict()
            year = _year(found.get("year"), found.get("era"), found.get("of_era"))
            month, day = int(found["month"]), int(found["day"])
            # A day must exist in its month; if the month is unknown, in some month.
            if year and month <= 12 and day <= calendar.monthrange(year, month or 1)[1]:
                return year * 10_000 + month * 100 + day
            return None
    return None


def _year(written: str | None, name: str | None, of_era: str | None) -> int | None:
    """Return the Western year; None for the year 0, and for 明治 before 6年, which is of another calendar."""
    if name is None or of_era is None:
        return int(written or 0) or None
    era, number = _ERAS[name], 1 if of_era == "元" else int(of_era)
    return era.before_first + number if era.first_year <= number <= _LAST_YEAR else None


def partial_to_text(partial: pl.Expr) -> pl.Expr:
    """Write Int32 `yyyymmdd` as `yyyy-mm-dd`, unknown parts as 00."""
    digits = partial.cast(pl.String).str.zfill(8)
    return pl.concat_str(
        digits.str.slice(0, 4), digits.str.slice(4, 2), digits.str.slice(6, 2), separator="-"
    )
