"""The database itself refuses to change the trail, whoever tries."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from renkei.node.audit.models import CounterpartHead, Entry
from renkei.node.audit.trail import head, note_counterpart

pytestmark = pytest.mark.django_db

_COLUMNS = "number, at, actor, verb, subject, purpose, facts, previous_sha256, sha256"
_ON_BOTH = [
    "UPDATE audit_entry SET actor = 'nobody' WHERE number = 2",
    "DELETE FROM audit_entry WHERE number = 3",
    "DELETE FROM audit_entry",
    "UPDATE audit_counterparthead SET head = 'other'",
    "DELETE FROM audit_counterparthead",
]
_ON_ONE = {
    "sqlite": [
        f"REPLACE INTO audit_entry ({_COLUMNS}) SELECT {_COLUMNS} FROM audit_entry WHERE number = 2",
        "REPLACE INTO audit_counterparthead SELECT * FROM audit_counterparthead",
    ],
    "postgresql": [
        "TRUNCATE audit_entry",
        "TRUNCATE audit_counterparthead",
        "UPDATE audit_entry SET actor = 'nobody' WHERE false",
        "SET LOCAL session_replication_role = replica; DELETE FROM audit_entry",
    ],
}


@pytest.fixture
def filled(written) -> list[dict]:
    written(3)
    note_counterpart("annex1 1", "a" * 64, datetime(2026, 11, 24, tzinfo=UTC))
    return contents()


def contents() -> list[dict]:
    return [*Entry.objects.values(), *CounterpartHead.objects.values()]


@pytest.mark.parametrize("statement", [*_ON_BOTH, *_ON_ONE["sqlite"], *_ON_ONE["postgresql"]])
def test_nothing_written_is_changed_or_removed(filled, statement):
    if statement not in (*_ON_BOTH, *_ON_ONE[connection.vendor]):
        pytest.skip("a statement of the other database")
    with (
        pytest.raises(IntegrityError, match="neither changed nor removed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert contents() == filled


def test_neither_is_it_by_our_own_code(filled):
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.filter(number=1).update(subject="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.get(number=1).save()

    assert contents() == filled


def test_writing_goes_on(filled, written):
    before = head()
    (entry,) = written(1)

    assert (entry.number, entry.previous_sha256) == (4, before)
