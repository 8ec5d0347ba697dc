"""The engine against a second, slow and simple implementation of the specification, on hostile worlds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import zip_longest

import polars as pl
import pytest

from reference import oracle
from reference.worlds import World, world
from renkei.agreement.datasets import DATASETS, NOTIFICATIONS
from renkei.agreement.decisions import Policy
from renkei.matching import Reconciliation, reconcile
from renkei.matching.frames import table_batches
from renkei.matching.prepare import Preparation, prepare

AT_ONCE = 5
MOST_TRIES = 150  # a try costs the engine a tenth of a second
OUTPUTS = ("rejects", "matches", "annex2", "annex3")


def _worlds(first: int, last: int, *marks: pytest.MarkDecorator) -> list[object]:
    return [pytest.param(range(begin, begin + AT_ONCE), marks=marks) for begin in range(first, last, AT_ONCE)]


# A world costs the engine some hundred milliseconds, whatever its size.
SEEDS = [*_worlds(0, 5), *_worlds(5, 100, pytest.mark.slow), *_worlds(100, 300, pytest.mark.long)]


def _frame(name: str, rows: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    names = DATASETS[name].names
    return pl.DataFrame(
        {column: [row[column] for row in rows] for column in names}, dict.fromkeys(names, pl.String)
    )


def _rows(table: pl.DataFrame) -> list[dict[str, str]]:
    return table.fill_null("").to_dicts()


def _policy(settings: Mapping[str, object]) -> Policy:
    typed = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    if "in_scope_from" in typed:
        typed["in_scope_from"] = date.fromisoformat(str(typed["in_scope_from"]))
    return Policy(**typed)  # type: ignore[arg-type]


def _reconciled(drawn: World) -> Reconciliation:
    frames = {name: _frame(name, drawn.table(name)) for name in DATASETS}
    settings: dict[str, object] = {"notifications_are": "changes"} if drawn.changes else {}
    return reconcile(
        **frames,
        as_of=date.fromisoformat(drawn.as_of),
        policy=_policy(drawn.policy),
        confirmed="worlds of many faults",
        **settings,  # type: ignore[arg-type]
    )


def _expected(drawn: World) -> oracle.Result:
    tables = (drawn.table(name) for name in DATASETS)
    return oracle.reconcile(*tables, as_of=drawn.as_of, policy=drawn.policy, changes=drawn.changes)


def _first_difference(drawn: World) -> str:
    """The first row that differs, by its fields that do; nothing where all files and counts are the same."""
    expected, result = _expected(drawn), _reconciled(drawn)
    for name in OUTPUTS:
        ours, theirs = _rows(getattr(result, name)), getattr(expected, name)
        for engine, reference in zip_longest(ours, theirs, fillvalue={}):
            fields = sorted(
                key for key in engine.keys() | reference.keys() if engine.get(key) != reference.get(key)
            )
            if fields:
                key = next(iter((reference or engine).items()))
                said = [f"{field}: {engine.get(field)!r}, want {reference.get(field)!r}" for field in fields]
                return f"{name} {key}: " + "; ".join(said[:6])
    summary = result.statistics.summary()
    of_a_part = dict.fromkeys(summary["scope"], 0)  # a day's changes say nothing of any permission
    counted = (expected.scope or of_a_part, expected.credited_by_others_only)
    told = (summary["scope"], summary["credited_by_others_only"])
    return "" if told == counted else f"counts of permissions: {told}, want {counted}"


def _shrunk(drawn: World) -> World:
    """The world with few rows that still differs: halves, quarters, … are left out while it does."""
    tries = MOST_TRIES
    for dataset in DATASETS:
        rows = list(drawn.table(dataset))
        step = len(rows)
        while step and tries > 0:
            for begin in range(0, len(rows), step):
                fewer = rows[:begin] + rows[begin + step :]
                smaller = replace(drawn, **{dataset: fewer})
                tries -= 1
                if _first_difference(smaller):
                    drawn, rows = smaller, fewer
                    break
            else:
                step //= 2
    return drawn


def _told(seed: int, drawn: World) -> str:
    small = _shrunk(drawn)
    lines = [f"world {seed}, as of {small.as_of}, {small.policy}: {_first_difference(small)}"]
    for dataset in DATASETS:
        for row in small.table(dataset):
            lines.append(f"  {dataset}: { ({key: value for key, value in row.items() if value}) }")
    return "\n".join(lines)


def _prepared(drawn: World) -> Preparation:
    batches = table_batches(_frame("notifications", drawn.notifications), NOTIFICATIONS)
    return prepare(batches, confirmed="worlds of many faults")


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: f"worlds {seeds[0]}-{seeds[-1]}")
def test_the_engine_says_what_the_specification_says(seeds: range) -> None:
    for seed in seeds:
        drawn = world(seed)
        if _first_difference(drawn):
            pytest.fail(_told(seed, drawn), pytrace=False)


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: f"worlds {seeds[0]}-{seeds[-1]}")
def test_preparing_says_what_the_specification_says(seeds: range) -> None:
    for seed in seeds:
        drawn = world(seed)
        expected = oracle.prepare(drawn.notifications)
        result = _prepared(drawn)

        assert _rows(result.annex1) == sorted(expected.sent, key=lambda row: row["notification_id"]), seed
        assert _rows(result.rejects) == sorted(expected.rejects, key=lambda row: row["identifier"]), seed
        assert result.counts.items() >= expected.counts.items(), seed
