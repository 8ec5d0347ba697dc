"""Implausible input: each limit at its edge, and the exception of the Python interface (§1)."""

from datetime import date

import polars as pl
import pytest
from builders import OTHER_CARD, a_card, a_notification, a_permission, a_person, a_table, a_tombstone

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.matching import ImplausibleInput, Reconciliation, reconcile
from renkei.matching.frames import table_batches
from renkei.matching.plausibility import (
    ALL_GIVEN,
    REGISTER,
    Implausible,
    RowCounts,
    implausible,
    require_plausible,
    row_counts,
)
from renkei.matching.prepare import prepare
from renkei.matching.validation import REJECTS, NotificationsAre

# read, set aside, before; whether it is taken
ROWS = {
    "nothing set aside": (1000, 0, None, True),
    "exactly 5 %": (1000, 50, None, True),
    "one more than 5 %": (1000, 51, None, False),
    "5 % that is no whole number": (410, 20, None, True),
    "more than 5 % that is no whole number": (410, 21, None, False),
    "20 rows, which are 5 of 6": (24, 20, None, True),
    "21 rows, which are 7 of 8": (24, 21, None, False),
    "21 rows, which are less than 5 %": (1000, 21, None, True),
    "all of 20 rows": (20, 20, None, True),
    "as many as before": (1000, 0, 1000, True),
    "more than before": (1000, 0, 10, True),
    "exactly 10 % fewer": (900, 0, 1000, True),
    "one more than 10 % fewer": (899, 0, 1000, False),
    "20 rows fewer, which are half": (20, 0, 40, True),
    "21 rows fewer, which are half": (21, 0, 42, False),
    "21 rows fewer, which are less than 10 %": (979, 0, 1000, True),
}


@pytest.mark.parametrize("case", ROWS)
@pytest.mark.parametrize("dataset", ["notifications", "persons", "cards", "permissions"])
def test_a_dataset_at_each_limit(case: str, dataset: str) -> None:
    read, set_aside, before, taken = ROWS[case]
    found = implausible([RowCounts(dataset, read, set_aside, before=before)])

    assert (found == ()) is taken
    assert all(finding.dataset == dataset and finding.count > finding.limit for finding in found)


@pytest.mark.parametrize(
    ("dataset", "never_empty", "taken"),
    [
        ("persons", ALL_GIVEN, False),
        ("cards", ALL_GIVEN, False),
        ("notifications", ALL_GIVEN, False),
        ("permissions", ALL_GIVEN, True),
        ("persons", REGISTER, False),
        ("cards", REGISTER, False),
        ("notifications", REGISTER, True),
        ("permissions", REGISTER, True),
    ],
)
def test_what_may_have_no_rows_at_all(dataset: str, never_empty: frozenset[str], taken: bool) -> None:
    assert (implausible([RowCounts(dataset, 0)], never_empty=never_empty) == ()) is taken
    assert implausible([RowCounts(dataset, 1)], never_empty=never_empty) == ()


@pytest.mark.parametrize(
    ("due", "suspected", "taken"),
    [(100, 50, True), (100, 51, False), (99, 99, True), (101, 50, True), (101, 51, False), (0, 0, True)],
)
def test_suspicions_of_more_than_half_of_a_hundred_permissions(due: int, suspected: int, taken: bool) -> None:
    assert (implausible([], due=due, suspected=suspected) == ()) is taken


@pytest.mark.parametrize(
    ("policy", "rows", "due", "suspected"),
    [
        (Policy(set_aside_percent=10), RowCounts("cards", 1000, 51), 0, 0),
        (Policy(set_aside_rows=21), RowCounts("cards", 24, 21), 0, 0),
        (Policy(shrunk_percent=11), RowCounts("cards", 899, before=1000), 0, 0),
        (Policy(shrunk_rows=21), RowCounts("cards", 21, before=42), 0, 0),
        (Policy(suspected_percent=51), RowCounts("cards", 1), 100, 51),
        (Policy(suspected_from=101), RowCounts("cards", 1), 100, 51),
    ],
)
def test_each_limit_is_a_decision(policy: Policy, rows: RowCounts, due: int, suspected: int) -> None:
    assert len(implausible([rows], DEFAULT_POLICY, due=due, suspected=suspected)) == 1
    assert implausible([rows], policy, due=due, suspected=suspected) == ()


def test_the_message_names_counts_and_limits_in_both_languages() -> None:
    refused = ImplausibleInput(
        (
            Implausible("set_aside", "notifications", 2_980, 3_000, 150),
            Implausible("suspected", "permissions", 30_294, 40_000, 20_000),
        )
    )

    for said in (refused.en, refused.ja):
        assert all(number in said for number in ("2,980", "3,000", "150", "30,294", "40,000", "20,000"))
        assert "--confirmed" in said
        assert "prepare" not in said
    assert refused.exit_status == 3


@pytest.mark.parametrize(("forbidden", "told"), [(20, False), (21, True)])
def test_a_raw_extract_is_told_to_be_prepared(forbidden: int, told: bool) -> None:
    (finding,) = implausible([RowCounts("notifications", 100, 40, forbidden)])

    assert finding.forbidden is told
    assert ("renkei prepare" in finding.words().en, "renkei prepare" in finding.words().ja) == (told, told)


def test_a_row_with_several_forbidden_items_counts_once() -> None:
    rejects = pl.DataFrame(
        [
            ("notifications", 2, "N1", "row", "forbidden:establishment_name;forbidden:establishment_phone"),
            ("notifications", 3, "N2", "row", "missing:sex"),
            ("notifications", 4, "N3", "value", "unreadable:sex"),
        ],
        schema=REJECTS,
        orient="row",
    )
    datasets = {"notifications": {"read": 9, "rejected": 2, "taken": 7}, "cards": {"read": 4, "rejected": 0}}

    assert row_counts(datasets, rejects, {"cards": 5}) == (
        RowCounts("notifications", 9, 2, forbidden=1),
        RowCounts("cards", 4, before=5),
    )


@pytest.mark.parametrize(("confirmed", "taken"), [(None, False), ("", False), (" ", False), ("seen", True)])
def test_only_a_reason_confirms(confirmed: str | None, taken: bool) -> None:
    findings = implausible([RowCounts("cards", 0)])
    if taken:
        require_plausible(findings, confirmed)
    else:
        with pytest.raises(ImplausibleInput):
            require_plausible(findings, confirmed)
    require_plausible((), confirmed)


# --- the whole matching ------------------------------------------------------------------------------


def matched(
    *,
    notifications: int = 25,
    odd: int = 0,
    permissions: int = 0,
    permitted_on: str = "2026-02-10",
    persons: int = 2,
    **options: object,
) -> Reconciliation:
    """Match notifications, some of them permanent residents' with a forbidden item, and permissions."""
    forbidden = {"status_of_residence": "permanent", "establishment_name": "見本"}
    return reconcile(
        a_table(
            NOTIFICATIONS,
            [
                a_notification(notification_id=f"N{place}", **(forbidden if place < odd else {}))
                for place in range(notifications)
            ],
        ),
        a_table(PERSONS, [a_person(), a_person(person_id="P2", card_number=OTHER_CARD)][:persons]),
        a_table(CARDS, [a_card(), a_card(card_number=OTHER_CARD, person_id="P2")][:persons]),
        a_table(
            PERMISSIONS,
            [
                a_permission(permission_id=f"K{place}", person_id="P2", permitted_on=permitted_on)
                for place in range(permissions)
            ],
        ),
        as_of=date(2026, 4, 13),
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("given", "neighbour", "rule"),
    [
        ({"odd": 21}, {"odd": 20}, "set_aside"),
        ({"notifications": 0}, {"notifications": 1}, "empty"),
        ({"persons": 0, "notifications": 1}, {"persons": 1, "notifications": 1}, "empty"),
        ({"permissions": 100}, {"permissions": 99}, "suspected"),
        ({"permissions": 100}, {"permissions": 100, "permitted_on": "2026-03-10"}, "suspected"),
        ({"last_said": {"notifications": 46}}, {"last_said": {"notifications": 45}}, "shrunk"),
        ({"notifications": 0}, {"notifications": 0, "notifications_are": "changes"}, "empty"),
        ({"permissions": 100}, {"permissions": 100, "notifications_are": "changes"}, "suspected"),
        (
            {"last_said": {"notifications": 46}},
            {"last_said": {"notifications": 46}, "notifications_are": "changes"},
            "shrunk",
        ),
        (
            {"last_said": {"cards": 46}, "notifications_are": "changes"},
            {"last_said": {"cards": 22}, "notifications_are": "changes"},
            "shrunk",
        ),
    ],
)
def test_a_matching_refuses_what_cannot_be_true_and_takes_its_neighbour(
    given: dict[str, object], neighbour: dict[str, object], rule: str
) -> None:
    with pytest.raises(ImplausibleInput) as refused:
        matched(**given)  # type: ignore[arg-type]
    confirmed = matched(**given, confirmed="counted by hand")  # type: ignore[arg-type]

    assert {finding.rule for finding in refused.value.findings} == {rule}
    assert confirmed.implausible == refused.value.findings
    assert matched(**neighbour).implausible == ()  # type: ignore[arg-type]


def test_the_message_of_a_matching_holds_no_value_of_a_row() -> None:
    with pytest.raises(ImplausibleInput, match="renkei prepare") as refused:
        matched(odd=21)

    assert "見本" not in refused.value.en + refused.value.ja


@pytest.mark.parametrize(
    ("rows", "odd", "are", "taken"),
    [(25, 20, "all", True), (25, 21, "all", False), (0, 0, "all", False), (0, 0, "changes", True)],
)
def test_preparing_has_the_same_limits(rows: int, odd: int, are: NotificationsAre, taken: bool) -> None:
    table = [
        a_notification(notification_id=f"N{place}", registered_on="?" if place < odd else "2026-04-01")
        for place in range(rows)
    ]

    def prepared(confirmed: str | None = None) -> int:
        batches = table_batches(a_table(NOTIFICATIONS, table), NOTIFICATIONS)
        return prepare(batches, notifications_are=are, confirmed=confirmed).annex1.height

    if taken:
        assert prepared() == rows - odd
    else:
        with pytest.raises(ImplausibleInput):
            prepared()
        assert prepared("counted by hand") == rows - odd


def test_preparing_changes_the_last_row_of_a_notification_stands() -> None:
    table = a_table(NOTIFICATIONS, [a_notification(), a_tombstone()])
    all_given = prepare(table_batches(table, NOTIFICATIONS))
    changes = prepare(table_batches(table, NOTIFICATIONS), notifications_are="changes")

    assert all_given.rejects["reasons"].to_list() == ["duplicate:notification_id"]
    assert changes.rejects["reasons"].to_list() == ["superseded:notification_id"]
    assert (all_given.counts["deletions"], changes.counts["deletions"]) == (0, 1)
