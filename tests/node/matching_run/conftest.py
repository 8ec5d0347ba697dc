"""ISA's node, and short functions for what it does in a day."""

from datetime import date
from itertools import count

import pytest
from django.db import transaction

from node.records import made_up
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.matching_run import outgoing, run
from renkei.node.records import annex1, imports


@pytest.fixture
def party() -> str:
    return "isa"


@pytest.fixture
def register(node, tmp_path):
    """Import rows of the register as a delta."""
    numbers = count(1)

    def taking(dataset: str, *rows) -> None:
        path = made_up.write(tmp_path / f"{next(numbers)}.csv", dataset, *rows)
        imports.import_file(path, dataset, "delta", now=made_up.NOW)

    return taking


@pytest.fixture
def deliver(node, tmp_path):
    """Import notifications as the next delivery."""
    numbers = count(1)

    def taking(*rows) -> None:
        made_up.write(tmp_path / "notifications.csv", "notifications", *rows)
        with transaction.atomic():
            annex1.import_annex1(next(numbers), tmp_path, now=made_up.NOW)

    return taking


def carried(day: date) -> set[tuple[str, str, str]]:
    """Return what a day's answer carries: (dataset, identifier, action)."""
    return {
        (name, row[0], row[-1])
        for name, table in outgoing.to_send(day).items()
        if "action" in table.columns
        for row in table.iter_rows()
    }


@pytest.fixture
def run_day(node):
    """Match and select a day; returns what its answer carries."""

    def running(day: date) -> set[tuple[str, str, str]]:
        run.match(day)
        outgoing.select(day)
        return carried(day)

    return running


@pytest.fixture
def officer(db) -> Officer:
    """An officer who handles findings, in all offices."""
    made = Officer.objects.create_user("tanaka")
    Assignment.objects.create(officer=made, duty=Duty.HANDLE_CASES)
    return made
