"""Spellings: names in Latin letters that a table joins as spellings of one name (reconciliation §3)."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import polars as pl

# Of more words that differ, not every order is tried: they are compared in their places.
_MOST_ORDERS = 4


@cache
def spellings() -> tuple[frozenset[str], ...]:
    """Return the spellings of one name for each row of the table (tables/romanisations.csv)."""
    path = Path(__file__).with_name("tables") / "romanisations.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(frozenset(row["spellings"].split()) for row in csv.DictReader(file))


@cache
def spelling_families() -> Mapping[str, str]:
    """Return one word for all words that chains of rows connect: WONG is a spelling of WANG and of HUANG."""
    family: dict[str, str] = {}
    for row in spellings():
        known = {family[word] for word in row if word in family}
        first = min(known | row)
        family |= dict.fromkeys(row, first)
        family |= {word: first for word, of in family.items() if of in known}
    return family


@cache
def _rows_of() -> Mapping[str, frozenset[int]]:
    places: dict[str, set[int]] = {}
    for place, row in enumerate(spellings()):
        for word in row:
            places.setdefault(word, set()).add(place)
    return {word: frozenset(rows) for word, rows in places.items()}


def joined_by_spellings(names: pl.Series, others: pl.Series, ordered: pl.Series) -> pl.Series:
    """Say whether two folded names are equal but for words that the table joins, in any order of words.

    `ordered`: where the order of words counts. Returns Boolean in row order.
    """
    # Quick necessary conditions first; the few pairs that meet them are then looked at word by word.
    as_many = names.str.count_matches(" ") == others.str.count_matches(" ")
    at = as_many.arg_true()
    at = at.filter(_families(names.gather(at)) == _families(others.gather(at)))
    sides = (side.gather(at).to_list() for side in (names, others, ordered))
    exact = [
        _joined(one.split(), other.split(), in_place) for one, other, in_place in zip(*sides, strict=True)
    ]
    return (as_many & False).scatter(at, pl.Series(exact, dtype=pl.Boolean))


def _families(names: pl.Series) -> pl.Series:
    """Return the words of each name as their families, sorted, as one text."""
    words = pl.DataFrame({"word": names.str.split(" ")}).with_row_index("name").explode("word")
    families = pl.DataFrame(list(spelling_families().items()), schema=["word", "family"], orient="row")
    return (
        words.join(families, on="word", how="left")
        .select("name", word=pl.coalesce("family", "word"))
        .sort("name", "word")
        .group_by("name", maintain_order=True)
        .agg(pl.col("word"))["word"]
        .list.join(" ")
    )


def _joined(one: Sequence[str], other: Sequence[str], in_place: bool) -> bool:
    if in_place:
        return all(map(_spell_one_name, one, other))
    left, right = Counter(one) - Counter(other), Counter(other) - Counter(one)
    return _some_order(tuple(left.elements()), tuple(right.elements()))


def _some_order(one: Sequence[str], other: Sequence[str]) -> bool:
    if not one or len(one) > _MOST_ORDERS:
        return all(map(_spell_one_name, one, other))
    return any(
        _spell_one_name(one[0], word) and _some_order(one[1:], (*other[:place], *other[place + 1 :]))
        for place, word in enumerate(other)
    )


def _spell_one_name(word: str, other: str) -> bool:
    rows = _rows_of()
    return word == other or bool(rows.get(word, frozenset()) & rows.get(other, frozenset()))
