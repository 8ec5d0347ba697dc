"""Extracts: checked line by line, kept where they differ, and noted for matching again."""

from datetime import UTC, date, datetime

import pytest

from node.rows import card, card_number, notification, permission, person, write
from renkei.agreement.datasets import CARDS, DATASETS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.matching.reading import RefusedFile
from renkei.node.audit.models import Entry
from renkei.node.records import intake
from renkei.node.records.establishments import ESTABLISHMENTS
from renkei.node.records.models import (
    TABLES,
    Card,
    Establishment,
    Import,
    Notification,
    Permission,
    Person,
    Reject,
    Touched,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
ISA = pytest.mark.parametrize("party", ["isa"])
MHLW = pytest.mark.parametrize("party", ["mhlw"])


@pytest.fixture
def take(node, tmp_path):
    """Take in rows of a dataset as a file."""

    def take(dataset, rows, mode="delta"):
        path = write(tmp_path / f"{dataset.name}.csv", dataset, rows)
        return intake.take_in(path, dataset.name, mode, now=NOW)

    return take


@pytest.fixture
def register(take):
    """Three people with a card and a permission each."""
    numbers = range(1, 4)
    take(PERSONS, [person(number) for number in numbers], "full")
    take(CARDS, [card(number) for number in numbers], "full")
    take(PERMISSIONS, [permission(number) for number in numbers], "full")
    Touched.objects.all().delete()


def touched() -> set[tuple[str, str]]:
    return set(Touched.objects.values_list("kind", "key"))


def test_every_column_of_a_dataset_has_its_place():
    for tables in TABLES.values():
        for dataset, model in tables.values():
            assert set(dataset.names) <= {field.name for field in model._meta.get_fields()}
    assert {"persons", "cards", "permissions", "notifications"} == set(DATASETS)


@MHLW
def test_rows_are_kept_canonically_and_bad_ones_are_set_aside_with_their_line(take):
    done = take(
        NOTIFICATIONS,
        [
            notification(1, birth_date="昭和60年4月1日", card_number="ab-00000001-cd"),
            notification(2, nationality="どこか"),
            notification(3, card_number=""),
        ],
    )
    first = Notification.objects.get(pk="N1")

    assert (first.birth_date, first.card_number, first.postal_code) == ("1985-04-01", card_number(1), None)
    assert Notification.objects.get(pk="N3").left_out == "no_card_number"
    assert [(row.line, row.identifier, row.reasons) for row in Reject.objects.all()] == [
        (3, "N2", "unreadable:nationality")
    ]
    assert (done.rows, done.taken, done.rejected, done.changed) == (3, 2, 1, 2)


@MHLW
def test_the_ministry_keeps_of_its_own_rows_what_it_withholds_from_isa(take):
    take(NOTIFICATIONS, [notification(1, status_of_residence="permanent")])

    assert Notification.objects.get().establishment_number == "13010000001"


@ISA
def test_the_same_file_again_changes_nothing(take, register):
    done = take(PERSONS, [person(number) for number in range(1, 4)], "full")

    assert Import.objects.filter(dataset="persons").count() == 1
    assert done.changed == 3
    assert touched() == set()


@ISA
def test_only_what_differs_counts_as_changed_and_is_matched_again(take, register):
    done = take(PERSONS, [person(1), person(2, name="EXAMPLE JIRO"), person(4)])

    assert done.changed == 2
    assert touched() == {("person", "P2"), ("person", "P4")}
    assert Person.objects.get(pk="P1").changed_in != done.pk


@ISA
def test_a_card_that_changes_hands_touches_both(take, register):
    take(CARDS, [card(1, person_id="P2")])

    assert touched() == {("card", card_number(1)), ("person", "P1"), ("person", "P2")}


@ISA
def test_a_full_extract_removes_what_it_does_not_hold(take, register):
    done = take(CARDS, [card(1), card(2)], "full")

    assert (done.removed, set(Card.objects.values_list("pk", flat=True))) == (
        1,
        {card_number(1), card_number(2)},
    )
    assert touched() == {("card", card_number(3)), ("person", "P3")}


@ISA
def test_a_card_of_nobody_is_set_aside(take, register):
    take(CARDS, [card(5, person_id=""), card(6, person_id="P9"), card(7, person_id="P1")])

    assert [(row.line, row.reasons) for row in Reject.objects.order_by("line")] == [
        (2, "missing:person_id"),
        (3, "unknown_person"),
    ]
    assert Card.objects.filter(pk=card_number(7)).exists()


@ISA
def test_the_first_rows_of_a_table_touch_everything(take):
    take(PERSONS, [person(1)], "full")

    assert touched() == {("all", "")}


@ISA
def test_a_permission_knows_until_when_its_notification_is_awaited(take, register):
    take(PERMISSIONS, [permission(1, permitted_on="2026-01-31"), permission(2, permitted_on="")])

    assert Permission.objects.get(pk="K1").due_on == date(2026, 2, 28)
    assert Permission.objects.get(pk="K2").due_on is None


@MHLW
def test_a_notification_missing_from_a_full_extract_is_deleted_as_of_that_day(take):
    take(NOTIFICATIONS, [notification(1), notification(2)], "full")
    done = take(NOTIFICATIONS, [notification(1)], "full")
    gone = Notification.objects.get(pk="N2")

    assert (gone.deleted_on, gone.changed_in, done.removed) == ("2026-04-01", done.pk, 1)


@MHLW
def test_establishments_join_the_two_numbers_of_an_employer(take):
    row = {
        "establishment_number": "1301-000000-1",
        "corporate_number": "7000012050002",
        "name": "株式会社試験",
        "office": "1301",
    }
    take(ESTABLISHMENTS, [row])

    assert Establishment.objects.get().establishment_number == "13010000001"


@MHLW
def test_a_table_of_the_other_agency_is_refused(node, tmp_path):
    with pytest.raises(intake.Unplaceable, match="persons"):
        intake.take_in(tmp_path / "persons.csv", "persons", "full", now=NOW)


@ISA
def test_a_refused_file_changes_nothing_and_says_why(node, tmp_path, take, register):
    path = tmp_path / "persons.csv"
    path.write_text("person_id,my_number\nP1,000000000000\n")
    with pytest.raises(RefusedFile, match="my_number"):
        intake.take_in(path, "persons", "full", now=NOW)

    assert Person.objects.count() == 3


@ISA
def test_the_inbox_is_taken_in_order_and_empties_itself(node):
    inbox = node.extracts
    inbox.mkdir(parents=True)
    write(inbox / "cards.full.2026-04-01.csv", CARDS, [card(1)])
    write(inbox / "persons.full.2026-04-01.csv", PERSONS, [person(1)])
    write(inbox / "persons.delta.2026-04-02.csv", PERSONS, [person(1, name="EXAMPLE JIRO")])
    (inbox / "permissions.full.2026-04-01.csv").write_text("nonsense\n")
    (inbox / ".persons.full.2026-04-03.csv").write_text("still being written")
    done = intake.take_inbox(NOW)

    assert [(each.dataset, each.mode) for each in done] == [
        ("persons", "full"),
        ("cards", "full"),
        ("persons", "delta"),
    ]
    assert Person.objects.get().name == "EXAMPLE JIRO"
    assert intake.refused_files() == ["permissions.full.2026-04-01.csv"]
    assert "足りない列" in (inbox / "refused/permissions.full.2026-04-01.csv.txt").read_text("utf-8")
    assert sorted(path.name for path in inbox.glob("*.csv")) == [".persons.full.2026-04-03.csv"]
    assert intake.take_inbox(NOW) == []


@ISA
def test_an_import_stands_in_the_trail_without_a_value(take, register):
    entry = Entry.objects.filter(verb="FILE_IMPORTED").last()

    assert entry.facts["rows"] == 3
    assert "EXAMPLE" not in str(list(Entry.objects.values()))
