"""Suspected omissions: scope, due date, credit, reason (§6, 3(1)イ)."""

from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest
from builders import (
    AS_OF,
    OTHER_CARD,
    Case,
    Row,
    a_card,
    a_notification,
    a_permission,
    a_person,
    a_tombstone,
    all_reconciled,
    reconciled,
    rows,
)

from renkei.agreement.calendar import due_date
from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.agreement.statuses import STATUSES
from renkei.matching.omissions import suspect
from renkei.matching.values import STATUS_KEYS


def reasons(
    permission: Row,
    *notifications: Row,
    as_of: date = AS_OF,
    policy: Policy = DEFAULT_POLICY,
    cards: list[Row] | None = None,
) -> list[str]:
    result = reconciled(
        notifications=notifications, permissions=[permission], as_of=as_of, policy=policy, cards=cards
    )
    return [row["reason"] for row in rows(result.annex3)]


def reasons_of(cases: list[Case]) -> list[list[str]]:
    return [[row["reason"] for row in said.annex3] for said in all_reconciled(cases)]


def overdue(permitted_on: str, as_of: date, policy: Policy = DEFAULT_POLICY) -> bool:
    """Whether a permission is suspected that no notification credits."""
    permissions = pl.DataFrame(
        {
            "permission_id": ["K1"],
            "person": [0],
            "permitted_on": [date.fromisoformat(permitted_on)],
            "status_of_residence": pl.Series(["professor"], dtype=STATUS_KEYS),
            "work_designated": pl.Series([None], dtype=pl.Boolean),
            "contract_confirmed": [True],
        }
    )
    nothing = pl.DataFrame(
        schema={"person": pl.Int64, "identity_conflict": pl.Boolean, "employment_start": pl.Date}
    )
    return bool(suspect(permissions, nothing, as_of=as_of, policy=policy).height)


SUSPECTED, NOT_SUSPECTED = ["no_notification"], []


def test_a_permission_that_nobody_notified_is_suspected() -> None:
    assert reasons(a_permission()) == SUSPECTED


# --- scope -------------------------------------------------------------------------------------------

SCOPE = [
    ({"contract_confirmed": "false"}, NOT_SUSPECTED),
    ({"permitted_on": ""}, NOT_SUSPECTED),  # has not landed yet
    ({"permitted_on": "2021-03-22"}, SUSPECTED),
    ({"permitted_on": "2021-03-21"}, NOT_SUSPECTED),  # the day before the agreement
    ({"ground": "change"}, SUSPECTED),
    ({"status_of_residence": "student"}, NOT_SUSPECTED),
    ({"status_of_residence": "diplomat"}, NOT_SUSPECTED),
    ({"status_of_residence": "permanent"}, NOT_SUSPECTED),
    ({"status_of_residence": "39"}, SUSPECTED),
    ({"status_of_residence": "designated"}, NOT_SUSPECTED),
    ({"status_of_residence": "designated", "work_designated": "false"}, NOT_SUSPECTED),
    ({"status_of_residence": "designated", "work_designated": "true"}, SUSPECTED),
    ({"status_of_residence": "25", "work_designated": "有"}, SUSPECTED),
    ({"status_of_residence": "student", "work_designated": "true"}, NOT_SUSPECTED),
    ({"status_of_residence": "professor", "work_designated": "false"}, SUSPECTED),
]


@cache
def said_of_scope() -> list[list[str]]:
    return reasons_of([Case(permissions=[a_permission(**permission)]) for permission, _ in SCOPE])


@pytest.mark.parametrize("place", range(len(SCOPE)), ids=[str(permission) for permission, _ in SCOPE])
def test_what_is_in_scope(place: int) -> None:
    _, expected = SCOPE[place]

    assert said_of_scope()[place] == expected


@pytest.mark.parametrize("designated", ["", "true"])
def test_every_status_by_the_column_of_the_table(designated: str) -> None:
    permissions = [
        a_permission(permission_id=code, status_of_residence=code, work_designated=designated)
        for code in STATUSES
    ]
    work = {"yes", "by_designation"} if designated else {"yes"}

    annex3 = rows(reconciled(permissions=permissions).annex3)

    assert {row["permission_id"] for row in annex3} == {
        code for code, status in STATUSES.items() if status.work.value in work
    }


def test_the_first_day_in_scope_is_a_decision() -> None:
    permission = a_permission(permitted_on="2025-12-31")

    assert reasons(permission, policy=Policy(in_scope_from=date(2026, 1, 1))) == NOT_SUSPECTED
    assert reasons(permission, policy=Policy(in_scope_from=date(2025, 12, 31))) == SUSPECTED


# --- due date ----------------------------------------------------------------------------------------

DUE = [
    ("2026-02-01", "2026-03-31"),
    ("2026-02-28", "2026-03-31"),
    ("2026-01-01", "2026-02-28"),
    ("2026-01-31", "2026-02-28"),
    ("2024-01-31", "2024-02-29"),  # a leap year
    ("2024-01-01", "2024-02-29"),
    ("2023-12-31", "2024-01-31"),
    ("2025-11-30", "2025-12-31"),
    ("2025-12-01", "2026-01-31"),
    ("2026-03-31", "2026-04-30"),
    ("2026-08-31", "2026-09-30"),
    ("2025-10-31", "2025-11-30"),
]


@pytest.mark.parametrize(("permitted_on", "due"), DUE)
def test_it_is_suspected_the_day_after_the_due_date(permitted_on: str, due: str) -> None:
    day = date.fromisoformat(due)

    assert due_date(date.fromisoformat(permitted_on), 1, 0) == day
    assert not overdue(permitted_on, day - timedelta(days=1))
    assert not overdue(permitted_on, day)
    assert overdue(permitted_on, day + timedelta(days=1))


def test_the_whole_reconciliation_is_as_of_its_day() -> None:
    permission = a_permission(permitted_on="2026-02-28")

    assert reasons(permission, as_of=date(2026, 3, 31)) == NOT_SUSPECTED
    assert reasons(permission, as_of=date(2026, 4, 1)) == SUSPECTED


@pytest.mark.parametrize(
    ("policy", "due"),
    [
        (Policy(grace_days=1), "2026-04-01"),
        (Policy(grace_days=14), "2026-04-14"),
        (Policy(due_months=0), "2026-02-28"),
        (Policy(due_months=2), "2026-04-30"),
        (Policy(due_months=12, grace_days=3), "2027-03-03"),
    ],
)
def test_months_and_days_of_grace_are_decisions(policy: Policy, due: str) -> None:
    day = date.fromisoformat(due)

    assert not overdue("2026-02-10", day, policy)
    assert overdue("2026-02-10", day + timedelta(days=1), policy)


@pytest.mark.parametrize(
    "policy", [DEFAULT_POLICY, Policy(due_months=13, grace_days=40), Policy(due_months=0)]
)
def test_the_calendar_and_the_engine_know_the_same_due_dates(policy: Policy) -> None:
    days = [date(2023, 12, 1) + timedelta(days=place) for place in range(500)]
    permissions = [a_permission(permission_id=day.isoformat(), permitted_on=day.isoformat()) for day in days]
    as_of = date(2025, 2, 10)

    suspected = {row["permission_id"] for row in rows(reconciled(
        permissions=permissions, as_of=as_of, policy=policy
    ).annex3)}  # fmt: skip

    expected = {
        day.isoformat() for day in days if as_of > due_date(day, policy.due_months, policy.grace_days)
    }
    assert suspected == expected
    assert expected or policy.due_months > 12


# --- credit ------------------------------------------------------------------------------------------

SOMEONE_ELSE = {"name": "TRAN BINH", "birth_date": "1970-12-31"}
CREDITS = [
    # no start, the very day, later
    ((a_notification(),), NOT_SUSPECTED),
    ((a_notification(employment_start="2026-02-10"),), NOT_SUSPECTED),
    ((a_notification(employment_start="2026-02-11"),), NOT_SUSPECTED),
    ((a_notification(employment_start="2026-02-09"),), ["start_before_permission"]),
    # mismatched, but not someone else's
    ((a_notification(name="TRAN BINH"),), NOT_SUSPECTED),
    ((a_notification(status_of_residence="student", stay_expires_on="2030-01-01"),), NOT_SUSPECTED),
    ((a_notification(**SOMEONE_ELSE),), ["identity_conflict"]),
    ((a_notification(**SOMEONE_ELSE, employment_start="2026-02-10"),), ["identity_conflict"]),
    # both at once fails by neither alone
    ((a_notification(**SOMEONE_ELSE, employment_start="2026-02-09"),), ["no_notification"]),
    # not found, deleted, malformed
    ((a_notification(card_number="ZZ99999999ZZ"),), ["no_notification"]),
    ((a_notification(card_number="AB1234"),), ["no_notification"]),
    ((a_tombstone(),), ["no_notification"]),
    ((a_notification(deleted_on="2026-04-01", employment_start="2026-03-01"),), ["no_notification"]),
    ((a_notification(deleted_on="2026-04-01", employment_start="2026-01-01"),), ["no_notification"]),
    # an employment that has ended was notified all the same
    ((a_notification(employment_start="2026-02-10", employment_end="2026-03-01"),), NOT_SUSPECTED),
    # several: one that credits is enough; else the start date comes before the conflict
    (
        (
            a_notification(employment_start="2026-01-01"),
            a_notification(notification_id="N2", employment_start="2026-03-01"),
        ),
        NOT_SUSPECTED,
    ),
    ((a_notification(**SOMEONE_ELSE), a_notification(notification_id="N2")), NOT_SUSPECTED),
    (
        (
            a_notification(**SOMEONE_ELSE),
            a_notification(notification_id="N2", employment_start="2026-01-01"),
        ),
        ["start_before_permission"],
    ),
    (
        (
            a_notification(**SOMEONE_ELSE),
            a_notification(notification_id="N2", **SOMEONE_ELSE, employment_start="2026-01-01"),
        ),
        ["identity_conflict"],
    ),
]  # fmt: skip


@cache
def said_of_credits() -> list[list[str]]:
    return reasons_of([Case(notifications, permissions=[a_permission()]) for notifications, _ in CREDITS])


@pytest.mark.parametrize("place", range(len(CREDITS)))
def test_what_credits_a_permission_and_why_not(place: int) -> None:
    _, expected = CREDITS[place]

    assert said_of_credits()[place] == expected


def test_any_card_of_the_person_will_do() -> None:
    cards = [a_card(), a_card(card_number=OTHER_CARD)]

    assert reasons(a_permission(), a_notification(card_number=OTHER_CARD), cards=cards) == NOT_SUSPECTED


def test_another_persons_notification_credits_nothing() -> None:
    result = reconciled(
        notifications=[a_notification(card_number=OTHER_CARD)],
        persons=[a_person(), a_person(person_id="P2", card_number=OTHER_CARD)],
        cards=[a_card(), a_card(card_number=OTHER_CARD, person_id="P2")],
        permissions=[a_permission(), a_permission(permission_id="K2", person_id="P2")],
    )

    assert [row["permission_id"] for row in rows(result.annex3)] == ["K1"]


def test_each_permission_is_credited_by_itself() -> None:
    result = reconciled(
        notifications=[a_notification(employment_start="2026-01-15")],
        permissions=[
            a_permission(permission_id="K1", permitted_on="2026-01-10"),
            a_permission(permission_id="K2", permitted_on="2026-01-15"),
            a_permission(permission_id="K3", permitted_on="2026-01-20"),
        ],
    )

    assert [(row["permission_id"], row["reason"]) for row in rows(result.annex3)] == [
        ("K3", "start_before_permission")
    ]
