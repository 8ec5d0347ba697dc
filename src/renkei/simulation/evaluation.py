"""The evaluation of a matching against the answer key: recall and precision of each flaw."""

from dataclasses import dataclass

import polars as pl

from renkei.agreement.omissions import CONTINUES, PROBABLY_NOTIFIED
from renkei.simulation.flaws import GIVES_A_CAUSE, default_flaws

# Outcomes of the key for rows that never reach the matching.
_ABSENT = {"rejected": "absent", "not_sent": "absent"}


@dataclass(frozen=True)
class Evaluation:
    """The quality of a matching.

    `by_flaw`: flaw, verdict (as in `tables/flaws.csv`), rows (how many notifications have it), recall (the
    share of them with the outcome and all differences that the key expects), precision (of the differences
    reported with the flaw's item and cause, the share that the key expects; null if a flaw has no such pair).
    `omissions`: reason, explanation, expected, told (reported), right, true (of those told, truly omitted):
    suspected omissions. `truly_omitted`, `suspected` and `truly_suspected` count permissions: truly omitted,
    suspected, and both. `continuing` and `probable` count the suspicions that stand apart: the same
    employment went on, or a notification with another number is probably about the person; `left` and
    `truly_left` count the rest, and the truly omitted among them.
    """

    notifications: int
    as_expected: int
    by_flaw: pl.DataFrame
    omissions: pl.DataFrame
    truly_omitted: int
    suspected: int
    truly_suspected: int
    continuing: int
    probable: int
    left: int
    truly_left: int


def evaluate(
    notifications: pl.DataFrame,
    permissions: pl.DataFrame,
    matches: pl.DataFrame,
    annex3: pl.DataFrame,
    *,
    candidates: bool = False,
) -> Evaluation:
    """Compare a reconciliation with the answer key of its world.

    `notifications` and `permissions` are the tables of `truth/`; `matches` (notification_id, outcome,
    differences) and `annex3` (permission_id, reason, explanation) are its output, with `candidates` if it
    searched for the persons of wrong numbers. All columns are text.
    """
    judged = _with_results(notifications, matches)
    reported = _expecting(permissions, candidates=candidates).join(
        annex3.select("permission_id", "reason", "explanation"), on="permission_id", how="left"
    )
    omitted, suspected = pl.col("truly_omitted") == "true", pl.col("reason").is_not_null()
    continuing = (pl.col("explanation") == CONTINUES).fill_null(value=False)
    probable = pl.col("reason") == PROBABLY_NOTIFIED
    left = reported.filter(suspected & ~continuing & ~probable)
    return Evaluation(
        notifications=judged.height,
        as_expected=int(judged["right"].sum()),
        by_flaw=_by_flaw(judged),
        omissions=_by_reason(reported),
        truly_omitted=reported.filter(omitted).height,
        suspected=reported.filter(suspected).height,
        truly_suspected=reported.filter(omitted & suspected).height,
        continuing=reported.filter(continuing).height,
        probable=reported.filter(probable).height,
        left=left.height,
        truly_left=left.filter(omitted).height,
    )


def _expecting(permissions: pl.DataFrame, *, candidates: bool) -> pl.DataFrame:
    """Return the key with the reason and explanation of a matching with or without candidates."""
    if not candidates:
        return permissions
    reason = pl.col("expected_with_candidates")
    return permissions.with_columns(
        expected_reason=reason,
        expected_explanation=pl.when(reason != PROBABLY_NOTIFIED).then("expected_explanation"),
    )


def _with_results(notifications: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    results = matches.select("notification_id", "outcome", "differences")
    # For a number not found, the key gives the cause as a reason, the matching as a difference of ⑦.
    of_number = pl.when(pl.col("expected_outcome") == "not_found").then(
        "card_number:" + pl.col("expected_reasons")
    )
    return (
        notifications.join(results, on="notification_id", how="left")
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
    reported, expected = (
        judged.select("notification_id", pair=pl.col(column).str.split(";")).explode("pair")
        for column in ("differences", "expected_differences")
    )
    both = reported.join(
        expected.with_columns(expected=pl.lit(value=True)), on=["notification_id", "pair"], how="left"
    )
    precision = both.group_by("pair").agg(precision=pl.col("expected").fill_null(value=False).mean())
    return (
        named.join(recall, on="flaw", how="left", maintain_order="left")
        .join(precision, on="pair", how="left", maintain_order="left")
        .with_columns(pl.col("rows").fill_null(0))
        .select("flaw", "verdict", "rows", "recall", "precision")
    )


def _by_reason(reported: pl.DataFrame) -> pl.DataFrame:
    by = ("reason", "explanation")
    right = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"expected_{name}")) for name in by)
    expected = reported.group_by(pl.col(f"expected_{name}").alias(name) for name in by).agg(
        expected=pl.len(), right=right.sum()
    )
    counted = reported.group_by(by).agg(told=pl.len(), true=(pl.col("truly_omitted") == "true").sum())
    return (
        expected.join(counted, on=by, how="full", coalesce=True, nulls_equal=True)
        .drop_nulls("reason")
        .with_columns(pl.col("expected", "told", "right", "true").fill_null(0))
        .select(*by, "expected", "told", "right", "true")
        .sort(by)
    )
