"""C-01 to C-07 and P-01: what an officer sees of cases and does with them, and what is refused."""

from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from node.cases.made_up import Answering, a_discrepancy
from node.console.cases_shown import HOSTILE, asks_for_a_purpose, cases_of_a_place, number_of, stated
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Declaration, Officer
from renkei.node.audit.models import Entry
from renkei.node.cases import services
from renkei.node.cases.models import Attachment, Case
from renkei.node.console import access
from renkei.node.corrections.models import CorrectionRequest

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def officer(db) -> Officer:
    officer = Officer.objects.create_user("tanaka", display_name="試験 一郎")
    Assignment.objects.create(officer=officer, duty=Duty.HANDLE_CASES, office="")
    return officer


@pytest.fixture
def cases(db, node, tmp_path) -> None:
    cases_of_a_place(tmp_path / "answers")


@pytest.fixture
def entered(client: Client, officer: Officer, cases) -> Client:
    client.force_login(officer)
    return client


def discrepancy(identifier: str = "N1") -> str:
    return f"/discrepancies/{number_of(identifier)}/"


def opened(client: Client, officer: Officer, identifier: str = "N1") -> str:
    stated(officer, [number_of(identifier)])
    kind = "omissions" if identifier.startswith("L") else "discrepancies"
    answer = client.get(f"/{kind}/{number_of(identifier)}/")
    assert answer.status_code == 200
    return answer.content.decode()


# --- the purpose


def test_a_case_is_not_opened_before_a_purpose_is_stated(entered):
    assert asks_for_a_purpose(entered, discrepancy())
    assert not Entry.objects.filter(verb="CASE_READ").exists()


def test_no_purpose_is_chosen_beforehand(entered):
    page = entered.get(f"/purpose/?subject={number_of('N1')}&next=/").content.decode()

    assert page.count('type="radio"') == 2
    assert "checked" not in page


def test_stating_the_purpose_opens_the_case_and_is_recorded(entered):
    words = {"subject": number_of("N1"), "next": discrepancy(), "purpose": "labour_market"}
    answer = entered.post("/purpose/", words, follow=True)
    read = Entry.objects.get(verb="CASE_READ")

    assert answer.redirect_chain == [(discrepancy(), 302)]
    assert (read.subject, read.purpose) == (number_of("N1"), "labour_market")


def test_one_purpose_is_stated_for_several_cases_each_by_number(entered):
    numbers = [number_of("N1"), number_of("N2")]
    entered.post("/purpose/", {"subject": numbers, "next": "/", "purpose": "residence"})

    assert sorted(Declaration.objects.values_list("subject", flat=True)) == sorted(numbers)


@pytest.mark.parametrize("purpose", ["", "curiosity"])
def test_a_purpose_that_clause_7_does_not_give_opens_nothing(entered, purpose):
    answer = entered.post("/purpose/", {"subject": number_of("N1"), "next": "/", "purpose": purpose})

    assert answer.status_code == 400
    assert not Declaration.objects.exists()


@pytest.mark.parametrize("subject", ["架空 花子", "R8-0101-9999", ""])
def test_a_purpose_is_stated_for_what_is_there_alone(entered, subject):
    answer = entered.post("/purpose/", {"subject": subject, "next": "/", "purpose": "residence"})

    assert answer.status_code == 404
    assert not Entry.objects.filter(verb="PURPOSE_DECLARED").exists()


@pytest.mark.parametrize(
    "onwards", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_the_way_on_stays_within_the_console(entered, onwards):
    words = {"subject": number_of("N1"), "next": onwards, "purpose": "residence"}

    assert entered.post("/purpose/", words)["Location"] == "/"


def test_another_offices_case_is_not_there(entered, officer):
    Assignment.objects.filter(officer=officer).update(office="2703")
    Case.objects.update(office="1301")

    assert entered.get(discrepancy()).status_code == 404
    assert entered.get(f"/purpose/?subject={number_of('N1')}").status_code == 404


# --- a mismatch


def test_three_values_stand_side_by_side_with_what_differs_marked(entered, officer):
    page = opened(entered, officer)

    assert "NGUYEN VAN AN<mark>H</mark>" in page
    assert page.count("<strong>相違</strong>") == 1
    assert "同左" in page
    assert "届出の労働者とは別人" in page


def test_items_stand_in_the_order_of_the_annex(entered, officer):
    page = opened(entered, officer)
    places = [page.index(f'<th scope="row" role="rowheader">{number} ') for number in "①②③④⑤⑥⑦⑧⑨"]

    assert places == sorted(places)


def test_an_item_that_is_not_disclosed_says_so(entered, officer, node, settings):
    (node.directory / "policy.toml").write_text('disclosed_items = ["name"]\n')
    before = opened(entered, officer)
    settings.NODE = replace(node, policy="policy.toml")

    assert "公表資料では非開示" not in before
    assert "公表資料では非開示" in opened(entered, officer)


def test_where_only_undisclosed_items_differ_the_page_says_so_and_names_none(
    entered, officer, node, settings, tmp_path
):
    (node.directory / "policy.toml").write_text('disclosed_items = ["name", "sex"]\n')
    settings.NODE = replace(node, policy="policy.toml")
    unnamed = dict.fromkeys(("mismatched_items", "differences", "linked_name"))
    Answering(tmp_path / "next")(a_discrepancy(9, **unnamed))
    page = opened(entered, officer, "N9")
    listed = entered.get("/discrepancies/?item=mismatched").content.decode()

    assert "相違するのは、別紙2で開示しない項目だけです。" in page
    assert "<strong>相違</strong>" not in page
    # Of what is compared and not disclosed nothing is known here, least of all that it agrees.
    assert "相違なし" not in page.partition("④")[2].partition("⑤")[0]
    assert number_of("N9") in listed
    assert number_of("N1") not in listed


def test_the_latest_record_of_someone_else_perhaps_is_shown_only_once_that_is_acknowledged(entered, officer):
    before = opened(entered, officer, "N2")
    entered.post(f"/cases/{number_of('N2')}/acts/acknowledge/")
    after = opened(entered, officer, "N2")

    assert "TRAN THI CHAU" not in before
    assert "別人の情報である可能性があります" in before
    assert "TRAN THI CHAU" in after
    assert Entry.objects.get(verb="CAUTION_ACKNOWLEDGED").subject == number_of("N2")


def test_a_colleague_acknowledges_anew(entered, officer, client):
    opened(entered, officer, "N2")
    entered.post(f"/cases/{number_of('N2')}/acts/acknowledge/")
    colleague = Officer.objects.create_user("sato")
    Assignment.objects.create(officer=colleague, duty=Duty.HANDLE_CASES, office="")
    client.force_login(colleague)

    assert "TRAN THI CHAU" not in opened(client, colleague, "N2")


def test_a_number_that_was_not_found_shows_no_comparison(entered, officer):
    page = opened(entered, officer, "N3")

    assert "登録簿" in page
    assert 'class="comparison"' not in page


def test_a_suspected_omission_is_reasoned_and_called_no_finding(entered, officer):
    page = opened(entered, officer, "L4")

    assert "「届出義務を履行していない疑い」であり、違反の認定ではありません。" in page
    assert "3(1)イ(ア)" in page
    assert page.count("<h2>本人(別紙3") == page.count("<h2>所属機関(") == page.count("<h2>派遣先(") == 1


# --- moves


def moved(client: Client, identifier: str, name: str, **words: object) -> "object":
    return client.post(f"/cases/{number_of(identifier)}/moves/{name}/", {"step": "confirm", **words})


def test_a_case_is_begun_with_one_step(entered, officer):
    answer = moved(entered, "N1", "take", version="1")
    case = Case.objects.get(identifier="N1")

    assert answer.status_code == 302
    assert (case.state, case.assigned_to) == ("checking", officer)


def test_closing_is_shown_once_more_before_it_is_done(entered):
    moved(entered, "N1", "take")
    words = {"reason": "在留カードの写しで確認", "outcome": "employer_corrected", "step": "check"}
    shown = moved(entered, "N1", "close", **words)
    between = Case.objects.get(identifier="N1").state
    moved(entered, "N1", "close", **(words | {"step": "confirm"}))

    assert "この内容で確定する" in shown.content.decode()
    assert between == "checking"
    assert Case.objects.get(identifier="N1").outcome == "employer_corrected"


def test_a_correction_request_names_items(entered):
    moved(entered, "N1", "take")
    moved(entered, "N1", "request_correction", reason="旅券の写しと異なる", items=["name", "birth_date"])

    assert CorrectionRequest.objects.get().items == "name;birth_date"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("close", {"reason": "確認", "step": "check"}),
        ("close", {"reason": "", "outcome": "other", "step": "check"}),
        ("close", {"reason": "確認", "outcome": "agrees_now"}),
        ("refer", {"reason": "長" * 301}),
        ("request_correction", {"reason": "異なる"}),
    ],
)
def test_what_a_move_needs_is_asked_for_and_nothing_typed_is_lost(entered, name, words):
    moved(entered, "N1", "take")
    answer = moved(entered, "N1", name, **words)

    assert answer.status_code == 400
    assert words["reason"] in answer.content.decode()
    assert Case.objects.get(identifier="N1").state == "checking"


def test_only_moves_of_the_table_are_offered(entered, officer):
    page = opened(entered, officer)

    assert "/moves/take/" in page
    assert "/moves/ask_employer/" in page
    assert not any(f"/moves/{name}/" in page for name in ("close", "refer", "reopen", "withdraw", "resume"))


@pytest.mark.parametrize("name", ["withdraw", "report_again", "nonsense"])
def test_what_happens_by_itself_is_no_page(entered, name):
    assert entered.get(f"/cases/{number_of('N1')}/moves/{name}/").status_code == 404


def test_the_second_of_two_officers_is_told_who_was_faster_and_overwrites_nothing(entered):
    colleague = Officer.objects.create_user("sato", display_name="佐藤 次郎")
    Assignment.objects.create(officer=colleague, duty=Duty.HANDLE_CASES, office="")
    other = Client()
    other.force_login(colleague)
    version = str(Case.objects.get(identifier="N1").version)
    other.post(f"/cases/{number_of('N1')}/moves/take/", {"step": "confirm", "version": version})
    typed = {"version": version, "reason": "書きかけの理由"}
    answer = moved(entered, "N1", "ask_employer", **typed)
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "佐藤 次郎により更新されました" in page
    assert "書きかけの理由" in page
    assert Case.objects.get(identifier="N1").state == "checking"
    assert Case.objects.get(identifier="N1").assigned_to == colleague


# --- notes and documents


def test_a_note_stands_in_the_history(entered, officer):
    entered.post(f"/cases/{number_of('N1')}/acts/note/", {"text": "電話で確認した"})

    assert "電話で確認した" in opened(entered, officer)


def test_a_document_is_kept_and_handed_out_for_the_purpose(entered, officer):
    number = number_of("N1")
    given = SimpleUploadedFile("架空 花子.pdf", b"%PDF-1.7 made up")
    entered.post(f"/cases/{number}/acts/document/", {"document": given})
    address = f"/cases/{number}/documents/{Attachment.objects.get().pk}/"
    asked = asks_for_a_purpose(entered, address)
    stated(officer, [number])
    answer = entered.get(address)

    assert asked
    assert answer.content == b"%PDF-1.7 made up"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "架空" not in answer["Content-Disposition"]


@pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"PK\x03\x04", b""])
def test_a_document_of_another_kind_is_refused(entered, content):
    given = SimpleUploadedFile("x.pdf", content, content_type="application/pdf")
    answer = entered.post(f"/cases/{number_of('N1')}/acts/document/", {"document": given})

    assert answer.status_code == 400
    assert not Attachment.objects.exists()


def test_a_document_beyond_the_limit_is_refused(entered, monkeypatch):
    monkeypatch.setattr("renkei.node.cases.services.LARGEST", 1000)
    given = SimpleUploadedFile("x.pdf", b"%PDF-" + b"x" * 1000)
    answer = entered.post(f"/cases/{number_of('N1')}/acts/document/", {"document": given})

    assert answer.status_code == 400
    assert not Attachment.objects.exists()


def test_a_case_is_placed_with_another_office(entered):
    entered.post(f"/cases/{number_of('N1')}/acts/place/", {"office": "2703", "version": "1"})

    assert Case.objects.get(identifier="N1").office == "2703"


# --- the session's end


def test_what_was_typed_when_the_session_ended_comes_back_after_entering(client, officer, cases, monkeypatch):
    address = f"/cases/{number_of('N1')}/acts/note/"
    turned_away = client.post(address, {"text": "一時間かけて書いた記録"})
    kept = turned_away.context["kept"]
    officer.set_password("long enough a word")
    officer.save()
    monkeypatch.setattr("renkei.node.console.access.match_token", lambda user, code: _device(user))
    words = {"username": "tanaka", "password": "long enough a word", "code": "123456"}
    answer = client.post("/enter/", {**words, "next": address, "kept": kept}, follow=True)

    assert turned_away.status_code == 401
    assert answer.redirect_chain == [(address, 302)]
    assert "一時間かけて書いた記録" in answer.content.decode()
    assert not services.Event.objects.filter(what="note").exists()


def _device(user: Officer):
    from django_otp.plugins.otp_totp.models import TOTPDevice

    return TOTPDevice.objects.create(user=user, confirmed=True)


@pytest.mark.parametrize(("sent_from", "kept"), [("same-origin", True), ("cross-site", False), ("", False)])
def test_what_was_typed_before_entering_anew_in_another_window_comes_back(entered, officer, sent_from, kept):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(officer)
    address = f"/cases/{number_of('N1')}/acts/note/"
    words = {"text": "一時間かけて書いた記録"}
    refused = strict.post(address, words, headers={"Sec-Fetch-Site": sent_from})
    again = strict.get(address).content.decode()

    assert refused.status_code == 403
    assert ("入力した内容は残っています" in refused.content.decode()) is kept
    assert (words["text"] in again) is kept
    assert not services.Event.objects.filter(what="note").exists()


def test_kept_fields_that_were_changed_are_dropped(client, officer, cases):
    address = f"/cases/{number_of('N1')}/acts/note/"
    kept = client.post(address, {"text": "一時間かけて書いた記録"}).context["kept"]
    client.force_login(officer)
    request = RequestFactory().get(address)
    request.session = client.session
    access.recover_form(request, kept.replace("A", "B"))

    assert not access.recovered_fields(request)


# --- hostile fields


def test_nothing_that_somebody_typed_becomes_markup(client, officer, node, tmp_path):
    cases_of_a_place(tmp_path / "hostile", HOSTILE)
    Officer.objects.update(display_name=HOSTILE)
    client.force_login(officer)
    client.post(f"/cases/{number_of('N1')}/acts/note/", {"text": HOSTILE})
    client.post(f"/cases/{number_of('N1')}/acts/note/", {"text": "x" * 4001 + HOSTILE})
    pages = [opened(client, officer, each) for each in ("N1", "N2", "N3", "L4")]
    pages += [client.get(path).content.decode() for path in ("/discrepancies/", "/omissions/")]
    pages.append(client.get("/establishments/13010000011/").content.decode())

    assert all("&lt;script&gt;" in page or "alert(1)" not in page for page in pages)
    assert not any("<script>alert" in page or "<img src=x" in page for page in pages)
