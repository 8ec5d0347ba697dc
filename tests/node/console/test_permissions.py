"""Every address × every duty × either agency, written out by hand, so that the pages' table cannot lie."""

from datetime import date
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from node.console.cases_shown import PLACE, cases_of_a_place
from node.console.conftest import SERVICE
from renkei.node.accounts import purposes
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.cases.models import Case
from renkei.node.console.pages import PAGES
from renkei.node.console.urls import urlpatterns
from renkei.node.incidents.models import Incident

pytestmark = pytest.mark.django_db(transaction=True)

#: o: operate, c: handle_cases, a: audit, m: administer; at ISA and at MHLW. A dash: no page of that agency.
MATRIX = {
    "today": ("ocam", "ocam"),
    "today_strip": ("ocam", "ocam"),
    "trends": ("ocam", "ocam"),
    "days": ("om", "om"),
    "day": ("om", "om"),
    "discrepancies": ("-", "c"),
    "discrepancy": ("-", "c"),
    "omissions": ("-", "c"),
    "omission": ("-", "c"),
    "case_move": ("-", "c"),
    "case_act": ("-", "c"),
    "case_document": ("-", "c"),
    "case_search": ("-", "c"),
    "case_assign": ("-", "c"),
    "case_export": ("-", "c"),
    "saved_lists": ("-", "c"),
    "card_search": ("-", "c"),
    "establishment": ("-", "c"),
    "letter": ("-", "c"),
    "letter_template": ("-", "c"),
    "findings": ("c", "-"),
    "finding": ("c", "-"),
    "shared_numbers": ("c", "-"),
    "sharing": ("c", "-"),
    "identity_conflicts": ("c", "-"),
    "held": ("c", "-"),
    "corrections": ("c", "-"),
    "correction": ("c", "-"),
    "candidates": ("c", "-"),
    "candidate": ("c", "-"),
    "deliveries": ("oa", "oa"),
    "delivery": ("oa", "oa"),
    "rejects": ("oa", "oa"),
    "incidents": ("oa", "oa"),
    "incident_new": ("oa", "oa"),
    "incident": ("oa", "oa"),
    "incident_act": ("oa", "oa"),
    "trail": ("a", "a"),
    "restored_trail": ("a", "a"),
    "officers": ("m", "m"),
    "officer": ("m", "m"),
    "own_account": ("ocam", "ocam"),
    "keys": ("oam", "oam"),
    "purpose": ("c", "c"),
    "memorandum": ("ocam", "ocam"),
    "manual": ("ocam", "ocam"),
    "manual_task": ("ocam", "ocam"),
}
LETTERS = {"o": Duty.OPERATE, "c": Duty.HANDLE_CASES, "a": Duty.AUDIT, "m": Duty.ADMINISTER}
#: Opened for something that is chosen first: without it there is nothing, for those entrusted as well.
CHOSEN_FIRST = {"letter"}
#: Addresses that belong to nobody: entering, leaving, the language.
OPEN = {"enter", "leave", "set_language"}


def address(name: str, party: str) -> str:
    numbers = dict(Case.objects.values_list("kind", "number"))
    of_a_case = [numbers.get("discrepancy", "R8-1124-0001")]
    given = {
        "day": [date(2026, 4, 2)],
        "discrepancy": of_a_case,
        "omission": [numbers.get("suspected_omission", "R8-1124-0001")],
        "case_move": [*of_a_case, "take"],
        "case_act": [*of_a_case, "note"],
        "case_document": [*of_a_case, 1],
        "establishment": [PLACE],
        "letter_template": ["inquiry"],
        "finding": ["discrepancy", "N0000000001"],
        "sharing": ["N0000000001"],
        "correction": ["R8-1124-0001-1"],
        "candidate": ["N0000000003"],
        "delivery": ["out", SERVICE[party], 1],
        "incident": [Incident.objects.get().pk],
        "incident_act": [Incident.objects.get().pk, "add"],
        "officer": ["sato"],
        "manual_task": ["today"],
    }.get(name, [])
    subject = "discrepancy N0000000001" if party == "isa" else of_a_case[0]
    asked = "?" + urlencode({"subject": subject, "next": "/"}) if name == "purpose" else ""
    return reverse(name, args=given) + asked


def test_the_matrix_names_every_address_and_no_other():
    assert {pattern.name for pattern in urlpatterns} - OPEN == set(MATRIX) == set(PAGES)


@pytest.mark.parametrize("letter", [*LETTERS, ""])
def test_a_duty_opens_its_pages_and_no_others(client, shown, party, letter, tmp_path):
    if party == "mhlw":
        cases_of_a_place(tmp_path / "answers")
    visitor = Officer.objects.create_user("visitor")
    if letter:
        Assignment.objects.create(officer=visitor, duty=LETTERS[letter])
    client.force_login(visitor)
    found = {name: client.get(address(name, party)) for name in MATRIX}
    expected = {}
    for name, (isa, mhlw) in MATRIX.items():
        letters = isa if party == "isa" else mhlw
        refused = 404 if letters == "-" else 403
        opened = 404 if name in CHOSEN_FIRST else "open"
        expected[name] = opened if letter and letter in letters else refused

    assert {
        name: "open" if answer.status_code in (200, 302) else answer.status_code
        for name, answer in found.items()
    } == expected
    # What is opened by a purpose leads to the question first.
    for name in ("finding", "correction", "candidate", "discrepancy", "omission"):
        if expected[name] == "open":
            assert found[name].url.startswith(reverse("purpose"))


def test_whoever_has_not_entered_is_led_to_the_door(client, shown, party):
    for name in MATRIX:
        answer = client.get(address(name, party))

        assert answer.status_code == 302
        assert answer.url.startswith(reverse("enter"))


@pytest.mark.parametrize("party", ["isa"])
def test_a_purpose_opens_what_it_was_stated_for_alone(client, shown, party):
    visitor = Officer.objects.create_user("visitor")
    Assignment.objects.create(officer=visitor, duty=Duty.HANDLE_CASES)
    client.force_login(visitor)
    purposes.declare(visitor, "residence", ["discrepancy N0000000001"], now=timezone.now())

    assert client.get("/findings/discrepancy/N0000000001/").status_code == 200
    assert client.get("/findings/suspected_omission/S0000000001/").status_code == 302
