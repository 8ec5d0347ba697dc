"""Verification names the first entry that does not hold, for every kind of change, in constant memory."""

import gc
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from renkei.node.audit import verification
from renkei.node.audit.models import Entry, Verification
from renkei.node.audit.trail import head, seal_of
from renkei.node.audit.trail import written as line_of
from renkei.node.cycle import alarms, monitoring
from renkei.node.cycle.alarms import AlarmKind

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


def resealed(number: int) -> str:
    """A statement that changes an entry and computes its seal again, as an attacker could."""
    entry = Entry.objects.get(number=number)
    entry.actor = "nobody"
    return f"UPDATE audit_entry SET actor = 'nobody', sha256 = '{seal_of(entry)}' WHERE number = {number}"


def test_a_chain_that_holds_is_counted_to_its_head(written):
    written(5)

    assert verification.verify() == verification.Verdict(5, head())


@pytest.mark.parametrize(
    ("statement", "broken_at", "why"),
    [
        ("UPDATE audit_entry SET actor = 'nobody' WHERE number = 3", 3, "seal"),
        ("UPDATE audit_entry SET at = '2020-01-01 00:00:00+00:00' WHERE number = 2", 2, "seal"),
        ("UPDATE audit_entry SET facts = '{}' WHERE number = 4", 4, "seal"),
        ("DELETE FROM audit_entry WHERE number = 3", 3, "missing"),
        ("DELETE FROM audit_entry WHERE number = 1", 1, "missing"),
        ("UPDATE audit_entry SET number = 9 WHERE number = 5", 5, "missing"),
        (resealed, 4, "previous"),
    ],
)
def test_the_first_entry_that_does_not_hold_is_named(written, owner, statement, broken_at, why):
    written(5)
    owner(statement(3) if callable(statement) else statement)
    found = verification.verify()

    assert (found.broken_at, found.why, found.entries) == (broken_at, why, broken_at - 1)


def test_batches_join_without_a_seam(written, owner, monkeypatch):
    monkeypatch.setattr(verification, "_BATCH", 3)
    written(10)

    assert verification.verify().entries == 10

    owner("UPDATE audit_entry SET actor = 'nobody' WHERE number = 7")

    assert verification.verify().broken_at == 7


def test_memory_does_not_grow_with_the_trail(written, monkeypatch):
    monkeypatch.setattr(verification, "_BATCH", 50)

    def peak() -> int:
        thresholds = gc.get_threshold()
        gc.collect()
        gc.set_threshold(100)  # garbage of other tests is not memory that the verification needs
        tracemalloc.start()
        verification.verify()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        gc.set_threshold(*thresholds)
        return most

    written(100)
    peak()  # memory for what is loaded once
    short = peak()
    written(1400)

    assert peak() < 1.5 * short


def test_a_look_stands_in_the_trail_and_is_taken_once_a_day(node, written):
    written(2)
    first = verification.verify_daily(NOW)

    assert first.whole
    assert Entry.objects.last().verb == "TRAIL_VERIFIED"
    assert verification.verify_daily(NOW + timedelta(minutes=5)) == first
    assert verification.verify_daily(NOW + timedelta(days=1)) != first
    assert Verification.objects.count() == 2


def test_a_broken_chain_rings_until_it_holds_again(node, written, owner):
    written(3)
    owner("UPDATE audit_entry SET subject = 'other' WHERE number = 2")
    kind = AlarmKind.TRAIL_BROKEN
    alarms.hold(kind, monitoring._CAUSES[kind](NOW), NOW)

    assert [(alarm.kind, alarm.subject) for alarm in alarms.ringing()] == [("TRAIL_BROKEN", "2")]

    owner("UPDATE audit_entry SET subject = '1.csv' WHERE number = 2")
    verification.verify_all(NOW)
    alarms.hold(kind, monitoring._CAUSES[kind](NOW), NOW)

    assert alarms.ringing() == []


def test_what_is_sealed_is_the_same_text_on_every_database(written):
    (entry,) = written(1)
    stored = Entry.objects.get()

    assert line_of(stored) == line_of(entry)
