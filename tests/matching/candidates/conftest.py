"""A small world in which many numbers are wrong, read as the command reads it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from cli.commands import run
from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.matching.candidates.search import not_found
from renkei.matching.hash_index import HashIndex
from renkei.matching.outcomes import link
from renkei.matching.reading import open_source
from renkei.matching.reconciliation import kept_columns
from renkei.matching.validation import check
from renkei.simulation import Plan, with_rates, write_world

RATES = {
    "number_o_for_0": 0.03, "number_digit_missing": 0.02, "number_one_digit": 0.03, "number_neighbours": 0.02,
    "number_two_digits": 0.01, "number_fabricated": 0.02, "worker_unknown": 0.02,
}  # fmt: skip


@dataclass(frozen=True)
class Lost:
    """Notifications that were not found, the register's cards, and whom they truly mean."""

    directory: Path
    notifications: pl.DataFrame
    cards: pl.DataFrame
    truth: pl.DataFrame


def read(place: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    def taken(dataset, known=None) -> pl.DataFrame:
        name = "annex1" if dataset == NOTIFICATIONS else dataset.name
        batches = open_source(place / f"{name}.csv", dataset).batches()
        return check(batches, dataset, keep=kept_columns(dataset, DEFAULT_POLICY), known_persons=known).taken

    persons = HashIndex(taken(PERSONS)["person_id"])
    cards = taken(CARDS, lambda: persons)
    notifications = taken(NOTIFICATIONS)
    truth = pl.read_csv(place / "truth/notifications.csv", infer_schema=False)
    return not_found(link(notifications, cards, DEFAULT_POLICY)), cards, truth


@pytest.fixture(scope="session")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    place = tmp_path_factory.mktemp("lost")
    write_world(Plan(12_000, 8_000, 7, date(2026, 4, 1)), with_rates(RATES), place)
    prepared = run(
        *("prepare", "--notifications", place / "notifications.csv", "--quiet"),
        *("--out", place / "annex1.csv"),
    )
    prepared.check_returncode()
    return Lost(place, *read(place))
