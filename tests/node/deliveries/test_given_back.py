"""Rows that could not be taken go back as a delivery of their own, and are listed until they are mended."""

import polars as pl
import pytest

from node.deliveries.over_tls import DAY, now, rows
from renkei.node.audit.models import Entry
from renkei.node.cycle import ad_hoc, monitoring
from renkei.node.cycle.models import Alarm
from renkei.node.cycle.steps import Context
from renkei.node.cycle.steps_by_party import DAY as STEPS
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.records import rejected_rows
from renkei.node.records.models import ReturnedRow, SentNotification

pytestmark = pytest.mark.django_db(transaction=True)


def step(party: str, name: str):
    row = next(row for row in STEPS[party] if row.name == name)
    return row.work(Context(DAY, now()))


@pytest.fixture
def given_back(pair, be) -> Delivery:
    """MHLW sent three rows, one of a status that nobody knows; ISA took two and gave that one back."""
    be("mhlw")
    sent = rows(1, 2, 3)
    table = sent["notifications"]
    unheard = pl.Series([*table["status_of_residence"].head(2), "unheard_of"])
    outgoing.make(
        "annex1", DAY, {"notifications": table.with_columns(status_of_residence=unheard)}, now=now()
    )
    files = keystore.home().outbox().find("annex1", 1)
    be("isa")
    incoming.receive(files, now())
    step("isa", "open")
    step("isa", "give_back")
    return Delivery.objects.get(service="receipt", direction="out")


def taken_back(be) -> None:
    """MHLW takes in what ISA gave back, as each run of its cycle does."""
    be("isa")
    files = keystore.home().outbox().find("receipt", 1)
    be("mhlw")
    incoming.receive(files, now())
    ad_hoc.process(now())


def test_a_row_that_could_not_be_taken_is_named_to_its_sender(given_back, be):
    taken_back(be)
    row = ReturnedRow.objects.get()

    assert given_back.kind == "data"
    assert (row.service, row.sequence, row.dataset, row.line) == ("annex1", 1, "notifications", 4)
    assert row.reasons == "unreadable:status_of_residence"
    assert row.identifier == rows(3)["notifications"]["notification_id"].item()
    assert Entry.objects.filter(verb="ROWS_RETURNED").count() == 1


def test_the_receipt_says_what_was_taken_and_what_was_not(given_back, be):
    be("isa")
    accepted = keystore.inbox(now()).receipts("annex1", 1)[-1].receipt

    assert (accepted.rows_taken, dict(accepted.rows_rejected)) == (2, {"unreadable:status_of_residence": 1})


def test_giving_back_again_makes_no_second_delivery(given_back, be):
    be("isa")

    assert step("isa", "give_back") == {"number": 1, "rows": 1}
    assert Delivery.objects.filter(service="receipt").count() == 1


def test_nothing_goes_back_where_everything_was_taken(pair, be):
    be("mhlw")
    outgoing.make("annex1", DAY, rows(1), now=now())
    files = keystore.home().outbox().find("annex1", 1)
    be("isa")
    incoming.receive(files, now())
    step("isa", "open")

    assert step("isa", "give_back") == {"rows": 0}
    assert not Delivery.objects.filter(service="receipt").exists()


def test_an_alarm_rings_until_the_row_was_sent_again(given_back, be):
    taken_back(be)
    monitoring.check(now())
    ringing = Alarm.objects.filter(kind="ROWS_RETURNED", cleared_at=None)
    before = [alarm.subject for alarm in ringing]
    SentNotification.objects.create(notification_id=ReturnedRow.objects.get().identifier, sequence=2)
    monitoring.check(now())

    assert before == ["annex1 1"]
    assert not ringing.all().exists()


def test_or_until_somebody_says_that_it_was_dealt_with(given_back, be):
    taken_back(be)

    assert rejected_rows.resolve("annex1", 1, None, now()) == 1
    assert rejected_rows.resolve("annex1", 1, None, now()) == 0
    assert not rejected_rows.outstanding().exists()


def test_what_was_given_back_is_taken_once(given_back, be):
    taken_back(be)
    taken_back(be)

    assert ReturnedRow.objects.count() == 1
