"""The business days: going to one, its deliveries, and its steps in the trail, each as the duty opens it."""

from datetime import date

import pytest
from django.db import transaction

from node.console.conftest import NOW, SERVICE
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cycle.models import Step
from renkei.node.deliveries.models import Delivery
from renkei.node.officers.duties import Duty
from renkei.node.officers.models import Assignment, Officer

pytestmark = pytest.mark.usefixtures("two_days", "node")


def enter(client, *duties: Duty) -> None:
    visitor = Officer.objects.create_user("visitor")
    Assignment.objects.bulk_create(Assignment(officer=visitor, duty=duty) for duty in duties)
    client.force_login(visitor)


@pytest.fixture
def delivery(two_days, party: str) -> Delivery:
    return Delivery.objects.create(
        direction="out",
        service=SERVICE[party],
        sequence=7,
        business_day=date(2026, 4, 2),
        kind="data",
        made_at=NOW,
    )


def test_a_date_leads_to_its_day(client):
    enter(client, Duty.OPERATE)

    assert client.get("/days/?on=2026-04-01").url == "/days/2026-04-01/"


@pytest.mark.parametrize("wanted", ["2026-04-05", "2026-02-30", "x"])
def test_a_date_without_a_day_says_so(client, wanted):
    enter(client, Duty.OPERATE)
    answer = client.get("/days/", {"on": wanted})

    assert answer.status_code == 200
    assert "その日の日次処理はありません" in answer.content.decode()


@pytest.mark.parametrize(("duty", "opens"), [(Duty.OPERATE, True), (Duty.ADMINISTER, False)])
def test_a_day_shows_its_deliveries_and_leads_to_them_where_they_may_be_opened(
    client, delivery, party, duty, opens
):
    enter(client, duty)
    page = client.get("/days/2026-04-02/").content.decode()

    assert "第7号" in page
    assert (f"/deliveries/out/{SERVICE[party]}/7/" in page) is opens
    assert "第7号" not in client.get("/days/2026-04-01/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_step_leads_an_auditor_to_its_entries(client):
    step = Step.objects.get(day__business_day=date(2026, 4, 2), position=2)
    with transaction.atomic():
        record(None, Verb.STEP_DONE, str(step), counts={"rows": 4711})
    enter(client, Duty.OPERATE, Duty.AUDIT)
    page = client.get("/days/2026-04-02/").content.decode()
    address = next(
        part.partition('"')[0]
        for part in page.split('href="')
        if part.startswith("/trail/?") and step.name in part
    )

    assert "4711" in client.get(address).content.decode()


def test_who_does_not_audit_is_led_to_no_trail(client):
    enter(client, Duty.OPERATE)

    assert "/trail/" not in client.get("/days/2026-04-02/").content.decode()
