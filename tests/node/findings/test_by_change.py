"""Whatever changes on whatever day: what stands is what one full run says, and the counterpart knows it."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count

import polars as pl
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.rows import RECORD, card_number
from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.matching.checking import check
from renkei.matching.reconciliation import as_batches, reconcile
from renkei.node.findings import answers, matching
from renkei.node.findings.models import Answer, Finding, Outcome, Run
from renkei.node.records import intake, received, transfer
from renkei.node.records.models import (
    Card,
    Import,
    Permission,
    Person,
    ReceivedNotification,
    Reject,
    Touched,
)

FIRST = date(2026, 4, 1)
PEOPLE, NUMBERS, NOTICES, GRANTS = 3, 5, 5, 3
RECORDS = (Touched, Reject, Import, Card, Permission, Person, ReceivedNotification)
NAMES = ("EXAMPLE TARO", "EXAMPLE HANAKO", "SAMPLE JIRO")
BIRTHS = ("1990-01-02", "1990-02-01", "1985-00-00")


def _record(draw) -> dict[str, str]:
    return RECORD | {
        "name": draw(st.sampled_from(NAMES)),
        "birth_date": draw(st.sampled_from(BIRTHS)),
        "nationality": draw(st.sampled_from(("VNM", "CHN"))),
    }


@st.composite
def persons(draw):
    number = draw(st.integers(1, PEOPLE))
    return _record(draw) | {
        "person_id": f"P{number}",
        "card_number": card_number(draw(st.integers(1, NUMBERS))),
    }


@st.composite
def cards(draw):
    number, owner = draw(st.integers(1, NUMBERS)), draw(st.integers(1, PEOPLE))
    row = {"card_number": card_number(number), "person_id": f"P{owner}", "issued_on": "2024-01-01"}
    return _record(draw) | row


@st.composite
def permissions(draw):
    number, owner = draw(st.integers(1, GRANTS)), draw(st.integers(1, PEOPLE))
    return {
        "permission_id": f"K{number}",
        "person_id": f"P{owner}",
        "ground": draw(st.sampled_from(("coe", "change"))),
        "permitted_on": draw(st.sampled_from(("", "2026-01-10", "2026-02-27", "2026-03-01"))),
        "status_of_residence": "engineer_humanities_intl",
        "contract_confirmed": draw(st.sampled_from(("true", "true", "false"))),
        "organisation_name": "株式会社試験",
    }


@st.composite
def notifications(draw):
    number = draw(st.integers(1, NOTICES))
    deleted = draw(st.integers(0, 5)) == 0
    row = {
        "notification_id": f"N{number}",
        "card_number": draw(st.sampled_from([*map(card_number, range(1, NUMBERS + 2)), "なし"])),
        "registered_on": "2026-03-02",
    }
    if deleted:
        return row | {"deleted_on": "2026-04-01"}
    return _record(draw) | row | {"employment_start": draw(st.sampled_from(("", "2026-01-01", "2026-03-01")))}


DAYS = st.lists(
    st.tuples(
        st.integers(0, 40),  # days since the one before: due dates pass
        st.lists(persons(), max_size=3),
        st.lists(cards(), max_size=4),
        st.lists(permissions(), max_size=2),
        st.lists(notifications(), max_size=4),
        st.sampled_from(("delta", "delta", "full")),
    ),
    min_size=1,
    max_size=5,
)


def _frame(dataset: Dataset, rows: list[dict[str, str]]) -> pl.DataFrame:
    # One row for each identifier: a second one of a file is set aside, which is tested elsewhere.
    once = {row[dataset.identifier.name]: row for row in rows}
    whole = [dict.fromkeys(dataset.names, "") | row for row in once.values()]
    return pl.DataFrame(whole, schema=dict.fromkeys(dataset.names, pl.String))


_numbers = count(1)


def _take(dataset: Dataset, model, rows, mode: str, now) -> None:
    known = intake.known_persons if dataset in (CARDS, PERMISSIONS) else None
    checked = check(as_batches(_frame(dataset, rows), dataset), dataset, known_persons=known)
    with transaction.atomic():
        done = Import.objects.create(dataset=dataset.name, mode=mode, source="", at=now)
        intake.load(done, checked, model, full=mode == "full", day=now.date())


def _deliver(rows, now, directory) -> None:
    package = directory / str(next(_numbers))
    package.mkdir()
    _frame(NOTIFICATIONS, rows).write_csv(package / "notifications.csv")
    with transaction.atomic():
        received.take_delivery(1, package, now=now)


def _whole(day: date):
    tables = {
        NOTIFICATIONS: "records_receivednotification",
        PERSONS: "records_person",
        CARDS: "records_card",
        PERMISSIONS: "records_permission",
    }
    frames = []
    for dataset, table in tables.items():
        columns = ", ".join(f'"{name}"' for name in dataset.names)
        frames.append(transfer.read(f'SELECT {columns} FROM "{table}"', dataset.names))
    return reconcile(*frames, as_of=day, policy=DEFAULT_POLICY)


def _set(frame: pl.DataFrame) -> set[tuple]:
    columns = [name for name in frame.columns if name not in ("matched_on", "action")]
    return set(frame.select(columns).rows())


def _standing(day: date) -> dict[str, set[tuple]]:
    """What stands, written as the annexes write it."""
    Answer.objects.all().delete()
    told = dict(Finding.objects.values_list("pk", "told"))
    Finding.objects.update(told="")
    with transaction.atomic():
        answers.select(day)
    tables = {name: _set(frame) for name, frame in answers.to_send(day).items()}
    for key, digest in told.items():
        Finding.objects.filter(pk=key).update(told=digest)
    Answer.objects.all().delete()
    return tables


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("party", ["isa"])
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[*HealthCheck],
)
@given(days=DAYS)
def test_what_stands_and_what_was_told_equal_one_full_run(node, tmp_path, days):
    for model in (Answer, Finding, Outcome, Run, *RECORDS):
        model.objects.all().delete()
    day, counterpart = FIRST, {"discrepancies": {}, "suspected_omissions": {}}
    for passed, people, numbers, grants, notices, mode in days:
        day += timedelta(days=passed)
        now = node_now(day)
        _take(PERSONS, Person, people, mode, now)
        _take(CARDS, Card, numbers, mode, now)
        _take(PERMISSIONS, Permission, grants, mode, now)
        _deliver(notices, now, tmp_path)
        matching.match(day)
        _tell(day, counterpart)
        whole = _whole(day)

        expected = {"discrepancies": _set(whole.annex2), "suspected_omissions": _set(whole.annex3)}
        assert _standing(day) == expected
        assert {name: set(rows.values()) for name, rows in counterpart.items()} == expected
        assert set(Outcome.objects.values_list("notification_id", "outcome", "person_id")) == set(
            whole.matches.select("notification_id", "outcome", "person_id").rows()
        )
        assert sum(Run.objects.first().outcomes.values()) == whole.matches.height
        # A day run twice changes and sends nothing.
        assert matching.match(day)["changed"] == 0
        with transaction.atomic():
            assert sum(answers.select(day).values()) == 0


def _tell(day: date, counterpart: dict[str, dict[str, tuple]]) -> None:
    with transaction.atomic():
        answers.select(day)
    for name, frame in answers.to_send(day).items():
        columns = [column for column in frame.columns if column not in ("matched_on", "action")]
        for row in frame.iter_rows(named=True):
            identifier = row[frame.columns[0]]
            if row["action"] == "withdraw":
                assert counterpart[name].pop(identifier), "only what was told is withdrawn"
            else:
                counterpart[name][identifier] = tuple(row[column] for column in columns)
    with transaction.atomic():
        answers.mark_sent(day, 1)


def node_now(day: date):
    return datetime.combine(day, time(3), UTC)
