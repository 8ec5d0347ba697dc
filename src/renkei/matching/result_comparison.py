"""Comparing two runs: which findings are new, gone or changed, and what may be why (reconciliation §8).

Only identifiers, columns and codes are told, never the values of a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import polars as pl

from renkei.matching.results import Result


class Compared(NamedTuple):
    """How a table is compared: by which identifier, which code is told, which columns do not count."""

    identifier: str
    code: str
    left_out: frozenset[str] = frozenset()


#: The tables of a run that are compared. §5: the day of the matching is no part of a finding.
TABLES: Final[Mapping[str, Compared]] = MappingProxyType(
    {
        "matches": Compared("notification_id", "outcome"),
        "annex2": Compared("notification_id", "outcome", frozenset({"matched_on"})),
        "annex3": Compared("permission_id", "reason"),
    }
)
KINDS = ("new", "gone", "changed")
CHANGES = dict.fromkeys(("table", "identifier", "change", "columns", "before", "after"), pl.String)


@dataclass(frozen=True, slots=True)
class ResultComparison:
    """What differs between two runs.

    `changes` (`CHANGES`): table, identifier, change (`KINDS`), the columns that changed joined by `;`, and
    the outcome or reason before and after; sorted by table and identifier. `counts`: by table how many are
    new, gone, changed and the same. `columns`: by table how often each column changed. `why`: what differs
    between the runs and may explain it, before and after: as_of, version, decisions, inputs.
    """

    changes: pl.DataFrame
    counts: Mapping[str, Mapping[str, int]]
    columns: Mapping[str, Mapping[str, int]]
    why: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "why": dict(self.why),
            "counts": {table: dict(counts) for table, counts in self.counts.items()},
            "columns": {table: dict(counts) for table, counts in self.columns.items()},
            "changes": self.changes.to_dicts(),
        }


def compare_results(before: Result, after: Result) -> ResultComparison:
    """Compare what two runs wrote, in whatever format. Raises UnusableOutput if a table is missing."""
    changes, counts, columns = [], {}, {}
    for table, compared in TABLES.items():
        both = _joined(before.read(table), after.read(table), compared)
        found = both.filter(pl.col("change").is_not_null())
        changes.append(found.select(pl.lit(table).alias("table"), pl.exclude("table")).select(list(CHANGES)))
        by_kind = dict(found.group_by("change").len().iter_rows())
        counts[table] = {kind: by_kind.get(kind, 0) for kind in KINDS} | {"same": both.height - found.height}
        each = found.select(pl.col("columns").str.split(";").explode()).drop_nulls()
        columns[table] = dict(each.group_by("columns").len().sort("columns").iter_rows())
    together = pl.concat([pl.DataFrame(schema=CHANGES), *changes])
    order = pl.col("table").replace_strict({table: place for place, table in enumerate(TABLES)})
    return ResultComparison(together.sort(order, "identifier"), counts, columns, _why(before, after))


def _joined(before: pl.DataFrame, after: pl.DataFrame, compared: Compared) -> pl.DataFrame:
    """Return one row for each identifier of either table: what happened to it (null: nothing)."""
    key, code, left_out = compared
    # Columns that only one run disclosed follow from its decisions and are told there.
    names = [name for name in before.columns if name in after.columns and name not in {key, *left_out}]
    both = before.select(key, *names, here=True).join(
        after.select(key, *(pl.col(name).alias(f"{name} after") for name in names), there=True),
        on=key,
        how="full",
        coalesce=True,
    )
    differing = [
        pl.when(pl.col(name).ne_missing(pl.col(f"{name} after"))).then(pl.lit(name)) for name in names
    ]
    is_new, is_gone = pl.col("here").is_null(), pl.col("there").is_null()
    said = pl.concat_str(differing, separator=";", ignore_nulls=True) if differing else pl.lit("")
    return both.select(
        identifier=key,
        columns=pl.when(~is_new & ~is_gone & (said != "")).then(said),
        change=pl.when(is_new)
        .then(pl.lit("new"))
        .when(is_gone)
        .then(pl.lit("gone"))
        .when(said != "")
        .then(pl.lit("changed")),
        before=code,
        after=f"{code} after",
    )


def _why(before: Result, after: Result) -> dict[str, Any]:
    """Return what differs between the runs, each as `{"before": …, "after": …}`."""

    def pair(one: object, other: object) -> dict[str, object]:
        return {"before": one, "after": other}

    why: dict[str, Any] = {}
    for key in ("as_of", "version", "notifications_are", "policy_digest"):
        if (one := before.summary.get(key)) != (other := after.summary.get(key)):
            why[key] = pair(one, other)
    decided = before.policy.values(), after.policy.values()
    decisions = {
        key: pair(value, decided[1][key]) for key, value in decided[0].items() if value != decided[1][key]
    }
    if decisions:
        why["policy"] = decisions
    inputs = [_inputs(each) for each in (before, after)]
    differing = [name for name in {**inputs[0], **inputs[1]} if inputs[0].get(name) != inputs[1].get(name)]
    if differing:
        why["inputs"] = differing
    return why


def _inputs(result: Result) -> Mapping[str, Any]:
    inputs = result.summary.get("inputs")
    return inputs if isinstance(inputs, dict) else {}
