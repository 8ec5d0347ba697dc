"""Realistic addresses: real prefectures and cities, invented streets and houses."""

from functools import cache

import numpy as np
import polars as pl

from renkei.simulation.draws import Draws, Ints
from renkei.simulation.tables import padded, pick, table

_CHOME, _BAN, _GO = 6, 28, 18
_IN_A_BUILDING = 0.55


@cache
def _cities() -> tuple[pl.Series, Ints, Ints]:
    """Return prefecture and city as one text, the first city of each prefecture, and their number."""
    words: list[str] = []
    first: list[int] = []
    for prefecture, cities in table("prefectures").select("prefecture", "cities").iter_rows():
        first.append(len(words))
        words.extend(prefecture + city for city in cities.split())
    starts = np.array([*first, len(words)])
    return pl.Series(words), starts[:-1], np.diff(starts)


@cache
def _blocks() -> pl.Series:
    return pl.Series([f"{c}-{b}" for c in range(1, _CHOME + 1) for b in range(1, _BAN + 1)])


@cache
def _houses() -> pl.Series:
    return pl.Series([f"-{go}" for go in range(1, _GO + 1)])


@cache
def _rooms() -> pl.Series:
    """Return buildings with a room; position 0 is a house without rooms."""
    rooms = [
        f" {name}{floor}0{room}"
        for name in table("buildings")["building"]
        for floor in range(1, 6)
        for room in range(1, 7)
    ]
    return pl.Series(["", *rooms])


def draw_addresses(prefecture: Ints, draws: Draws) -> pl.DataFrame:
    """Draw an address for each prefecture number: columns `postal_code`, `address`."""
    size = len(prefecture)
    cities, first, count = _cities()
    flat = draws.chance(_IN_A_BUILDING, size)
    rooms = _rooms()
    words = {
        "city": pick(cities, first[prefecture] + draws.below(count[prefecture], size)),
        "town": pick(table("towns")["town"], draws.below(len(table("towns")), size)),
        "block": pick(_blocks(), draws.below(len(_blocks()), size)),
        "house": pick(_houses(), draws.below(_GO, size)),
        "room": pick(rooms, flat * (1 + draws.below(len(rooms) - 1, size))),
    }
    postal = {
        "area": pick(table("prefectures")["postal_prefix"], prefecture),
        "place": pick(padded(4), draws.below(10_000, size)),
    }
    return pl.DataFrame({**words, **postal}).select(
        postal_code=pl.concat_str("area", "place"),
        address=pl.concat_str("city", "town", "block", "house", "room"),
    )


def draw_phones(prefecture: Ints, draws: Draws) -> pl.Series:
    """Draw a telephone number for each prefecture number, with its area code: ten digits in three parts."""
    size = len(prefecture)
    area = pick(table("prefectures")["area_code"], prefecture)
    number = pick(padded(6), draws.below(10**6, size)) + pick(padded(2), draws.below(100, size))
    return pl.DataFrame({"area": area, "number": number}).select(
        phone=pl.concat_str(
            "area",
            pl.lit("-"),
            pl.col("number").str.slice(0, 6 - pl.col("area").str.len_bytes()),
            pl.lit("-"),
            pl.col("number").str.slice(4),
        )
    )["phone"]
