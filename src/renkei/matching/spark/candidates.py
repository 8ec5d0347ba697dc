"""Candidates on the distributed engine: workers compare pairs in buckets of persons, the driver weighs them.

The workers get the notifications that were not found, about one in a hundred. They return the pairs that
blocking selected, some dozens for each notification.
"""

from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from renkei.matching.candidates.match_weights import value_of
from renkei.matching.candidates.pairs import (
    by_term_frequency,
    look,
    weighed_values,
    with_persons,
    with_shares,
)
from renkei.matching.candidates.parameters import Parameters
from renkei.matching.candidates.search import judge
from renkei.matching.spark.session import ddl, like_before, on_the_wire, to_arrow, to_polars

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def find_on_spark(
    notifications: pl.DataFrame,
    cards: "DataFrame",
    bucketed: Any,
    no_cards: pl.DataFrame,
    parameters: Parameters,
) -> pl.DataFrame:
    """Find candidates with exactly the result of `candidates.search.find`.

    `bucketed` are the `cards`, grouped so that all cards of a person are in one bucket; `no_cards` is a frame
    without rows that has the columns and types of a bucket.
    """
    from pyspark.sql import functions as sql

    no_pairs = look(notifications, with_persons(no_cards), parameters)

    def look_in_bucket(bucket: pa.Table) -> pa.Table:
        held = with_persons(like_before(to_polars(bucket), no_cards))
        return to_arrow(on_the_wire(look(notifications, held, parameters)))

    rows = bucketed.applyInArrow(look_in_bucket, ddl(on_the_wire(no_pairs)))
    seen = like_before(to_polars(rows.toArrow()), no_pairs)
    counts = {}
    for item in by_term_frequency(parameters):
        value = value_of(item.name)
        wanted = cards.sparkSession.createDataFrame(
            to_arrow(on_the_wire(weighed_values(seen, item).to_frame()))
        )
        held = cards.select(sql.col(item.name).alias(value)).join(sql.broadcast(wanted), value)
        holders = held.groupBy(value).agg(sql.count("*").alias("holders"))
        counts[item.name] = to_polars(holders.toArrow()).cast({value: seen.schema[value]})
    people = cards.select("person_id").distinct().count()
    return judge(with_shares(seen, counts, cards.count()), notifications, parameters, people)
