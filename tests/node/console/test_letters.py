"""L-01 and L-02: letters name what is to be checked and hold nothing of the residence record."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from lxml import etree

from exchange.outside import text_of_pdf
from node.cases.made_up import DISCREPANCIES, Answering, a_discrepancy, an_omission
from node.console.cases_shown import PLACE, cases_of_a_place, number_of, stated
from renkei.agreement.datasets import PERSONS, SUSPECTED_OMISSIONS
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.cases import letters
from renkei.node.cases.models import Case, LetterTemplate
from renkei.node.records.models import Establishment, Notification

pytestmark = pytest.mark.django_db

MARK = "ZAIRYUJOHO"
#: A day that stays ahead, whenever the tests run.
REPLY_BY = {"reply_by": "2099-12-15"}


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def officer(db) -> Officer:
    officer = Officer.objects.create_user("tanaka", display_name="試験 一郎")
    Assignment.objects.create(officer=officer, duty=Duty.HANDLE_CASES, office="1301")
    return officer


@pytest.fixture
def entered(client: Client, officer, node, tmp_path) -> Client:
    cases_of_a_place(tmp_path / "answers")
    client.force_login(officer)
    return client


def made(client: Client, officer: Officer, *identifiers: str, **words: str):
    numbers = [number_of(each) for each in identifiers]
    stated(officer, numbers)
    return client.post(
        "/letters/", {"number": numbers, "name": "inquiry", "format": "docx", **REPLY_BY, **words}
    )


def words_of(docx: bytes) -> str:
    document = Document(io.BytesIO(docx))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_one_letter_is_for_several_cases_of_an_employer(entered, officer):
    text = words_of(made(entered, officer, "N1", "N2", "N3", "L4").content)

    assert all(number_of(each) in text for each in ("N1", "N2", "N3", "L4"))
    assert "架空商事株式会社　御中" in text
    assert "氏名、生年月日" in text
    assert "在留カード番号" in text
    assert "外国人雇用状況の届出の有無" in text
    assert "令和81年12月15日" in text
    assert "試験 一郎" in text


def test_where_no_item_is_named_the_whole_notification_is_to_be_checked(entered, officer, tmp_path):
    unnamed = dict.fromkeys(("mismatched_items", "differences", "linked_name"))
    isa = Answering(tmp_path / "next")
    isa.sequence = 1
    isa(a_discrepancy(1, **unnamed))
    (table,) = Document(io.BytesIO(made(entered, officer, "N1").content)).tables

    assert [row.cells[-1].text for row in table.rows] == ["確認をお願いする項目", "届出の内容"]


def test_a_letter_has_the_form_of_an_official_one(entered, officer):
    document = Document(io.BytesIO(made(entered, officer, "N1").content))
    lines = [each for each in document.paragraphs if each.text]
    centred = [each.text for each in lines if each.alignment == WD_ALIGN_PARAGRAPH.CENTER]
    right = [each.text for each in lines if each.alignment == WD_ALIGN_PARAGRAPH.RIGHT]

    assert centred == ["外国人雇用状況の届出の内容について（照会）", "記"]
    assert right[1:] == ["公共職業安定所（所番号1301）", "以上"]
    assert "〒100-0001 東京都千代田区架空1-1" in [each.text for each in lines]
    assert document.core_properties.title == centred[0]


def test_the_columns_of_the_list_are_as_wide_as_what_stands_in_them(entered, officer):
    (table,) = Document(io.BytesIO(made(entered, officer, "N1", "N2").content)).tables
    widths = [round(cell.width.mm, 1) for cell in table.rows[1].cells]

    assert widths == [round(column.width.mm, 1) for column in table.columns]
    assert widths == [28.8, 28.8, 31.2, 31.2, 40.0]
    assert b"tblHeader" in etree.tostring(table.rows[0]._tr)


def test_a_letter_needs_a_purpose_for_each_case_and_asks_once_for_all(entered):
    numbers = [number_of("N1"), number_of("N2")]
    answer = entered.get("/letters/", {"number": numbers})

    assert answer.status_code == 302
    assert all(f"subject={number}" in answer["Location"] for number in numbers)


def test_a_letter_is_recorded_with_each_case(entered, officer):
    made(entered, officer, "N1", "N2")

    assert Entry.objects.filter(verb="LETTER_MADE", purpose="labour_market").count() == 2
    assert all(
        Case.objects.get(identifier=each).events.filter(what="letter").exists() for each in ("N1", "N2")
    )


def marked_row(dataset_names, keep: dict[str, str]) -> dict[str, str]:
    return {name: keep.get(name, f"{MARK}{place}") for place, name in enumerate(dataset_names)}


@pytest.fixture
def marked(client, officer, node, tmp_path) -> Client:
    """Cases of which every residence value is marked, all that is the ministry's own being other words."""
    items = [f"{side}_{name}" for side in ("linked", "latest") for name in PERSONS.names]
    known = a_discrepancy(1)
    values = {name: f"{MARK}{place}" for place, name in enumerate(items)}
    discrepant = {**known, **{name: value for name, value in values.items() if name in DISCREPANCIES}}
    discrepant |= {"card_number": f"{MARK}card", "mismatched_items": "name;birth_date"}
    keep = {"permission_id": "L4", "ground": "coe", "reason": "no_notification", "landed_on": "2001-02-03"}
    keep |= {"notification_id": "", "explanation": ""}
    omitted = {**an_omission(4), **marked_row(SUSPECTED_OMISSIONS.names, keep)}
    Establishment.objects.create(
        establishment_number=PLACE, corporate_number="1234567890123", hello_work_office="1301"
    )
    Notification.objects.create(notification_id="N1", establishment_number=PLACE)
    Answering(tmp_path / "marked")(discrepant, {**omitted, "organisation_corporate_number": "1234567890123"})
    client.force_login(officer)
    return client


@pytest.mark.parametrize("name", letters.NAMES)
@pytest.mark.parametrize("wording", ["", "《事案一覧》\n《日付》《宛先》《差出人》《回答期限》《担当》"])
def test_no_letter_discloses_a_residence_value(marked, officer, name, wording):
    if wording:
        LetterTemplate.objects.create(office="1301", name=name, text=wording)
    stored = Case.objects.values_list("row", flat=True)
    content = made(marked, officer, "N1", "L4", name=name).content
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        everything = "".join(parts.read(part).decode("utf-8", "replace") for part in parts.namelist())

    assert all(row.count(MARK) > 5 for row in stored)
    assert MARK not in everything
    assert "平成13年" not in words_of(content)


def test_a_pdf_says_the_same(entered, officer):
    answer = made(entered, officer, "N1", "N2", format="pdf")
    text = "".join(text_of_pdf(answer.content).split())

    for line in words_of(made(entered, officer, "N1", "N2").content).splitlines():
        assert "".join(line.split()) in text
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Disposition"] == f'attachment; filename="{number_of("N1")}-inquiry.pdf"'


@pytest.mark.parametrize(
    "words",
    [
        {"name": ""},
        {"name": "nonsense"},
        {"format": "exe"},
        {"reply_by": "soon"},
        {"reply_by": ""},
        {"reply_by": "2026-11-23"},
    ],
)
def test_what_a_letter_needs_is_asked_for(entered, officer, words):
    assert made(entered, officer, "N1", **words).status_code == 400
    assert not Entry.objects.filter(verb="LETTER_MADE").exists()


def test_a_letter_is_for_one_employer(entered, officer):
    Case.objects.filter(identifier="N2").update(establishment_number="13010000022")

    assert made(entered, officer, "N1", "N2").status_code == 400


def test_another_offices_case_is_in_no_letter(entered, officer):
    Case.objects.filter(identifier="N2").update(office="2703")

    assert made(entered, officer, "N1", "N2").status_code == 404


# --- the wording


def reworded(client: Client, text: str, version: str = "0", office: str = "1301"):
    words = {"text": text, "version": version, "office": office}
    return client.post("/letters/templates/inquiry/", words)


def test_an_office_changes_the_wording(entered, officer):
    reworded(entered, "# 当所からのお尋ね\n《事案一覧》\n")
    text = words_of(made(entered, officer, "N1").content)

    assert text.startswith("当所からのお尋ね")
    assert Entry.objects.get(verb="TEMPLATE_CHANGED").subject == "inquiry 1301"


@pytest.mark.parametrize("text", ["", "一覧なし", "《事案一覧》\n《氏名》", "x" * 4001 + "\n《事案一覧》"])
def test_a_wording_without_the_list_or_with_other_blanks_is_refused(entered, text):
    answer = reworded(entered, text)

    assert answer.status_code == 400
    assert not LetterTemplate.objects.exists()


def test_the_second_of_two_who_change_a_wording_is_told(entered):
    reworded(entered, "《事案一覧》\n先の文")
    late = reworded(entered, "《事案一覧》\n後の文")
    now = reworded(entered, "《事案一覧》\n後の文", version="1")

    assert late.status_code == 400
    assert "後の文" in late.content.decode()
    assert now.status_code == 302


def test_nobody_changes_another_offices_wording(entered):
    assert reworded(entered, "《事案一覧》", office="2703").status_code == 404
    assert not LetterTemplate.objects.exists()


def test_the_wording_of_all_offices_holds_where_there_is_no_own(db):
    LetterTemplate.objects.create(office="", name="inquiry", text="《事案一覧》\n全国")

    assert letters.wording("inquiry", "1301").text.endswith("全国")
    assert letters.wording("correction", "1301").text == letters.supplied("correction")


def test_what_is_to_be_replied_by_is_in_the_future(entered, officer):
    stated(officer, [number_of("N1")])
    offered = entered.get("/letters/", {"number": number_of("N1")}).context["form"]["reply_by"].value()

    assert offered > (timezone.localdate() + timedelta(days=13)).isoformat()
