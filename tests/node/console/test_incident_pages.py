"""I-01 to I-04: declared by form, confirmed, told, added to, judged, closed, in the officer's own name."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.console.views.incidents import ACTS
from renkei.node.cycle import alarms
from renkei.node.deliveries.models import Delivery
from renkei.node.incidents import services
from renkei.node.incidents.models import Incident, Item, Kind, Notice

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"
FOUND = datetime(2026, 4, 1, 2, 20, tzinfo=UTC)
GIVEN = {
    "kind": "leak",
    "suspected": "true",
    "found_at": "2026-04-01T11:20",
    "say-overview": "媒体一枚が見当たらない",
    "contact": "試験 0300000000",
}


@pytest.fixture
def operator(client, node) -> Officer:
    made = Officer.objects.create_user("suzuki")
    Assignment.objects.create(officer=made, duty=Duty.OPERATE)
    client.force_login(made)
    return made


@pytest.fixture
def incident(operator) -> Incident:
    said = {Item.OVERVIEW: "媒体一枚が見当たらない"}
    return services.declare(Kind.LEAK, said, found_at=FOUND, by=operator, now=FOUND)


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def act(client: Client, incident: Incident, name: str, **fields: object):
    path = f"/incidents/{incident.pk}/{name}/"
    looked_at = client.get(path).context["looked_at"]
    return client.post(path, {"looked_at": looked_at} | fields)


def test_declaring_is_confirmed_once_more_and_stands_in_the_officers_name(client, operator):
    asked = client.post("/incidents/new/", GIVEN | {"step": "check"})
    before = Incident.objects.count()
    done = client.post("/incidents/new/", GIVEN | {"step": "confirm"}, follow=True)
    made = Incident.objects.get()
    entry = Entry.objects.get(verb="INCIDENT_DECLARED")

    assert (asked.status_code, before) == (200, 0)
    assert 'name="say-overview" value="媒体一枚が見当たらない"' in asked.content.decode()
    assert (made.kind, made.suspected, made.known_at, made.conditions) == ("leak", True, FOUND, None)
    assert (entry.actor, entry.subject) == ("suzuki", str(made))
    assert made.notices.count() == 1
    assert "相手方にまだ届いていません" in done.content.decode()


@pytest.mark.parametrize("step", ["check", "confirm"])
@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"kind": ""}, "種別を選んでください"),
        ({"suspected": ""}, "おそれか、確かか"),
        ({"say-overview": "  "}, "概要が必要"),
        ({"found_at": "yesterday"}, "2026-11-24T11:20の形"),
        ({"found_at": "2999-01-01T00:00"}, "未来"),
        ({"persons": "many"}, "数字"),
        ({"condition": ["malicious", "none"]}, "だけを選んで"),
        ({"way": "numbers", "service": "annex1", "first": "x"}, "番号を数字"),
        ({"way": "numbers", "service": "annex1", "first": "9"}, "当たる送付はありません"),
        ({"way": "days", "since": "soon"}, "日付を"),
        ({"way": "anything"}, "指定の仕方"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, operator, step, wrong, word):
    answer = client.post("/incidents/new/", GIVEN | {"step": step, "say-cause": HOSTILE} | wrong)
    page = answer.content.decode()

    assert answer.status_code == 422
    assert word in page
    assert "&lt;script&gt;alert(1)" in page
    assert HOSTILE not in page
    assert not Incident.objects.exists()


def test_how_many_are_concerned_is_computed_from_the_deliveries_named(client, node, operator):
    for number, rows in ((1, 40), (2, 70), (3, 5)):
        Delivery.objects.create(
            direction="in",
            service="annex2-3",
            sequence=number,
            business_day=date(2026, 4, number),
            kind="data",
            state="opened",
            counts={"rows": rows},
        )
    named = {"way": "numbers", "service": "annex2-3", "first": "1", "last": "2"}
    asked = client.post("/incidents/new/", GIVEN | named | {"step": "check"}).content.decode()
    client.post("/incidents/new/", GIVEN | named | {"step": "confirm"})
    made = Incident.objects.get()

    assert "多くとも110人" in asked
    assert (made.rows, made.deliveries.rpartition("annex2-3 ")[2]) == (110, "1-2")
    # More than a hundred: the number alone makes it a duty, and nothing is left to be judged for that.
    assert "要件が未判断" not in text(client, f"/incidents/{made.pk}/")


def test_clocks_come_with_their_guides_marked(client, operator, incident):
    page = text(client, f"/incidents/{incident.pk}/")

    assert '<time datetime="2026-04-04">' in page
    assert '<time datetime="2026-04-06">' in page
    assert page.count("条文未確認・目安") == 3
    assert page.count("要件が未判断") == 3
    assert "超過" in page


def test_none_of_the_conditions_ends_the_clocks_of_the_law(client, operator, incident):
    answer = act(client, incident, "conditions", condition="none")
    page = text(client, f"/incidents/{incident.pk}/")

    assert answer.status_code == 302
    assert "条文未確認・目安" not in page
    assert "いずれにも当たらない" in page


def test_what_is_added_stands_beside_what_was_said(client, operator, incident):
    for cause in ("調査中", HOSTILE):
        act(client, incident, "add", **{"say-cause": cause})
    page = text(client, f"/incidents/{incident.pk}/")

    assert "調査中" in page
    assert "前の記載 1件" in page
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page
    assert HOSTILE not in str(list(Entry.objects.values()))


def test_a_suspicion_becomes_certain(client, operator, incident):
    act(client, incident, "add", suspected="false")

    assert "確認済み" in text(client, f"/incidents/{incident.pk}/")


def test_a_duty_done_is_noted(client, operator, incident):
    act(client, incident, "report", reported=["preliminary"])

    assert incident.reports.get().noted_by == "suzuki"
    assert "報告済み" in text(client, f"/incidents/{incident.pk}/")


def test_it_is_closed_when_told_and_reported_and_not_before(client, operator, incident):
    act(client, incident, "conditions", condition="none")
    early = act(client, incident, "close", **{"say-prevention": "保管の手順を改めた"})
    Delivery.objects.create(
        direction="out", service="incident", sequence=1, business_day=FOUND.date(), state="sent"
    )
    Notice.objects.update(sequence=1)
    late = act(client, incident, "close", **{"say-prevention": "保管の手順を改めた"})
    incident.refresh_from_db()

    assert early.status_code == 422
    assert "保管の手順を改めた" in early.content.decode()
    assert late.status_code == 302
    assert incident.closed_at is not None
    assert [client.get(f"/incidents/{incident.pk}/{name}/").status_code for name in ACTS] == [404] * len(ACTS)


def test_it_is_told_again(client, operator, incident):
    act(client, incident, "notify")

    assert incident.notices.count() == 2
    assert Entry.objects.get(verb="INCIDENT_NOTIFIED").actor == "suzuki"


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("add", {"say-cause": "鍵の閉め忘れ"}),
        ("concerned", {"persons": "12"}),
        ("conditions", {"condition": ["malicious"]}),
        ("report", {"reported": ["final"]}),
        ("notify", {}),
        ("close", {"say-other": "なし"}),
    ],
)
def test_of_two_officers_the_second_is_told(client, operator, incident, name, fields):
    path = f"/incidents/{incident.pk}/{name}/"
    looked_at = client.get(path).context["looked_at"]
    services.add(incident, {Item.CAUSE: "別の職員"}, by=None, now=timezone.now())
    answer = client.post(path, {"looked_at": looked_at} | fields)
    entries = Entry.objects.filter(actor="suzuki").exclude(verb="INCIDENT_DECLARED")

    assert answer.status_code == 409
    assert "別の職員が先に変更しました" in answer.content.decode()
    assert not entries.exists()
    if name == "add":
        assert "鍵の閉め忘れ" in answer.content.decode()


def test_of_the_counterparts_nothing_is_told_back_and_it_is_taken_up_by_adding(client, node, operator):
    theirs = Incident.objects.create(
        origin=node.counterpart,
        number="I-2026-007 <b>",
        kind="leak",
        suspected=True,
        found_at=FOUND,
        known_at=FOUND,
        contact="試験",
    )
    page = text(client, f"/incidents/{theirs.pk}/")
    act(client, theirs, "add", **{"say-response": "当方の件数を確認中"})
    theirs.refresh_from_db()

    assert "I-2026-007 &lt;b&gt;" in page
    assert "警報が止まります" in page
    assert client.get(f"/incidents/{theirs.pk}/notify/").status_code == 404
    assert theirs.seen_at is not None


@pytest.mark.parametrize(
    ("kind", "subject"), [("INCIDENT_UNTOLD", "{}"), ("INCIDENT_DUE", "{} preliminary 2026-04-06")]
)
def test_today_leads_to_what_rings(client, operator, incident, kind, subject):
    alarms.hold(alarms.AlarmKind[kind], [subject.format(incident)], timezone.now())

    assert f'href="/incidents/{incident.pk}/"' in text(client, "/")


def test_today_leads_nobody_to_a_page_of_another_duty(client, operator, incident):
    alarms.hold(alarms.AlarmKind.INCIDENT_UNTOLD, [str(incident)], timezone.now())
    Assignment.objects.update(duty=Duty.HANDLE_CASES)

    assert f"/incidents/{incident.pk}/" not in text(client, "/")


def test_the_list_says_what_was_received_and_what_is_due_next(client, operator, incident):
    told = services.declare(
        Kind.OUTAGE, {Item.OVERVIEW: "回線断"}, found_at=FOUND, by=operator, now=FOUND + timedelta(hours=1)
    )
    Delivery.objects.create(
        direction="out", service="incident", sequence=4, business_day=FOUND.date(), state="accepted"
    )
    told.notices.update(sequence=4)
    page = text(client, "/incidents/")

    assert (page.count("未達"), page.count("届いた")) == (1, 1)
    assert "個人情報保護委員会への速報" in page


def test_nothing_on_record_is_said(client, operator):
    assert "該当はありません" in text(client, "/incidents/")


def test_what_was_typed_survives_the_end_of_the_session(client, operator, incident):
    client.logout()
    path = f"/incidents/{incident.pk}/add/"
    answer = client.post(path, {"looked_at": "x", "say-cause": "鍵の閉め忘れ"})

    assert answer.status_code == 401
    assert 'name="kept"' in answer.content.decode()


def test_a_form_without_its_token_does_nothing(operator, incident):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)

    assert strict.post(f"/incidents/{incident.pk}/notify/", {}).status_code == 403
    assert incident.notices.count() == 1
