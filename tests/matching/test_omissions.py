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
from renkei.matching.omissions import due_on
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
    """Whether the due date of a permission has passed."""
    permission = pl.DataFrame(
        {
            "ground": ["coe"],
            "permitted_on": [date.fromisoformat(permitted_on)],
            "contract_starts_on": pl.Series([None], dtype=pl.Date),
            "status_of_residence": pl.Series(["professor"], dtype=STATUS_KEYS),
            "previous_status": pl.Series([None], dtype=STATUS_KEYS),
        }
    )
    return bool(permission.select(due_on(policy) < as_of).item())


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

    annex3 = rows(reconciled(permissions=permissions, policy=Policy(due_months=1)).annex3)

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
        day.isoformat() for day in days if as_of > due_date(day, policy.due_months.default, policy.grace_days)
    }
    assert suspected == expected
    assert expected or policy.due_months.default > 12


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


# --- scope, counted -----------------------------------------------------------------------------------

SCOPES = [
    ({"contract_confirmed": "false", "status_of_residence": "student"}, "no_contract"),
    ({"status_of_residence": "student", "permitted_on": ""}, "not_work_status"),
    ({"status_of_residence": "designated", "permitted_on": ""}, "designation_unknown"),
    ({"status_of_residence": "designated", "work_designated": "false", "permitted_on": ""}, "not_designated"),
    ({"permitted_on": ""}, "not_used"),
    ({"permitted_on": "2021-03-21"}, "before_agreement"),
    ({"permitted_on": "2026-03-13"}, "not_due"),
    ({"permitted_on": "2026-02-27"}, "suspected"),
]  # fmt: skip


@pytest.mark.parametrize(("permission", "scope"), SCOPES, ids=[scope for _, scope in SCOPES])
def test_every_permission_is_in_one_scope(permission: Row, scope: str) -> None:
    counted = reconciled(permissions=[a_permission(**permission)]).statistics.summary()["scope"]

    assert {code: rows for code, rows in counted.items() if rows} == {scope: 1}


def test_the_scopes_add_up_to_the_permissions_taken() -> None:
    permissions = [
        a_permission(permission_id=f"K{place}", **permission) for place, (permission, _) in enumerate(SCOPES)
    ]

    summary = reconciled(permissions=permissions, notifications=[a_notification()]).statistics.summary()

    assert sum(summary["scope"].values()) == summary["datasets"]["permissions"]["taken"] == len(SCOPES)
    assert summary["scope"]["credited"] == 1


def test_a_change_without_its_day_is_set_aside_and_an_unused_certificate_is_not() -> None:
    result = reconciled(
        permissions=[
            a_permission(permission_id="K1", ground="change", permitted_on=""),
            a_permission(permission_id="K2", ground="coe", permitted_on=""),
        ]
    )

    assert [(row["identifier"], row["action"], row["reasons"]) for row in rows(result.rejects)] == [
        ("K1", "row", "missing:permitted_on")
    ]


# --- due date by status and contract -------------------------------------------------------------------

DUE_ON = [
    ({}, "2026-03-31"),
    ({"contract_starts_on": "2026-01-05"}, "2026-03-31"),
    ({"contract_starts_on": "2026-04-01"}, "2026-05-31"),
    ({"status_of_residence": "titp_1b"}, "2026-05-31"),
    ({"status_of_residence": "titp_1a"}, "2026-03-31"),
    ({"status_of_residence": "esd", "contract_starts_on": "2026-03-01"}, "2026-06-30"),
    ({"ground": "change", "previous_status": "student"}, "2026-05-31"),
    ({"ground": "change", "previous_status": "留学", "permitted_on": "2026-04-30"}, "2026-05-31"),
    ({"ground": "change", "previous_status": "student", "permitted_on": "2026-05-01"}, "2026-06-30"),
    ({"ground": "change", "previous_status": "student", "contract_starts_on": "2026-05-15"}, "2026-06-30"),
    ({"ground": "change", "previous_status": "trainee"}, "2026-03-31"),
    ({"ground": "coe", "previous_status": "student"}, "2026-03-31"),
]  # fmt: skip


@pytest.mark.parametrize(("permission", "due"), DUE_ON)
def test_the_due_date_follows_status_contract_and_graduation(permission: Row, due: str) -> None:
    day = date.fromisoformat(due)
    permissions = [a_permission(**permission)]

    assert not reconciled(permissions=permissions, as_of=day).annex3.height
    assert reconciled(permissions=permissions, as_of=day + timedelta(days=1)).annex3.height


def test_graduates_wait_by_a_decision() -> None:
    permission = a_permission(ground="change", previous_status="student")

    assert reasons(permission) == NOT_SUSPECTED
    assert reasons(permission, policy=Policy(graduates_until_may=False)) == SUSPECTED


# --- reason, explanation and the notification they rest on ----------------------------------------------

EMPLOYER = {"establishment_name": "(株)見本商事"}
OTHER = {"establishment_name": "別見本工業株式会社"}
BEFORE, AFTER = "2026-01-05", "2026-03-01"  # of a permission of 2026-02-10
NEW_CARD = [a_card(issued_on="2026-02-10")]

EXPLAINED = [
    # a blank start: the day of registration stands for it
    ([a_notification(registered_on="2026-02-10")], NEW_CARD, None),
    ([a_notification(registered_on="2026-02-09")], None, ("start_before_permission", "just_before")),
    ([a_notification(registered_on="2026-01-05")], None, ("start_before_permission", "")),
    (
        [a_notification(registered_on="2026-01-05", **EMPLOYER)],
        None,
        ("start_before_permission", "continues"),
    ),
    # a separation without a start never credits
    (
        [a_notification(registered_on=AFTER, employment_end=AFTER)],
        None,
        ("start_before_permission", "separation_only"),
    ),
    (
        [a_notification(registered_on=AFTER, employment_end=BEFORE)],
        None,
        ("start_before_permission", "ended_before"),
    ),
    (
        [a_notification(registered_on=AFTER, employment_end=AFTER, **EMPLOYER)],
        None,
        ("start_before_permission", "separation_only"),
    ),
    # a start before the permission
    ([a_notification(employment_start=BEFORE)], NEW_CARD, ("start_before_permission", "notified_after")),
    (
        [a_notification(employment_start=BEFORE, **EMPLOYER)],
        NEW_CARD,
        ("start_before_permission", "notified_after"),
    ),
    (
        [a_notification(employment_start=BEFORE, **EMPLOYER)],
        None,
        ("start_before_permission", "continues"),
    ),
    (
        [a_notification(employment_start=BEFORE, employment_end=AFTER, **EMPLOYER)],
        None,
        ("start_before_permission", "continues"),
    ),
    (
        [a_notification(employment_start=BEFORE, employment_end="2026-02-09", **EMPLOYER)],
        None,
        ("start_before_permission", "ended_before"),
    ),
    (
        [a_notification(employment_start=BEFORE, **OTHER)],
        None,
        ("start_before_permission", "continues_elsewhere"),
    ),
    ([a_notification(employment_start=BEFORE)], None, ("start_before_permission", "")),
    # 31 days, and one more
    (
        [a_notification(employment_start="2026-01-10", **OTHER)],
        None,
        ("start_before_permission", "just_before"),
    ),
    (
        [a_notification(employment_start="2026-01-09", **OTHER)],
        None,
        ("start_before_permission", "continues_elsewhere"),
    ),
    # the first explanation over all notifications
    (
        [
            a_notification(employment_start=BEFORE, **OTHER),
            a_notification(notification_id="N2", employment_start=BEFORE, **EMPLOYER),
        ],
        None,
        ("start_before_permission", "continues"),
    ),
    ([a_tombstone()], None, ("no_notification", "cancelled")),
    ([], None, ("no_notification", "")),
    ([a_tombstone(), a_notification(notification_id="N2", **SOMEONE_ELSE)], None, ("identity_conflict", "")),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(EXPLAINED)))
def test_the_reason_is_explained(place: int) -> None:
    notifications, cards, expected = EXPLAINED[place]

    result = reconciled(notifications=notifications, cards=cards, permissions=[a_permission()])

    said = [(row["reason"], row["explanation"]) for row in rows(result.annex3)]
    assert said == ([expected] if expected else [])


def test_just_before_is_of_landings_only() -> None:
    notification = a_notification(employment_start="2026-01-20", **OTHER)
    change = a_permission(ground="change", previous_status="dependent")

    annex3 = rows(reconciled(notifications=[notification], permissions=[change]).annex3)

    assert [row["explanation"] for row in annex3] == ["continues_elsewhere"]


def test_the_latest_notification_with_the_explanation_is_named_then_the_first_identifier() -> None:
    def named(*notifications: Row) -> str:
        return rows(reconciled(notifications=notifications, permissions=[a_permission()]).annex3)[0][
            "notification_id"
        ]

    def early(name: str, registered_on: str, **values: str) -> Row:
        return a_notification(
            notification_id=name, employment_start=BEFORE, registered_on=registered_on, **values
        )

    assert named(early("N1", "2026-03-01"), early("N2", "2026-03-02"), early("N0", "2026-03-02")) == "N0"
    # one that rests on another explanation is not named, however late
    assert named(early("N1", "2026-03-01", **EMPLOYER), early("N2", "2026-03-02", **OTHER)) == "N1"
    assert named(a_tombstone()) == ""
    assert named(a_notification(**SOMEONE_ELSE)) == "N1"


def test_a_blank_start_credits_by_a_decision() -> None:
    notification = a_notification(registered_on="2026-03-01")

    assert reasons(a_permission(), notification) == NOT_SUSPECTED
    assert reasons(a_permission(), notification, policy=Policy(blank_start_credits=False)) == [
        "no_notification"
    ]
    early = a_notification(registered_on="2026-01-01")
    assert reasons(a_permission(), early, policy=Policy(blank_start_credits=False)) == [
        "start_before_permission"
    ]


OF_ORGANISATION = Policy(credited_by="contract_organisation")


def test_whose_notification_counts_is_a_decision() -> None:
    permission = a_permission(dispatch_name="派遣先見本")
    ours = a_notification(employment_start=AFTER, **EMPLOYER)
    theirs = a_notification(employment_start=AFTER, **OTHER)
    place = a_notification(employment_start=AFTER, establishment_name="株式会社派遣先見本 大阪支店")

    assert reasons(permission, theirs) == NOT_SUSPECTED
    assert reasons(permission, theirs, policy=OF_ORGANISATION) == ["other_employer"]
    assert reasons(permission, ours, theirs | {"notification_id": "N2"}, policy=OF_ORGANISATION) == []
    assert reasons(permission, place, policy=OF_ORGANISATION) == NOT_SUSPECTED
    early = theirs | {"employment_start": BEFORE}
    assert reasons(permission, early, policy=OF_ORGANISATION) == ["no_notification"]


@pytest.mark.parametrize(
    ("notifications", "counted"),
    [
        ([a_notification(**OTHER)], 1),
        ([a_notification(**EMPLOYER)], 0),
        ([a_notification()], 0),  # nothing to compare: not another organisation
        ([a_notification(**OTHER), a_notification(notification_id="N2", **EMPLOYER)], 0),
        ([a_notification(**OTHER, employment_start=BEFORE)], 0),  # it does not credit
    ],
)
def test_permissions_that_only_others_credit_are_counted(notifications: list[Row], counted: int) -> None:
    summary = reconciled(notifications=notifications, permissions=[a_permission()]).statistics.summary()

    assert summary["credited_by_others_only"] == counted


def test_what_is_explained_and_what_is_reported_are_decisions() -> None:
    continuing = a_notification(employment_start=BEFORE, **EMPLOYER)

    def annex3(**decisions: bool) -> list[tuple[str, str, str]]:
        result = reconciled(
            notifications=[continuing], permissions=[a_permission()], policy=Policy(**decisions)
        )
        assert result.statistics.summary()["scope"]["suspected"] == 1
        return [(row["reason"], row["explanation"], row["notification_id"]) for row in rows(result.annex3)]

    assert annex3() == [("start_before_permission", "continues", "N1")]
    assert annex3(explain_omissions=False) == [("start_before_permission", "", "")]
    assert annex3(report_continuing=False) == []
    assert annex3(explain_omissions=False, report_continuing=False) == []
