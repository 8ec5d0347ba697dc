"""A simple search for candidates in tests: the persons with the reported name and birth date."""

import polars as pl

from renkei.matching.candidates.search import LEFT_OUT, Found


def find(notifications: pl.DataFrame, persons: pl.DataFrame, cards: pl.DataFrame) -> Found:
    """Give every person of that name and birth date the same probability, each with the first card."""
    theirs = (
        cards.sort("card_number").unique("person_id", keep="first").select("person_id", card="card_number")
    )
    named = persons.select("person_id", "name", "birth_date").join(theirs, on="person_id")
    pairs = notifications.select("notification_id", "name", "birth_date").join(
        named, on=["name", "birth_date"]
    )
    ranked = pairs.sort("notification_id", "person_id").with_columns(
        rank=pl.int_range(1, pl.len() + 1).over("notification_id"), several=pl.len().over("notification_id")
    )
    candidates = ranked.filter(pl.col("rank") <= 3).select(
        "notification_id",
        "rank",
        "person_id",
        card_number="card",
        probability=0.98 / pl.col("several"),
        nobody=pl.lit(0.02),
        evidence=pl.lit("card_number:one_substitution:17.21;name:exact:9.80;birth_date:exact:14.10"),
    )
    return Found(candidates, pl.DataFrame(schema=LEFT_OUT), pairs.height)
