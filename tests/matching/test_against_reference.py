"""The engine against a second, slow and simple implementation of the specification, on hostile worlds."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
import pytest

from reference import oracle
from reference.worlds import World, world
from renkei.agreement.datasets import DATASETS, NOTIFICATIONS
from renkei.agreement.decisions import Policy
from renkei.matching import Reconciliation, reconcile
from renkei.matching.prepare import Preparation, prepare
from renkei.matching.reconciliation import as_batches

AT_ONCE = 20


def _worlds(first: int, last: int, *marks: pytest.MarkDecorator) -> list[object]:
    return [pytest.param(range(begin, begin + AT_ONCE), marks=marks) for begin in range(first, last, AT_ONCE)]


# A world costs the engine some hundred milliseconds, whatever its size.
SEEDS = [*_worlds(0, 20), *_worlds(20, 100, pytest.mark.slow), *_worlds(100, 300, pytest.mark.long)]


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
    return reconcile(**frames, as_of=date.fromisoformat(drawn.as_of), policy=_policy(drawn.policy))


def _prepared(drawn: World) -> Preparation:
    return prepare(as_batches(_frame("notifications", drawn.notifications), NOTIFICATIONS))


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: f"worlds {seeds[0]}-{seeds[-1]}")
def test_the_engine_says_what_the_specification_says(seeds: range) -> None:
    for seed in seeds:
        drawn = world(seed)
        expected = oracle.reconcile(
            *(drawn.table(name) for name in DATASETS), as_of=drawn.as_of, policy=drawn.policy
        )
        result = _reconciled(drawn)

        for name in ("rejects", "matches", "annex2", "annex3"):
            assert _rows(getattr(result, name)) == getattr(expected, name), (seed, name)


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: f"worlds {seeds[0]}-{seeds[-1]}")
def test_preparing_says_what_the_specification_says(seeds: range) -> None:
    for seed in seeds:
        drawn = world(seed)
        expected = oracle.prepare(drawn.notifications)
        result = _prepared(drawn)

        assert _rows(result.annex1) == sorted(expected.sent, key=lambda row: row["notification_id"]), seed
        assert _rows(result.rejects) == sorted(expected.rejects, key=lambda row: row["identifier"]), seed
        assert result.counts.items() >= expected.counts.items(), seed
