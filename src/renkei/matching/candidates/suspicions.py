"""What candidates have to say to 3(1)イ: an employer who probably did notify, under another number."""

import polars as pl

from renkei.agreement.decisions import Policy
from renkei.matching.omissions import PROBABLE


def not_found(linked: pl.DataFrame) -> pl.DataFrame:
    """Return the live notifications of `outcomes.link` whose number is in no card."""
    return linked.filter(pl.col("live") & pl.col("person_id").is_null()).drop("person_id")


def probable(
    candidates: pl.DataFrame, unplaced: pl.DataFrame, known: pl.Series, policy: Policy
) -> pl.DataFrame:
    """Return the candidates at or above the threshold as `omissions.suspect` needs them: `PROBABLE`.

    `unplaced` come from `not_found`; `known` are the register's identifiers of persons, in its order, or
    those of a part of it: who is not there is left out.
    """
    likely = candidates.filter((pl.col("rank") == 1) & (pl.col("probability") >= policy.candidate_threshold))
    places = known.to_frame("person_id").with_row_index("person")
    return (
        likely.join(unplaced.select("notification_id", "employment_start"), on="notification_id")
        .join(places, on="person_id")
        .select(pl.col(name).cast(dtype) for name, dtype in PROBABLE.items())
    )
