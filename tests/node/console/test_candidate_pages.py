"""F-08 and F-09: who may be meant, seen for a purpose, decided on once; and what MHLW's case says of it."""

import json
import re

import polars as pl
import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from node.cases.made_up import NOW, a_discrepancy, an_omission, package
from node.console.cases_shown import PLACE, cases_of_a_place, number_of, stated
from node.console.conftest import unfound
from node.console.test_letters import made, words_of
from renkei.matching.labels import IDENTITY_CAUTION
from renkei.node.accounts import purposes
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.candidates import services
from renkei.node.candidates.models import Candidate, NotFound
from renkei.node.cases.intake import import_answers
from renkei.node.cases.models import Case
from renkei.node.console.charts import waterfall, weights
from renkei.node.matching_run.models import Outcome
from renkei.node.records.models import Notification

pytestmark = pytest.mark.django_db

PAGE = "/findings/candidates/N0000000003/"
CONFIRM = {"choice": "1", "reason": "slip_of_the_pen"}


@pytest.fixture
def party() -> str:
    return "isa"


@pytest.fixture
def handler(client, node) -> Officer:
    unfound()
    officer = Officer.objects.create_user("sato", display_name="試験 花子")
    Assignment.objects.create(officer=officer, duty=Duty.HANDLE_CASES)
    client.force_login(officer)
    return officer


def state_purpose(officer: Officer) -> None:
    purposes.declare(officer, "residence", ["candidates N0000000003"], now=timezone.now())


def version(client) -> str:
    return re.search(r'name="version" value="([0-9a-f]+)"', client.get(PAGE).content.decode())[1]


def test_the_list_names_nobody_and_no_number(client, handler):
    page = client.get("/findings/candidates/").content.decode()

    assert "N0000000003" in page
    assert "97.2%" in page
    assert not re.search(r"SAMPLE|1990|AB\d{8}CD|P0000", page)


def test_the_page_asks_for_a_purpose_and_the_reading_is_recorded(client, handler):
    asked = client.get(PAGE)
    query = client.get(asked.url).context
    words = {"subject": query["subjects"], "next": query["next"], "purpose": "residence"}
    answer = client.post(reverse("purpose"), words)
    page = client.get(answer.url).content.decode()
    entry = Entry.objects.get(verb="CANDIDATES_READ")

    assert (asked.status_code, answer.url) == (302, PAGE)
    assert "候補者 N0000000003" in client.get(asked.url).content.decode()
    assert "推定です" in page
    assert {"AB0000002<mark>1</mark>CD", "AB0000001<mark>2</mark>CD"} & set(re.findall(r"AB[^ ]*?CD", page))
    assert (entry.actor, entry.subject, entry.purpose) == ("sato", "N0000000003", "residence")


def test_a_confirmed_candidate_is_told_and_stands_among_the_decided(client, handler):
    state_purpose(handler)
    answer = client.post(PAGE, CONFIRM | {"version": version(client)}, follow=True)

    assert answer.redirect_chain == [("/findings/candidates/", 302)]
    assert "本人と確認しました" in answer.content.decode()
    assert NotFound.objects.get().confirmed_card == "AB00000021CD"
    assert "試験 花子" in client.get("/findings/candidates/?decided").content.decode()
    assert "第1候補を本人と確認" in client.get(PAGE).content.decode()


def test_a_decision_is_taken_back_on_the_same_page(client, handler):
    state_purpose(handler)
    client.post(PAGE, {"choice": "none", "reason": "another_person", "version": version(client)})
    client.post(PAGE, {"reason": "confirmed_in_error", "version": version(client)})

    assert NotFound.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"choice": "1"},
        {"choice": "1", "reason": "another_person"},
        {"choice": "none", "reason": "slip_of_the_pen"},
        {"choice": "3", "reason": "slip_of_the_pen"},
        {"choice": "１", "reason": "slip_of_the_pen"},
    ],
)
def test_what_does_not_go_together_is_refused_and_kept(client, handler, words):
    state_purpose(handler)
    answer = client.post(PAGE, words | {"version": version(client)})
    page = answer.content.decode()

    assert answer.status_code == 422
    assert 'role="alert"' in page
    assert page.count(" checked") == sum(f'id="{name}-{word}"' in page for name, word in words.items())
    assert NotFound.objects.get().state == "waiting"


def test_the_second_officer_is_told_and_sees_what_was_decided(client, handler):
    state_purpose(handler)
    looked_at = version(client)
    colleague = Officer.objects.create_user("suzuki", display_name="試験 次郎")
    Assignment.objects.create(officer=colleague, duty=Duty.HANDLE_CASES)
    state_purpose(colleague)
    services.decide("N0000000003", "slip_of_the_pen", colleague, now=timezone.now(), rank=2)
    answer = client.post(PAGE, CONFIRM | {"version": looked_at})
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "試験 次郎が先に判断しました" in page
    assert "第2候補を本人と確認" in page
    assert NotFound.objects.get().decided_by == colleague


def test_nothing_of_the_register_is_said_without_the_purpose(client, handler):
    answer = client.post(PAGE, CONFIRM)

    assert answer.status_code == 302
    assert answer.url.startswith(reverse("purpose"))
    assert not Entry.objects.filter(verb__contains="CANDIDATE").exists()


def test_no_purpose_is_asked_for_a_notification_without_candidates(client, handler):
    asked = client.get("/findings/candidates/N99/")

    assert client.get(asked.url).status_code == 404


def test_hostile_values_stay_values(client, handler):
    state_purpose(handler)
    Candidate.objects.update(evidence="name:<script>alert(1)</script>:1.00")
    page = client.get(PAGE).content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_a_finding_leads_to_its_candidates(client, handler):
    Outcome.objects.create(
        notification_id="N0000000003", outcome="matched", differences="card_number:confirmed_candidate"
    )
    NotFound.objects.update(state="confirmed")
    purposes.declare(handler, "residence", ["discrepancy N0000000003"], now=timezone.now())
    page = client.get("/findings/discrepancy/N0000000003/").content.decode()

    assert f'href="{PAGE}"' in page
    assert "職員が確認した候補者" in page


@pytest.mark.parametrize(
    ("evidence", "ends", "total"),
    [
        ("card_number:one_character:10.00;name:exact:5.00", [(212.0, 237.3), (449.3, 118.7)], 15.0),
        ("card_number:one_character:10.00;name:other:-5.00", [(212.0, 356.0), (390.0, 178.0)], 5.0),
        ("name:other:-5.00", [(212.0, 356.0)], -5.0),
        ("", [], 0.0),
    ],
)
def test_each_bar_begins_where_the_one_before_it_ends(evidence, ends, total):
    drawn = waterfall(weights(evidence))

    assert [(bar.x, bar.width) for bar in drawn.bars] == ends
    assert drawn.total == total


# --- MHLW: a suspected omission whose notification probably exists


@pytest.fixture
def case_officer(client, node, settings, tmp_path) -> Officer:
    cases_of_a_place(tmp_path / "answers")
    Notification.objects.filter(pk="N3").update(registered_on="2026-04-10")
    said = json.loads(Case.objects.get(identifier="L4").row) | {
        "reason": "unmatched_notification",
        "notification_id": "N3",
    }
    Case.objects.filter(identifier="L4").update(row=json.dumps(said), items="unmatched_notification")
    officer = Officer.objects.create_user("tanaka", display_name="試験 一郎")
    Assignment.objects.create(officer=officer, duty=Duty.HANDLE_CASES, office="1301")
    client.force_login(officer)
    stated(officer, [number_of("L4")])
    return officer


def omission(client) -> str:
    answer = client.get(f"/omissions/{number_of('L4')}/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("party", ["mhlw"])
def test_a_suspicion_leads_to_the_notification_that_was_probably_meant(client, case_officer):
    page = omission(client)

    assert "事業主は届け出ていた可能性が高い" in page
    assert f'href="/discrepancies/{number_of("N3")}/"' in page
    assert "違反の認定ではありません" in page


@pytest.mark.parametrize("party", ["mhlw"])
def test_a_case_that_lies_with_another_office_is_not_led_to(client, case_officer):
    Case.objects.filter(identifier="N3").update(office="1302")
    page = omission(client)

    assert number_of("N3") not in page
    assert "あなたの所管にはありません" in page


@pytest.mark.parametrize("party", ["mhlw"])
def test_a_suspicion_without_such_a_notification_says_nothing_of_one(client, case_officer):
    row = json.loads(Case.objects.get(identifier="L4").row) | {"notification_id": None}
    Case.objects.filter(identifier="L4").update(row=json.dumps(row))

    assert "届け出ていた可能性" not in omission(client)


def rests_on_n3(reason: str, explanation: str = "") -> None:
    row = json.loads(Case.objects.get(identifier="L4").row) | {"reason": reason, "explanation": explanation}
    Case.objects.filter(identifier="L4").update(row=json.dumps(row))


@pytest.mark.parametrize("party", ["mhlw"])
@pytest.mark.parametrize(
    ("reason", "explanation", "said", "cautions"),
    [
        ("start_before_permission", "continues", "引き続き雇用", False),
        ("start_before_permission", "continues_elsewhere", "別の事業主での雇用", False),
        ("identity_conflict", "", "別人の届出の可能性", True),
    ],
)
def test_a_suspicion_names_the_notification_that_it_rests_on(
    client, case_officer, reason, explanation, said, cautions
):
    rests_on_n3(reason, explanation)
    page = omission(client)

    assert said in page
    assert "よりどころとなった届出: N3" in page
    assert f'href="/discrepancies/{number_of("N3")}/"' in page
    assert "届け出ていた可能性" not in page
    assert (IDENTITY_CAUTION.ja in page) == cautions
    assert ("考えられる事情" in page) == bool(explanation)


@pytest.mark.parametrize("party", ["mhlw"])
@pytest.mark.parametrize(
    ("reason", "named"), [("unmatched_notification", True), ("start_before_permission", False)]
)
def test_a_letter_names_only_the_notification_that_was_probably_meant(client, case_officer, reason, named):
    rests_on_n3(reason)

    assert ("N3" in words_of(made(client, case_officer, "L4").content)) == named


@pytest.mark.parametrize("party", ["mhlw"])
@pytest.mark.parametrize(
    ("notified_by", "asked", "named"),
    [(PLACE, "在留カード番号", True), ("13020000021", "外国人雇用状況の届出の有無", False)],
)
def test_a_letter_asks_for_the_number_of_a_notification_of_the_employers_own(
    client, case_officer, notified_by, asked, named
):
    Notification.objects.filter(pk="N3").update(establishment_number=notified_by)
    text = words_of(made(client, case_officer, "L4").content)

    assert asked in text
    assert ("N3" in text) == named


@pytest.mark.parametrize("party", ["mhlw"])
def test_the_notification_comes_with_the_answer(db, node, tmp_path):
    place = package(tmp_path / "package", [a_discrepancy()], [an_omission(4)])
    written = place / "suspected_omissions.csv"
    answer = pl.read_csv(written, infer_schema=False).with_columns(notification_id=pl.lit("N3"))
    answer.write_csv(written)
    with transaction.atomic():
        import_answers(1, place, now=NOW)

    assert Case.objects.get(identifier="L4").values["notification_id"] == "N3"
