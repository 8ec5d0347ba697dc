"""Validation: what is rejected, with all its reasons, and what is not (§1)."""

import pytest
from builders import (
    CARD,
    OTHER_CARD,
    Row,
    a_card,
    a_notification,
    a_permission,
    a_person,
    a_table,
    a_tombstone,
    reconciled,
    rows,
)

from renkei.agreement.annexes import ANNEX_1
from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset, Kind
from renkei.matching import Reconciliation
from renkei.matching.frames import table_batches
from renkei.matching.validation import check

FAULTY = a_person(card_number="AB1234")
REGISTER = {PERSONS: a_person, CARDS: a_card, PERMISSIONS: a_permission}


def rejects(result: Reconciliation) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in rows(result.rejects)]


def reasons(dataset: Dataset, *table: Row, **others: list[Row]) -> list[str]:
    """The reasons of each rejected row of a dataset."""
    result = reconciled(**{dataset.name: list(table)}, **others)
    return [row["reasons"] for row in rows(result.rejects) if row["dataset"] == dataset.name]


def test_rows_without_fault_are_taken() -> None:
    result = reconciled(notifications=[a_notification(), a_tombstone(notification_id="N2")])

    assert rejects(result) == []
    assert result.rejects.columns == ["dataset", "line", "identifier", "action", "reasons"]


# --- missing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", ["", " 　"], ids=["empty", "white"])
def test_each_required_column_of_a_notification_must_be_filled(blank: str) -> None:
    required = [column.name for column in NOTIFICATIONS.columns if column.required]
    table = [a_notification(**({"notification_id": f"N{name}"} | {name: blank})) for name in required]

    result = reconciled(notifications=table)

    assert sorted(row["reasons"] for row in rows(result.rejects)) == sorted(
        f"missing:{name}" for name in required
    )
    assert required == [
        "notification_id", "name", "status_of_residence", "birth_date", "sex", "nationality",
        "card_number", "registered_on",
    ]  # fmt: skip


@pytest.mark.parametrize("dataset", REGISTER, ids=lambda dataset: dataset.name)
def test_each_required_column_of_the_register_must_be_filled(dataset: Dataset) -> None:
    build, identifier = REGISTER[dataset], dataset.identifier.name
    required = [column.name for column in dataset.columns if column.required]
    numbers = [f"AB{place:08}CD" for place in range(len(required))]
    table = [
        build(**({identifier: number} | {name: ""})) for name, number in zip(required, numbers, strict=True)
    ]

    assert sorted(reasons(dataset, *table)) == sorted(f"missing:{name}" for name in required)


def test_what_is_not_required_may_be_blank() -> None:
    optional = {column.name: "" for column in NOTIFICATIONS.columns if not column.required}

    assert rejects(reconciled(notifications=[a_notification(**optional)])) == []


def test_a_tombstone_needs_only_its_identifier_number_and_day_of_registration() -> None:
    needs = ("notification_id", "card_number", "registered_on")
    table = [a_tombstone(**({"notification_id": f"N{name}"} | {name: ""})) for name in needs]

    assert sorted(reasons(NOTIFICATIONS, a_tombstone(), *table)) == sorted(
        f"missing:{name}" for name in needs
    )


def test_what_a_tombstone_fills_must_still_be_readable() -> None:
    assert reasons(NOTIFICATIONS, a_tombstone(sex="?", birth_date="soon")) == [
        "unreadable:birth_date;unreadable:sex"
    ]


def test_a_day_of_deletion_that_cannot_be_read_is_the_only_fault_of_a_tombstone() -> None:
    assert reasons(NOTIFICATIONS, a_tombstone(deleted_on="yesterday")) == ["unreadable:deleted_on"]


# --- unreadable --------------------------------------------------------------------------------------

UNREADABLE = {
    Kind.DATE: "2026-02-30",
    Kind.PARTIAL_DATE: "1985-13-00",
    Kind.SEX: "X",
    Kind.BOOLEAN: "maybe",
    Kind.STATUS: "wizard",
    Kind.NATIONALITY: "Atlantis",
    Kind.CARD_NUMBER: "AB1234",
    Kind.ESTABLISHMENT_NUMBER: "123",
    Kind.CORPORATE_NUMBER: "12345678901234",
    Kind.POSTAL_CODE: "1",
    Kind.GROUND: "birth",
}


def _odd_columns(dataset: Dataset) -> dict[str, str]:
    """A value that cannot be read for every column that has such values."""
    return {
        column.name: UNREADABLE.get(column.kind, "あ" * ((column.max_length or 0) + 1))
        for column in dataset.columns
    }


def test_each_column_of_a_notification_must_be_readable() -> None:
    odd = _odd_columns(NOTIFICATIONS)
    del odd["card_number"]  # an outcome, not a fault
    table = [
        a_notification(**({"notification_id": f"N{name}"} | {name: value})) for name, value in odd.items()
    ]

    assert sorted(reasons(NOTIFICATIONS, *table)) == sorted(f"unreadable:{name}" for name in odd)


def test_a_malformed_number_in_a_notification_is_no_reason_to_reject() -> None:
    assert rejects(reconciled(notifications=[a_notification(card_number="AB1234")])) == []


@pytest.mark.parametrize("dataset", REGISTER, ids=lambda dataset: dataset.name)
def test_each_column_of_the_register_must_be_readable(dataset: Dataset) -> None:
    build, identifier = REGISTER[dataset], dataset.identifier.name
    odd = _odd_columns(dataset)
    numbers = [f"AB{place:08}CD" for place in range(len(odd))]
    table = [
        build(**({identifier: number} | {name: value}))
        for (name, value), number in zip(odd.items(), numbers, strict=True)
    ]

    assert sorted(reasons(dataset, *table)) == sorted(f"unreadable:{name}" for name in odd)


def test_a_malformed_number_in_the_register_is_unreadable() -> None:
    result = reconciled(
        persons=[a_person(), a_person(person_id="P2", card_number="AB1234")],
        cards=[a_card(card_number=" ab-123 ")],
    )

    assert rejects(result) == [
        ("persons", "3", "P2", "row", "unreadable:card_number"),
        ("cards", "2", "ab-123", "row", "unreadable:card_number"),
    ]


# --- duplicates --------------------------------------------------------------------------------------


def test_second_and_later_rows_are_duplicates_and_the_first_stands() -> None:
    table = [a_notification(name=name) for name in ("NGUYEN VAN ANH", "TRAN BINH", "PHAM CHI")]

    result = reconciled(notifications=table)

    assert rejects(result) == [
        ("notifications", "3", "N1", "row", "duplicate:notification_id"),
        ("notifications", "4", "N1", "row", "duplicate:notification_id"),
    ]
    assert [match["outcome"] for match in rows(result.matches)] == ["matched"]


def test_a_row_is_a_duplicate_whether_or_not_the_first_was_taken() -> None:
    result = reconciled(
        notifications=[a_notification(registered_on="?"), a_notification(), a_notification(birth_date="")]
    )

    assert rejects(result) == [
        ("notifications", "2", "N1", "row", "unreadable:registered_on"),
        ("notifications", "3", "N1", "row", "duplicate:notification_id"),
        ("notifications", "4", "N1", "row", "duplicate:notification_id;missing:birth_date"),
    ]
    assert rows(result.matches) == []


def test_identifiers_are_the_same_in_canonical_form() -> None:
    result = reconciled(
        notifications=[a_notification(), a_notification(notification_id="　N1 ")],
        cards=[a_card(), a_card(card_number="ab-12345678-cd")],
    )

    assert rejects(result) == [
        ("cards", "3", CARD, "row", "duplicate:card_number"),
        ("notifications", "3", "N1", "row", "duplicate:notification_id"),
    ]


def test_text_identifiers_keep_their_case_and_width() -> None:
    table = [a_notification(notification_id=name) for name in ("n1", "N1", "Ｎ1")]

    assert rejects(reconciled(notifications=table)) == []


def test_blank_identifiers_are_no_duplicates() -> None:
    assert reasons(
        NOTIFICATIONS, a_notification(notification_id=""), a_notification(notification_id=" ")
    ) == [
        "missing:notification_id",
        "missing:notification_id",
    ]


@pytest.mark.parametrize("dataset", REGISTER, ids=lambda dataset: dataset.name)
def test_duplicates_are_found_in_every_dataset(dataset: Dataset) -> None:
    row = REGISTER[dataset]()

    assert reasons(dataset, row, row) == [f"duplicate:{dataset.identifier.name}"]


# --- forbidden ---------------------------------------------------------------------------------------

WITHHELD = {
    "establishment_number": "13010123456",
    "establishment_name": "見本商店",
    "establishment_postal_code": "1000001",
    "establishment_address": "見本市1",
    "establishment_phone": "03-0000-0000",
    "industry": "E",
    "establishment_size": "30",
    "employment_start": "2026-02-01",
    "employment_end": "2026-03-01",
}


def test_the_items_10_to_17_are_nine_columns() -> None:
    assert ANNEX_1.withheld_columns == tuple(WITHHELD)


@pytest.mark.parametrize("status", ["permanent", "永住者", "26", "Permanent Resident", "PERMANENT", "２６"])
def test_a_permanent_resident_with_a_withheld_item_is_rejected(status: str) -> None:
    table = [
        a_notification(notification_id=f"N{name}", status_of_residence=status, **{name: value})
        for name, value in WITHHELD.items()
    ]

    assert sorted(reasons(NOTIFICATIONS, *table)) == sorted(f"forbidden:{name}" for name in WITHHELD)


def test_all_withheld_items_are_named() -> None:
    said = reasons(NOTIFICATIONS, a_notification(status_of_residence="permanent", **WITHHELD))

    assert said == [";".join(sorted(f"forbidden:{name}" for name in WITHHELD))]


def test_what_is_withheld_is_forbidden_whatever_is_kept() -> None:
    table = a_table(NOTIFICATIONS, [a_notification(status_of_residence="permanent", industry="E")])
    checked = check(table_batches(table, NOTIFICATIONS), NOTIFICATIONS, keep={"notification_id"})

    assert checked.rejects["reasons"].to_list() == ["forbidden:industry"]


def test_forbidden_takes_the_place_of_unreadable() -> None:
    odd = {name: value for name, value in _odd_columns(NOTIFICATIONS).items() if name in WITHHELD}

    said = reasons(NOTIFICATIONS, a_notification(status_of_residence="permanent", **odd))

    assert said == [";".join(sorted(f"forbidden:{name}" for name in odd))]


def test_a_permanent_resident_without_withheld_items_is_taken() -> None:
    blank = dict.fromkeys(WITHHELD, " ")

    assert rejects(reconciled(notifications=[a_notification(status_of_residence="permanent", **blank)])) == []


@pytest.mark.parametrize("status", ["spouse_pr", "student", "long_term"])
def test_nobody_elses_items_are_withheld(status: str) -> None:
    assert rejects(reconciled(notifications=[a_notification(status_of_residence=status, **WITHHELD)])) == []


# --- persons -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "persons",
    [[], [a_person(person_id="P2")], [FAULTY], [FAULTY, a_person()]],
    ids=["nobody", "somebody else", "rejected", "rejected, then a duplicate"],
)
def test_cards_and_permissions_of_a_person_who_was_not_taken_are_rejected(persons: list[Row]) -> None:
    result = reconciled(persons=persons, permissions=[a_permission()])
    said = {row["dataset"]: row["reasons"] for row in rows(result.rejects) if row["dataset"] != "persons"}

    assert said == {"cards": "unknown_person", "permissions": "unknown_person"}


def test_the_first_of_two_rows_of_a_person_is_taken_and_so_are_the_cards() -> None:
    result = reconciled(persons=[a_person(), a_person(name="TRAN BINH")], permissions=[a_permission()])

    assert rejects(result) == [("persons", "3", "P1", "row", "duplicate:person_id")]


def test_an_unknown_person_stands_among_other_reasons() -> None:
    assert reasons(CARDS, a_card(), a_card(person_id="P2", sex="?")) == [
        "duplicate:card_number;unknown_person;unreadable:sex"
    ]


def test_a_person_that_is_not_named_is_missing_and_not_unknown() -> None:
    assert reasons(CARDS, a_card(person_id="")) == ["missing:person_id"]


# --- lines, identifiers, order -----------------------------------------------------------------------


def test_all_reasons_of_a_row_are_sorted_as_text() -> None:
    bad = a_notification(
        status_of_residence="26", sex="?", birth_date="", name="あ" * 121, industry="E", updated_on="x"
    )

    assert reasons(NOTIFICATIONS, a_notification(status_of_residence="student", sex="2"), bad) == [
        "duplicate:notification_id;forbidden:industry;missing:birth_date;unreadable:name;unreadable:sex;"
        "unreadable:updated_on"
    ]


def test_the_line_is_the_place_of_the_record_the_header_being_1() -> None:
    table = [
        a_notification(notification_id=f"N{place}", registered_on="?" if place % 2 else "R8.4.1")
        for place in range(5)
    ]

    assert [(line, name) for _, line, name, *_ in rejects(reconciled(notifications=table))] == [
        ("3", "N1"),
        ("5", "N3"),
    ]


def test_an_identifier_that_cannot_be_read_is_given_as_written() -> None:
    long = "n" * 33
    result = reconciled(
        notifications=[a_notification(notification_id=long)],
        cards=[a_card(), a_card(card_number="ＡＢ1234")],
    )

    assert rejects(result) == [
        ("notifications", "2", long, "row", "unreadable:notification_id"),
        ("cards", "3", "ＡＢ1234", "row", "unreadable:card_number"),
    ]


def test_rejects_are_sorted_by_identifier() -> None:
    result = reconciled(
        notifications=[a_notification(notification_id=name, sex="?") for name in ("M", "a", "B")],
        persons=[a_person(), a_person(person_id="C", sex="?")],
    )

    assert [name for _, _, name, *_ in rejects(result)] == ["B", "C", "M", "a"]


def test_a_row_is_taken_or_rejected_and_counted() -> None:
    result = reconciled(
        notifications=[
            a_notification(),
            a_notification(),
            a_notification(notification_id="N2", status_of_residence="?"),
        ],
        cards=[a_card(), a_card(card_number=OTHER_CARD, person_id="P2")],
    )
    datasets = result.statistics.summary()["datasets"]

    assert {name: (counts["read"], counts["rejected"]) for name, counts in datasets.items()} == {
        "notifications": (3, 2),
        "persons": (1, 0),
        "cards": (2, 1),
        "permissions": (0, 0),
    }


# --- what a reason costs: the row, or the value ------------------------------------------------------

COSTS = [
    # (dataset, column, value, what it costs, by the data dictionary)
    (NOTIFICATIONS, "notification_id", "", "row"),
    (NOTIFICATIONS, "status_of_residence", "?", "row"),
    (NOTIFICATIONS, "status_of_residence", "", "row"),
    (NOTIFICATIONS, "card_number", "", "row"),
    (NOTIFICATIONS, "registered_on", "?", "row"),
    (NOTIFICATIONS, "deleted_on", "?", "row"),
    (NOTIFICATIONS, "name", "あ" * 121, "value"),
    (NOTIFICATIONS, "name", "", "value"),
    (NOTIFICATIONS, "birth_date", "?", "value"),
    (NOTIFICATIONS, "employment_start", "46113", "value"),
    (NOTIFICATIONS, "establishment_phone", "0" * 31, "value"),
    (NOTIFICATIONS, "updated_on", "?", "value"),
    (PERSONS, "card_number", "AB1234", "row"),
    (PERSONS, "nationality", "Atlantis", "value"),
    (CARDS, "person_id", "", "row"),
    (CARDS, "issued_on", "?", "value"),
    (PERMISSIONS, "ground", "?", "row"),
    (PERMISSIONS, "contract_confirmed", "", "row"),
    (PERMISSIONS, "organisation_name", "", "value"),
]


@pytest.mark.parametrize(("dataset", "column", "value", "costs"), COSTS)
def test_a_reason_costs_the_row_or_the_value(dataset: Dataset, column: str, value: str, costs: str) -> None:
    build = {**REGISTER, NOTIFICATIONS: a_notification}[dataset]
    result = reconciled(**{dataset.name: [build(**{column: value})]})
    counts = result.statistics.summary()["datasets"][dataset.name]

    assert [row["action"] for row in rows(result.rejects) if row["dataset"] == dataset.name] == [costs]
    assert (counts["rejected"], counts["taken"]) == ((1, 0) if costs == "row" else (0, 1))


@pytest.mark.parametrize("item", ["name", "birth_date", "sex", "nationality", "stay_expires_on"])
@pytest.mark.parametrize("side", ["notifications", "cards"])
def test_an_item_that_cannot_be_read_on_either_side_makes_no_mismatch(item: str, side: str) -> None:
    build = a_notification if side == "notifications" else a_card
    odd = build(**{item: "あ" * 121 if item == "name" else "?"})
    result = reconciled(**({"notifications": [a_notification()]} | {side: [odd]}))

    assert [match["outcome"] for match in rows(result.matches)] == ["matched"]
    assert [row["reasons"] for row in rows(result.rejects)] == [f"unreadable:{item}"]


def test_a_row_that_is_set_aside_has_all_its_reasons_in_one_line() -> None:
    result = reconciled(notifications=[a_notification(sex="?", registered_on="?")])

    assert rejects(result) == [("notifications", "2", "N1", "row", "unreadable:registered_on;unreadable:sex")]


def test_counts_of_rows_and_of_values_stand_apart() -> None:
    summary = reconciled(
        notifications=[a_notification(sex="?"), a_notification(notification_id="N2", registered_on="?")]
    ).statistics.summary()

    assert summary["values"] == {"notifications": {"unreadable:sex": 1}}
    assert summary["rejects"] == {"notifications": {"unreadable:registered_on": 1}}


@pytest.mark.parametrize("status", ["diplomat", "外交", "official", "special_permanent"])
def test_a_status_without_a_duty_to_notify_is_forbidden(status: str) -> None:
    assert reasons(NOTIFICATIONS, a_notification(status_of_residence=status)) == [
        "forbidden:status_of_residence"
    ]


def test_a_wrong_check_digit_is_noted_and_the_number_stays() -> None:
    wrong, right = "7700110005901", "8700110005901"
    result = reconciled(
        permissions=[
            a_permission(organisation_corporate_number=wrong),
            a_permission(permission_id="K2", organisation_corporate_number=right),
        ]
    )

    assert rejects(result) == [
        ("permissions", "2", "K1", "value", "check_digit:organisation_corporate_number")
    ]
    assert [row["organisation_corporate_number"] for row in rows(result.annex3)] == [wrong, right]


# --- a day's changes ---------------------------------------------------------------------------------


def test_of_a_days_changes_the_last_row_stands() -> None:
    changes = [a_notification(sex="2"), a_notification(), a_notification(notification_id="N2")]
    result = reconciled(notifications=changes, permissions=[a_permission()], notifications_are="changes")

    assert rejects(result) == [("notifications", "2", "N1", "row", "superseded:notification_id")]
    assert [match["outcome"] for match in rows(result.matches)] == ["matched", "matched"]


def test_the_last_change_stands_whether_or_not_it_was_taken() -> None:
    changes = [a_notification(), a_notification(registered_on="?")]

    assert rejects(reconciled(notifications=changes, notifications_are="changes")) == [
        ("notifications", "2", "N1", "row", "superseded:notification_id"),
        ("notifications", "3", "N1", "row", "unreadable:registered_on"),
    ]


def test_of_a_days_changes_neither_annex_3_nor_shared_numbers_are_said() -> None:
    table = [
        a_notification(),
        a_notification(notification_id="N2", name="TRAN BINH", birth_date="1970-01-01"),
    ]
    whole = reconciled(notifications=table, permissions=[a_permission(person_id="P1")])
    part = reconciled(
        notifications=table, permissions=[a_permission(person_id="P1")], notifications_are="changes"
    )

    assert [row["shared_number"] for row in rows(whole.matches)] == ["true", "true"]
    assert [row["shared_number"] for row in rows(part.matches)] == ["", ""]
    assert part.statistics.summary()["flags"]["shared_number"] is None
    assert reconciled(permissions=[a_permission()]).annex3.height == 1
    assert reconciled(permissions=[a_permission()], notifications_are="changes").annex3.height == 0
