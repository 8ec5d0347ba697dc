"""Causes: the likely innocent reason for each difference; of several that fit, the first (§3)."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from renkei.agreement.causes import DIFFERENCES, Found, found_by
from renkei.agreement.decisions import Policy
from renkei.agreement.outcomes import Verdict
from renkei.matching import compare
from renkei.matching.codes import AGREEING

# One item, the name, takes as long as all others together, so more than two threads do not help.
ITEMS_AT_ONCE = 2


def explain_differences(
    notifications: pl.DataFrame,
    judged: dict[str, pl.DataFrame],
    cards: pl.DataFrame,
    persons: pl.DataFrame,
    policy: Policy,
) -> pl.DataFrame:
    """Find the cause of every difference.

    `notifications` are linked ones with at least one difference; `judged` holds, for each compared item and
    in the same row order, the result of `compare.judge`. Returns, in the same row order, `mismatched_items`
    (items in the order of 別紙1, joined by `;`), `differences` (`item:cause`, likewise), both null where
    every difference has one of the policy's `agreeing_causes`, and `identity_conflict`. Raises UnknownCode
    for a cause that is not in `DIFFERENCES`.
    """
    if notifications.is_empty():
        return pl.DataFrame(
            schema={"mismatched_items": pl.String, "differences": pl.String, "identity_conflict": pl.Boolean}
        )
    people = notifications.select(pl.col("person").unique())
    cards = cards.join(people, on="person", how="semi")
    with ThreadPoolExecutor(ITEMS_AT_ONCE) as threads:
        series = threads.map(
            lambda item: _causes_of(item, notifications, judged[item], cards, persons, policy), judged
        )
        causes = dict(zip(judged, series, strict=True))
    for item, codes in causes.items():
        for code in codes.drop_nulls().unique():
            DIFFERENCES[item][code]
    # The causes that comparing finds were taken for agreement there; here are those that records give.
    agreeing = pl.lit(pl.Series(policy.agreeing_causes, dtype=pl.String).implode())
    left = pl.DataFrame(causes).with_columns(pl.when(~pl.all().is_in(agreeing)).then(pl.all()).name.keep())
    counted = [pl.col(item).is_not_null() for item in policy.identity_items if item in causes]
    return left.select(
        mismatched_items=_joined(pl.when(pl.col(item).is_not_null()).then(pl.lit(item)) for item in causes),
        differences=_joined(pl.concat_str(pl.lit(f"{item}:"), item) for item in causes),
        identity_conflict=pl.sum_horizontal(pl.lit(0, pl.UInt32), *counted) >= policy.identity_conflict_at,
    )


def _joined(words: Iterable[pl.Expr]) -> pl.Expr:
    joined = pl.concat_str(list(words), separator=";", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _causes_of(
    item: str,
    notifications: pl.DataFrame,
    verdicts: pl.DataFrame,
    cards: pl.DataFrame,
    persons: pl.DataFrame,
    policy: Policy,
) -> pl.Series:
    """Return the cause of each difference in one item, null where the item does not differ."""
    different = verdicts["verdict"] == int(Verdict.DIFFERENT)
    causes = verdicts["cause"].set(~different, None).alias(item)
    if not different.any():
        return causes
    held = {"held": item, **({"held_kanji": "kanji_name"} if item == "name" else {})}
    # The reported card's value already disagrees: only a record with another value can agree.
    on_card = {f"reported_{name}": f"{item}_held" if name == "held" else name for name in held}
    differs = notifications.select(
        "person", pl.col(item).alias("reported"), row=pl.int_range(pl.len()), **on_card
    ).filter(different)
    other_value = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"reported_{name}")) for name in held)

    person = differs["person"]
    records = persons.select(pl.col(column).gather(person).alias(name) for name, column in held.items())
    latest = pl.concat([differs, records], how="horizontal").filter(other_value)
    as_latest = _agreeing(item, latest, policy)
    others = (
        differs.join(as_latest, on="row", how="anti")
        .join(cards.select("person", **held), on="person")
        .filter(other_value)
    )
    other_card = _agreeing(item, others, policy)

    codes = found_by(Found.RECORDS, item)
    return causes.scatter(other_card["row"], codes["other_card"].code).scatter(
        as_latest["row"], codes["as_latest"].code
    )


def _agreeing(item: str, pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    sides = ["reported", "held", *(["held_kanji"] if item == "name" else [])]
    agrees = compare.judge(item, pairs.select(sides), policy)["verdict"].is_in(AGREEING)
    return pairs.filter(agrees).select(pl.col("row").unique())
