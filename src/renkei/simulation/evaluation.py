"""The answer key against what a matching said: how much of each flaw it told, and how much of that is so."""

from dataclasses import dataclass

import polars as pl

from renkei.simulation.flaws import GIVES_A_CAUSE, default_flaws

# What the key expects of rows that never reach the matching.
_ABSENT = {"rejected": "absent", "not_sent": "absent"}


@dataclass(frozen=True)
class Evaluation:
    """How a matching did.

    `by_flaw`: flaw, verdict (as in `tables/flaws.csv`), rows (how many notifications bear it), recall (share
    of them told as the key expects, in outcome and in all differences), precision (of the differences told
    with the flaw's item and cause, the share that the key expects; null where a flaw has no such pair).
    `omissions`: reason, expected, told, right: permissions suspected. `truly_omitted`, `suspected` and
    `truly_suspected` count permissions: truly left out, suspected, and both.
    """

    notifications: int
    as_expected: int
    by_flaw: pl.DataFrame
    omissions: pl.DataFrame
    truly_omitted: int
    suspected: int
    truly_suspected: int


def evaluate(
    notifications: pl.DataFrame, permissions: pl.DataFrame, matches: pl.DataFrame, annex3: pl.DataFrame
) -> Evaluation:
    """Hold a reconciliation against the answer key of its world.

    `notifications` and `permissions` are the tables of `truth/`; `matches` (notification_id, outcome,
    differences) and `annex3` (permission_id, reason) are what the reconciliation wrote. All are text.
    """
    judged = _beside(notifications, matches)
    told = permissions.join(annex3.select("permission_id", "reason"), on="permission_id", how="left")
    omitted, suspected = pl.col("truly_omitted") == "true", pl.col("reason").is_not_null()
    return Evaluation(
        notifications=judged.height,
        as_expected=int(judged["right"].sum()),
        by_flaw=_by_flaw(judged),
        omissions=_by_reason(told),
        truly_omitted=told.filter(omitted).height,
        suspected=told.filter(suspected).height,
        truly_suspected=told.filter(omitted & suspected).height,
    )


def _beside(notifications: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    said = matches.select("notification_id", "outcome", "differences")
    # Of a number not found the key gives the cause as a reason, the matching as a difference of ⑦.
    of_number = pl.when(pl.col("expected_outcome") == "not_found").then(
        "card_number:" + pl.col("expected_reasons")
    )
    return (
        notifications.join(said, on="notification_id", how="left")
        .with_columns(
            pl.col("outcome").fill_null("absent"),
            pl.col("expected_outcome").replace(_ABSENT),
            pl.col("differences", "flaws").fill_null(""),
            pl.coalesce("expected_differences", of_number, pl.lit("")).alias("expected_differences"),
        )
        .with_columns(
            right=(pl.col("outcome") == pl.col("expected_outcome"))
            & (pl.col("differences") == pl.col("expected_differences"))
        )
    )


def _by_flaw(judged: pl.DataFrame) -> pl.DataFrame:
    flaws = [flaw for flaw in default_flaws() if flaw.item != "employment"]
    named = pl.DataFrame(
        {
            "flaw": [flaw.name for flaw in flaws],
            "verdict": [flaw.verdict for flaw in flaws],
            "pair": [
                f"{flaw.item}:{flaw.cause}" if flaw.verdict in GIVES_A_CAUSE else None for flaw in flaws
            ],
        },
        schema_overrides={"pair": pl.String},
    )
    rows = judged.select("right", flaw=pl.col("flaws").str.split(";")).explode("flaw")
    recall = rows.group_by("flaw").agg(rows=pl.len(), recall=pl.col("right").mean())
    told, expected = (
        judged.select("notification_id", pair=pl.col(column).str.split(";")).explode("pair")
        for column in ("differences", "expected_differences")
    )
    both = told.join(
        expected.with_columns(expected=pl.lit(value=True)), on=["notification_id", "pair"], how="left"
    )
    precision = both.group_by("pair").agg(precision=pl.col("expected").fill_null(value=False).mean())
    return (
        named.join(recall, on="flaw", how="left", maintain_order="left")
        .join(precision, on="pair", how="left", maintain_order="left")
        .with_columns(pl.col("rows").fill_null(0))
        .select("flaw", "verdict", "rows", "recall", "precision")
    )


def _by_reason(told: pl.DataFrame) -> pl.DataFrame:
    expected = told.group_by(reason="expected_reason").agg(
        expected=pl.len(), right=(pl.col("reason") == pl.col("expected_reason")).sum()
    )
    counted = told.group_by("reason").agg(told=pl.len())
    return (
        expected.join(counted, on="reason", how="full", coalesce=True)
        .drop_nulls("reason")
        .with_columns(pl.col("expected", "told", "right").fill_null(0))
        .select("reason", "expected", "told", "right")
        .sort("reason")
    )
