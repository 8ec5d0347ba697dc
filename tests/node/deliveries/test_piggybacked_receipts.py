"""Receipts travel back in the next delivery: with nothing but a medium, a day still comes to its end."""

import pytest

from node.deliveries.over_tls import DAY, now, rows
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def answered(pair, be) -> Delivery:
    """MHLW sent a day; ISA took it and sent an empty answer, which MHLW has not opened yet."""
    be("mhlw")
    outgoing.make("annex1", DAY, rows(1), now=now())
    files = keystore.home().outbox().find("annex1", 1)
    be("isa")
    incoming.receive(files, now())
    incoming.open_next("annex1", lambda number, package: {"rows": 1}, now=now())
    made = outgoing.make("annex2-3", DAY, {}, now=now())
    files = keystore.home().outbox().find("annex2-3", 1)
    be("mhlw")
    incoming.receive(files, now())
    return made


def test_opening_the_answer_settles_what_it_answers(answered):
    mine = Delivery.objects.get(service="annex1", direction="out")
    before = mine.state
    incoming.open_next("annex2-3", lambda number, package: {}, now=now())
    mine.refresh_from_db()

    assert (before, mine.state) == ("sealed", "accepted")
    assert keystore.home().outbox().is_closed("annex1", 1)


def test_a_day_with_nothing_but_receipts_is_an_empty_day(answered):
    assert (answered.kind, answered.counts) == ("empty", {})


def test_the_next_delivery_carries_no_receipt_twice(answered, be):
    from renkei.exchange import piggybacked_receipts

    be("isa")
    home = keystore.home()
    again = piggybacked_receipts.since_last(home.outbox(), home.directory / "inbox", "annex1")

    assert [each.receipt.state for each in again] == ["received", "accepted"]  # of annex1 ISA never made one
    opened = piggybacked_receipts.since_last(home.outbox(), home.directory / "inbox", "annex2-3")
    later = [each for each in opened if each.receipt.issued < Delivery.objects.get(pk=answered.pk).made_at]
    assert later == []


def test_a_receipt_that_proves_nothing_holds_up_nothing(answered, be, monkeypatch):
    from renkei.exchange import piggybacked_receipts

    monkeypatch.setattr(piggybacked_receipts, "carried", lambda package: [(b"{}", b"no signature")])
    opened = incoming.open_next("annex2-3", lambda number, package: {}, now=now())

    assert opened.state == "opened"
    assert Delivery.objects.get(service="annex1", direction="out").state == "sealed"
