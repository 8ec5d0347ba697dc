"""However days are cut into files and deliveries, the stored rows are those of the last full extract."""

from datetime import date, timedelta

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import given, settings

from node.records.made_up import NOW, notification, person, stored, write
from renkei.agreement.datasets import NOTIFICATIONS
from renkei.matching.prepare import prepare
from renkei.matching.reading import open_source
from renkei.node.records import annex1, imports
from renkei.node.records.models import (
    ChangedKey,
    Import,
    Notification,
    Person,
    ReceivedNotification,
    Selection,
    SentNotification,
)
from renkei.node.records.tables import RECEIVED, TABLES

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
TRIES = settings(max_examples=30)
FIRST = date(2026, 11, 24)

# A day: the records that exist, and one value of each.
days = st.lists(st.dictionaries(st.integers(1, 5), st.integers(0, 5), max_size=5), min_size=1, max_size=4)


def forget_everything() -> None:
    """Start another example in the same transaction."""
    for model in (
        Import,
        Notification,
        Person,
        ReceivedNotification,
        Selection,
        SentNotification,
        ChangedKey,
    ):
        model.objects.all().delete()


def person_of(number: int, value: int) -> dict[str, str]:
    return dict(person(number, address=f"東京都架空区{value}"))


NOTIFICATION_KINDS: list[dict[str, str]] = [
    {},
    {"address": "東京都架空区"},
    {"status_of_residence": "permanent"},
    {"deleted_on": "2026-11-20"},
    {"card_number": ""},
    {"status_of_residence": "diplomat"},
]


DRAWN = "the files are drawn; some have no rows"


def notification_of(number: int, value: int) -> dict[str, str]:
    return dict(notification(number, **NOTIFICATION_KINDS[value]))


@pytest.mark.parametrize("party", ["isa"])
def test_deltas_applied_are_the_full_extract_of_the_last_day(node, tmp_path):
    @TRIES
    @given(days=days, data=st.data())
    def holds(days, data):
        forget_everything()
        before: dict[int, int] = {}
        for number, day in enumerate(days):
            changed = [person_of(who, value) for who, value in day.items() if before.get(who) != value]
            gone = [{"person_id": f"P{who}"} for who in before.keys() - day.keys()]
            rows = data.draw(st.permutations(changed + gone))
            cut = data.draw(st.integers(0, len(rows)))
            for part, some in enumerate((rows[:cut], rows[cut:])):
                path = write(tmp_path / f"{number}.{part}.csv", "persons", *some)
                imports.import_file(path, "persons", "delta", now=NOW)
            before = day
        by_deltas = stored(TABLES["isa"]["persons"])
        whole = write(tmp_path / "whole.csv", "persons", *(person_of(*each) for each in days[-1].items()))
        last = imports.import_file(whole, "persons", "full", now=NOW, confirmed=DRAWN)

        assert by_deltas == stored(TABLES["isa"]["persons"])
        assert [last.counts[name] for name in ("new", "changed", "removed")] == [0, 0, 0]

    holds()


@pytest.mark.parametrize("party", ["mhlw"])
def test_what_isa_holds_alive_is_what_prepare_makes_of_the_last_extract(node, tmp_path):
    @TRIES
    @given(days=days, sent_on=st.lists(st.booleans(), min_size=4, max_size=4))
    def holds(days, sent_on):
        forget_everything()
        for number, day in enumerate(days):
            path = write(
                tmp_path / f"{number}.csv", "notifications", *(notification_of(*each) for each in day.items())
            )
            imports.import_file(path, "notifications", "full", now=NOW, confirmed=DRAWN)
            # Some days have no delivery; their changes are sent with the next one.
            if sent_on[number] or number == len(days) - 1:
                today = FIRST + timedelta(days=number)
                rows = annex1.changes_since_sent(today)
                annex1.mark_sent(number + 1, today)
                rows.drop("action").write_csv(tmp_path / "notifications.csv")
                with transaction.atomic():
                    annex1.import_annex1(number + 1, tmp_path, now=NOW)
        prepared = prepare(open_source(path, NOTIFICATIONS).batches(), confirmed="a few rows").annex1
        alive = {
            row["notification_id"]: {name: value for name, value in row.items() if value is not None}
            for row in prepared.iter_rows(named=True)
            if row["deleted_on"] is None
        }

        assert {name: row for name, row in stored(RECEIVED).items() if "deleted_on" not in row} == alive
        assert set(prepared["notification_id"]) <= set(stored(RECEIVED))

    holds()
