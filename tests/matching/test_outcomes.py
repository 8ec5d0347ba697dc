"""Outcomes and flags of notifications (§4)."""

from functools import cache

import pytest
from builders import (
    CARD,
    OTHER_CARD,
    Case,
    Row,
    a_card,
    a_match,
    a_notification,
    a_person,
    a_tombstone,
    all_reconciled,
    reconciled,
    rows,
)

from renkei.agreement.decisions import IDENTITY_ITEMS, Policy

NOBODYS = "ZZ99999999ZZ"


def test_a_notification_that_agrees_is_matched() -> None:
    assert a_match(a_notification()) == {
        "notification_id": "N1",
        "outcome": "matched",
        "person_id": "P1",
        "mismatched_items": "",
        "differences": "",
        "card_superseded": "false",
        "identity_conflict": "false",
        "shared_number": "false",
    }


def test_one_item_that_differs_makes_a_mismatch() -> None:
    match = a_match(a_notification(sex="2"))

    assert (match["outcome"], match["person_id"], match["mismatched_items"]) == ("mismatched", "P1", "sex")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (NOBODYS, "unknown_number"),
        ("AB1234567CD", "malformed"),
        ("不明", "malformed"),
        ("AB12345678CDE", "malformed"),
    ],
)
def test_a_number_in_no_card_is_not_found(number: str, why: str) -> None:
    match = a_match(a_notification(card_number=number))

    assert (match["outcome"], match["person_id"], match["mismatched_items"]) == ("not_found", "", "")
    assert match["differences"] == f"card_number:{why}"
    assert [match[flag] for flag in ("card_superseded", "identity_conflict", "shared_number")] == [
        "false"
    ] * 3


@pytest.mark.parametrize("written", ["ab12345678cd", "ＡＢ　１２３４５６７８　ＣＤ", "AB-12345678-CD"])
def test_a_card_is_found_however_its_number_is_written(written: str) -> None:
    assert a_match(a_notification(card_number=written))["outcome"] == "matched"


@pytest.mark.parametrize(
    "tombstone",
    [a_tombstone(), a_notification(deleted_on="2026-04-10", sex="2"), a_tombstone(card_number=NOBODYS)],
)
def test_a_tombstone_is_not_matched(tombstone: Row) -> None:
    match = a_match(tombstone)

    assert match.pop("outcome") == "deleted"
    assert match == {
        "notification_id": "N1", "person_id": "", "mismatched_items": "", "differences": "",
        "card_superseded": "false", "identity_conflict": "false", "shared_number": "false",
    }  # fmt: skip


@pytest.mark.parametrize(("latest", "expected"), [(CARD, "false"), (OTHER_CARD, "true")])
def test_a_card_is_superseded_when_the_persons_latest_is_another(latest: str, expected: str) -> None:
    match = a_match(a_notification(), persons=[a_person(card_number=latest)])

    assert (match["outcome"], match["card_superseded"]) == ("matched", expected)


def test_a_notification_is_compared_with_the_card_it_names_and_not_with_the_latest_record() -> None:
    renewed = {"card_number": OTHER_CARD, "stay_expires_on": "2030-09-30"}

    match = a_match(a_notification(), cards=[a_card(), a_card(**renewed)], persons=[a_person(**renewed)])

    assert (match["outcome"], match["card_superseded"]) == ("matched", "true")


DIFFERING = {"name": "TRAN BINH", "birth_date": "1970-12-31", "sex": "2", "nationality": "PHL"}
BESIDE = {
    "status_of_residence": "student",
    "stay_expires_on": "2030-01-01",
    "extra_activity_permission": "true",
}
CONFLICTS = [
    (("name",), "false"),
    (("birth_date",), "false"),
    (("name", "birth_date"), "true"),
    (("name", "sex"), "true"),
    (("sex", "nationality"), "true"),
    (("birth_date", "nationality"), "true"),
    (("name", "birth_date", "sex", "nationality"), "true"),
    (("name", "status_of_residence", "stay_expires_on", "extra_activity_permission"), "false"),
    (("status_of_residence", "stay_expires_on"), "false"),
]


@pytest.mark.parametrize(("items", "expected"), CONFLICTS, ids=lambda value: "+".join(value))
def test_two_identity_items_that_differ_are_an_identity_conflict(
    items: tuple[str, ...], expected: str
) -> None:
    differing = DIFFERING | BESIDE

    match = a_match(a_notification(**{item: differing[item] for item in items}))

    assert match["identity_conflict"] == expected
    assert set(match["mismatched_items"].split(";")) == set(items)


def test_a_conflict_is_counted_whatever_its_cause() -> None:
    latest = {"name": "TRAN BINH", "birth_date": "1970-12-31"}

    match = a_match(a_notification(**latest), persons=[a_person(**latest)])

    assert match["differences"] == "name:as_latest;birth_date:as_latest"
    assert match["identity_conflict"] == "true"


def test_how_many_items_make_a_conflict_is_a_decision() -> None:
    reported = a_notification(name="TRAN BINH", sex="2")

    assert a_match(reported, policy=Policy(identity_conflict_at=3))["identity_conflict"] == "false"
    assert (
        a_match(a_notification(sex="2"), policy=Policy(identity_conflict_at=1))["identity_conflict"] == "true"
    )


def test_only_compared_items_make_a_mismatch() -> None:
    match = a_match(a_notification(sex="2"), policy=Policy(compared_items=("name", "birth_date")))

    assert match["outcome"] == "matched"


@pytest.mark.parametrize(
    ("compared", "identity", "outcome"),
    [
        (("stay_expires_on",), IDENTITY_ITEMS, "mismatched"),  # nothing compared that tells of identity
        (("name", "stay_expires_on"), (), "mismatched"),
        ((), IDENTITY_ITEMS, "matched"),
        ((), (), "matched"),
    ],
)
def test_a_policy_that_compares_nothing_of_identity_finds_no_conflict(compared, identity, outcome) -> None:
    policy = Policy(compared_items=compared, identity_items=identity)
    differing = {"name": "TRAN BINH", "sex": "2", "stay_expires_on": "2031-01-31"}
    reported = [a_notification(notification_id=f"N{number}", **differing) for number in range(3)]

    for how_many in (0, 1, 3):
        matches = rows(reconciled(notifications=reported[:how_many], policy=policy).matches)
        said = [(match["outcome"], match["identity_conflict"]) for match in matches]
        assert said == [(outcome, "false")] * how_many


# --- shared numbers ----------------------------------------------------------------------------------

ANH = {"name": "NGUYEN VAN ANH", "birth_date": "1998-04-21"}
BINH = {"name": "TRAN BINH", "birth_date": "1970-12-31"}
SHARED = [
    ((ANH, BINH), "yes yes"),
    ((ANH, ANH), "no no"),
    # both the name and the birth date must differ
    ((ANH, BINH | {"birth_date": "1998-04-21"}), "no no"),
    ((ANH, BINH | {"name": "ANH NGUYEN-VAN"}), "no no"),
    # differ as in §3: only the parts known on both sides
    ((ANH, BINH | {"birth_date": "1998-00-00"}), "no no"),
    ((ANH, BINH | {"birth_date": "1997-00-00"}), "yes yes"),
    # a part of a name, or one cut short, does not agree
    ((ANH, {"name": "NGUYEN ANH", "birth_date": "1970-12-31"}), "yes yes"),
    # names that cannot be compared do not differ
    ((ANH, {"name": "王力", "birth_date": "1970-12-31"}), "no no"),
    ((ANH, {"name": "グエン", "birth_date": "1970-12-31"}), "no no"),
    (({"name": "王力", "birth_date": "1998-04-21"}, {"name": "李明", "birth_date": "1970-12-31"}), "yes yes"),
    (({"name": "髙", "birth_date": "1998-04-21"}, {"name": "高", "birth_date": "1970-12-31"}), "no no"),
    # every live notification of a number that two people share
    ((ANH, BINH, ANH), "yes yes yes"),
    ((ANH, ANH, BINH), "yes yes yes"),
    ((ANH, {"name": "グエン", "birth_date": "1998-04-21"}, BINH), "yes yes yes"),
    # three, of whom only the last two differ: the first has a name like one and a birth date like the other
    (
        (
            {"name": "TRAN BINH", "birth_date": "1998-04-21"},
            ANH,
            BINH,
        ),
        "yes yes yes",
    ),
    # six, of whom the first four agree with all: they are told from the others some at a time
    (
        (
            *({**ANH, "birth_date": f"1998-04-2{day}"} for day in range(1, 5)),
            ANH | {"birth_date": "1999-05-05"},
            BINH | {"birth_date": "1998-00-00"},
        ),
        "yes yes yes yes yes yes",
    ),
    (
        (
            *({**ANH, "birth_date": f"1998-04-2{day}"} for day in range(1, 6)),
            BINH | {"birth_date": "1998-00-00"},
        ),
        "no no no no no no",
    ),
    # no pair differs in both, though two names and two birth dates stand
    ((ANH, ANH | {"name": "TRAN BINH"}, ANH | {"name": "PHAM CHI"}), "no no no"),
    ((ANH, ANH | {"birth_date": "1970-12-31"}), "no no"),
    # the deleted do not count, and are not flagged
    ((ANH, BINH | {"deleted_on": "2026-04-10"}), "no no"),
    ((ANH, BINH, BINH | {"deleted_on": "2026-04-10"}), "yes yes no"),
]  # fmt: skip


@cache
def said_of_shared_numbers(number: str, turn: int) -> list[str]:
    """Return for each case whether each notification shares its number; `turn` rotates the order of rows."""
    cases = [
        Case(
            notifications=[
                a_notification(notification_id=f"N{place}", card_number=number, **person)
                for place, person in enumerate(people)
            ][::turn]
        )
        for people, _ in SHARED
    ]
    words = {"true": "yes", "false": "no"}
    return [
        " ".join(words[match["shared_number"]] for match in said.matches) for said in all_reconciled(cases)
    ]


@pytest.mark.parametrize("number", [CARD, NOBODYS, "AB-1234"], ids=["found", "unknown", "malformed"])
@pytest.mark.parametrize("place", range(len(SHARED)))
def test_a_number_is_shared_when_two_notifications_name_different_people(place: int, number: str) -> None:
    _, expected = SHARED[place]

    assert said_of_shared_numbers(number, 1)[place] == expected
    assert said_of_shared_numbers(number, -1)[place] == expected


def test_other_numbers_are_not_shared() -> None:
    notifications = [
        a_notification(notification_id="N1", card_number=NOBODYS, **ANH),
        a_notification(notification_id="N2", card_number=NOBODYS, **BINH),
        a_notification(notification_id="N3", **ANH),
        a_notification(notification_id="N4", card_number="YY99999999ZZ", **BINH),
    ]

    matches = rows(reconciled(notifications=notifications).matches)

    assert [match["shared_number"] for match in matches] == ["true", "true", "false", "false"]


def test_one_number_written_in_two_ways_is_one_number() -> None:
    notifications = [
        a_notification(notification_id="N1", card_number=CARD, **ANH),
        a_notification(notification_id="N2", card_number="ab-12345678-cd", **BINH),
    ]

    matches = rows(reconciled(notifications=notifications).matches)

    assert [match["shared_number"] for match in matches] == ["true", "true"]


def test_a_rejected_notification_shares_nothing() -> None:
    notifications = [
        a_notification(notification_id="N1"),
        a_notification(notification_id="N2", **BINH, sex="?"),
    ]

    matches = rows(reconciled(notifications=notifications).matches)

    assert [match["shared_number"] for match in matches] == ["false"]
