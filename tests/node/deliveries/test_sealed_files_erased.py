"""Sealed files go when their time is over; what proves the chain stays, and says that they were erased."""

from dataclasses import replace
from datetime import timedelta

import pytest

from node.deliveries.over_tls import DAY, now
from renkei.exchange import evidence
from renkei.exchange.errors import Refused
from renkei.node.cycle import retention as cycle_retention
from renkei.node.cycle.steps import Context
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.records import retention
from renkei.node.records.models import Erasure, Hold

pytestmark = pytest.mark.django_db(transaction=True)
YEAR = timedelta(days=366)


@pytest.fixture
def opened(sealed, be, settings):
    """ISA opened one delivery; deliveries are kept for a year."""
    be("isa")
    settings.NODE = replace(settings.NODE, retention=replace(settings.NODE.retention, deliveries=365))
    incoming.receive(sealed, now())
    incoming.open_next("annex1", lambda number, package: {}, now=now())


def erase(moment) -> None:
    cycle_retention.erase(Context(DAY, moment))


def states() -> list[tuple[str, ...]]:
    home = keystore.home()
    return [found.states for found in evidence.verify(home.directory / "inbox", home.terms())]


def files() -> set[str]:
    place = keystore.home().directory / "inbox" / "annex1" / "00000001"
    return {path.suffix for path in place.iterdir() if path.is_file()}


def test_the_sealed_file_goes_and_the_evidence_says_so(opened):
    erase(now() + YEAR)

    assert states() == [("received", "accepted", "erased")]
    assert ".cms" not in files()
    assert {".json", ".p7s", ".erased"} <= files()
    assert Erasure.objects.get().rows == 1


def test_erasing_again_finds_nothing(opened):
    erase(now() + YEAR)
    erase(now() + YEAR)

    assert Erasure.objects.count() == 1


@pytest.mark.parametrize("held", [False, True])
def test_not_before_its_time_nor_under_a_hold(opened, held):
    if held:
        retention.hold(Hold.Covers.PERSON, "P1", "文書第1号", actor=None, now=now())
    erase(now() + (YEAR if held else timedelta(days=300)))

    assert states() == [("received", "accepted")]


def test_a_file_that_was_lost_is_no_erased_one(opened):
    place = keystore.home().directory / "inbox" / "annex1" / "00000001"
    next(place.glob("*.cms")).unlink()
    home = keystore.home()
    (found,) = evidence.verify(home.directory / "inbox", home.terms())

    assert isinstance(found.fault, Refused)
    assert found.fault.code == "sealed_missing"


def test_what_is_not_settled_is_never_erased(sealed_alone, be):
    be("mhlw")
    outgoing.make("annex1", DAY, {}, now=now())
    erase(now() + 10 * YEAR)

    assert sealed_alone.sealed.exists()
