"""Rejected rows of the register stand until a later file has the row again, and are matched as such."""

import pytest

from node.matching_run.conftest import deliver, register, run_day
from node.records.made_up import NOW, card, card_of, notification, permission, person
from node.records.test_record_imports import take
from renkei.node.matching_run.models import Finding, Outcome
from renkei.node.records import register_faults, retention
from renkei.node.records.models import ChangedKey, Reject

__all__ = ["deliver", "register", "run_day", "take"]

pytestmark = pytest.mark.django_db

WRONG = {"person_id": "P" * 33}  # of a card: number readable, person not
UNREADABLE = {"card_number": "AB12"}


@pytest.fixture
def party() -> str:
    return "isa"


def standing() -> set[tuple[str, str | None]]:
    return set(register_faults.standing().rows())


def touched() -> set[tuple[str, str]]:
    found = set(ChangedKey.objects.values_list("kind", "key"))
    ChangedKey.objects.all().delete()
    return found


@pytest.mark.parametrize(
    ("dataset", "row", "kept"),
    [
        ("cards", card_of(1, **WRONG), {(card(1), None)}),
        ("cards", card_of(1, **UNREADABLE), set()),
        ("persons", person(1, person_id=""), {(card(1), None)}),
        ("persons", person(1, **UNREADABLE), set()),
        ("permissions", permission(1, permitted_on="x"), set()),
        ("cards", card_of(1, birth_date="x"), set()),  # taken without a value
    ],
)
def test_of_a_rejected_row_is_kept_what_can_be_read_of_number_and_person(take, dataset, row, kept):
    take(dataset, "delta", row)

    assert standing() == kept


def test_a_second_row_of_a_person_keeps_its_number(take):
    take("persons", "delta", person(1), person(1, card_number=card(7)))

    assert standing() == {(card(7), "P1")}
    assert touched() >= {("card", card(7)), ("person", "P1")}


@pytest.mark.parametrize(
    ("dataset", "fault", "mended", "another"),
    [
        ("cards", card_of(1, **WRONG), card_of(1), card_of(2)),
        ("cards", card_of(1, **WRONG), {"card_number": card(1)}, {"card_number": card(2)}),
        ("persons", person(1, person_id=""), person(1), person(2)),
        ("persons", person(1, person_id=""), person(1, person_id="x" * 33, card_number=card(1)), person(2)),
    ],
)
def test_it_stands_until_a_delta_has_the_row_again(take, dataset, fault, mended, another):
    take(dataset, "delta", fault)
    touched()
    take(dataset, "delta", another)
    still = standing()
    touched()
    take(dataset, "delta", mended)
    again = "x" * 33 in mended.values()

    assert still == {(card(1), None)}
    assert standing() == (still if again else set())
    assert (("card", card(1)) in touched()) != again, "a row that is rejected again changes nothing"


@pytest.mark.parametrize("row", [card_of(1), card_of(1, **WRONG), None])
def test_a_full_extract_ends_what_it_lacks(take, row):
    take("cards", "full", card_of(1, **WRONG), card_of(2))
    take("persons", "full", person(1))
    touched()
    take("cards", "full", card_of(2), *([row] if row else []))

    assert standing() == ({(card(1), None)} if row == card_of(1, **WRONG) else set())


def test_a_row_that_stands_is_not_erased_with_those_that_do_not(take, node):
    take("cards", "delta", card_of(1, **WRONG), card_of(2, **UNREADABLE))
    retention.erase(NOW.replace(year=NOW.year + 10), None)

    assert list(Reject.objects.values_list("card_number", flat=True)) == [card(1)]


# --- through the days


def outcome(identifier: str = "N1") -> str:
    return Outcome.objects.get(pk=identifier).outcome


def test_a_card_that_is_rejected_one_day_and_mended_the_next(register, deliver, run_day):
    first = NOW.date()
    days = iter(first.replace(day=number) for number in range(1, 28))
    register("persons", person(1))
    deliver(notification(1), notification(9, card_number=card(99)))
    register("permissions", permission(1, permitted_on="2026-03-31"))
    told = [run_day(next(days))]
    register("cards", card_of(1, **WRONG))
    told.append(run_day(next(days)))
    held = outcome()
    register("cards", card_of(1))
    told.append(run_day(next(days)))
    mended = outcome()
    register("cards", {"card_number": card(1)})
    told.append(run_day(next(days)))
    gone = outcome()
    register("cards", card_of(1, **WRONG))
    told.append(run_day(next(days)))
    suspicion = ("suspected_omissions", "L1")
    row = ("discrepancies", "N1")

    assert (held, mended, gone, outcome(), outcome("N9")) == (
        "held",
        "matched",
        "not_found",
        "held",
        "not_found",
    )
    # Nothing of a held number goes to the counterpart, and what had gone is withdrawn.
    assert told == [
        {(*row, "report"), ("discrepancies", "N9", "report"), (*suspicion, "report")},
        {(*row, "withdraw")},
        {(*suspicion, "withdraw")},
        {(*row, "report"), (*suspicion, "report")},
        {(*row, "withdraw")},
    ]


def test_a_held_notification_counts_for_the_person_whom_the_row_names(register, deliver, run_day):
    register("persons", person(1, card_number=card(2)), person(1, card_number=card(1)))
    register("cards", card_of(1, 2))
    register("permissions", permission(1, permitted_on="2026-03-31"))
    deliver(notification(1))
    day = NOW.date()
    run_day(day)
    held, suspected = outcome(), Finding.objects.filter(is_active=True).count()
    register("persons", person(1, card_number=card(2)))
    told = run_day(day.replace(day=day.day + 1))

    assert (held, suspected) == ("held", 0)
    assert outcome() == "not_found"
    assert told == {("discrepancies", "N1", "report"), ("suspected_omissions", "L1", "report")}
