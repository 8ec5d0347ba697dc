"""Names as cards print them: by the customs of each nationality, in Latin letters and in kanji.

A name has up to five parts (`tables/name_parts.csv`) in the order of its culture (`tables/name_orders.csv`).
Parts are kept as numbers until a spelling is needed: the card's (A–Z), the passport's (with diacritics,
hyphens and apostrophes), or kanji in 正字 or in a variant.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import polars as pl

from renkei.simulation.draws import Bools, Draws, Ints
from renkei.simulation.tables import nationality_codes, pick, table

SLOTS = 5
_GRAIN = 512  # each list of parts is drawn from this many equally likely positions
_KANJI_CULTURES = ("chinese", "taiwanese", "korean")

Writing = Literal["latin", "passport", "kanji", "kanji_variant"]


@dataclass(frozen=True)
class _Customs:
    """The tables as numbers: a random position in `drawn` gives a part of a name."""

    drawn: Ints  # list * _GRAIN + position → part; list 0 is empty
    orders: Ints  # (culture * 2 + sex - 1) * _GRAIN + position → order
    slots: Ints  # order, slot → list
    joined: Bools  # order, slot → the part follows without a space
    cultures: Ints  # nationality → culture
    with_kanji: Bools  # culture → its names have kanji


def _spread(weights: Ints) -> Ints:
    """Return `_GRAIN` row numbers, each row in proportion to its weight."""
    edges = np.cumsum(weights) / weights.sum()
    return np.searchsorted(edges, (np.arange(_GRAIN) + 0.5) / _GRAIN, side="left").astype(np.int64)


@cache
def _customs() -> _Customs:
    parts = table("name_parts").with_row_index("number", offset=1)  # part 0 is empty
    lists = {("", ""): 0}
    drawn = [np.zeros(_GRAIN, dtype=np.int64)]
    for key, group in parts.group_by("culture", "part", maintain_order=True):
        lists[str(key[0]), str(key[1])] = len(lists)
        drawn.append(group["number"].to_numpy().astype(np.int64)[_spread(_weights(group))])
    orders = table("name_orders").with_row_index("number")
    cultures = list(dict.fromkeys(orders["culture"]))
    slots = np.zeros((len(orders), SLOTS), dtype=np.int64)
    joined = np.zeros((len(orders), SLOTS), dtype=np.bool_)
    for number, culture, words in orders.select("number", "culture", "slots").iter_rows():
        for slot, word in enumerate(words.split()):
            slots[number, slot] = lists[culture, word.removeprefix("+")]
            joined[number, slot] = word.startswith("+")
    by_sex = [
        orders.filter((pl.col("culture") == culture) & pl.col("sex").is_in(["0", sex]))
        for culture in cultures
        for sex in ("1", "2")
    ]
    of_nationality = dict(table("cultures").select("nationality", "culture").iter_rows())
    return _Customs(
        drawn=np.concatenate(drawn),
        orders=np.concatenate(
            [g["number"].to_numpy().astype(np.int64)[_spread(_weights(g))] for g in by_sex]
        ),
        slots=slots,
        joined=joined,
        cultures=np.array([cultures.index(of_nationality[code]) for code in nationality_codes()]),
        with_kanji=np.array([culture in _KANJI_CULTURES for culture in cultures]),
    )


def _weights(rows: pl.DataFrame) -> Ints:
    return rows["weight"].cast(pl.Int64).to_numpy()


@cache
def _writings(writing: Writing) -> pl.Series:
    """Return every part in a spelling: first all as they begin a name, then all again after a space."""
    parts = table("name_parts")
    plainer = {"passport": "latin", "kanji_variant": "kanji"}.get(writing, writing)
    words = parts.select(pl.when(pl.col(writing) == "").then(plainer).otherwise(writing))[plainer]
    words = pl.concat([pl.Series(plainer, [""]), words])
    return words if writing.startswith("kanji") else pl.concat([words, " " + words])


@dataclass(frozen=True)
class Names:
    """Names as numbers: for each, the parts in its slots, and which parts follow without a space."""

    parts: Ints  # name, slot → part
    joined: Bools

    def take(self, places: Ints) -> "Names":
        """Return the names of these rows."""
        return Names(self.parts[places], self.joined[places])

    def written(self, writing: Writing) -> pl.Series:
        """Return the names as text."""
        words = _writings(writing)
        columns = {}
        for slot in range(SLOTS):
            places = self.parts[:, slot]
            if not writing.startswith("kanji") and slot:
                after_space = (places > 0) & ~self.joined[:, slot]
                places = places + after_space * (len(words) // 2)
            columns[str(slot)] = pick(words, places)
        return pl.DataFrame(columns).select(pl.concat_str(pl.all()))["0"]


def draw_names(nationality: Ints, sex: Ints, draws: Draws) -> Names:
    """Draw names for these nationalities (numbers) and sexes (1 or 2)."""
    customs = _customs()
    size = len(nationality)
    culture = customs.cultures[nationality]
    order = customs.orders[(culture * 2 + sex - 1) * _GRAIN + draws.below(_GRAIN, size)]
    parts = np.empty((size, SLOTS), dtype=np.int64)
    for slot in range(SLOTS):
        parts[:, slot] = customs.drawn[customs.slots[order, slot] * _GRAIN + draws.below(_GRAIN, size)]
    return Names(parts, customs.joined[order])


def has_kanji(nationality: Ints) -> Bools:
    """Say for which nationalities a card may have a kanji name."""
    customs = _customs()
    return customs.with_kanji[customs.cultures[nationality]]
