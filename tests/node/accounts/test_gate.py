"""Who may do and read what: every duty × act × office × purpose × party."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from renkei.node.accounts import purposes
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.accounts.permissions import NODE, Act, Subject, entitled, offices_of, permitted, require
from renkei.node.audit.models import Entry
from renkei.node.errors import NoSuchPurpose, NotPermitted

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 10, 12, tzinfo=timezone.get_default_timezone())
CASE = "R8-1124-0031"

# Written independently of the gate: who may, at which party, and whether it shows personal data.
P, H, A, M = Duty.OPERATE, Duty.HANDLE_CASES, Duty.AUDIT, Duty.ADMINISTER
MAY = {
    "SEE_STATUS": ({P, H, A, M}, {"isa", "mhlw"}, False),
    "RUN_DAY": ({P}, {"isa", "mhlw"}, False),
    "IMPORT_EXTRACTS": ({P}, {"isa", "mhlw"}, False),
    "SEE_DELIVERIES": ({P, A}, {"isa", "mhlw"}, False),
    "CARRY_MEDIA": ({P}, {"isa", "mhlw"}, False),
    "DECLARE_INCIDENT": ({P, A}, {"isa", "mhlw"}, False),
    "HOLD_AND_ERASE": ({M}, {"isa", "mhlw"}, False),
    "LIST_CASES": ({H}, {"isa", "mhlw"}, False),
    "HANDLE_CASE": ({H}, {"mhlw"}, False),
    "READ_CASE": ({H}, {"mhlw"}, True),
    "READ_FINDING": ({H}, {"isa"}, True),
    "DECIDE_CORRECTION": ({H}, {"isa"}, True),
    "DECIDE_CANDIDATE": ({H}, {"isa"}, True),
    "READ_TRAIL": ({A}, {"isa", "mhlw"}, False),
    "VERIFY_TRAIL": ({A, P}, {"isa", "mhlw"}, False),
    "ACCEPT_RESTORE": ({A}, {"isa", "mhlw"}, False),
    "MANAGE_ACCOUNTS": ({M}, {"isa", "mhlw"}, False),
}
ASSIGNED_IN = {"everywhere": "", "here": "1301", "elsewhere": "2703"}
LIES_IN = {"here": "1301", "nobody's": "", "no office": None}
STATED = ("nothing", "for this", "for another", "lapsed", "by another")


@pytest.fixture
def officer(db) -> Officer:
    return Officer.objects.create_user("tanaka")


@pytest.fixture
def other(db) -> Officer:
    return Officer.objects.create_user("sato")


def reaches(assigned: str, lies: str) -> bool:
    """Whether a duty in one office covers a subject in another."""
    return assigned == "everywhere" or lies == "no office" or (assigned, lies) == ("here", "here")


def test_the_gate_knows_no_other_acts():
    assert {act.name for act in Act} == set(MAY)


@pytest.mark.parametrize("stated", STATED)
@pytest.mark.parametrize("duty", Duty)
def test_every_duty_act_office_and_purpose(node, party, officer, other, duty, stated):
    if stated != "nothing":
        purposes.declare(
            other if stated == "by another" else officer,
            "labour_market",
            ["R8-1124-0032" if stated == "for another" else CASE],
            now=NOW - timedelta(minutes=30 if stated == "lapsed" else 29),
        )
    wrong = []
    for (assigned, office), act, (lies, subject_office) in product(ASSIGNED_IN.items(), Act, LIES_IN.items()):
        officer.assignments.all().delete()
        Assignment.objects.create(officer=officer, duty=duty, office=office)
        duties, parties, personal = MAY[act.name]
        wanted = (
            duty in duties
            and party in parties
            and reaches(assigned, lies)
            and (not personal or stated == "for this")
        )
        if permitted(officer, act, Subject(CASE, subject_office), now=NOW) != wanted:
            wrong.append((act.name, assigned, lies))

    assert wrong == []


@pytest.mark.parametrize("act", Act)
def test_who_is_nobody_disabled_or_without_duty_may_nothing(node, officer, act):
    everyone = Officer.objects.create_user("suzuki", is_active=False)
    for duty in Duty:
        Assignment.objects.create(officer=everyone, duty=duty)

    assert not any(permitted(who, act, now=NOW) for who in (None, AnonymousUser(), officer, everyone))


def test_a_superuser_of_django_is_no_exception(node):
    root = Officer.objects.create_superuser("root")

    assert not permitted(root, Act.SEE_STATUS, now=NOW)


def test_whoever_may_not_is_told_what_to_do_in_both_languages(node, officer):
    with pytest.raises(NotPermitted) as refused:
        require(officer, Act.RUN_DAY, now=NOW)

    assert "ask" in refused.value.en
    assert "確かめてください" in refused.value.ja


def test_a_purpose_is_worth_asking_for_only_where_duty_and_office_are_right(node, party, officer):
    act = Act.READ_CASE if party == "mhlw" else Act.READ_FINDING
    before = entitled(officer, act, Subject(CASE, "1301"))
    Assignment.objects.create(officer=officer, duty=Duty.HANDLE_CASES, office="1301")

    assert not before
    assert entitled(officer, act, Subject(CASE, "1301"))
    assert not entitled(officer, act, Subject(CASE, "2703"))
    assert not permitted(officer, act, Subject(CASE, "1301"), now=NOW)


def test_offices_of_several_duties_add_up_for_one_act(node, officer):
    for duty, office in ((P, "1301"), (A, "2703"), (H, "4001")):
        Assignment.objects.create(officer=officer, duty=duty, office=office)

    assert offices_of(officer, Act.SEE_DELIVERIES) == {"1301", "2703"}
    assert offices_of(officer, Act.MANAGE_ACCOUNTS) == frozenset()
    assert permitted(officer, Act.SEE_DELIVERIES, NODE, now=NOW)


def test_a_purpose_is_stated_for_each_case_and_recorded_with_it(node, officer):
    purposes.declare(officer, "residence", [CASE, "R8-1124-0032", CASE], now=NOW)
    written = Entry.objects.filter(verb="PURPOSE_DECLARED").values_list("actor", "subject", "purpose")

    assert list(written) == [("tanaka", CASE, "residence"), ("tanaka", "R8-1124-0032", "residence")]


@pytest.mark.parametrize(
    ("minutes", "counts"), [(-1, False), (0, True), (29, True), (30, False), (31, False)]
)
def test_a_purpose_lapses_after_half_an_hour(node, officer, minutes, counts):
    purposes.declare(officer, "residence", [CASE], now=NOW)

    found = purposes.in_force(officer, CASE, now=NOW + timedelta(minutes=minutes))

    assert (found is not None) is counts


@pytest.mark.parametrize(
    ("purpose", "subjects"), [("curiosity", [CASE]), ("", [CASE]), ("residence", []), ("residence", [""])]
)
def test_a_purpose_that_clause_7_does_not_give_or_for_nothing_is_refused(node, officer, purpose, subjects):
    with pytest.raises(NoSuchPurpose):
        purposes.declare(officer, purpose, subjects, now=NOW)

    assert Entry.objects.count() == 0


def test_the_purposes_of_ones_own_tasks_are_offered_first(node, party):
    first = {"isa": "residence", "mhlw": "labour_market"}[party]

    assert purposes.offered()[0].code == first
    assert len(purposes.offered()) == 2
