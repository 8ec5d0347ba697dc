"""C-01, C-03, C-08 to C-12 and E-01: lists without names, found by number, assigned, saved and exported."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from node.cases.made_up import Answering, a_discrepancy, withdrawn
from node.console.cases_shown import PLACE, cases_of_a_place, number_of
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Declaration, Officer
from renkei.node.audit.models import Entry
from renkei.node.cases import queries as cases_queries
from renkei.node.cases.models import Case, Event, SavedList

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
def entered(client: Client, officer, node, tmp_path) -> Client:
    cases_of_a_place(tmp_path / "answers")
    client.force_login(officer)
    return client


def listed(client: Client, query: str = "", path: str = "/discrepancies/") -> list[str]:
    return [case.identifier for case in client.get(f"{path}?{query}").context["listed"].cases]


def shown(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize("path", ["/discrepancies/", "/omissions/", f"/establishments/{PLACE}/"])
def test_no_list_holds_a_name_or_a_card_number(entered, path):
    page = shown(entered, path)

    assert not any(word in page for word in ("NGUYEN", "TRAN", "架空 次郎", "AB0000000"))
    assert number_of("N1") in page or number_of("L4") in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["N1", "N2", "N3"]),
        ("state=new", ["N1", "N2", "N3"]),
        ("state=checking", []),
        ("item=birth_date", ["N2"]),
        ("item=not_found", ["N3"]),
        ("office=13", ["N1", "N2", "N3"]),
        ("office=27", []),
        ("office=none", []),
        ("officer=nobody", ["N1", "N2", "N3"]),
        ("officer=me", []),
        ("caution=on", ["N2"]),
        ("due=overdue", []),
        ("due=today", []),
        ("age=30", []),
        ("closed=on", []),
        ("item=nonsense&state=nonsense&due=nonsense&office=x%27", ["N1", "N2", "N3"]),
    ],
)
def test_a_filter_narrows_and_nonsense_does_not(entered, query, found):
    assert listed(entered, query) == found


def test_old_and_overdue_cases_are_found(entered):
    long_ago = timezone.localdate() - timedelta(days=40)
    Case.objects.filter(identifier="N1").update(opened_on=long_ago, due_on=long_ago)

    assert listed(entered, "age=30") == ["N1"]
    assert listed(entered, "age=60") == []
    assert listed(entered, "due=overdue") == ["N1"]


def test_each_chip_takes_one_filter_away(entered):
    chips = entered.get("/discrepancies/?state=new&item=name&caution=on").context["chips"]

    assert [chip.without for chip in chips] == [
        "item=name&caution=on",
        "state=new&caution=on",
        "state=new&item=name",
    ]


def test_pages_go_on_by_key_and_keep_the_filters(client, officer, node, tmp_path):
    Answering(tmp_path / "many")(*(a_discrepancy(number) for number in range(1, 121)))
    client.force_login(officer)
    first = client.get("/discrepancies/?item=name").context["listed"]
    seen = {case.number for case in first.cases}
    second = client.get(f"/discrepancies/?item=name&after={first.next_key}").context["listed"]

    assert (len(first.cases), len(second.cases)) == (50, 50)
    assert not seen & {case.number for case in second.cases}
    assert f"item=name&amp;after={first.next_key}" in shown(client, "/discrepancies/?item=name")
    assert client.get("/discrepancies/?after=nonsense").status_code == 404


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/discrepancies/", 13),
        ("/omissions/", 13),
        (f"/establishments/{PLACE}/", 14),
        ("/cases/by-card-number/", 6),
    ],
)
def test_the_number_of_queries_is_fixed_however_long_the_list(
    entered, tmp_path, django_assert_num_queries, path, queries
):
    more = Answering(tmp_path / "more")
    more.sequence = 1
    more(*(a_discrepancy(number) for number in range(11, 41)))
    with django_assert_num_queries(queries):
        entered.get(path)


# --- finding


@pytest.mark.parametrize("identifier", ["N1", "L4"])
@pytest.mark.parametrize("by_number", [True, False])
def test_a_case_is_found_by_number_or_identifier(entered, identifier, by_number):
    number = number_of(identifier)
    answer = entered.post("/cases/search/", {"sought": number if by_number else identifier})

    assert answer["Location"].endswith(f"/{number}/")


@pytest.mark.parametrize(
    ("sought", "location"),
    [(PLACE, f"/establishments/{PLACE}/"), ("AB00000001CD", "/cases/by-card-number/")],
)
def test_an_establishment_is_found_and_a_card_number_asks_for_a_purpose(entered, sought, location):
    assert entered.post("/cases/search/", {"sought": sought})["Location"] == location


def test_what_is_not_there_and_what_is_anothers_are_the_same(entered, officer):
    number = number_of("N1")
    nowhere = entered.post("/cases/search/", {"sought": "R8-0101-0001"}).content.decode()
    Assignment.objects.filter(officer=officer).update(office="2703")
    elsewhere = entered.post("/cases/search/", {"sought": number}).content.decode()

    assert "該当はありません" in nowhere
    assert "該当はありません" in elsewhere


@pytest.mark.parametrize(("card_number", "identifier"), [("AB00000002CD", "N2"), ("AB00000004CD", "L4")])
def test_a_card_number_finds_cases_for_a_purpose_and_is_not_recorded(entered, card_number, identifier):
    words = {"card_number": card_number.lower(), "purpose": "residence"}
    answer = entered.post("/cases/by-card-number/", words)
    entry = Entry.objects.get(verb="CARD_NUMBER_SOUGHT")

    assert [case.identifier for case in answer.context["found"]] == [identifier]
    assert (entry.purpose, entry.facts) == ("residence", {"cases": [number_of(identifier)]})
    assert card_number not in answer.content.decode()


@pytest.mark.parametrize(
    "words", [{"card_number": "AB00000001CD"}, {"card_number": "1", "purpose": "residence"}]
)
def test_without_a_purpose_or_a_number_nothing_is_looked_for(entered, words):
    assert entered.post("/cases/by-card-number/", words).status_code == 400
    assert not Entry.objects.filter(verb="CARD_NUMBER_SOUGHT").exists()


def test_a_card_number_is_forgotten_with_the_finding(entered, tmp_path):
    again = Answering(tmp_path / "again")
    again.sequence = 1
    again(withdrawn(a_discrepancy(1)))

    assert Case.objects.get(identifier="N1").card_number == ""
    assert Case.objects.get(identifier="N2").card_number == "AB00000002CD"


def test_another_offices_cases_are_not_found_by_card_number(entered, officer):
    Assignment.objects.filter(officer=officer).update(office="2703")
    answer = entered.post("/cases/by-card-number/", {"card_number": "AB00000001CD", "purpose": "residence"})

    assert answer.context["found"] == []


# --- assigning


def test_many_are_assigned_after_they_were_shown_by_number(entered, officer):
    numbers = [number_of("N1"), number_of("N2")]
    shown = entered.post("/cases/assign/", {"number": numbers, "kind": "discrepancy", "query": "state=new"})
    before = Case.objects.filter(assigned_to=officer).count()
    words = {"number": numbers, "step": "confirm", "to": "tanaka", "query": "state=new"}
    done = entered.post("/cases/assign/", words)

    assert all(number in shown.content.decode() for number in numbers)
    assert before == 0
    assert Case.objects.filter(assigned_to=officer).count() == 2
    assert done["Location"] == "/discrepancies/?state=new"


@pytest.mark.parametrize("to", ["", "sato", "nonsense"])
def test_nobody_outside_the_duty_is_assigned(entered, to):
    Officer.objects.create_user("sato")
    words = {"number": [number_of("N1")], "step": "confirm", "to": to}

    assert entered.post("/cases/assign/", words).status_code == 400
    assert Case.objects.filter(assigned_to=None).count() == 4


# --- saved filters


def test_filters_are_saved_by_a_name_and_dropped_again(entered, officer):
    words = {"kind": "discrepancy", "query": "state=new&item=name&after=9&x=1", "name": "氏名だけ"}
    entered.post("/cases/lists/", words)
    kept = SavedList.objects.get()
    page = shown(entered, "/discrepancies/")
    entered.post("/cases/lists/", {"drop": str(kept.pk)})

    assert kept.query == "state=new&item=name"
    assert 'href="?state=new&amp;item=name">氏名だけ' in page
    assert not SavedList.objects.exists()


def test_saved_filters_are_ones_own(entered):
    other = Officer.objects.create_user("sato")
    kept = SavedList.objects.create(officer=other, kind="discrepancy", name="佐藤の条件", query="")
    entered.post("/cases/lists/", {"drop": str(kept.pk)})

    assert "佐藤の条件" not in shown(entered, "/discrepancies/")
    assert SavedList.objects.filter(pk=kept.pk).exists()


# --- exporting


def exported(client: Client, **words: str):
    return client.post("/cases/export/", {"kind": "discrepancy", "purpose": "labour_market", **words})


def test_a_list_is_exported_for_a_purpose_with_a_mark_and_recorded(entered):
    answer = exported(entered, query="item=birth_date")
    mark, head, *rows = answer.content.decode("utf-8-sig").splitlines()
    entry = Entry.objects.get(verb="CASES_EXPORTED")

    assert mark.startswith("# cases-")
    assert "tanaka" in mark
    assert "申合せ7" in mark
    assert head.startswith("事案番号,")
    assert [row.split(",")[0] for row in rows] == [number_of("N2")]
    assert (entry.purpose, entry.facts) == ("labour_market", {"rows": 1})
    assert Declaration.objects.get().subject == entry.subject


def test_an_export_holds_no_name_and_no_card_number(entered):
    content = exported(entered, query="").content.decode("utf-8-sig")

    assert not any(word in content for word in ("NGUYEN", "TRAN", "AB0000000"))


def test_without_a_purpose_nothing_is_exported(entered):
    assert exported(entered, purpose="").status_code == 400
    assert not Entry.objects.filter(verb="CASES_EXPORTED").exists()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "|", "%"])
def test_no_cell_of_an_export_is_a_formula(entered, start):
    Case.objects.filter(identifier="N1").update(establishment_number=f"{start}1+cmd")
    content = exported(entered, query="item=name&caution=").content.decode("utf-8-sig")

    assert f"'{start}1+cmd" in content


def test_a_list_that_is_too_long_is_not_exported(entered, monkeypatch):
    monkeypatch.setattr(cases_queries, "LONGEST", 2)

    assert exported(entered, query="").status_code == 400
    assert exported(entered, query="item=birth_date").status_code == 200


# --- the establishment


def test_an_establishment_shows_its_cases_of_both_kinds_and_what_was_done(entered, officer):
    case = Case.objects.get(identifier="N1")
    Event.objects.create(case=case, at=timezone.now(), officer=officer, what="ask_employer", note="電話 秘密")
    page = shown(entered, f"/establishments/{PLACE}/")

    assert all(number_of(each) in page for each in ("N1", "N2", "N3", "L4"))
    assert "事業主へ照会しました" in page
    assert "秘密" not in page
    assert "0300000000" in page


@pytest.mark.parametrize("number", ["99990000099", "x"])
def test_an_establishment_without_a_case_of_ones_own_is_not_there(entered, officer, number):
    Assignment.objects.filter(officer=officer).update(office="2703")

    assert entered.get(f"/establishments/{number}/").status_code == 404
    assert entered.get(f"/establishments/{PLACE}/").status_code == 404
