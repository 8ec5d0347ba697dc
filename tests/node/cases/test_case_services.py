"""Officers at work on cases: the table of moves, colleagues who were faster, corrections, assignment."""

from datetime import date

import pytest

from node.cases.made_up import (
    DAY,
    NOW,
    WORDS,
    a_discrepancy,
    an_omission,
    case_of,
    moved,
    story,
)
from renkei.node.audit.models import Entry
from renkei.node.cases import services
from renkei.node.cases.models import Case, Event
from renkei.node.cases.workflow import MOVES, State, open_to
from renkei.node.corrections.models import CorrectionRequest
from renkei.node.errors import ChangedMeanwhile, Incomplete, NoSuchMove, NotPermitted

# Written out from the issue, not taken from the table.
WAYS = {
    "new": {"take", "ask_employer"},
    "checking": {"ask_employer", "refer", "request_correction", "close"},
    "asked": {"refer", "request_correction", "resume", "close"},
    "referred": {"request_correction", "resume", "close"},
    "correction": {"resume"},
    "closed": {"reopen"},
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("state", State)
def test_a_case_moves_along_the_table_and_not_otherwise(case, officer, state, name):
    Case.objects.update(state=state)
    if name in WAYS[state]:
        assert moved(case, name, officer).state == MOVES[name].after
    else:
        with pytest.raises(NoSuchMove):
            moved(case, name, officer)
        assert case_of("N1").state == state
        assert story("N1") == ["open"]


def test_buttons_are_the_moves_of_the_table():
    assert {state.value: {move.name for move in open_to(state)} for state in State} == WAYS


def test_no_case_is_stuck_in_any_state():
    assert all(open_to(state) for state in State)


@pytest.mark.parametrize(
    ("name", "state", "due"),
    [
        ("take", "new", "2026-12-08"),
        ("ask_employer", "new", "2026-12-14"),
        ("refer", "checking", "2026-12-22"),
        ("close", "checking", None),
    ],
)
def test_a_move_sets_the_deadline_in_working_days(case, officer, name, state, due):
    Case.objects.update(state=state)
    found = moved(case, name, officer)

    assert found.due_on == (date.fromisoformat(due) if due else None)
    assert found.closed_on == (DAY if name == "close" else None)


def test_who_begins_with_a_case_has_it(case, officer, colleague):
    assert moved(case, "take", officer).assigned_to == officer
    Case.objects.update(state="new", assigned_to=colleague)
    assert moved(case, "take", officer).assigned_to == colleague


def test_a_move_stands_in_history_and_trail_and_the_reason_in_the_history_alone(case, officer):
    Case.objects.update(state="checking")
    moved(case, "close", officer, outcome="impostor_suspected")
    event = Event.objects.filter(case=case).first()
    entry = Entry.objects.last()

    assert (event.what, event.officer, event.outcome) == ("close", officer, "impostor_suspected")
    assert event.note == WORDS["reason"]
    assert (entry.actor, entry.verb, entry.subject) == ("tanaka", "CASE_MOVED", "R8-1124-0001")
    assert entry.facts == {"move": "close", "outcome": "impostor_suspected"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("close", {"reason": " "}),
        ("close", {"reason": "長" * 301}),
        ("close", {"outcome": ""}),
        ("close", {"outcome": "agrees_now"}),
        ("close", {"items": ("name",)}),
        ("ask_employer", {"outcome": "other"}),
        ("ask_employer", {"reason": "長" * 301}),
        ("request_correction", {"items": ()}),
        ("request_correction", {"items": ("name", "my_number")}),
        ("request_correction", {"reason": ""}),
    ],
)
def test_a_move_without_what_it_needs_moves_nothing(case, officer, name, words):
    Case.objects.update(state="checking")
    with pytest.raises(Incomplete):
        moved(case, name, officer, **words)

    assert case_of("N1").state == "checking"
    assert CorrectionRequest.objects.count() == 0


def test_the_second_officer_is_told_who_was_faster(case, officer, colleague):
    seen = case_of("N1")
    services.move(seen, "take", colleague, version=seen.version, now=NOW)
    with pytest.raises(ChangedMeanwhile) as told:
        services.move(seen, "ask_employer", officer, version=seen.version, now=NOW)

    assert "佐藤 次郎" in told.value.ja
    assert (case_of("N1").state, case_of("N1").assigned_to) == ("checking", colleague)
    assert story("N1") == ["open", "take"]


def test_an_officer_is_told_when_isa_changed_the_case_meanwhile(case, answer, officer):
    seen = case_of("N1")
    answer(a_discrepancy(1, mismatched_items="sex", linked_sex="1"))
    with pytest.raises(ChangedMeanwhile, match="last by Immigration Services Agency") as told:
        services.move(seen, "take", officer, version=seen.version, now=NOW)

    assert "出入国在留管理庁からの送付により更新" in told.value.ja


ACTS = {
    "move": lambda case, officer: services.move(case, "take", officer, version=1, now=NOW),
    "note": lambda case, officer: services.note(case, "電話で確認", officer, now=NOW),
    "assign": lambda case, officer: services.assign([case.number], officer, officer, now=NOW),
    "place": lambda case, officer: services.place(case, "2703", officer, version=1, now=NOW),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("office", ["2703", ""], ids=["another office", "the unassigned tray"])
def test_cases_outside_ones_office_stay_as_they_are(case, officer, act, office):
    Case.objects.update(office=office)
    before = Case.objects.values().get()
    with pytest.raises(NotPermitted):
        act(case_of("N1"), officer)

    assert Case.objects.values().get() == before
    assert story("N1") == ["open"]


def test_a_note_adds_to_the_history_and_not_to_the_trail(case, officer):
    services.note(case, "  架空商事に電話で確認 ", officer, now=NOW)

    assert case.events.first().note == "架空商事に電話で確認"
    assert Entry.objects.last().facts == {"characters": 10}
    assert case_of("N1").version == 1


@pytest.mark.parametrize("text", ["", "  ", "長" * 4001])
def test_an_empty_or_endless_note_is_refused(case, officer, text):
    with pytest.raises(Incomplete):
        services.note(case, text, officer, now=NOW)


def test_cases_are_assigned_together_all_or_none(answer, officer, colleague):
    answer(*(a_discrepancy(number) for number in (1, 2, 3)))
    Case.objects.update(office="1301")
    Case.objects.filter(identifier="N3").update(office="2703")
    numbers = list(Case.objects.order_by("id").values_list("number", flat=True))
    with pytest.raises(NotPermitted) as anothers:
        services.assign(numbers, officer, colleague, now=NOW)
    with pytest.raises(NotPermitted) as nowhere:
        services.assign([*numbers[:2], "R8-1124-9999"], officer, colleague, now=NOW)
    # Asking tells nothing: what is another office's and what is not there are refused in the same words.
    assert (anothers.value.en, anothers.value.ja) == (nowhere.value.en, nowhere.value.ja)
    assert Case.objects.filter(assigned_to=officer).count() == 0

    assert services.assign(numbers[:2], officer, colleague, now=NOW) == 2
    assert services.assign(numbers[:2], officer, colleague, now=NOW) == 0
    assert services.assign(numbers[:1], None, colleague, now=NOW) == 1
    assert list(Case.objects.order_by("id").values_list("assigned_to__username", "version")) == [
        (None, 3),
        ("tanaka", 2),
        (None, 1),
    ]
    assert Entry.objects.filter(verb="CASES_ASSIGNED").first().facts == {"cases": numbers[:2], "to": "tanaka"}


def test_a_case_of_nobody_is_placed_by_who_sees_all_offices(answer, officer, colleague):
    answer(an_omission(1))
    found = services.place(case_of("L1"), "1301", colleague, version=1, now=NOW)

    assert (found.office, found.version) == ("1301", 2)
    assert moved(found, "take", officer).assigned_to == officer


def test_a_case_that_goes_to_another_office_leaves_who_had_it_unless_also_there(case, officer, colleague):
    services.assign([case.number], officer, colleague, now=NOW)
    there = services.place(case_of("N1"), "2703", colleague, version=2, now=NOW)
    assert there.assigned_to is None

    services.assign([case.number], colleague, colleague, now=NOW)
    assert services.place(case_of("N1"), "1301", colleague, version=4, now=NOW).assigned_to == colleague


@pytest.mark.parametrize("office", ["", "13", "13010", "１３０１", "abcd"])
def test_an_office_is_four_digits(case, officer, office):
    with pytest.raises(Incomplete):
        services.place(case, office, officer, version=1, now=NOW)
