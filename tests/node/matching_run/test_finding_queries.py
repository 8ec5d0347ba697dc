"""ISA's lists have identifiers; values are read for a stated purpose, and each access is recorded."""

from datetime import date, timedelta

import pytest

from node.records.made_up import NOW, card, card_of, notification, person
from renkei.node.accounts import purposes
from renkei.node.audit.models import Entry
from renkei.node.errors import NotPermitted
from renkei.node.matching_run import outgoing, queries, run
from renkei.node.matching_run.models import Kind
from renkei.node.matching_run.queries import SharedNumber, open_finding, subject_of

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 24)
SOMEBODY_ELSE = {"name": "SAMPLE HANAKO", "birth_date": "1970-12-31"}


@pytest.fixture
def matched(register, deliver):
    """Two people's notifications use one number; a third differs in sex alone."""
    for number in (1, 2):
        register("persons", person(number))
        register("cards", card_of(number))
    deliver(
        notification(1),
        notification(2, card_number=card(1), **SOMEBODY_ELSE),
        notification(3, card_number=card(2), sex="2"),
    )
    run.match(DAY)


def test_a_number_that_several_people_use_is_listed_by_its_first_notification(matched):
    assert queries.shared_numbers() == [SharedNumber("N1", 2)]
    assert queries.shared_numbers(after="N1") == []
    assert [each.pk for each in queries.sharing("N1")] == ["N1", "N2"]
    assert not queries.sharing("N3").exists()


def test_identity_conflicts_are_listed(matched):
    found = queries.identity_conflicts()

    assert [(each.pk, each.mismatched_items) for each in found] == [("N2", "name;birth_date")]
    assert not queries.identity_conflicts(after="N2").exists()


def test_the_trays_are_counted_and_empty_once_all_is_corrected(matched, deliver):
    before = queries.counts()
    deliver(notification(2, card_number=card(1)))
    run.match(DAY)

    assert before == {
        "shared_numbers": 1,
        "identity_conflicts": 1,
        "held": 0,
        "correction_requests": 0,
        "candidates": 0,
    }
    assert queries.counts() == dict.fromkeys(before, 0)


def test_what_is_held_is_listed_with_the_rows_to_mend(matched, register, deliver):
    register("cards", card_of(5, person_id="P" * 33), card_of(6), card_of(8, 7))
    register("persons", person(8, card_number="AB12"))
    deliver(*(notification(number) for number in (5, 6, 7)))
    run.match(DAY)
    found = [
        (each.notification_id, [(row.taken.dataset, row.line, row.reasons) for row in each.rows])
        for each in queries.held()
    ]
    counted = queries.counts()["held"]
    register("cards", card_of(1, 5))
    register("persons", person(6), person(8))
    run.match(DAY + timedelta(days=1))

    assert found == [
        ("N5", [("cards", 2, "unreadable:person_id")]),
        ("N6", []),  # the card was taken, and its person has not come
        ("N7", [("persons", 2, "unreadable:card_number")]),
    ]
    assert [each.notification_id for each in queries.held(after="N5", size=1)] == []
    assert (counted, queries.counts()["held"]) == (3, 0)


def test_what_was_told_is_listed_until_it_is_taken_back(matched, deliver):
    outgoing.select(DAY)
    outgoing.mark_sent(DAY, 4)
    before = [(each.identifier, each.reported_sequence) for each in queries.reported(Kind.DISCREPANCY)]
    deliver(notification(3, card_number=card(2)))
    run.match(DAY)
    outgoing.select(DAY + timedelta(days=1))

    assert before == [("N2", 4), ("N3", 4)]
    assert [each.identifier for each in queries.reported(Kind.DISCREPANCY)] == ["N2"]


def test_a_finding_is_read_for_a_purpose_stated_and_the_trail_says_so(matched, officer):
    subject = subject_of(Kind.DISCREPANCY, "N3")
    with pytest.raises(NotPermitted):
        open_finding(Kind.DISCREPANCY, "N3", officer, now=NOW)
    purposes.declare(officer, "residence", [subject.name], now=NOW)
    opened = open_finding(Kind.DISCREPANCY, "N3", officer, now=NOW)
    entry = Entry.objects.get(verb="FINDING_READ")

    assert (opened.found["linked_sex"], opened.notification["sex"], opened.linked["sex"]) == ("1", "2", "1")
    assert opened.outcome.differences == "sex:different"
    assert (entry.actor, entry.subject, entry.purpose) == ("tanaka", "discrepancy N3", "residence")


def test_a_purpose_for_one_finding_opens_no_other(matched, officer):
    purposes.declare(officer, "residence", [subject_of(Kind.DISCREPANCY, "N3").name], now=NOW)

    with pytest.raises(NotPermitted):
        open_finding(Kind.DISCREPANCY, "N2", officer, now=NOW)


def test_a_notification_without_a_finding_is_read_as_it_came(matched, officer):
    purposes.declare(officer, "residence", [subject_of(Kind.DISCREPANCY, "N1").name], now=NOW)
    opened = open_finding(Kind.DISCREPANCY, "N1", officer, now=NOW)

    assert (opened.finding, dict(opened.found)) == (None, {})
    assert (opened.outcome.shared_number, opened.notification["name"]) == ("true", "NGUYEN VAN ANH")
