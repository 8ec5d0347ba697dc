"""What officers confirmed, and what is probable: how 3(1)イ reckons with notifications that name no card.

A confirmed one counts for its person as if it named the card that the officer saw; 別紙2 still says that its
number was not found (docs/decisions/0013-confirmed-candidates.md).
"""

from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

from renkei.agreement.causes import CAUSES
from renkei.agreement.datasets import OMISSIONS_WITH_CANDIDATES
from renkei.matching.omissions import probably_notified
from renkei.matching.reconciliation import Reconciliation
from renkei.node.records import bulk_copy

#: Stands in `differences` of a notification that is matched by an officer's word, and by it alone.
CONFIRMED: Final = f"card_number:{CAUSES['confirmed_candidate'].code}"
_JUDGED: Final = ("outcome", "person_id", "mismatched_items", "differences", "identity_conflict")

#: Reconciles notifications, persons, cards and permissions.
Reconcile = Callable[[Sequence[pl.DataFrame]], Reconciliation]


def reckon(
    found: Reconciliation, frames: Sequence[pl.DataFrame], probable: pl.DataFrame, reconcile: Reconcile
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let what was confirmed count, and what is probable be said; returns `matches` and `annex3` anew.

    `frames` are notifications, persons, cards and permissions in scope, closed under confirmations; `found`
    is what reconciling them says, `probable` what `candidates.probable` returns of whom they are about. Where
    a number is found after all, or the confirmed card is the person's no more, a confirmation says nothing.
    """
    notifications, persons, cards, permissions = frames
    matches, suspected = found.matches, found.annex3
    confirmed = _confirmed(matches, cards.join(persons, on="person_id", how="semi"))
    if confirmed.height:
        theirs = confirmed.select("person_id").unique()
        numbers = cards.join(theirs, on="person_id", how="semi").select("card_number")
        counting = notifications.join(confirmed, on="notification_id", how="left").with_columns(
            pl.coalesce("confirmed_card", "card_number").alias("card_number")
        )
        again = reconcile(
            (
                counting.select(notifications.columns).join(numbers, on="card_number", how="semi"),
                *(frame.join(theirs, on="person_id", how="semi") for frame in (persons, cards, permissions)),
            )
        )
        matches = _as_if(matches, again.matches.join(confirmed, on="notification_id", how="semi"))
        granted = permissions.join(theirs, on="person_id", how="semi").select("permission_id")
        others = suspected.join(granted, on="permission_id", how="anti")
        suspected = pl.concat([others, again.annex3]).sort("permission_id")
    return matches, _say_probable(suspected, permissions, probable)


def _confirmed(matches: pl.DataFrame, cards: pl.DataFrame) -> pl.DataFrame:
    columns = ("notification_id", "person_id", "confirmed_card")
    said = bulk_copy.read(
        f"SELECT {', '.join(columns)} FROM findings_notfound WHERE state = 'confirmed'", columns
    )
    unfound = matches.filter(pl.col("outcome") == "not_found").select("notification_id")
    return said.join(unfound, on="notification_id", how="semi").join(
        cards.select(confirmed_card="card_number", person_id="person_id"),
        on=["confirmed_card", "person_id"],
        how="semi",
    )


def _as_if(matches: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Put what confirmed notifications come to in the place of `not_found`, and say that it is so."""
    marked = pl.concat_str(pl.lit(CONFIRMED), "differences", separator=";", ignore_nulls=True)
    said = judged.with_columns(differences=marked).select("notification_id", *_JUDGED)
    joined = matches.join(said, on="notification_id", how="left", suffix="_as_if", maintain_order="left")
    counts = pl.col("outcome_as_if").is_not_null()
    return joined.with_columns(
        pl.when(counts).then(f"{name}_as_if").otherwise(name).alias(name) for name in _JUDGED
    ).select(matches.columns)


def _say_probable(suspected: pl.DataFrame, permissions: pl.DataFrame, probable: pl.DataFrame) -> pl.DataFrame:
    """Give what a probable candidate's notification may explain that reason, and the notification."""
    permitted = permissions.select("permission_id", "person_id", "permitted_on")
    known = suspected.drop("notification_id", strict=False).join(
        permitted, on="permission_id", how="left", maintain_order="left"
    )
    return probably_notified(known, probable, "person_id").select(OMISSIONS_WITH_CANDIDATES.names)
