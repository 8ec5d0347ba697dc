"""Answers of ISA that are plainly made up, and cases of them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
from django.db import transaction
from django.utils import timezone

from renkei.agreement.datasets import SUSPECTED_OMISSIONS, discrepancies
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.node.accounts.models import Officer
from renkei.node.cases import services
from renkei.node.cases.intake import import_answers
from renkei.node.cases.models import Case
from renkei.node.cases.workflow import MOVES, Outcome
from renkei.node.corrections.requests import ANSWER_COLUMNS

DAY = date(2026, 11, 24)  # a Tuesday
NOW = datetime(2026, 11, 24, 9, 41, tzinfo=timezone.get_default_timezone())

DISCREPANCIES = (*discrepancies(DEFAULT_POLICY.disclosed_items).names, "action")
OMISSIONS = (*SUSPECTED_OMISSIONS.names, "action")

Row = Mapping[str, str]


def days_later(count: int) -> datetime:
    return NOW + timedelta(days=count)


def a_discrepancy(number: int = 1, **fields: str) -> Row:
    return {
        "notification_id": f"N{number}",
        "outcome": "mismatched",
        "matched_on": "2026-11-24",
        "card_number": f"AB{number:08d}CD",
        "mismatched_items": "name",
        "linked_name": "架空 花子",
        "latest_name": "架空 花子",
        "identity_caution": "false",
        "differences": "name:different",
        "action": "report",
        **fields,
    }


def an_omission(number: int = 1, **fields: str) -> Row:
    return {
        "permission_id": f"L{number}",
        "ground": "coe",
        "reason": "no_notification",
        "name": "架空 次郎",
        "status_of_residence": "engineer_humanities_intl",
        "birth_date": "1998-04-01",
        "sex": "1",
        "nationality": "VNM",
        "card_number": f"AB{number:08d}CD",
        "organisation_corporate_number": "1234567890123",
        "organisation_name": "架空商事株式会社",
        "action": "report",
        **fields,
    }


def withdrawn(row: Row) -> Row:
    kept = ("notification_id", "outcome", "matched_on", "permission_id", "ground", "reason")
    return {name: value for name, value in row.items() if name in kept} | {"action": "withdraw"}


def package(
    place: Path,
    discrepant: Iterable[Row] = (),
    omitted: Iterable[Row] = (),
    answers: Iterable[Row] | None = None,
) -> Path:
    """Write a plain data package as `deliveries` opens it."""
    place.mkdir(parents=True, exist_ok=True)
    tables = {
        "discrepancies": (DISCREPANCIES, discrepant),
        "suspected_omissions": (OMISSIONS, omitted),
        "correction_answers": (ANSWER_COLUMNS, answers),
    }
    for name, (columns, rows) in tables.items():
        if rows is not None:
            whole = [{**dict.fromkeys(columns), **row} for row in rows]
            frame = pl.DataFrame(whole, schema=dict.fromkeys(columns, pl.String), orient="row")
            frame.write_csv(place / f"{name}.csv")
    return place


class Answering:
    """ISA as it answers day by day: each call is the next delivery."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.sequence = 0

    def __call__(
        self, *rows: Row, answers: Iterable[Row] | None = None, now: datetime = NOW
    ) -> dict[str, int]:
        self.sequence += 1
        return self.again(*rows, answers=answers, now=now)

    def again(self, *rows: Row, answers: Iterable[Row] | None = None, now: datetime = NOW) -> dict[str, int]:
        """The same number once more."""
        found = package(
            self.place / str(self.sequence),
            [row for row in rows if "permission_id" not in row],
            [row for row in rows if "permission_id" in row],
            answers,
        )
        with transaction.atomic():
            return dict(import_answers(self.sequence, found, now=now))


def case_of(identifier: str) -> Case:
    return Case.objects.get(identifier=identifier)


def story(identifier: str) -> list[str]:
    """What happened to a case, oldest first."""
    return list(case_of(identifier).events.order_by("id").values_list("what", flat=True))


WORDS = {"reason": "在留カードの写しで確認", "outcome": "", "items": ()}


def given(name: str) -> dict[str, object]:
    """What a move of this name asks for."""
    row = MOVES[name]
    outcome = next((each.value for each in Outcome if each in row.outcomes), "")
    return WORDS | {"outcome": outcome, "items": ("name",) if name == "request_correction" else ()}


def moved(case: Case, name: str, officer: Officer, **words: object) -> Case:
    current = Case.objects.get(pk=case.pk)
    return services.move(current, name, officer, version=current.version, now=NOW, **(given(name) | words))
