"""The engine against a second, slow and plain implementation of the specification, on hostile worlds."""

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

SEEDS = range(150)
AT_ONCE = 25


def _frame(name: str, rows: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    names = DATASETS[name].names
    return pl.DataFrame({column: [row[column] for row in rows] for column in names}, dict.fromkeys(names, pl.String))


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


@pytest.mark.parametrize("first", range(0, len(SEEDS), AT_ONCE))
def test_the_engine_says_what_the_specification_says(first: int) -> None:
    for seed in SEEDS[first : first + AT_ONCE]:
        drawn = world(seed)
        expected = oracle.reconcile(
            *(drawn.table(name) for name in DATASETS), as_of=drawn.as_of, policy=drawn.policy
        )
        result = _reconciled(drawn)

        for name in ("rejects", "matches", "annex2", "annex3"):
            assert _rows(getattr(result, name)) == getattr(expected, name), (seed, name)


@pytest.mark.parametrize("first", range(0, len(SEEDS), AT_ONCE))
def test_preparing_says_what_the_specification_says(first: int) -> None:
    for seed in SEEDS[first : first + AT_ONCE]:
        drawn = world(seed)
        expected = oracle.prepare(drawn.notifications)
        result = _prepared(drawn)

        assert _rows(result.annex1) == sorted(expected.sent, key=lambda row: row["notification_id"]), seed
        assert _rows(result.rejects.with_columns(pl.col("line").cast(pl.String))) == expected.rejects, seed
