"""Which deliveries an incident concerns, and how many people: at most by rows, at least by records."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.models import Case
from renkei.node.deliveries.models import Delivery
from renkei.node.incidents import scope, services
from renkei.node.incidents.models import Item, Kind
from renkei.node.matching_run.models import Finding, Outcome
from renkei.node.records.models import Notification, ReceivedNotification, SentNotification

pytestmark = pytest.mark.django_db

FOUND = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)
OUT, IN = Delivery.Direction.OUT, Delivery.Direction.IN


def card(number: int) -> str:
    return f"AB0000{number:04d}CD"


def delivery(direction, service: str, sequence: int, day: int, counts, state="accepted") -> None:
    Delivery.objects.create(
        direction=direction,
        service=service,
        sequence=sequence,
        business_day=date(2026, 11, day),
        state=state,
        counts=counts,
    )


@pytest.fixture
def month(node):
    """Annex 1 and answers of four days, as the node of either party keeps them."""
    annex, answers = (OUT, IN) if node.party == "mhlw" else (IN, OUT)
    for number, day in enumerate((16, 17, 18, 19), start=1):
        counted = {"notifications": 3} if annex == OUT else {"rows": 3, "new": 2, "same": 1}
        delivery(annex, "annex1", number, day, counted)
        told = {"discrepancies": 1, "suspected_omissions": 1} if answers == OUT else {"rows": 2, "opened": 2}
        delivery(answers, "annex2-3", number, day, told)
    delivery(OUT, "annex1" if annex == OUT else "annex2-3", 5, 20, {"rows": 9}, state="planned")
    delivery(OUT, "incident", 1, 18, {"incidents": 1})


@pytest.mark.parametrize("party", ["mhlw", "isa"])
def test_a_period_concerns_what_went_either_way(month, node, party):
    found = scope.count(scope.of_period(date(2026, 11, 17), date(2026, 11, 18)))

    assert set(found.deliveries.split("; ")) == {"mhlw-isa-annex1 2-3", "isa-mhlw-annex2-3 2-3"}
    assert (found.services, found.rows) == (("annex1", "annex2-3"), 10)


def test_a_period_of_one_service(month):
    found = scope.count(scope.of_period(date(2026, 11, 1), date(2026, 11, 30), "annex1"))

    assert (found.deliveries, found.rows) == ("mhlw-isa-annex1 1-4", 12)


def test_numbers_and_their_gaps_are_named_shortly(month):
    numbers = scope.of_numbers("annex1", 1, 2) | scope.of_numbers("annex1", 4, 9)

    assert scope.count(numbers).deliveries == "mhlw-isa-annex1 1-2, 4"


@pytest.mark.parametrize("party", ["mhlw"])
def test_a_medium_concerns_what_the_trail_says_was_written_to_it(month, node, party, owner):
    with transaction.atomic():
        record(None, Verb.DELIVERY_EXPORTED, "annex1 2", reason="network_failure")
        record(None, Verb.DELIVERY_EXPORTED, "annex1 3", reason="network_failure")
        late = record(None, Verb.DELIVERY_EXPORTED, "annex1 4", reason="network_failure")
        record(None, Verb.DELIVERY_SEALED, "annex1 1")
    # Half past midnight of the 19th in Japan, the others at noon of the 18th.
    owner("UPDATE audit_entry SET at = '2026-11-18 03:00:00+00:00'")
    owner(f"UPDATE audit_entry SET at = '2026-11-18 15:30:00+00:00' WHERE number = {late.number}")

    assert scope.count(scope.of_medium(date(2026, 11, 18))).deliveries == "mhlw-isa-annex1 2-3"
    assert scope.count(scope.of_medium(date(2026, 11, 19))).deliveries == "mhlw-isa-annex1 4"
    assert scope.count(scope.of_medium(date(2026, 11, 20))).rows == 0


@pytest.mark.parametrize("party", ["mhlw"])
def test_mhlw_counts_people_by_card_number(month, node, party):
    sent = ((1, 1, card(1)), (2, 2, card(2)), (3, 2, card(2)), (4, 3, card(3)))
    for number, sequence, of in sent:
        SentNotification.objects.create(notification_id=f"N{number}", card_number=of, sequence=sequence)
        Notification.objects.create(notification_id=f"N{number}", card_number=of)

    assert scope.count(scope.of_numbers("annex1", 1, 2)).at_least == 2
    assert scope.count(scope.of_numbers("annex1", 1, 3)).at_least == 3

    for number, identifier in enumerate(("N2", "N3", "L1")):
        Case.objects.create(
            number=f"R8-1117-{number:04d}",
            kind="discrepancy" if identifier != "L1" else "suspected_omission",
            identifier=identifier,
            row="{}",
            state="new",
            opened_on=date(2026, 11, 17),
            reported_in=2,
        )

    assert scope.count(scope.of_numbers("annex2-3", 2, 2)).at_least == 2
    assert scope.count(scope.of_numbers("annex2-3", 3, 3)).at_least == 0


@pytest.mark.parametrize("party", ["isa"])
def test_isa_counts_people_of_the_register_and_numbers_that_nobody_has(month, node, party):
    for number, of, person in ((1, 1, "P1"), (2, 2, "P1"), (3, 3, None), (4, 3, None), (5, 5, "P5")):
        ReceivedNotification.objects.create(
            notification_id=f"N{number}", card_number=card(of), sequence=1 + number // 5
        )
        Outcome.objects.create(notification_id=f"N{number}", outcome="matched", person_id=person)

    assert scope.count(scope.of_numbers("annex1", 1, 1)).at_least == 2
    assert scope.count(scope.of_numbers("annex1", 1, 2)).at_least == 3

    for identifier, person in (("N1", "P1"), ("N2", "P1"), ("N3", None)):
        Finding.objects.create(
            kind="discrepancy",
            identifier=identifier,
            person_id=person,
            is_active=True,
            since=date(2026, 11, 17),
            status="mismatched",
            row="{}",
            digest="",
            reported_sequence=2,
        )

    assert scope.count(scope.of_numbers("annex2-3", 2, 2)).at_least == 2


@pytest.mark.parametrize("party", ["mhlw"])
def test_what_is_concerned_goes_into_the_incident(month, node, party):
    found = scope.count(scope.of_numbers("annex1", 1, 2))
    incident = services.declare(
        Kind.LEAK, {Item.OVERVIEW: "誤送付"}, found_at=FOUND, concerned=found, by=None, now=FOUND
    )

    assert (incident.deliveries, incident.rows) == ("mhlw-isa-annex1 1-2", 6)
    assert (incident.at_least, incident.persons) == (0, None)
    assert services.current(incident)[Item.DATA] == "別紙1(外国人雇用状況届出)"
