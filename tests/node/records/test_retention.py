"""What is due is erased with a certificate; what a hold covers is not."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from node.records.made_up import NOW, card, card_of, notification, permission, person, write
from renkei.node.accounts.models import Officer
from renkei.node.audit.models import Entry
from renkei.node.errors import HoldOver
from renkei.node.records import annex1, extracts, imports, retention
from renkei.node.records.models import (
    Card,
    ChangedKey,
    Erasure,
    Hold,
    Notification,
    Permission,
    ReceivedNotification,
    Reject,
    SentNotification,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=400)
Covers = Hold.Covers


@pytest.fixture
def node(node, settings):
    """Everything is kept for a year, extracts for thirty days."""
    settings.NODE = replace(node, retention=replace(node.retention, notifications=365, register=365))
    return settings.NODE


@pytest.fixture
def register(node, tmp_path):
    """ISA with a person who has a permission, one who has none, and cards of one who is gone."""
    for dataset, rows in {
        "persons": [person(1), person(2)],
        "cards": [
            card_of(1),
            card_of(2),
            card_of(3, issued_on="2026-01-01"),
            card_of(4, issued_on="2027-01-01"),
        ],
        "permissions": [permission(1), permission(3)],
    }.items():
        imports.import_file(write(tmp_path / "x.csv", dataset, *rows), dataset, "full", now=NOW)
    write(
        tmp_path / "notifications.csv",
        "notifications",
        notification(1, employment_end="2026-06-30"),
        notification(2, employment_end="2026-06-30"),
        notification(3, employment_end="2027-06-30"),
        notification(4),
        notification(5, deleted_on="2026-10-01"),
        notification(6, deleted_on="2027-10-01"),
        notification(7, registered_on=""),
    )
    annex1.import_annex1(1, tmp_path, now=NOW)
    ChangedKey.objects.all().delete()


def kept() -> set[str]:
    return set(ReceivedNotification.objects.values_list("notification_id", flat=True))


isa = pytest.mark.parametrize("party", ["isa"])
mhlw = pytest.mark.parametrize("party", ["mhlw"])


@isa
def test_what_is_due_is_counted_by_class_and_then_erased(register):
    due = retention.due(LATER)
    made = retention.erase(LATER, None)

    assert {name: count for name, count in due.items() if count} == {
        "received_deletions": 1,
        "ended_employments": 1,
        "cards_left_behind": 1,
        "permissions_left_behind": 1,
        "rejects": 1,
    }
    assert kept() == {"N1", "N3", "N4", "N6"}
    assert set(Card.objects.values_list("card_number", flat=True)) == {card(1), card(2), card(4)}
    assert set(Permission.objects.values_list("permission_id", flat=True)) == {"L1"}
    assert Reject.objects.count() == 0
    assert made.rows == 5
    assert set(retention.due(LATER).values()) == {0}


@isa
def test_nothing_is_due_before_its_time(register):
    assert set(retention.due(NOW).values()) == {0}
    assert retention.erase(NOW, None) is None
    assert Erasure.objects.count() == 0


@isa
def test_matching_looks_again_at_what_was_erased(register):
    retention.erase(LATER, None)

    assert set(ChangedKey.objects.values_list("kind", "key")) == {
        *(("card", card(number)) for number in (2, 3, 5)),
        ("person", "P3"),
    }


@isa
def test_the_certificate_says_what_how_many_of_which_days_and_who(register):
    officer = Officer.objects.create_user("suzuki")
    made = retention.erase(LATER, officer)
    certificate = json.loads(made.certificate)
    ended = next(line for line in certificate["classes"] if line["class"] == "ended_employments")

    assert ended == {
        "class": "ended_employments",
        "class_ja": "雇用の終了した届出",
        "erased": 1,
        "kept_for_days": 365,
        "oldest": "2026-06-30",
        "newest": "2026-06-30",
        "identifiers_sha256": hashlib.sha256(b"N2\n").hexdigest(),
    }
    assert (certificate["party"], certificate["erased_by"]) == ("isa", "suzuki")
    assert made.sha256 == hashlib.sha256(made.certificate.encode()).hexdigest()
    assert "NGUYEN" not in made.certificate
    assert Entry.objects.get(verb="RECORDS_ERASED").facts["sha256"] == made.sha256


@isa
@pytest.mark.parametrize(
    ("covers", "identifier", "still_due"),
    [
        (Covers.EVERYTHING, "", set()),
        (
            Covers.NOTIFICATION,
            "N2",
            {"received_deletions", "cards_left_behind", "permissions_left_behind"},
        ),
        (
            Covers.PERSON,
            "P2",
            {"received_deletions", "cards_left_behind", "permissions_left_behind"},
        ),
        (Covers.PERSON, "P3", {"received_deletions", "ended_employments"}),
    ],
)
def test_what_a_hold_covers_is_not_erased_until_it_is_lifted(register, covers, identifier, still_due):
    held = retention.hold(covers, identifier, "文書第1号", actor=None, now=NOW)
    found = {name for name, count in retention.due(LATER).items() if count}
    retention.erase(LATER, None)
    retention.lift(held, actor=None, now=LATER)
    after = {name for name, count in retention.due(LATER).items() if count}

    assert found == still_due
    assert (
        after
        == {
            "received_deletions",
            "ended_employments",
            "cards_left_behind",
            "permissions_left_behind",
            "rejects",
        }
        - still_due
    )


@isa
def test_a_hold_is_lifted_once_and_both_are_in_the_trail(node):
    held = retention.hold(Covers.EVERYTHING, "", "文書第1号", actor=None, now=NOW)
    anything = retention.is_anything_held()
    retention.lift(held, actor=None, now=LATER)

    with pytest.raises(HoldOver):
        retention.lift(held, actor=None, now=LATER)
    assert (anything, retention.is_anything_held()) == (True, False)
    assert list(Entry.objects.values_list("verb", flat=True)) == ["HOLD_PLACED", "HOLD_LIFTED"]


@mhlw
def test_a_tombstone_that_was_erased_does_not_come_back_with_the_next_extract(node, tmp_path):
    rows = [notification(1), notification(2, deleted_on="2026-10-01")]
    imports.import_file(write(tmp_path / "x.csv", "notifications", *rows), "notifications", "full", now=NOW)
    annex1.changes_since_sent(NOW.date())
    annex1.mark_sent(1, NOW.date())
    made = retention.erase(LATER, None)
    path = write(tmp_path / "x.csv", "notifications", *rows, notification(3))
    again = imports.import_file(path, "notifications", "full", now=LATER)

    assert made.rows == 2
    assert again.counts["past_retention"] == 1
    assert set(Notification.objects.values_list("pk", flat=True)) == {"N1", "N3"}
    assert set(SentNotification.objects.values_list("pk", flat=True)) == {"N1"}
    assert annex1.changes_since_sent(LATER.date())["notification_id"].to_list() == ["N3"]


@isa
@pytest.mark.parametrize(("days", "held", "left"), [(29, False, 1), (31, False, 0), (31, True, 1)])
def test_extracts_taken_in_are_erased_after_their_days(node, days, held, left):
    write(node.extracts / "persons.full.x.csv", "persons", person(1))
    extracts.import_extracts(NOW)
    if held:
        retention.hold(Covers.PERSON, "P9", "文書第1号", actor=None, now=NOW)
    made = retention.erase(NOW + timedelta(days=days), None)

    assert len(list((node.extracts / extracts.DONE).iterdir())) == left
    assert (made is None) == bool(left)
    if made:
        (line,) = json.loads(made.certificate)["classes"]
        assert (line["class"], line["erased"], line["oldest"]) == ("extract_files", 1, "2026-11-24")
