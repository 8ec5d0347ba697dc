"""Candidates on the distributed engine: workers compare pairs in buckets of persons, the driver weighs them.

The workers get the notifications that were not found, about one in a hundred. They return the pairs that
blocking selected, some dozens for each notification.
"""

from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from renkei.matching.candidates.blocking import blocks, join, sizes, too_large
from renkei.matching.candidates.match_weights import value_of
from renkei.matching.candidates.pairs import (
    by_term_frequency,
    in_portions,
    look,
    weighed_values,
    with_persons,
    with_shares,
)
from renkei.matching.candidates.parameters import Parameters
from renkei.matching.candidates.search import Found, add_up, judge
from renkei.matching.spark.session import ddl, like_before, on_the_wire, to_arrow, to_polars

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


_SIZES = pl.Schema({"query": pl.UInt32, "pass": pl.UInt32, "persons": pl.UInt32})


def find_on_spark(
    notifications: pl.DataFrame,
    cards: "DataFrame",
    bucketed: Any,
    no_cards: pl.DataFrame,
    parameters: Parameters,
) -> Found:
    """Find candidates with exactly the result of `candidates.search.find_and_count`.

    `bucketed` are the `cards`, grouped so that all cards of a person are in one bucket; `no_cards` is a frame
    without rows that has the columns and types of a bucket.
    """
    from pyspark.sql import functions as sql

    passes = parameters.passes

    def count_in_bucket(bucket: pa.Table) -> pa.Table:
        held = with_persons(like_before(to_polars(bucket), no_cards))
        return to_arrow(on_the_wire(sizes(blocks(notifications, held, passes)).cast(_SIZES)))

    # A pass is left out by what the whole register has, so it is counted before any bucket is compared.
    none_counted = pl.DataFrame(schema=_SIZES)
    rows = bucketed.applyInArrow(count_in_bucket, ddl(on_the_wire(none_counted)))
    counted = like_before(to_polars(rows.toArrow()), none_counted).group_by("query", "pass")
    over = too_large(counted.agg(pl.col("persons").sum()), passes)

    def look_in(held: pl.DataFrame) -> pl.DataFrame:
        pairs = join(blocks(notifications, held, passes), over, notifications, held, passes)
        portions = [pairs.clear(), *in_portions(pairs, held)]
        return pl.concat(look(portion, notifications, held, parameters) for portion in portions)

    no_pairs = look_in(with_persons(no_cards))

    def look_in_bucket(bucket: pa.Table) -> pa.Table:
        held = with_persons(like_before(to_polars(bucket), no_cards))
        return to_arrow(on_the_wire(look_in(held)))

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
    seen = with_shares(seen, counts, cards.count())
    return add_up([judge(seen, notifications, parameters, people, over)], notifications, parameters, over)
