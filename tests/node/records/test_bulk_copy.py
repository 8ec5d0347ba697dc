"""Rows between frames and tables: any text, with the same result on both databases."""

import polars as pl
import pytest
from django.db import connection, transaction

from node.records.made_up import frame, notification
from renkei.agreement.datasets import NOTIFICATIONS
from renkei.node.records import bulk_copy, changes
from renkei.node.records.bulk_copy import advisory_lock
from renkei.node.records.models import ChangedKey

pytestmark = pytest.mark.django_db
TEXTS = ["plain", "\\.", "\\N", '"', "a,b", "two\nlines", "髙﨑 𠮷", " ", "NULL", "%s", "\t", None]
KINDS = ChangedKey.Kind


@pytest.fixture
def table():
    bulk_copy.temporary("texts", pl.DataFrame({"number": range(len(TEXTS)), "text": TEXTS}))
    yield "texts"
    bulk_copy.drop("texts")


def test_text_comes_back_as_it_went_and_blank_is_null(table):
    found = bulk_copy.read(f"SELECT text FROM {table} ORDER BY number", ("text",))

    assert found["text"].to_list() == TEXTS
    assert bulk_copy.execute(f"DELETE FROM {table} WHERE text IS NULL") == 1


def test_a_lone_end_mark_in_the_first_column_is_text():
    bulk_copy.temporary("texts", pl.DataFrame({"text": ["\\.", "after"]}))

    assert bulk_copy.read("SELECT text FROM texts", ("text",))["text"].to_list() == ["\\.", "after"]
    bulk_copy.drop("texts")


@pytest.mark.parametrize("value", ["plain", "two\nlines", "it's", "%s"])
def test_parameters_are_values_whatever_they_hold(table, value):
    bulk_copy.put(table, pl.DataFrame({"number": [99], "text": [value]}))
    found = bulk_copy.read(
        f"SELECT text FROM {table} WHERE text = %s AND number = %s", ("text",), (value, 99)
    )

    assert found["text"].to_list() == [value]


def test_no_rows_are_a_frame_with_the_columns(table):
    found = bulk_copy.read(f"SELECT text, text FROM {table} WHERE number < 0", ("one", "two"))

    assert found.schema == {"one": pl.String, "two": pl.String}
    assert found.is_empty()


def test_a_temporary_table_is_made_anew(table):
    bulk_copy.temporary("texts", pl.DataFrame({"text": ["other"]}))

    assert bulk_copy.read("SELECT text FROM texts", ("text",))["text"].to_list() == ["other"]


def test_a_stream_gives_batches_as_the_door_wants_them():
    rows = frame(NOTIFICATIONS, [notification(1), notification(2)])
    bulk_copy.temporary("texts", rows)
    batches = list(bulk_copy.stream(f"SELECT {', '.join(NOTIFICATIONS.names)} FROM texts", NOTIFICATIONS))
    bulk_copy.drop("texts")

    assert pl.from_arrow(batches).cast(pl.String).equals(rows)


def test_what_was_touched_is_taken_once_by_kind():
    for kind, key in ((KINDS.CARD, "A"), (KINDS.CARD, "A"), (KINDS.PERSON, "P"), (KINDS.NOTIFICATION, "N")):
        changes.note_changed_keys(kind, "SELECT %s AS key", (key,))
    changes.note_changed_keys(KINDS.CARD, "SELECT CAST(NULL AS text) AS key")
    count = changes.take_changed_keys("seized", (KINDS.CARD, KINDS.PERSON))
    found = bulk_copy.read("SELECT kind, key FROM seized ORDER BY kind", ("kind", "key")).rows()
    again = changes.take_changed_keys("seized", (KINDS.CARD, KINDS.PERSON))
    bulk_copy.drop("seized")

    assert (count, found) == (2, [("card", "A"), ("person", "P")])
    assert again == 0
    assert list(ChangedKey.objects.values_list("key", flat=True)) == ["N"]


@pytest.mark.django_db(transaction=True)
def test_a_turn_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        advisory_lock()


def test_a_key_has_one_index_alone():
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "records_person")

    assert [name for name, each in found.items() if each["columns"] == ["person_id"] and each["index"]] in (
        [],
        ["records_person_pkey"],
    )
