"""Answers become cases, are brought up to date and close; nobody's work is lost."""

import pytest
from django.db import transaction

from node.cases.made_up import NOW, a_discrepancy, an_omission, case_of, days_later, story, withdrawn
from renkei.node.audit.models import Entry
from renkei.node.cases.intake import import_answers
from renkei.node.cases.models import Case
from renkei.node.records.models import Establishment, Notification, SentNotification

CORPORATION = "1234567890123"


def sent(number: int = 1, sequence: int = 1, **fields: str) -> SentNotification:
    return SentNotification.objects.create(notification_id=f"N{number}", sequence=sequence, **fields)


def establishment(number: str, office: str) -> None:
    Establishment.objects.create(
        establishment_number=number, corporate_number=CORPORATION, hello_work_office=office
    )


def test_each_finding_becomes_a_case_with_a_number_of_the_day_and_a_deadline(answer):
    counts = answer(a_discrepancy(1, identity_caution="true"), a_discrepancy(2), an_omission(1))
    case = case_of("N1")

    assert (counts["rows"], counts["opened"]) == (3, 3)
    assert (counts["discrepancy_reported"], counts["suspected_omission_reported"]) == (2, 1)
    assert list(Case.objects.order_by("id").values_list("number", "identifier", "kind")) == [
        ("R8-1124-0001", "N1", "discrepancy"),
        ("R8-1124-0002", "N2", "discrepancy"),
        ("R8-1124-0003", "L1", "suspected_omission"),
    ]
    # Five working days after Tuesday the 24th: 25, 26, 27, 30, 1.
    assert (case.state, case.due_on.isoformat(), case.items) == ("new", "2026-12-01", "name")
    assert case.identity_caution is True
    assert case.matched_on.isoformat() == "2026-11-24"
    assert case.values["latest_name"] == "架空 花子"
    assert case_of("L1").items == "no_notification"
    assert story("N1") == ["open"]


def test_numbers_go_on_through_the_day_and_begin_anew_on_the_next(answer):
    answer(a_discrepancy(1))
    answer(a_discrepancy(2))
    answer(a_discrepancy(3), now=days_later(1))

    assert list(Case.objects.order_by("id").values_list("number", flat=True)) == [
        "R8-1124-0001",
        "R8-1124-0002",
        "R8-1125-0001",
    ]


def test_a_day_may_have_more_cases_than_four_digits_hold(answer):
    answer(a_discrepancy(1))
    Case.objects.update(number="R8-1124-9999")
    answer(a_discrepancy(2))
    answer(a_discrepancy(3))

    assert (case_of("N2").number, case_of("N3").number) == ("R8-1124-10000", "R8-1124-10001")


def test_an_unknown_number_is_a_case_without_values(answer):
    row = {"notification_id": "N1", "outcome": "not_found", "matched_on": "2026-11-24", "action": "report"}
    answer(row | {"identity_caution": "false"})

    assert case_of("N1").items == "not_found"
    assert case_of("N1").identity_caution is False


def test_a_mismatch_of_undisclosed_items_alone_is_known_by_its_outcome(answer):
    answer(a_discrepancy(mismatched_items=None, differences=None, linked_name=None))

    assert case_of("N1").items == "mismatched"


def test_an_answer_taken_twice_changes_nothing(answer):
    answer(a_discrepancy(1), an_omission(1))
    before = list(Case.objects.order_by("id").values())
    counts = answer.again(a_discrepancy(1, linked_name="別の 架空"), an_omission(1))

    assert (counts["opened"], counts["changed"], counts["passed_over"]) == (0, 0, 2)
    assert list(Case.objects.order_by("id").values()) == before
    assert story("N1") == ["open"]


def test_the_same_finding_of_another_day_is_no_news(answer):
    answer(a_discrepancy(1))
    counts = answer(a_discrepancy(1, matched_on="2026-11-25"), now=days_later(1))

    assert (counts["same"], counts["changed"]) == (1, 0)
    assert (case_of("N1").version, story("N1")) == (1, ["open"])


def test_a_changed_finding_changes_its_case_and_leaves_what_officers_did(answer, officer):
    answer(a_discrepancy(1))
    Case.objects.update(state="asked", assigned_to=officer, due_on="2026-12-24", office="1302")
    counts = answer(a_discrepancy(1, mismatched_items="name;sex", latest_sex="1"), now=days_later(1))
    case = case_of("N1")

    assert counts["changed"] == 1
    assert (case.items, case.values["latest_sex"], case.version) == ("name;sex", "1", 2)
    assert (case.state, case.assigned_to, case.due_on.isoformat()) == ("asked", officer, "2026-12-24")
    assert case.office == "1302"
    assert story("N1") == ["open", "change"]


@pytest.mark.parametrize(
    ("since", "outcome"),
    [
        ({"sequence": 2}, "agrees_now"),
        ({"sequence": 2, "deleted_on": "2026-11-24"}, "notification_deleted"),
        ({}, "no_longer_stands"),
    ],
)
def test_a_withdrawn_finding_closes_its_case_with_the_reason_and_without_its_values(answer, since, outcome):
    sent(1)
    answer(a_discrepancy(1))
    SentNotification.objects.update(**since)
    counts = answer(withdrawn(a_discrepancy(1)), now=days_later(1))
    case = case_of("N1")

    assert counts["withdrawn"] == 1
    assert (case.state, case.outcome, case.due_on) == ("closed", outcome, None)
    assert case.closed_on.isoformat() == "2026-11-25"
    assert case.row == ""
    assert case.events.first().outcome == outcome


def test_what_an_officer_closed_keeps_its_outcome_when_the_finding_is_withdrawn(answer, officer):
    answer(a_discrepancy(1))
    Case.objects.update(state="closed", outcome="impostor_suspected", closed_on="2026-11-24", due_on=None)
    counts = answer(withdrawn(a_discrepancy(1)), now=days_later(3))
    case = case_of("N1")

    assert counts["withdrawn"] == 1
    assert (case.state, case.outcome, case.row) == ("closed", "impostor_suspected", "")
    assert case.closed_on.isoformat() == "2026-11-24"
    assert story("N1") == ["open", "withdrawn_later"]


def test_what_comes_again_after_it_was_withdrawn_is_the_same_case_anew(answer):
    answer(a_discrepancy(1))
    answer(withdrawn(a_discrepancy(1)), now=days_later(1))
    counts = answer(a_discrepancy(1), now=days_later(2))
    case = case_of("N1")

    assert (counts["reopened"], counts["opened"]) == (1, 0)
    assert (case.number, case.state, case.outcome, case.closed_on) == ("R8-1124-0001", "new", "", None)
    assert case.due_on.isoformat() == "2026-12-03"
    assert story("N1") == ["open", "withdraw", "report_again"]


def test_a_withdrawal_of_what_is_not_known_is_counted(answer):
    counts = answer(withdrawn(a_discrepancy(1)))

    assert (counts["unknown"], Case.objects.count()) == (1, 0)


def test_every_row_of_an_answer_is_accounted_for(answer):
    answer(a_discrepancy(1), a_discrepancy(2), a_discrepancy(3), an_omission(1))
    answer(withdrawn(an_omission(1)))
    counts = answer(
        a_discrepancy(1),
        a_discrepancy(2, mismatched_items="sex", linked_sex="1"),
        withdrawn(a_discrepancy(3)),
        an_omission(1),
        an_omission(2),
        an_omission(2, reason="identity_conflict"),
        withdrawn(an_omission(9)),
    )

    assert {
        name: counts[name] for name in ("same", "changed", "withdrawn", "reopened", "opened", "unknown")
    } == {
        "same": 1,
        "changed": 1,
        "withdrawn": 1,
        "reopened": 1,
        "opened": 1,
        "unknown": 1,
    }
    assert (counts["rows"], counts["rejected:duplicate:identifier"]) == (7, 1)
    assert case_of("L2").items == "no_notification"


def test_a_discrepancy_goes_to_the_office_of_the_establishment_that_notified(answer):
    Notification.objects.create(notification_id="N1", establishment_number="13010000011")
    sent(2, establishment_number="27030000021")
    answer(a_discrepancy(1), a_discrepancy(2), a_discrepancy(3))

    assert (case_of("N1").office, case_of("N1").establishment_number) == ("1301", "13010000011")
    assert (case_of("N2").office, case_of("N2").establishment_number) == ("2703", "27030000021")
    assert (case_of("N3").office, case_of("N3").establishment_number) == ("", None)


@pytest.mark.parametrize(
    ("establishments", "office", "number"),
    [
        ([("13010000011", "1301")], "1301", "13010000011"),
        ([("13010000011", "1301"), ("13010000022", "1301")], "1301", None),
        ([("13010000011", "1301"), ("27030000022", "2703")], "", None),
        ([], "", None),
    ],
    ids=["one", "two of one office", "two of two offices", "none"],
)
def test_an_omission_goes_to_the_office_of_its_corporation(answer, establishments, office, number):
    for each in establishments:
        establishment(*each)
    answer(an_omission(1))

    assert (case_of("L1").office, case_of("L1").establishment_number) == (office, number)


def test_an_untouched_case_follows_its_establishment_to_another_office(answer, officer):
    for number in (1, 2):
        Notification.objects.create(notification_id=f"N{number}", establishment_number="13010000011")
    answer(a_discrepancy(1), a_discrepancy(2))
    Case.objects.filter(identifier="N2").update(assigned_to=officer)
    Notification.objects.update(establishment_number="27030000011")
    answer(*(a_discrepancy(each, mismatched_items="sex", linked_sex="1") for each in (1, 2)))

    assert (case_of("N1").office, case_of("N2").office) == ("2703", "1301")


def test_the_trail_tells_of_an_answer_in_counts_alone(answer):
    answer(a_discrepancy(1))
    entry = Entry.objects.get(verb="ANSWERS_TAKEN")

    assert entry.subject == "annex2-3 1"
    assert entry.facts["counts"]["opened"] == 1
    assert "架空" not in str(entry.facts)


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_taken_within_the_opening_or_not_at_all(node, tmp_path):
    with pytest.raises(transaction.TransactionManagementError):
        import_answers(1, tmp_path, now=NOW)
