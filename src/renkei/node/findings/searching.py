"""Candidates by the library, from what a node met by index: the same judgement as of files, on fewer rows.

What the library counts in a whole register is asked of the database, where an index answers: how many share a
name or a day of birth. How common the other values are is taken as it was when the parameters were learned.
"""

from math import log2
from typing import Final

import polars as pl
from django.conf import settings

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS, Dataset
from renkei.matching.candidates import default_parameters
from renkei.matching.candidates.match_weights import value_of, weigh
from renkei.matching.candidates.pairs import (
    by_frequency,
    look,
    weighed_values,
    with_persons,
    with_shares,
)
from renkei.matching.candidates.parameters import Item
from renkei.matching.candidates.search import judge
from renkei.matching.hash_index import HashIndex
from renkei.matching.reconciliation import as_batches, kept_columns
from renkei.matching.validation import check
from renkei.node.records import blocking_keys, bulk_copy, changes
from renkei.node.records.bulk_copy import few
from renkei.node.records.models import Person

_ASKED: Final = "asked_values"
# Probabilities are kept with six digits: a sixteenth part of the last, as log2 of odds.
_LEAST_ODDS: Final = -24


def search(notifications: pl.DataFrame, persons: pl.DataFrame, cards: pl.DataFrame) -> pl.DataFrame:
    """Find candidates among the people given, who stand for the whole register; as `candidates.find`.

    The frames are canonical text, with the columns of their datasets.
    """
    parameters = default_parameters()
    people = max(changes.rows(Person), 1)
    sought, seen = _seen(notifications, persons, cards, people)
    return judge(seen, sought, parameters, people)


def concerned(notifications: pl.DataFrame, persons: pl.DataFrame, cards: pl.DataFrame) -> pl.Series:
    """Return which notifications, by `notification_id`, may have somebody of these as a candidate.

    Of all others nobody given is so probable, even were there nobody else, that a printed digit changed.
    """
    parameters = default_parameters()
    people = max(changes.rows(Person), 1)
    sought, seen = _seen(notifications, persons, cards, people)
    # As in `probabilities`, against nobody alone: with others beside them they are less probable still.
    odds = pl.col("weight") * parameters.sharpness + log2(parameters.prior / (1 - parameters.prior) / people)
    queries = weigh(seen, parameters).filter(odds >= _LEAST_ODDS)["query"].unique()
    return sought["notification_id"].gather(queries)


def _seen(
    notifications: pl.DataFrame, persons: pl.DataFrame, cards: pl.DataFrame, people: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the notifications, typed, and what pairs with these people look like."""
    parameters = default_parameters()
    known = _typed(persons, PERSONS)["person_id"]
    sought, held = _typed(notifications, NOTIFICATIONS), with_persons(_typed(cards, CARDS, known))
    seen = look(sought, held, parameters)
    counts = {}
    for item in by_frequency(parameters):
        value = value_of(item.name)
        nothing = pl.DataFrame(schema={value: seen.schema[value], "holders": pl.UInt32})
        counts[item.name] = _holders(seen, item) if item.name in _COUNTED else nothing
    return sought, with_shares(seen, counts, people)


def _typed(frame: pl.DataFrame, dataset: Dataset, known: pl.Series | None = None) -> pl.DataFrame:
    return check(
        as_batches(frame, dataset),
        dataset,
        keep=kept_columns(dataset, settings.NODE.decided()),
        known_persons=None if known is None else lambda: HashIndex(known),
    ).taken


#: The column of `records_person` that an index finds the value by, and how the value is written there.
_COUNTED: Final = {
    "name": ("name_key", blocking_keys.name_key),
    "birth_date": ("birth_date", lambda values: _day(values)),
}


def _day(values: pl.Series) -> pl.Series:
    """Write yyyymmdd as the database has it."""
    text = values.cast(pl.String).str.zfill(8)
    return pl.select(
        pl.concat_str(text.str.slice(0, 4), pl.lit("-"), text.str.slice(4, 2), pl.lit("-"), text.str.slice(6))
    ).to_series()


def _holders(seen: pl.DataFrame, item: Item) -> pl.DataFrame:
    value = value_of(item.name)
    column, written = _COUNTED[item.name]
    values = weighed_values(seen, item)
    asked = pl.DataFrame({value: values, "written": written(values)})
    bulk_copy.temporary(_ASKED, asked.select(pl.col("written").drop_nulls().unique()))
    with few():
        changes = bulk_copy.read(
            f"SELECT a.written, CAST(COUNT(*) AS text) FROM {_ASKED} a "
            f"JOIN records_person p ON p.{column} = a.written GROUP BY a.written",
            ("written", "holders"),
        )
    bulk_copy.drop(_ASKED)
    return asked.join(changes, on="written").select(value, pl.col("holders").cast(pl.UInt32))
