"""The business days: going to one, its deliveries, and its steps in the trail, each as the duty opens it."""

from datetime import date

import pytest
from django.db import transaction
from django.utils.html import strip_tags

from node.console.conftest import NOW, SERVICE
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.console.labels import reason_in_words
from renkei.node.cycle.models import Step
from renkei.node.deliveries.models import Delivery
from renkei.node.matching_run.models import Run
from renkei.node.records.models import Permission, Person

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


def text_of(client, path: str) -> str:
    return " ".join(strip_tags(client.get(path).content.decode()).split())


@pytest.mark.parametrize(
    ("party", "day"), [("isa", "2026-04-01"), ("isa", "2026-04-02"), ("mhlw", "2026-04-01")]
)
def test_rows_that_could_not_be_taken_stand_by_reason_in_words_of_past_days_too(client, day):
    enter(client, Duty.OPERATE)
    page = text_of(client, f"/days/{day}/")

    assert "必須の項目が空欄: 在留カード番号 171読み取れない: 生年月日 3" in page
    assert "受け取れない行 174" in page
    assert "missing" not in page


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("missing:requested_on", ("必須の項目が空欄: 依頼日", "required item blank: day of the request")),
        ("duplicate:identifier", ("識別番号の重複: 識別番号", "identifier repeated: identifier")),
        ("unknown_person", ("外国人の記録がない", "person not in the register")),
        ("unreadable:shoe_size", ("読み取れない: shoe_size", "unreadable: shoe_size")),
        ("solar_flare", ("solar_flare", "solar_flare")),
    ],
)
def test_a_reason_is_said_in_words_and_what_no_table_knows_as_it_is(reason, said):
    assert tuple(reason_in_words(reason, language) for language in ("ja", "en")) == said


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

    assert "4,711" in client.get(address).content.decode()


def test_who_does_not_audit_is_led_to_no_trail(client):
    enter(client, Duty.OPERATE)

    assert "/trail/" not in client.get("/days/2026-04-02/").content.decode()


# --- what waits for a confirmation


@pytest.fixture
def implausible(two_days, party: str) -> Run:
    """A matching that suspects all of a hundred permissions, whose answer is not selected."""
    Person.objects.bulk_create(Person(person_id=f"P{number}") for number in range(100))
    Permission.objects.bulk_create(
        Permission(
            permission_id=f"L{number}",
            person_id=f"P{number}",
            permitted_on="2026-01-31",
            due_on="2026-02-28",
            contract_confirmed="true",
            status_of_residence="engineer_humanities_intl",
        )
        for number in range(100)
    )
    Step.objects.filter(position=6, day__closed_at=None).update(awaited="confirmation")
    active = {"suspected_omission": 100}
    return Run.objects.create(day=date(2026, 4, 2), rules="", full_rematch=True, active=active)


@pytest.mark.parametrize("party", ["isa"])
def test_what_waits_is_shown_and_confirmed_with_a_reason(client, implausible):
    enter(client, Duty.OPERATE)
    page = text_of(client, "/days/2026-04-02/")
    assert "職員の確認" in page
    assert "100件のうち100件" in page

    assert client.post("/days/2026-04-02/", {"reason": " "}).status_code == 422
    assert Run.objects.get().reason == ""
    answer = client.post("/days/2026-04-02/", {"reason": "届出の遅れと確かめた"})
    assert answer.url == "/days/2026-04-02/"
    assert Run.objects.get().reason == "届出の遅れと確かめた"
    entry = Entry.objects.get(verb="MATCHING_CONFIRMED")
    assert (entry.actor, entry.facts["reason"]) == ("visitor", "届出の遅れと確かめた")
    assert "確認を待っているもの" not in text_of(client, "/days/2026-04-02/")
    again = client.post("/days/2026-04-02/", {"reason": "届出の遅れと確かめた"})
    assert again.status_code == 422
    assert "確認を待つ突合や回答はありません" in again.content.decode()


@pytest.mark.parametrize("party", ["isa"])
def test_another_duty_sees_what_waits_and_confirms_nothing(client, implausible):
    enter(client, Duty.ADMINISTER)
    assert "先へ進める" not in text_of(client, "/days/2026-04-02/")

    assert client.post("/days/2026-04-02/", {"reason": "届出の遅れと確かめた"}).status_code == 403
    assert Run.objects.get().reason == ""


def test_where_nothing_waits_nothing_is_asked(client):
    enter(client, Duty.OPERATE)

    assert "確認を待っているもの" not in text_of(client, "/days/2026-04-02/")
