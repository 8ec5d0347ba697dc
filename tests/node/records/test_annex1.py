"""別紙1 from day to day at MHLW, and what ISA has received after it."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from node.rows import card_number, notification, write
from renkei.agreement.datasets import NOTIFICATIONS
from renkei.node.records import annex1, intake, received
from renkei.node.records.models import Notification, ReceivedNotification, Reject, Touched

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
DAY = date(2026, 4, 1)


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def take(node, tmp_path):
    def take(*rows, mode="delta"):
        path = write(tmp_path / "notifications.csv", NOTIFICATIONS, list(rows))
        return intake.take_in(path, "notifications", mode, now=NOW)

    return take


def send(day: date = DAY):
    """Select, release and mark, as the day's steps do."""
    with transaction.atomic():
        annex1.select(day)
    rows = annex1.changes_since_sent(day)
    with transaction.atomic():
        annex1.mark_sent(day)
    return rows


def test_a_notification_goes_once_and_again_when_it_changes(take):
    take(notification(1), notification(2))

    assert send()["notification_id"].to_list() == ["N1", "N2"]
    assert send().is_empty()

    take(notification(1), notification(2, name="EXAMPLE JIRO"))

    assert send().select("notification_id", "name").rows() == [("N2", "EXAMPLE JIRO")]


def test_what_is_outside_the_agreement_stays_home(take):
    take(notification(1, card_number=""), notification(2, status_of_residence="diplomat"))

    assert send().is_empty()


def test_a_permanent_residents_employer_stays_home(take):
    take(notification(1, status_of_residence="permanent"))
    (row,) = send().rows(named=True)

    assert (row["establishment_number"], row["employment_start"], row["name"]) == (None, None, "EXAMPLE TARO")


def test_a_deletion_carries_its_four_items_and_nothing_else(take):
    take(notification(1))
    send()
    take(notification(1, deleted_on="2026-04-02"))
    (row,) = send().rows(named=True)

    assert {name for name, value in row.items() if value} == {
        "notification_id",
        "card_number",
        "registered_on",
        "deleted_on",
    }


def test_what_leaves_the_agreement_later_is_deleted_at_isa_once_and_may_come_back(take):
    take(notification(1))
    send()
    take(notification(1, card_number=""))
    (row,) = send().rows(named=True)

    assert (row["card_number"], row["deleted_on"], row["name"]) == (card_number(1), "2026-04-01", None)

    take(notification(1, card_number="", name="EXAMPLE JIRO"))

    assert send().is_empty()

    take(notification(1, name="EXAMPLE JIRO"))

    assert send()["name"].to_list() == ["EXAMPLE JIRO"]


def test_a_change_between_selection_and_sealing_is_told_the_day_after(take):
    take(notification(1))
    with transaction.atomic():
        annex1.select(DAY)
    take(notification(1, name="EXAMPLE JIRO"))
    with transaction.atomic():
        annex1.mark_sent(DAY)

    assert send(date(2026, 4, 2))["name"].to_list() == ["EXAMPLE JIRO"]


def test_selecting_a_day_again_counts_no_row_twice(take):
    take(notification(1))
    with transaction.atomic():
        first, again = annex1.select(DAY), annex1.select(DAY)

    assert first == again == {"rows": 1, "deletions": 0}


def deliver(tmp_path, sequence: int, *rows):
    package = tmp_path / str(sequence)
    package.mkdir()
    write(package / "notifications.csv", NOTIFICATIONS, list(rows))
    with transaction.atomic():
        return received.take_delivery(sequence, package, now=NOW)


def test_of_several_versions_the_later_delivery_stands_whole(tmp_path, node):
    deliver(tmp_path, 1, notification(1, employment_end="2026-03-31"), notification(2))
    Touched.objects.all().delete()
    counts = deliver(tmp_path, 2, notification(1, card_number=card_number(9)), notification(2))

    assert counts == {"rows": 2, "changed": 1}
    assert ReceivedNotification.objects.get(pk="N1").employment_end is None
    assert set(Touched.objects.values_list("kind", "key")) == {
        ("card", card_number(1)),
        ("card", card_number(9)),
    }


def test_a_deletion_is_kept_as_a_tombstone_without_the_rest(tmp_path, node):
    deliver(tmp_path, 1, notification(1))
    bare = dict.fromkeys(NOTIFICATIONS.names, "") | {
        "notification_id": "N1",
        "card_number": card_number(1),
        "registered_on": "2026-03-02",
        "deleted_on": "2026-04-01",
    }
    deliver(tmp_path, 2, bare)
    row = ReceivedNotification.objects.get()

    assert (row.deleted_on, row.name) == ("2026-04-01", None)


def test_a_row_that_breaks_the_rule_is_set_aside_and_stored_nowhere(tmp_path, node):
    counts = deliver(tmp_path, 1, notification(1, status_of_residence="permanent"), notification(2))

    assert counts["rejected:forbidden:establishment_number"] == 1
    assert list(ReceivedNotification.objects.values_list("pk", flat=True)) == ["N2"]
    assert "株式会社試験" not in str(list(Reject.objects.values()))


def test_everything_told_is_what_isa_holds(take, tmp_path):
    """Three days of changes: what was sent, applied in order, is what the ministry would send whole."""
    days = (
        [notification(1), notification(2), notification(3, card_number="")],
        [notification(2, name="EXAMPLE JIRO"), notification(3), notification(4)],
        [notification(1, deleted_on="2026-04-03"), notification(4, card_number="")],
    )
    for number, rows in enumerate(days, start=1):
        take(*rows)
        sent = send(date(2026, 4, number)).fill_null("")
        deliver(tmp_path, number, *sent.rows(named=True))
    live = Notification.objects.filter(left_out="", deleted_on=None)
    held = ReceivedNotification.objects.filter(deleted_on=None)

    assert set(held.values_list("pk", "name", "card_number")) == set(
        live.values_list("pk", "name", "card_number")
    )
