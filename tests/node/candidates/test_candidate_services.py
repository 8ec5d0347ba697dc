"""An officer's decision on candidates: made once, for a purpose, and its effect on 3(1)イ and 別紙2."""

from datetime import date, timedelta

import pytest

from node.candidates import guessed
from node.records.made_up import NOW, card, card_of, notification, permission, person
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.candidates import services
from renkei.node.candidates.models import Candidate, NotFound
from renkei.node.cycle import retention
from renkei.node.cycle.steps import Context
from renkei.node.errors import CandidatesChanged, NoSuchDecision, NotPermitted
from renkei.node.matching_run import run as matching_run
from renkei.node.matching_run.models import Finding, Outcome
from renkei.node.records.models import ReceivedNotification

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 24)
MISTYPED = "AB00000011CD"


@pytest.fixture
def run():
    """Match day after day."""
    days = iter(DAY + timedelta(days=number) for number in range(30))
    return lambda: matching_run.match(next(days), guessed.find)


@pytest.fixture
def suspected(register, deliver, run):
    """P1 has a permission and no notification except N1, whose number is on no card."""
    register("persons", person(1))
    register("cards", card_of(1))
    register("permissions", permission(1))
    deliver(notification(1, card_number=MISTYPED))
    run()


@pytest.fixture
def decide(officer):
    """Decide with the purpose stated."""

    def deciding_(reason: str = "slip_of_the_pen", rank: int | None = 1, **given):
        purposes.declare(officer, "residence", ["candidates N1"], now=NOW)
        return services.decide("N1", reason, officer, now=NOW, rank=rank, **given)

    return deciding_


def standing() -> set[tuple[str, str, str]]:
    return set(Finding.objects.filter(is_active=True).values_list("kind", "identifier", "status"))


def is_suspected() -> bool:
    return any(kind == "suspected_omission" for kind, *_ in standing())


UNFOUND = ("discrepancy", "N1", "not_found")
SUSPICION = ("suspected_omission", "L1", "coe unmatched_notification")


def test_a_guess_alone_credits_nothing(suspected):
    assert standing() == {UNFOUND, SUSPICION}


def test_a_confirmed_candidate_credits_and_the_number_is_still_not_found(suspected, decide, run):
    decide()
    run()
    outcome = Outcome.objects.get()

    assert standing() == {UNFOUND}
    assert (outcome.outcome, outcome.person_id) == ("matched", "P1")
    assert outcome.differences == "card_number:confirmed_candidate"
    # 別紙2 has nothing about the person: neither values nor identity.
    row = Finding.objects.get(is_active=True)
    assert row.person_id is None
    assert {name: text for name, text in row.values.items() if text not in (None, "false")} == {
        "notification_id": "N1",
        "outcome": "not_found",
        "differences": "card_number:unknown_number",
    }


def test_a_confirmed_candidate_is_compared_as_if_the_card_were_named(
    register, deliver, suspected, decide, run
):
    decide()
    deliver(notification(1, card_number=MISTYPED, stay_expires_on="2020-01-01"))
    run()
    outcome = Outcome.objects.get()

    assert (outcome.outcome, outcome.mismatched_items) == ("mismatched", "stay_expires_on")
    assert outcome.differences == "card_number:confirmed_candidate;stay_expires_on:different"
    assert standing() == {UNFOUND}


@pytest.mark.parametrize(
    ("reason", "rank", "kept"),
    [("slip_of_the_pen", 1, True), (None, None, True), ("another_person", None, False)],
    ids=["confirmed", "probable", "rejected"],
)
def test_an_ended_employment_stays_while_it_speaks_for_somebody_with_a_permission(
    register, deliver, suspected, decide, run, reason, rank, kept
):
    deliver(notification(1, card_number=MISTYPED, employment_end="2026-11-01"))
    run()
    if reason:
        decide(reason, rank)
    later = NOW + timedelta(days=30_000)
    retention.erase(Context(later.date(), later))

    assert ReceivedNotification.objects.exists() is kept


def test_candidates_and_the_word_on_them_go_with_their_notification(suspected, decide, deliver, run):
    decide()
    deliver(notification(1, card_number=MISTYPED, deleted_on="2026-11-25"))
    run()

    assert not NotFound.objects.exists()
    assert not Candidate.objects.exists()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"employment_start": "2025-01-01"}, "start_before_permission"),
        ({"sex": "2", "nationality": "CHN"}, "identity_conflict"),
    ],
)
def test_what_would_credit_nothing_by_its_card_credits_nothing_confirmed(
    register, deliver, run, decide, fields, reason
):
    register("persons", person(1))
    register("cards", card_of(1))
    register("permissions", permission(1))
    deliver(notification(1, card_number=MISTYPED, **fields))
    run()
    decide()
    run()

    assert standing() == {UNFOUND, ("suspected_omission", "L1", f"coe {reason}")}


def test_a_decision_taken_back_counts_no_more(suspected, decide, run):
    decide()
    run()
    decide("confirmed_in_error", None)
    run()

    assert standing() == {UNFOUND, SUSPICION}
    assert Outcome.objects.get().outcome == "not_found"
    assert NotFound.objects.get().state == "waiting"


def test_a_number_that_is_found_ends_the_confirmation(register, deliver, suspected, decide, run):
    decide()
    deliver(notification(1))
    run()

    assert standing() == set()
    assert Outcome.objects.get().differences is None
    assert not NotFound.objects.exists()


@pytest.mark.parametrize(
    ("fault", "credited"),
    [
        ({"person_id": "P" * 33}, False),
        ({"person_id": "P2"}, False),  # the card is taken; its person is not in the register
    ],
)
def test_a_number_of_a_faulty_row_of_the_register_ends_the_confirmation(
    register, suspected, decide, run, fault, credited
):
    decide()
    run()
    confirmed = is_suspected()
    register("cards", card_of(1, 11, **fault))
    run()
    held = (Outcome.objects.get().outcome, is_suspected(), NotFound.objects.exists(), UNFOUND in standing())
    register("cards", {"card_number": MISTYPED})
    run()

    assert not confirmed
    assert held == ("held", not credited, False, False)
    # Whoever is not found again is decided on anew.
    assert standing() == {UNFOUND, SUSPICION}
    assert NotFound.objects.get().state == "waiting"


def test_a_faulty_row_that_names_the_person_credits_without_an_officer(register, suspected, decide, run):
    decide()
    run()
    register("persons", person(1), person(1, card_number=MISTYPED))
    run()

    assert Outcome.objects.get().outcome == "held"
    assert standing() == set()


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"name": "SAMPLE HANAKO"}, "waiting"),
        ({"card_number": "AB00000012CD"}, "waiting"),
        ({"stay_expires_on": "2028-01-01"}, "confirmed"),
        ({"employment_end": "2026-10-31"}, "confirmed"),
    ],
)
def test_a_decision_lasts_while_number_and_identity_do(deliver, suspected, decide, run, fields, state):
    decide()
    run()
    deliver(notification(1, **({"card_number": MISTYPED} | fields)))
    run()

    assert NotFound.objects.get().state == state
    assert is_suspected() == (state == "waiting")


def test_a_card_that_goes_takes_the_confirmation_with_it(register, suspected, decide, run):
    decide()
    run()
    register("cards", {"card_number": card(1)})
    run()

    assert standing() == {UNFOUND, ("suspected_omission", "L1", "coe no_notification")}


def test_a_number_mistaken_for_two_peoples_is_credit_to_both(register, deliver, officer, run):
    other = {"name": "SAMPLE HANAKO", "birth_date": "1970-12-31"}
    register("persons", person(1), person(2, **other))
    register("cards", card_of(1), card_of(2, **other))
    register("permissions", permission(1), permission(2))
    deliver(notification(1, card_number=MISTYPED), notification(2, card_number=MISTYPED, **other))
    run()
    for number in ("N1", "N2"):
        purposes.declare(officer, "residence", [f"candidates {number}"], now=NOW)
        services.decide(number, "slip_of_the_pen", officer, now=NOW, rank=1)
    run()
    register("permissions", permission(1, ground="change"))
    run()

    assert {row[0] for row in standing()} == {"discrepancy"}
    assert set(Outcome.objects.values_list("outcome", "person_id")) == {("matched", "P1"), ("matched", "P2")}


def test_the_second_officer_is_told_who_was_faster(suspected, decide, officer):
    purposes.declare(officer, "residence", ["candidates N1"], now=NOW)
    seen = services.open_candidates("N1", officer, now=NOW)
    decide(version=seen.version)

    with pytest.raises(CandidatesChanged, match="tanaka has decided already"):
        decide("another_person", None, version=seen.version)
    assert NotFound.objects.get().state == "confirmed"


def test_what_changed_since_it_was_looked_at_is_looked_at_again(register, suspected, decide, officer, run):
    purposes.declare(officer, "residence", ["candidates N1"], now=NOW)
    seen = services.open_candidates("N1", officer, now=NOW)
    register("persons", person(2))
    register("cards", card_of(2))
    run()

    with pytest.raises(CandidatesChanged):
        decide(version=seen.version)


@pytest.mark.parametrize(
    ("reason", "rank"),
    [("slip_of_the_pen", None), ("slip_of_the_pen", 2), ("another_person", 1), ("", 1), ("a_whim", None)],
)
def test_a_decision_goes_with_its_reason_and_one_of_the_candidates(suspected, decide, reason, rank):
    with pytest.raises(NoSuchDecision):
        decide(reason, rank)
    assert NotFound.objects.get().state == "waiting"


def test_whom_an_officer_rejected_comes_back_with_somebody_else_alone(register, suspected, decide, run):
    decide("another_person", None)
    register("persons", person(1, address="東京都架空区1-1"))
    run()
    same = NotFound.objects.get().state
    register("persons", person(2))
    register("cards", card_of(2))
    run()

    assert (same, NotFound.objects.get().state) == ("rejected", "waiting")


def test_nobody_decides_without_a_purpose_stated_or_without_the_duty(suspected, officer):
    other = Officer.objects.create_user("sato")

    with pytest.raises(NotPermitted):
        services.decide("N1", "slip_of_the_pen", officer, now=NOW, rank=1)
    with pytest.raises(NotPermitted):
        services.open_candidates("N1", officer, now=NOW)
    purposes.declare(other, "residence", ["candidates N1"], now=NOW)
    with pytest.raises(NotPermitted):
        services.decide("N1", "slip_of_the_pen", other, now=NOW, rank=1)
    Assignment.objects.all().delete()
    purposes.declare(officer, "residence", ["candidates N1"], now=NOW)
    with pytest.raises(NotPermitted):
        services.open_candidates("N1", officer, now=NOW)


def test_the_trail_says_who_looked_and_who_decided_what(suspected, decide, officer):
    purposes.declare(officer, "residence", ["candidates N1"], now=NOW)
    services.open_candidates("N1", officer, now=NOW)
    decide()
    decide("more_is_known", None)
    entries = Entry.objects.filter(verb__contains="CANDIDATE").order_by("pk")

    assert [(each.actor, each.subject, each.verb) for each in entries] == [
        ("tanaka", "N1", "CANDIDATES_READ"),
        ("tanaka", "N1", "CANDIDATE_CONFIRMED"),
        ("tanaka", "N1", "CANDIDATE_REOPENED"),
    ]
    assert entries[1].facts == {"reason": "slip_of_the_pen", "rank": 1}
    assert entries[0].purpose == "residence"
