"""ISA's view: lists without names, one finding for a purpose stated, decisions that flow back."""

import re
from datetime import date

import polars as pl
import pytest
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from node.records.made_up import NOW, card, card_of, notification, permission, person, write
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.corrections import decisions
from renkei.node.corrections.decisions import REQUEST_COLUMNS
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.matching_run import outgoing, run
from renkei.node.matching_run.models import Outcome
from renkei.node.records import annex1, imports
from renkei.node.records.models import ReceivedNotification, ReturnedRow

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 24)
FINDING = "/findings/discrepancy/N2/"
REQUEST = "/findings/corrections/R8-1124-0001-1/"


@pytest.fixture
def party() -> str:
    return "isa"


@pytest.fixture
def told(node, tmp_path):
    """Two people's notifications use one number, a third differs in sex; MHLW asks for one correction."""
    rows = {
        "persons": [person(1), person(2)],
        "cards": [card_of(1), card_of(2)],
        "permissions": [permission(1)],
    }
    for dataset, made in rows.items():
        imports.import_file(write(tmp_path / f"{dataset}.csv", dataset, *made), dataset, "delta", now=NOW)
    other = {"name": "SAMPLE HANAKO", "birth_date": "1970-12-31"}
    write(
        tmp_path / "notifications.csv",
        "notifications",
        notification(1),
        notification(2, card_number=card(1), **other),
        notification(3, card_number=card(2), sex="2"),
    )
    with transaction.atomic():
        annex1.import_annex1(1, tmp_path, now=NOW)
    run.match(DAY)
    outgoing.select(DAY)
    outgoing.mark_sent(DAY, 7)
    asked = ("R8-1124-0001-1", "discrepancy", "N3", "sex", "旅券の写しと一致する", "2026-11-24")
    decisions.import_requests(
        pl.DataFrame([asked], schema=dict.fromkeys(REQUEST_COLUMNS, pl.String), orient="row"), 3, NOW
    )


@pytest.fixture
def handler(client, node) -> Officer:
    officer = Officer.objects.create_user("sato")
    Assignment.objects.create(officer=officer, duty=Duty.HANDLE_CASES)
    client.force_login(officer)
    return officer


def state_purpose(client, answer):
    """Follow the way to P-01 and state a purpose there."""
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("purpose"))
    query = client.get(answer.url).context
    return client.post(
        reverse("purpose"), {"subject": query["subjects"], "next": query["next"], "purpose": "residence"}
    )


@pytest.mark.parametrize(
    "path",
    [
        "/findings/",
        "/findings/shared/",
        "/findings/shared/N1/",
        "/findings/identity/",
        "/findings/corrections/",
    ],
)
def test_a_list_names_nobody_and_no_number(client, told, handler, path):
    page = client.get(path).content.decode()

    assert "N1" in page or "N2" in page or "R8-1124-0001-1" in page
    for personal in ("NGUYEN", "SAMPLE", "1970", card(1), card(2)):
        assert personal not in page


def test_a_finding_opens_for_a_purpose_alone_and_the_reading_is_recorded(client, told, handler):
    answer = state_purpose(client, client.get(FINDING))
    page = client.get(answer.url).content.decode()
    entry = Entry.objects.get(verb="FINDING_READ")

    assert answer.url == FINDING
    assert {"SAMPLE HANAKO", "NGUYEN VAN ANH"} <= set(re.findall(r"[A-Z]+(?: [A-Z]+)+", page))
    assert "別人の情報である可能性があります" in page
    assert (entry.actor, entry.subject, entry.purpose) == ("sato", "discrepancy N2", "residence")


def test_the_letters_that_differ_are_marked_and_no_others(client, told, handler):
    Outcome.objects.filter(pk="N2").update(differences="name:different;birth_date:one_digit")
    ReceivedNotification.objects.filter(pk="N2").update(name="NGUYEN VAN ANQ")
    page = client.get(state_purpose(client, client.get(FINDING)).url).content.decode()

    assert "NGUYEN VAN AN<mark>Q</mark>" in page
    assert "NGUYEN VAN AN<mark>H</mark>" in page
    assert "<mark>ベトナム" not in page


def test_no_purpose_is_chosen_beforehand_and_none_is_no_answer(client, told, handler):
    asked = client.get(client.get(FINDING).url)
    answer = client.post(reverse("purpose"), {"subject": "discrepancy N2", "next": FINDING})

    assert "checked" not in asked.content.decode()
    assert answer.status_code == 400
    assert client.get(FINDING).status_code == 302


@pytest.mark.parametrize("onward", ["https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_the_purpose_leads_nowhere_else(client, told, handler, onward):
    given = {"subject": "discrepancy N2", "next": onward, "purpose": "residence"}

    assert client.post(reverse("purpose"), given).url == reverse("today")


def test_no_purpose_is_asked_for_what_is_not_there(client, told, handler):
    answer = client.get("/findings/discrepancy/N99/")

    assert client.get(answer.url).status_code == 404


def test_a_request_is_decided_once(client, told, handler):
    state_purpose(client, client.get(REQUEST))
    nothing = client.post(REQUEST, {})
    wrong = client.post(REQUEST, {"decision": "accepted:record_is_right"})
    right = client.post(REQUEST, {"decision": "rejected:record_is_right"})
    again = client.post(REQUEST, {"decision": "accepted:corrected"})
    kept = ReceivedRequest.objects.get()

    assert (nothing.status_code, wrong.status_code, right.status_code, again.status_code) == (
        422,
        422,
        302,
        422,
    )
    assert (kept.state, kept.decision_reason, kept.decided_by) == ("rejected", "record_is_right", handler)
    assert "在留管理情報に誤りはない" in client.get(REQUEST).content.decode()


def test_hostile_words_of_a_request_stay_words(client, told, handler):
    ReceivedRequest.objects.update(reason="<script>alert(1)</script>")
    state_purpose(client, client.get(REQUEST))
    page = client.get(REQUEST).content.decode()

    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("sought", "onward"), [("N2", FINDING), (" N2 ", FINDING), ("N99", None), ("AB00000001CD", None)]
)
def test_only_what_is_an_identifier_goes_on_into_an_address(client, told, handler, sought, onward):
    answer = client.get("/findings/", {"kind": "discrepancy", "identifier": sought})

    assert getattr(answer, "url", None) == onward
    assert onward or "その識別番号の突合結果はありません" in answer.content.decode()


def test_what_is_held_names_the_row_to_mend_and_no_number(client, told, handler, tmp_path):
    faulty = card_of(3, person_id="P" * 33)
    imports.import_file(write(tmp_path / "thursday.csv", "cards", faulty), "cards", "delta", now=NOW)
    write(tmp_path / "notifications.csv", "notifications", notification(4, card_number=card(3)))
    with transaction.atomic():
        annex1.import_annex1(2, tmp_path, now=NOW)
    run.match(DAY)
    page = client.get("/findings/held/").content.decode()
    empty = client.get("/findings/held/?after=N4").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = client.get("/findings/held/").content.decode()

    assert re.search(r"N4</a></th><td>在留カード thursday.csv 2行目</td>\s*<td>読み取れない: ", page)
    assert "該当はありません" in empty
    assert "N4</a>" not in empty
    assert "cards thursday.csv line 2</td>" in english
    for personal in (card(3), "NGUYEN", "P" * 33):
        assert personal not in page + english


def test_the_operator_reads_whether_the_row_or_only_the_value_was_left_out(client, told, handler, tmp_path):
    Assignment.objects.create(officer=handler, duty=Duty.OPERATE)
    rows = card_of(3, person_id=""), card_of(4, sex="x"), card_of(5)
    imports.import_file(write(tmp_path / "friday.csv", "cards", *rows), "cards", "delta", now=NOW)
    ReturnedRow.objects.create(
        service="annex2-3", sequence=7, dataset="discrepancies", line=2, identifier="N2",
        reasons="unreadable:latest_name", returned_in=1, returned_at=NOW,
    )  # fmt: skip
    page = client.get("/deliveries/rejects/").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = client.get("/deliveries/rejects/").content.decode()

    def said(text: str) -> list[str]:
        return re.findall(r"<td>((?:行全体|その値だけ|the whole|only the)[^<]*)</td>", text)

    assert said(page) == [
        "行全体(受け取っていない)",
        "行全体(受け取っていない)",
        "その値だけ(行は受け取った)",
    ]
    assert said(english) == [
        "the whole row (not taken)",
        "the whole row (not taken)",
        "only the value (the row was taken)",
    ]
    assert card(3) not in page
    assert card(4) not in page
