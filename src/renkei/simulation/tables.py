"""The tables from which the world is drawn: published statistics, and assumptions marked as such.

Each is a CSV file in `tables/`; docs/simulation.md gives its source.
"""

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from renkei.simulation.draws import Floats, Ints

BLANK_DAY = -(10**6)
_FIRST_DAY = -20_000  # 1915-03-31; every day of the world is between this day and the last
_LAST_DAY = 40_000  # 2079-07-07


@cache
def table(name: str) -> pl.DataFrame:
    """Return a table of the simulation, all columns as text."""
    text = (Path(__file__).with_name("tables") / f"{name}.csv").read_bytes()
    return pl.read_csv(text, infer_schema=False).fill_null("")


def numbers(name: str, column: str) -> Floats:
    """Return a column of a table as numbers."""
    return table(name)[column].cast(pl.Float64).to_numpy()


def whole(name: str, column: str) -> Ints:
    """Return a column of a table as whole numbers."""
    return numbers(name, column).astype(np.int64)


@cache
def status_codes() -> tuple[str, ...]:
    """Return the statuses of residence of the world, in the order of their numbers."""
    return tuple(table("statuses")["status_of_residence"])


@cache
def nationality_codes() -> tuple[str, ...]:
    """Return the nationalities of the world, in the order of their numbers."""
    return tuple(table("cultures")["nationality"])


@cache
def _days() -> pl.Series:
    days = pl.Series(range(_FIRST_DAY, _LAST_DAY), dtype=pl.Int32).cast(pl.Date).dt.strftime("%Y-%m-%d")
    return pl.concat([pl.Series([None], dtype=pl.String), days])


def day_text(days: Ints) -> pl.Series:
    """Write days since 1970 as canonical dates; `BLANK_DAY` becomes null."""
    places = np.where(days == BLANK_DAY, 0, days - _FIRST_DAY + 1)
    return _days().gather(places.astype(np.uint32))


def pick(values: pl.Series, places: Ints) -> pl.Series:
    """Return the values of these rows; -1 gives null."""
    if len(values) == 0:
        return pl.Series([None], dtype=values.dtype).gather(np.zeros(len(places), dtype=np.uint32))
    if places.size and places.min() < 0:
        with_blank = pl.concat([pl.Series([None], dtype=values.dtype), values.alias("")])
        return with_blank.gather((places + 1).astype(np.uint32))
    return values.gather(places.astype(np.uint32))


@cache
def padded(width: int) -> pl.Series:
    """Return 0, 1, 2 … written with `width` digits."""
    return pl.Series(range(10**width), dtype=pl.Int64).cast(pl.String).str.zfill(width)


def codes(words: tuple[str, ...]) -> pl.Series:
    """Return words as a column to pick from."""
    return pl.Series(words, dtype=pl.String)
