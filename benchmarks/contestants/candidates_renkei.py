"""Renkei's candidates as a library: files in, the best person of each notification out.

world DIR OUT             a register and notifications, read and checked as the command does
world-unnumbered DIR OUT  the same, card numbers ignored altogether
febrl DIR OUT             two tables of another kind of people, learned without labels
"""

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS, Dataset
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.matching.candidates import Parameters, default_parameters, find, learn
from renkei.matching.candidates.comparison_levels import KINDS
from renkei.matching.candidates.parameters import Item
from renkei.matching.candidates.search import not_found
from renkei.matching.outcomes import link
from renkei.matching.reading import open_source
from renkei.matching.reconciliation import kept_columns
from renkei.matching.validation import check

FEBRL = {
    "name": "name",
    "street_number": "digits",
    "address_1": "text",
    "address_2": "text",
    "suburb": "text",
    "postcode": "digits",
    "state": "code",
    "birth_date": "birth_date",
    "soc_sec_id": "own_number",
}
# Where a column is spoilt, a part of it may not be; Splink blocks by the same.
FEBRL_PARTS = {
    # Both names as one, since which is which is not always told; the kind knows orders and parts.
    "name": pl.concat_str("given_name", "surname", separator=" ", ignore_nulls=True).replace("", None),
    "kanji_name": pl.lit(None, dtype=pl.String),
    "number_begins": pl.col("soc_sec_id").str.slice(0, 4),
    "number_ends": pl.col("soc_sec_id").str.slice(-4),
    "born_in": pl.col("date_of_birth").str.slice(0, 6),
    "born_on": pl.col("date_of_birth").str.slice(4, 4),
    "first_name": pl.min_horizontal("given_name", "surname"),
    "last_name": pl.max_horizontal("given_name", "surname"),
    "surname_begins": pl.concat_str(pl.col("surname").str.slice(0, 4), "state"),
    "address_begins": pl.concat_str(pl.col("address_1").str.slice(0, 5), "state"),
}
FEBRL_PASSES = (
    "soc_sec_id", "birth_date", "surname", "given_name", "postcode", "suburb", "address_1", "name",
    "number_begins", "number_ends", "born_in", "born_on", "surname_begins", "address_begins",
    "first_name", "last_name",
)  # fmt: skip


def world(directory: Path, *, numbered: bool) -> pl.DataFrame:
    def taken(path: Path, dataset: Dataset, known: pl.Series | None = None) -> pl.DataFrame:
        keep = kept_columns(dataset, DEFAULT_POLICY)
        batches = open_source(path, dataset).batches()
        return check(
            batches, dataset, keep=keep, known_persons=None if known is None else lambda: known
        ).taken

    persons = taken(directory / "persons.parquet", PERSONS)["person_id"]
    cards = taken(directory / "cards.parquet", CARDS, persons)
    lost = not_found(link(taken(directory / "annex1.csv", NOTIFICATIONS), cards, DEFAULT_POLICY))
    parameters = default_parameters()
    if not numbered:
        parameters = replace(
            parameters,
            items=tuple(item for item in parameters.items if item.kind_name != "card_number"),
            passes=tuple(keys for keys in parameters.passes if not keys[0].startswith("card_number")),
        )
    return find(lost, cards, parameters)


def febrl(directory: Path) -> pl.DataFrame:
    a, b = (
        pl.read_csv(directory / f"{side}.csv", infer_schema=False).with_columns(
            birth_date=pl.col("date_of_birth").cast(pl.Int32, strict=False), **FEBRL_PARTS
        )
        for side in "ab"
    )
    a = a.rename({"rec_id": "notification_id"})
    b = b.rename({"rec_id": "person_id"}).with_columns(card_number="person_id")
    learned = learn(
        a, b, _flat(), version="febrl", learned_on=date(2026, 11, 23), learned_from="FEBRL, no labels"
    )
    return find(a, b, learned)


def _flat() -> Parameters:
    """Know nothing but that the best level speaks for one person, and the last for two."""
    items = []
    for name, kind in FEBRL.items():
        others = len(KINDS[kind].levels) - 1
        right = (0.8, *[0.2 / others] * others)
        items.append(Item(name, kind, right, (*[0.01] * others, 1 - 0.01 * others)))
    passes = tuple((name,) for name in FEBRL_PASSES)
    return Parameters("flat", date(2026, 11, 23), "nothing", 0.9, 1.0, tuple(items), passes)


if __name__ == "__main__":
    what, place, out = sys.argv[1:]
    found = febrl(Path(place)) if what == "febrl" else world(Path(place), numbered=what == "world")
    best = found.filter(pl.col("rank") == 1)
    best.select("notification_id", "person_id", "probability").write_csv(out)
