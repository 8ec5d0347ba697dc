"""Correction requests: sent with the next 別紙1, answered by ISA, and never with a value."""

from datetime import date

import pytest
from django.db import transaction

from node.cases.conftest import answer, case, colleague, officer, party  # noqa: F401  fixtures
from node.cases.made_up import (
    DAY,
    WORDS,
    a_discrepancy,
    case_of,
    days_later,
    moved,
    story,
    withdrawn,
)
from renkei.node.accounts.models import Officer
from renkei.node.audit.models import Entry
from renkei.node.cases.models import Case
from renkei.node.corrections import decisions
from renkei.node.corrections import requests as correction_requests
from renkei.node.corrections.models import CorrectionRequest
from renkei.node.corrections.requests import REQUEST_COLUMNS, corrections_to_send, mark_corrections_sent
from renkei.node.errors import CorrectionsOutOfStep


def requested(case: Case, officer: Officer, *items: str) -> CorrectionRequest:
    Case.objects.filter(pk=case.pk).update(state="checking")
    moved(case, "request_correction", officer, items=items or ("name",))
    return CorrectionRequest.objects.latest("id")


def an_answer(request_id: str, decision: str) -> dict[str, str]:
    return {
        "request_id": request_id,
        "decision": decision,
        "reason": "原簿を確認",
        "decided_on": "2026-11-25",
    }


def test_a_request_names_items_and_reason_and_carries_no_value(case, officer):
    requested(case, officer, "sex", "name")
    rows = corrections_to_send(DAY)

    assert tuple(rows.columns) == REQUEST_COLUMNS
    assert rows.rows() == [
        ("R8-1124-0001-1", "discrepancy", "N1", "name;sex", WORDS["reason"], "2026-11-24"),
    ]


def test_a_days_requests_are_chosen_once_and_go_once(answer, case, officer):
    requested(case, officer)
    chosen = corrections_to_send(DAY)
    answer(a_discrepancy(2))
    Case.objects.update(office="1301")
    requested(case_of("N2"), officer)

    assert corrections_to_send(DAY).equals(chosen)
    assert (mark_corrections_sent(DAY, 7), mark_corrections_sent(DAY, 7)) == (1, 0)
    assert corrections_to_send(DAY).is_empty()
    tomorrow = date(2026, 11, 25)
    assert corrections_to_send(tomorrow)["identifier"].to_list() == ["N2"]
    assert mark_corrections_sent(tomorrow, 8) == 1
    assert Entry.objects.filter(verb="CORRECTIONS_SENT").count() == 2


def test_a_day_without_requests_stays_without_once_it_was_asked_for(case, officer):
    assert corrections_to_send(DAY).is_empty()
    requested(case, officer)

    assert corrections_to_send(DAY).is_empty()
    assert mark_corrections_sent(DAY, 7) == 0
    assert corrections_to_send(date(2026, 11, 25)).height == 1


@pytest.mark.parametrize("sequence", [7, 8])
def test_what_was_not_chosen_or_went_by_another_number_is_not_marked(case, officer, sequence):
    with pytest.raises(CorrectionsOutOfStep):
        mark_corrections_sent(DAY, sequence)
    corrections_to_send(DAY)
    mark_corrections_sent(DAY, sequence)
    with pytest.raises(CorrectionsOutOfStep):
        mark_corrections_sent(DAY, sequence + 1)


def test_a_request_taken_back_before_it_went_does_not_go(case, officer):
    requested(case, officer)
    moved(case, "resume", officer)
    second = requested(case, officer, "sex")

    assert second.request_id == "R8-1124-0001-2"
    assert corrections_to_send(DAY)["request_id"].to_list() == ["R8-1124-0001-2"]


def test_a_request_of_a_case_that_isa_withdrew_meanwhile_does_not_go(answer, case, officer):
    requested(case, officer)
    answer(withdrawn(a_discrepancy(1)))

    assert corrections_to_send(DAY).is_empty()


def test_an_accepted_request_waits_for_the_finding_to_fall(answer, case, officer):
    request = requested(case, officer)
    corrections_to_send(DAY)
    mark_corrections_sent(DAY, 7)
    counts = answer(answers=[an_answer(request.request_id, "accepted")], now=days_later(1))
    found = case_of("N1")

    assert (counts["corrections_accepted"], counts["corrections_rejected"]) == (1, 0)
    assert (found.state, found.due_on.isoformat()) == ("correction", "2026-12-23")
    answer(withdrawn(a_discrepancy(1)), now=days_later(2))
    assert (case_of("N1").state, case_of("N1").outcome) == ("closed", "register_corrected")
    assert story("N1") == ["open", "request_correction", "correction_accepted", "withdraw"]


def test_acceptance_and_withdrawal_may_come_together(answer, case, officer):
    request = requested(case, officer)
    corrections_to_send(DAY)
    mark_corrections_sent(DAY, 7)
    answer(withdrawn(a_discrepancy(1)), answers=[an_answer(request.request_id, "accepted")])

    assert case_of("N1").outcome == "register_corrected"


def test_an_acceptance_of_before_says_nothing_of_a_finding_that_came_again(answer, case, officer):
    request = requested(case, officer)
    corrections_to_send(DAY)
    mark_corrections_sent(DAY, 7)
    answer(withdrawn(a_discrepancy(1)), answers=[an_answer(request.request_id, "accepted")])
    answer(a_discrepancy(1), now=days_later(1))
    answer(withdrawn(a_discrepancy(1)), now=days_later(2))

    assert case_of("N1").outcome == "no_longer_stands"


def test_a_rejected_request_brings_the_case_back_with_the_reason(answer, case, officer):
    request = requested(case, officer)
    corrections_to_send(DAY)
    mark_corrections_sent(DAY, 7)
    counts = answer(answers=[an_answer(request.request_id, "rejected")], now=days_later(1))
    found = case_of("N1")

    assert counts["corrections_rejected"] == 1
    assert (found.state, found.assigned_to) == ("checking", case.assigned_to)
    assert found.events.first().note == "原簿を確認"


def test_an_answer_does_not_undo_what_an_officer_did_meanwhile(answer, case, officer):
    request = requested(case, officer)
    corrections_to_send(DAY)
    mark_corrections_sent(DAY, 7)
    moved(case, "resume", officer)
    closed = moved(case, "close", officer)
    answer(answers=[an_answer(request.request_id, "accepted")], now=days_later(1))
    found = case_of("N1")

    assert (found.state, found.outcome, found.due_on) == ("closed", closed.outcome, None)
    assert found.version == closed.version + 1
    assert story("N1")[-1] == "correction_accepted"


@pytest.mark.parametrize("sent", [True, False], ids=["answered already", "never sent"])
def test_an_answer_to_nothing_or_for_the_second_time_is_passed_over(answer, case, officer, sent):
    request = requested(case, officer)
    if sent:
        corrections_to_send(DAY)
        mark_corrections_sent(DAY, 7)
        answer(answers=[an_answer(request.request_id, "accepted")])
    before = (Case.objects.values().get(), story("N1"))
    counts = answer(
        answers=[an_answer(request.request_id, "rejected"), an_answer("R8-0101-0001-1", "accepted")]
    )

    assert (counts["corrections_accepted"], counts["corrections_rejected"]) == (0, 0)
    assert (Case.objects.values().get(), story("N1")) == before


@pytest.mark.parametrize("decision", ["taken_back", "perhaps"])
def test_a_decision_that_is_none_of_isas_is_passed_over(answer, case, officer, decision):
    request = requested(case, officer)
    corrections_to_send(DAY)
    mark_corrections_sent(DAY, 7)
    answer(answers=[an_answer(request.request_id, decision)])

    assert CorrectionRequest.objects.get().decision == ""
    assert case_of("N1").state == "correction"


def test_both_sides_of_a_correction_mean_the_same_columns():
    assert (correction_requests.REQUESTS, correction_requests.REQUEST_COLUMNS) == (
        decisions.REQUESTS,
        decisions.REQUEST_COLUMNS,
    )
    assert (correction_requests.ANSWERS, correction_requests.ANSWER_COLUMNS) == (
        decisions.ANSWERS,
        decisions.ANSWER_COLUMNS,
    )


def test_a_delivery_that_is_rolled_back_leaves_the_requests_to_go(case, officer):
    requested(case, officer)
    corrections_to_send(DAY)
    with transaction.atomic():
        mark_corrections_sent(DAY, 7)
        transaction.set_rollback(True)

    assert corrections_to_send(DAY).height == 1
