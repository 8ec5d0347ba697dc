"""Counts of a reconciliation: all that a report may show, since counts have no personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from renkei.agreement.datasets import NOTIFICATIONS, PERMISSIONS, Dataset
from renkei.agreement.decisions import Policy
from renkei.agreement.omissions import EXPLANATIONS, PROBABLY_NOTIFIED, REASONS, SCOPES
from renkei.agreement.outcomes import OUTCOMES, REPORTED
from renkei.matching.omissions import JudgedPermissions
from renkei.matching.outcomes import MATCHES
from renkei.matching.values import to_text

_FLAGS = tuple(name for name, dtype in MATCHES.items() if dtype == pl.Boolean)


class Read(NamedTuple):
    """How many rows of a dataset were read, rejected and accepted."""

    dataset: Dataset
    read: int
    rejected: int
    taken: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts only. Every table ends in a column `rows` (UInt32) and is sorted by its other columns.

    `outcomes`: outcome, nationality, status_of_residence (codes; null if a tombstone left them blank)
    and the flags; `differences`: item, cause; `omissions`: ground, reason, explanation,
    status_of_residence; `scopes`: ground, scope, by_others, of every permission taken (§6);
    `rejects`: dataset, reason of rows set aside (a row with several reasons counts under each); `values`:
    the same of rows that were taken without a value.
    `candidates`, if they were searched for: how many pairs were compared, and what was left out
    (`candidates.search.Found.counts`).
    """

    as_of: date
    policy: Policy
    datasets: dict[str, dict[str, int]]
    outcomes: pl.DataFrame
    differences: pl.DataFrame
    omissions: pl.DataFrame
    scopes: pl.DataFrame
    rejects: pl.DataFrame
    values: pl.DataFrame
    candidates: Mapping[str, Any] | None = None

    def summary(self) -> dict[str, Any]:
        """Return the content of summary.json: the day, the decisions that are not the default, and counts.

        The counts of each dataset add up. `policy_digest` is the SHA-256 of all decisions.
        """
        outcomes, omissions = self.outcomes, self.omissions
        return {
            "as_of": self.as_of.isoformat(),
            "policy": self.policy.overrides(),
            "policy_digest": self.policy.digest(),
            "datasets": self.datasets,
            "flags": {flag: _said(outcomes, flag) for flag in _FLAGS},
            "annex2": {outcome: self.datasets["notifications"][outcome] for outcome in REPORTED},
            "annex3": {
                reason: _total(omissions.filter(pl.col("reason") == reason)) for reason in self._reasons()
            },
            "explanations": {
                code: _total(omissions.filter(pl.col("explanation") == code)) for code in EXPLANATIONS
            },
            "scope": {code: _total(self.scopes.filter(pl.col("scope") == code)) for code in SCOPES},
            "credited_by_others_only": _total(self.scopes.filter("by_others")),
            "differences": {
                item: dict(causes.select("cause", "rows").iter_rows())
                for (item,), causes in self.differences.group_by("item", maintain_order=True)
            },
            "rejects": _by_dataset(self.rejects),
            "values": _by_dataset(self.values),
            **({} if self.candidates is None else {"candidates": self.candidates}),
        }

    def due(self) -> pl.DataFrame:
        """Count the permissions in scope whose due date has passed, suspected or not: ground, rows."""
        return _sum(
            self.scopes.filter(pl.col("scope").is_in(["credited", "suspected"])).select("ground", "rows")
        )

    def _reasons(self) -> list[str]:
        """Return the reasons of 3(1)イ, and the one that only candidates can give if it occurs."""
        occurs = PROBABLY_NOTIFIED in self.omissions["reason"]
        return [code for code in REASONS if occurs or code != PROBABLY_NOTIFIED]


def _said(outcomes: pl.DataFrame, flag: str) -> int | None:
    """Return how many have a flag; None where it was not said of any row (of a day's changes)."""
    unsaid = outcomes.height > 0 and outcomes[flag].null_count() == outcomes.height
    return None if unsaid else _total(outcomes.filter(pl.col(flag)))


def _by_dataset(counts: pl.DataFrame) -> dict[str, dict[str, int]]:
    return {
        dataset: dict(reasons.select("reason", "rows").iter_rows())
        for (dataset,), reasons in counts.group_by("dataset", maintain_order=True)
    }


def _total(counts: pl.DataFrame) -> int:
    return int(counts["rows"].sum())


class Tally(NamedTuple):
    """The tables of `Statistics` that count judged rows; those of several parts can be added up."""

    outcomes: pl.DataFrame
    differences: pl.DataFrame
    omissions: pl.DataFrame
    scopes: pl.DataFrame


def tally(matches: pl.DataFrame, permissions: JudgedPermissions) -> Tally:
    """Count judged rows: `matches` are `Judged.notifications`."""
    pairs = (
        matches.select("differences")
        .drop_nulls()
        .select(pl.col("differences").str.split(";").explode().str.split(":"))
    )
    return Tally(
        _counted(matches, NOTIFICATIONS, "outcome", "nationality", "status_of_residence", *_FLAGS),
        _by(
            pairs.select(item=pl.col("differences").list.get(0), cause=pl.col("differences").list.get(1)),
            "item",
            "cause",
        ),
        _counted(
            permissions.suspected, PERMISSIONS, "ground", "reason", "explanation", "status_of_residence"
        ),
        _counted(permissions.scopes, PERMISSIONS, "ground", "scope", "by_others"),
    )


def add_up(tallies: Sequence[Tally]) -> Tally:
    """Add up the tallies of parts of the same data."""
    return Tally(*(_sum(pl.concat(parts)) for parts in zip(*tallies, strict=True)))


def count(
    counts: Sequence[Read],
    tallied: Tally,
    rejects: pl.DataFrame,
    *,
    as_of: date,
    policy: Policy,
    candidates: Mapping[str, Any] | None = None,
) -> Statistics:
    """Count a reconciliation: the rows read of each dataset, the judged rows, and the rejects."""
    outcomes = _sum(tallied.outcomes.select("outcome", "rows")) if tallied.outcomes.height else None
    by_outcome = dict(outcomes.iter_rows()) if outcomes is not None else {}
    datasets = {
        one.dataset.name: {"read": one.read, "rejected": one.rejected, "taken": one.taken} for one in counts
    }
    datasets[NOTIFICATIONS.name] |= {outcome: by_outcome.get(outcome, 0) for outcome in OUTCOMES}
    reasons = rejects.select("dataset", "action", reason=pl.col("reasons").str.split(";")).explode("reason")
    rows, values = (
        _by(reasons.filter(pl.col("action") == action), "dataset", "reason") for action in ("row", "value")
    )
    return Statistics(as_of, policy, datasets, *tallied, rows, values, candidates)


def _by(rows: pl.DataFrame, *keys: str) -> pl.DataFrame:
    return rows.group_by(keys).agg(pl.len().alias("rows")).sort(keys)


def _sum(counts: pl.DataFrame) -> pl.DataFrame:
    keys = [name for name in counts.columns if name != "rows"]
    return counts.group_by(keys).agg(pl.col("rows").sum()).sort(keys)


def _counted(rows: pl.DataFrame, dataset: Dataset, *keys: str) -> pl.DataFrame:
    """Count typed rows, then write the codes canonically (two typed codes may share one canonical form)."""
    counts = rows.group_by(keys).agg(pl.len().alias("rows"))
    return _sum(
        counts.with_columns(
            to_text(dataset.column(key).kind, pl.col(key)) for key in keys if key in dataset.names
        )
    )
