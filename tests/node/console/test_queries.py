"""Every page asks the database a number of times that is written here: a list never asks once a row."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from node.console.conftest import NOW
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.candidates.models import NotFound
from renkei.node.console.pages import PAGES
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.deliveries.models import Delivery
from renkei.node.incidents import services
from renkei.node.incidents.models import Item, Kind
from renkei.node.matching_run.models import Finding, Outcome

#: Session and duties take six of them; the trail's own page writes as well.
MOST = 16

pytestmark = [pytest.mark.django_db(transaction=True)]


def fill(first: int, last: int) -> None:
    """Put rows into each list."""
    day = NOW.date()
    for number in range(first, last + 1):
        Delivery.objects.create(
            direction="in",
            service="annex1",
            sequence=2 * number,
            business_day=day + timedelta(days=number),
            kind="data",
            state="opened",
            counts={"rows": number},
            made_at=NOW,
        )
        Finding.objects.create(
            kind="discrepancy",
            identifier=f"N{number}",
            is_active=True,
            since=day,
            status="mismatched",
            row="{}",
            digest="0" * 64,
            reported_digest="0" * 64,
            reported_status="mismatched",
            reported_sequence=number,
        )
        Outcome.objects.create(
            notification_id=f"N{number}",
            outcome="mismatched",
            identity_conflict="true",
            shared_number="true",
            card_number="AB00000001CD",
            differences="name:different",
        )
        ReceivedRequest.objects.create(
            request_id=f"R{number}",
            kind="discrepancy",
            identifier=f"N{number}",
            items="name",
            reason="x",
            requested_on=day,
            sequence=1,
        )
        NotFound.objects.create(
            notification_id=f"N{number}",
            card_number="なし",
            content="",
            identity="",
            best_probability=0.5,
            no_match_probability=0.1,
        )
        made = Officer.objects.create_user(f"officer{number}")
        Assignment.objects.create(officer=made, duty="audit")
        services.declare(
            Kind.LEAK, {Item.OVERVIEW: "試験"}, found_at=NOW, by=None, now=NOW + timedelta(minutes=1)
        )
        with transaction.atomic():
            record(made, Verb.CASE_READ, "R8-1124-0001")


#: Pages about something that was chosen on another one.
CHOSEN_FIRST = {"purpose", "case_assign", "letter"}
LISTS = [name for name, page in PAGES.items() if "<" not in page.path and name not in CHOSEN_FIRST]


@pytest.mark.usefixtures("two_days", "node")
@pytest.mark.parametrize("name", LISTS)
def test_a_page_asks_no_more_often_for_many_rows_than_for_few(client, officer, party, name):
    if party not in PAGES[name].parties:
        pytest.skip("not a page of this agency")
    client.force_login(officer)
    asked = []
    for rows in ((1, 2), (3, 30)):
        fill(*rows)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse(name))

        assert answer.status_code == 200
        asked.append(len(queries))

    assert asked[1] <= asked[0] <= MOST
