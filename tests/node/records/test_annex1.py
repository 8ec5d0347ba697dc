"""The rows of a day's 別紙1: new, changed or deleted since last sent, and no withheld item."""

from datetime import date, timedelta

import pytest

from node.records.made_up import NOW, card, notification, write
from renkei.agreement.annexes import ANNEX_1
from renkei.agreement.datasets import NOTIFICATIONS
from renkei.node.audit.models import Entry
from renkei.node.errors import SelectionOutOfStep
from renkei.node.records import annex1, imports
from renkei.node.records.models import SelectedNotification, SentNotification

pytestmark = pytest.mark.django_db
FIRST = date(2026, 11, 24)


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def ministry(node, tmp_path):
    """The ministry imports full extracts and sends a day after each."""
    return Ministry(tmp_path)


class Ministry:
    def __init__(self, directory) -> None:
        self.directory = directory
        self.day = FIRST

    def take(self, *rows) -> None:
        path = write(self.directory / "x.csv", "notifications", *rows)
        emptied = None if rows else "they are all gone"  # a file without rows waits for a reason
        imports.import_file(path, "notifications", "full", now=NOW, confirmed=emptied)

    def send(self) -> dict[str, dict[str, str]]:
        """Select and mark the next day; returns its rows by identifier, blank columns left out."""
        rows = annex1.changes_since_sent(self.day)
        annex1.mark_sent((self.day - FIRST).days + 1, self.day)
        self.day += timedelta(days=1)
        return {
            row["notification_id"]: {name: value for name, value in row.items() if value is not None}
            for row in rows.iter_rows(named=True)
        }


def tombstone(number: int, deleted_on: str) -> dict[str, str]:
    return {
        "notification_id": f"N{number}",
        "card_number": card(number),
        "registered_on": "2026-04-10",
        "deleted_on": deleted_on,
        "action": "delete",
    }


def test_the_first_day_sends_everything_and_a_day_without_changes_nothing(ministry):
    ministry.take(notification(1), notification(2))

    assert ministry.send() == {
        "N1": {**notification(1), "action": "new"},
        "N2": {**notification(2), "action": "new"},
    }
    assert ministry.send() == {}


def test_what_changed_is_sent_whole_and_what_did_not_is_not(ministry):
    ministry.take(notification(1), notification(2))
    ministry.send()
    ministry.take(notification(1, address="東京都架空区"), notification(2))

    assert ministry.send() == {"N1": {**notification(1, address="東京都架空区"), "action": "update"}}


def test_what_changed_and_changed_back_is_not_sent(ministry):
    ministry.take(notification(1))
    ministry.send()
    ministry.take(notification(1, address="東京都架空区"))
    ministry.take(notification(1))

    assert ministry.send() == {}


def test_of_permanent_residents_the_items_of_the_note_never_leave(ministry):
    ministry.take(notification(1, status_of_residence="permanent"))
    sent = ministry.send()
    ministry.take(notification(1, status_of_residence="permanent", employment_end="2026-11-20"))

    assert sent["N1"]["status_of_residence"] == "permanent"
    assert not set(ANNEX_1.withheld_columns) & set(sent["N1"])
    assert ministry.send() == {}, "that something withheld changed is withheld too"


def test_who_became_a_permanent_resident_is_sent_without_those_items(ministry):
    ministry.take(notification(1))
    ministry.send()
    ministry.take(notification(1, status_of_residence="permanent"))
    sent = ministry.send()

    assert sent["N1"]["action"] == "update"
    assert not set(ANNEX_1.withheld_columns) & set(sent["N1"])


def test_a_deletion_carries_the_tombstone_alone(ministry):
    ministry.take(notification(1))
    ministry.send()
    ministry.take(notification(1, deleted_on="2026-11-20"))

    assert ministry.send() == {"N1": tombstone(1, "2026-11-20")}
    assert ministry.send() == {}


@pytest.mark.parametrize(
    "gone", [(), (notification(1, card_number=""),)], ids=["left the extract", "no card number"]
)
def test_a_notification_that_is_no_longer_kept_is_deleted_as_of_the_day(ministry, gone):
    ministry.take(notification(1), notification(2))
    ministry.send()
    ministry.take(notification(2), *gone)

    assert ministry.send() == {"N1": tombstone(1, "2026-11-25")}
    assert ministry.send() == {}


def test_what_went_before_it_was_ever_sent_is_not_spoken_of(ministry):
    ministry.take(notification(1), notification(2))
    ministry.take(notification(2))

    assert set(ministry.send()) == {"N2"}


def test_what_comes_back_is_new(ministry):
    ministry.take(notification(1))
    ministry.send()
    ministry.take()
    ministry.send()
    ministry.take(notification(1))

    assert ministry.send() == {"N1": {**notification(1), "action": "new"}}


def test_asked_again_before_it_is_sealed_a_day_has_the_same_rows_whatever_came_since(ministry):
    ministry.take(notification(1))
    first = annex1.changes_since_sent(FIRST)
    ministry.take(notification(1, name="LATER"), notification(2))
    again = annex1.changes_since_sent(FIRST)
    sent = ministry.send()

    assert first.equals(again)
    assert sent["N1"]["name"] == "NGUYEN VAN ANH"
    assert {name: row["action"] for name, row in ministry.send().items()} == {"N1": "update", "N2": "new"}


def test_asked_again_after_it_was_sealed_a_day_has_no_rows_and_loses_none(ministry):
    ministry.take(notification(1))
    ministry.send()
    ministry.take(notification(1), notification(2))

    annex1.changes_since_sent(ministry.day)
    assert annex1.changes_since_sent(FIRST).is_empty()
    assert annex1.mark_sent(1, FIRST) == 0
    assert set(ministry.send()) == {"N2"}


def test_days_are_sealed_in_their_order_and_each_by_one_number(ministry):
    ministry.take(notification(1))
    annex1.changes_since_sent(FIRST)

    with pytest.raises(SelectionOutOfStep):
        annex1.changes_since_sent(FIRST + timedelta(days=1))
    with pytest.raises(SelectionOutOfStep):
        annex1.mark_sent(2, FIRST + timedelta(days=1))
    assert annex1.mark_sent(1, FIRST) == 1
    with pytest.raises(SelectionOutOfStep):
        annex1.mark_sent(2, FIRST)


def test_once_sealed_the_rows_are_kept_as_sent_and_nowhere_else(ministry):
    ministry.take(notification(1, status_of_residence="permanent"))
    ministry.send()
    sent = SentNotification.objects.get()

    assert (sent.sequence, sent.establishment_number) == (1, None)
    assert SelectedNotification.objects.count() == 0
    assert Entry.objects.get(verb="NOTIFICATIONS_SELECTED").facts == {"counts": {"new": 1}}


def test_the_frame_has_the_columns_of_the_wire_and_the_action(ministry):
    assert annex1.changes_since_sent(FIRST).columns == [*NOTIFICATIONS.names, "action"]
