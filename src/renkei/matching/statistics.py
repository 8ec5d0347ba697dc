"""Counts of a reconciliation: what a report may show, since no count names anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from renkei.matching.checking import Checked
from renkei.matching.omissions import REASONS
from renkei.matching.outcomes import MATCHES, OUTCOMES
from renkei.matching.values import to_text

_FLAGS = tuple(name for name, dtype in MATCHES.items() if dtype == pl.Boolean)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts only. Every table ends in a column `rows` (UInt32) and is sorted by its other columns.

    `outcomes`: outcome, nationality, status_of_residence (codes; null where a tombstone left them blank)
    and the flags; `differences`: item, cause; `omissions`: ground, reason, status_of_residence;
    `rejects`: dataset, reason (a row with several reasons counts under each).
    """

    as_of: date
    datasets: dict[str, dict[str, int]]
    outcomes: pl.DataFrame
    differences: pl.DataFrame
    omissions: pl.DataFrame
    rejects: pl.DataFrame

    def summary(self) -> dict[str, Any]:
        """Return what summary.json says: counts that add up, per dataset."""
        outcomes, omissions = self.outcomes, self.omissions
        return {
            "as_of": self.as_of.isoformat(),
            "datasets": self.datasets,
            "flags": {flag: _total(outcomes.filter(pl.col(flag))) for flag in _FLAGS},
            "annex2": {
                outcome: self.datasets["notifications"][outcome] for outcome in ("mismatched", "not_found")
            },
            "annex3": {reason: _total(omissions.filter(pl.col("reason") == reason)) for reason in REASONS},
            "differences": {
                item: dict(causes.select("cause", "rows").iter_rows())
                for (item,), causes in self.differences.group_by("item", maintain_order=True)
            },
            "rejects": {
                dataset: dict(reasons.select("reason", "rows").iter_rows())
                for (dataset,), reasons in self.rejects.group_by("dataset", maintain_order=True)
            },
        }


def _total(counts: pl.DataFrame) -> int:
    return int(counts["rows"].sum())


def count(
    tables: Sequence[Checked], matches: pl.DataFrame, suspected: pl.DataFrame, as_of: date
) -> Statistics:
    """Count a reconciliation. `matches` are `Judged.notifications`."""
    outcomes = dict(matches.group_by("outcome").len().iter_rows())
    datasets = {table.dataset.name: _counts(table) for table in tables}
    datasets["notifications"] |= {outcome: outcomes.get(outcome, 0) for outcome in OUTCOMES}
    pairs = (
        matches.select("differences")
        .drop_nulls()
        .select(pl.col("differences").str.split(";").explode().str.split(":"))
    )
    rejects = pl.concat([table.rejects.select("dataset", "reasons") for table in tables])
    return Statistics(
        as_of,
        datasets,
        _counted(matches, tables[0], "outcome", "nationality", "status_of_residence", *_FLAGS),
        _by(
            pairs.select(item=pl.col("differences").list.get(0), cause=pl.col("differences").list.get(1)),
            "item",
            "cause",
        ),
        _counted(suspected, tables[-1], "ground", "reason", "status_of_residence"),
        _by(
            rejects.select("dataset", reason=pl.col("reasons").str.split(";")).explode("reason"),
            "dataset",
            "reason",
        ),
    )


def _counts(table: Checked) -> dict[str, int]:
    return {"read": table.read, "rejected": table.rejects.height, "taken": table.taken.height}


def _by(rows: pl.DataFrame, *keys: str) -> pl.DataFrame:
    return rows.group_by(keys).agg(pl.len().alias("rows")).sort(keys)


def _counted(rows: pl.DataFrame, table: Checked, *keys: str) -> pl.DataFrame:
    """Count typed rows, then write the codes canonically (two typed codes may share one canonical form)."""
    counts = rows.group_by(keys).agg(pl.len().alias("rows"))
    names = table.dataset.names
    written = counts.with_columns(
        to_text(table.dataset.column(key).kind, pl.col(key)) for key in keys if key in names
    )
    return written.group_by(keys).agg(pl.col("rows").sum()).sort(keys)
