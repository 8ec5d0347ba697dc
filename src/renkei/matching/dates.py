"""Dates as people and forms write them, read into one canonical form.

Each accepted format is a row of `SHAPES`; to accept another, add a row.
"""

from collections.abc import Mapping

import polars as pl

from renkei.agreement.text import ERAS
from renkei.matching.byte_scan import Shape

# Eras by the ways to write them (name or letter), and their numbers: 令和8年 is 2018 + 8.
_WRITTEN = {written: era for era in ERAS for written in (era.name, era.letter)}
_BEFORE_FIRST = {written: era.before_first for written, era in _WRITTEN.items()}
_FIRST_YEAR = {written: era.first_year for written, era in _WRITTEN.items()}

_YEAR = "(?P<year>[0-9]{4})"
_ERA = f"(?P<era>{'|'.join(_WRITTEN)})(?P<year>元|[0-9]{{1,3}})"
_MONTH, _DAY = "(?P<month>[0-9]{1,2})", "(?P<day>[0-9]{1,2})"

SHAPES = (
    f"^{_YEAR}-{_MONTH}-{_DAY}$",  # 2026-04-01, 2026-4-1
    f"^{_YEAR}/{_MONTH}/{_DAY}$",  # 2026/4/1
    f"^{_YEAR}年{_MONTH}月{_DAY}日$",  # 2026年4月1日
    f"^{_YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})$",  # 20260401
    f"^{_ERA}年{_MONTH}月{_DAY}日$",  # 令和8年4月1日, 令和元年5月1日
    f"^{_ERA}\\.{_MONTH}\\.{_DAY}$",  # R8.4.1
    f"^{_ERA}-{_MONTH}-{_DAY}$",
    f"^{_ERA}/{_MONTH}/{_DAY}$",
)


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
    parts = _odd_parts(folded)
    # A day must exist in its month; if the month is unknown, in some month.
    month, day = (
        (pl.col(name).replace(0, 1) if partial else pl.col(name)).cast(pl.String).str.zfill(2)
        for name in ("month", "day")
    )
    year = pl.when(pl.col("year") > 0).then("year").cast(pl.String).str.zfill(4)
    dates = parts.select(
        pl.concat_str(year, month, day, separator="-").str.to_date("%Y-%m-%d", strict=False)
    ).to_series()
    if not partial:
        return dates
    number = pl.col("year") * 10_000 + pl.col("month") * 100 + pl.col("day")
    return parts.select(pl.when(dates.is_not_null()).then(number)).to_series()


def _odd_parts(folded: pl.Series) -> pl.DataFrame:
    """Return year, month and day (Int32) of dates in any shape of `SHAPES`."""
    # Each shape is matched once; its parts are extracted afterwards.
    shapes = {str(place): shape for place, shape in enumerate(SHAPES)}
    text = pl.col("text").str
    parts = (
        folded.to_frame("text")
        .select(text.extract_groups(shape).alias(place) for place, shape in shapes.items())
        .select(
            pl.coalesce(
                pl.col(place).struct.field(name) for place, shape in shapes.items() if f"?P<{name}>" in shape
            ).alias(name)
            for name in ("era", "year", "month", "day")
        )
    )
    in_era = pl.when(pl.col("year") == "元").then(pl.lit("1")).otherwise("year").cast(pl.Int32)
    return parts.select(
        # There is no year 0, neither Western nor in an era, and 明治 is read from 6年 on (§2).
        year=pl.when(in_era >= _of_era(_FIRST_YEAR, 1)).then(in_era + _of_era(_BEFORE_FIRST, 0)),
        month=pl.col("month").cast(pl.Int32),
        day=pl.col("day").cast(pl.Int32),
    )


def _of_era(numbers: Mapping[str, int], otherwise: int) -> pl.Expr:
    return pl.col("era").replace_strict(numbers, default=otherwise, return_dtype=pl.Int32)


def partial_to_text(partial: pl.Expr) -> pl.Expr:
    """Write Int32 `yyyymmdd` as `yyyy-mm-dd`, unknown parts as 00."""
    digits = partial.cast(pl.String).str.zfill(8)
    return pl.concat_str(
        digits.str.slice(0, 4), digits.str.slice(4, 2), digits.str.slice(6, 2), separator="-"
    )
