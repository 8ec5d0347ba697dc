"""ISA imports 別紙1: a later version replaces the whole row; tombstones; rejected rows."""

import pytest
from django.db import transaction

from node.records.made_up import NOW, card, notification, stored, write
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.exchange.schemas import tables_of
from renkei.node.errors import DeliveryOutOfOrder
from renkei.node.records import annex1, rejected_rows
from renkei.node.records.models import ChangedKey, Import, ReceivedNotification
from renkei.node.records.tables import RECEIVED

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> str:
    return "isa"


@pytest.fixture
def deliver(node, tmp_path):
    """Import rows as the next delivery, or as the one with a number."""
    taken = 0

    def taking(*rows, sequence: int | None = None):
        nonlocal taken
        taken = sequence or taken + 1
        write(tmp_path / "notifications.csv", "notifications", *rows)
        ChangedKey.objects.all().delete()
        with transaction.atomic():
            return annex1.import_annex1(taken, tmp_path, now=NOW)

    return taking


def touched() -> set[tuple[str, str]]:
    return set(ChangedKey.objects.values_list("kind", "key"))


def test_a_notification_is_kept_with_the_number_of_its_delivery(deliver):
    counts = deliver(notification(1), sequence=7)

    assert stored(RECEIVED) == {"N1": notification(1)}
    assert ReceivedNotification.objects.get().sequence == 7
    assert counts == {"read": 1, "rejected": 0, "new": 1, "changed": 0, "same": 0, "removed": 0, "kept": 0}
    assert touched() == {("card", card(1))}


def test_the_later_version_stands_whole_and_touches_both_numbers(deliver):
    deliver(notification(1, address="東京都架空区"), notification(2))
    deliver(notification(1, card_number=card(5)))

    assert stored(RECEIVED) == {"N1": notification(1, card_number=card(5)), "N2": notification(2)}
    assert touched() == {("card", card(1)), ("card", card(5))}


def test_the_same_again_touches_nothing(deliver):
    deliver(notification(1))
    counts = deliver(notification(1))

    assert (counts["same"], touched()) == (1, set())


def test_of_a_deleted_notification_only_the_tombstone_is_kept(deliver):
    deliver(notification(1))
    deliver(notification(1, deleted_on="2026-11-20", updated_on="2026-11-20"))

    assert stored(RECEIVED) == {
        "N1": {
            "notification_id": "N1",
            "card_number": card(1),
            "registered_on": "2026-04-10",
            "updated_on": "2026-11-20",
            "deleted_on": "2026-11-20",
        }
    }
    assert touched() == {("card", card(1))}


def test_what_cannot_be_taken_goes_back_by_line_and_what_stood_stays(deliver):
    deliver(notification(1))
    counts = deliver(
        notification(2),
        notification(1, status_of_residence="permanent"),
        notification(3, registered_on="2026-02-31"),
        notification(2),
    )
    found = rejected_rows.rejected("annex1", 2)
    forbidden = "forbidden:employment_start;forbidden:establishment_number"

    assert set(stored(RECEIVED)) == {"N1", "N2"}
    assert stored(RECEIVED)["N1"] == notification(1)
    assert (counts["read"], counts["rejected"], counts["new"]) == (4, 3, 1)
    assert found.columns == list(tables_of("receipt", DEFAULT_POLICY)[0].names)
    assert found.select("line", "identifier", "reasons").rows() == [
        ("3", "N1", forbidden),
        ("4", "N3", "unreadable:registered_on"),
        ("5", "N2", "duplicate:notification_id"),
    ]
    assert set(found.select("dataset", "service", "sequence").rows()) == {("notifications", "annex1", "2")}
    assert rejected_rows.rejected("annex1", 1).is_empty()


def test_of_two_rows_with_one_identifier_the_first_stands_wherever_it_sorts(deliver):
    deliver(notification(2), notification(2, name="SECOND"), notification(1))

    assert stored(RECEIVED) == {"N1": notification(1), "N2": notification(2)}
    assert rejected_rows.rejected("annex1", 1)["line"].to_list() == ["3"]


@pytest.mark.parametrize("sequence", [3, 2])
def test_a_delivery_is_taken_once_and_in_its_order(deliver, sequence):
    deliver(notification(1), sequence=3)

    with pytest.raises(DeliveryOutOfOrder):
        deliver(notification(1, name="EARLIER"), sequence=sequence)
    assert stored(RECEIVED)["N1"] == notification(1)


def test_an_empty_delivery_is_taken_too(deliver):
    deliver()

    assert Import.objects.get().sequence == 1


def test_nothing_stands_of_a_delivery_whose_opening_fails(deliver, tmp_path):
    write(tmp_path / "notifications.csv", "notifications", notification(1))

    with transaction.atomic():
        annex1.import_annex1(1, tmp_path, now=NOW)
        transaction.set_rollback(True)

    assert (stored(RECEIVED), Import.objects.count(), touched()) == ({}, 0, set())


@pytest.mark.django_db(transaction=True)
def test_a_delivery_is_taken_only_inside_its_opening(node, tmp_path):
    write(tmp_path / "notifications.csv", "notifications", notification(1))

    with pytest.raises(transaction.TransactionManagementError):
        annex1.import_annex1(1, tmp_path, now=NOW)
