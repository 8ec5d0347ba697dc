"""Annex 2 and 3: exactly the columns of the data dictionary, and nothing that a ※ withholds (§5, §6)."""

from datetime import date

import pytest
from builders import (
    OTHER_CARD,
    Row,
    a_card,
    a_match,
    a_notification,
    a_permission,
    a_person,
    a_tombstone,
    reconciled,
    rows,
    the_row,
)

from renkei.agreement.decisions import COMPARABLE_ITEMS, Policy

ITEMS = (
    "name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality", "address",
    "extra_activity_permission",
)  # fmt: skip
ANNEX_2 = [
    "notification_id", "outcome", "matched_on", "card_number", "mismatched_items",
    *(f"linked_{item}" for item in ITEMS),
    *(f"latest_{item}" for item in ITEMS),
    "identity_caution", "differences",
]  # fmt: skip
ANNEX_3 = [
    "permission_id", "ground", "reason", "notification_id", "explanation", "name", "status_of_residence",
    "stay_expires_on", "birth_date", "sex", "nationality", "card_number", "address", "landed_on",
    "changed_on", "previous_status", "organisation_corporate_number", "organisation_name",
    "organisation_address", "organisation_phone", "organisation_representative", "dispatch_name",
    "dispatch_address", "dispatch_phone",
]  # fmt: skip

LATEST = {
    "card_number": OTHER_CARD,
    "name": "NGUYEN VAN ANH",
    "kanji_name": "阮文英",
    "status_of_residence": "hsp_1b",
    "stay_expires_on": "2031-09-30",
    "birth_date": "1998-04-00",
    "sex": "1",
    "nationality": "VNM",
    "postal_code": "1000001",
    "address": "東京都見本区1-2-3",
    "extra_activity_permission": "true",
}


def in_annex_2(*notifications: Row, policy: Policy | None = None) -> list[Row]:
    result = reconciled(
        notifications=notifications,
        persons=[a_person(**LATEST)],
        cards=[a_card(address="大阪府見本市9")],
        **({"policy": policy} if policy else {}),
    )
    assert result.annex2.columns == (ANNEX_2 if policy is None else result.annex2.columns)
    return rows(result.annex2)


def test_a_mismatch_carries_the_linked_item_that_differs_and_all_the_latest() -> None:
    (row,) = in_annex_2(a_notification(sex="2", birth_date="1997-03-01"))

    assert row == dict.fromkeys(ANNEX_2, "") | {
        "notification_id": "N1",
        "outcome": "mismatched",
        "matched_on": "2026-04-13",
        "card_number": OTHER_CARD,
        "mismatched_items": "birth_date;sex",
        "linked_birth_date": "1998-04-21",
        "linked_sex": "1",
        "latest_name": "NGUYEN VAN ANH",
        "latest_status_of_residence": "hsp_1b",
        "latest_stay_expires_on": "2031-09-30",
        "latest_birth_date": "1998-04-00",
        "latest_sex": "1",
        "latest_nationality": "VNM",
        "latest_address": "東京都見本区1-2-3",
        "latest_extra_activity_permission": "true",
        "identity_caution": "true",
        "differences": "birth_date:different;sex:different",
    }


def test_what_was_not_found_carries_no_residence_information() -> None:
    table = in_annex_2(
        a_notification(card_number="ZZ99999999ZZ"), a_notification(notification_id="N2", card_number="AB1234")
    )

    blank = dict.fromkeys(ANNEX_2, "") | {
        "outcome": "not_found",
        "matched_on": "2026-04-13",
        "identity_caution": "false",
    }
    assert table == [
        blank | {"notification_id": "N1", "differences": "card_number:unknown_number"},
        blank | {"notification_id": "N2", "differences": "card_number:malformed"},
    ]


def test_what_matched_or_was_deleted_is_not_reported() -> None:
    assert in_annex_2(a_notification(), a_tombstone(notification_id="N2")) == []


def test_a_caution_is_an_identity_conflict() -> None:
    reported = a_notification(sex="2")
    (row,) = in_annex_2(reported)

    assert row["identity_caution"] == a_match(reported)["identity_conflict"] == "false"


def test_linked_values_are_the_cards_and_canonical() -> None:
    reported = a_notification(name="TRAN BINH", status_of_residence="留学", stay_expires_on="R9.9.3")
    (row,) = in_annex_2(reported)

    assert [row[f"linked_{item}"] for item in ("name", "status_of_residence", "stay_expires_on")] == [
        "NGUYEN VAN ANH",
        "engineer_humanities_intl",
        "2027-09-30",
    ]


def test_an_address_that_differs_is_disclosed_where_it_is_compared() -> None:
    policy = Policy(compared_items=COMPARABLE_ITEMS)
    (row,) = in_annex_2(a_notification(address="札幌市1"), policy=policy)

    assert (row["mismatched_items"], row["linked_address"]) == ("address", "大阪府見本市9")


def test_only_disclosed_items_have_columns() -> None:
    policy = Policy(disclosed_items=("name", "sex"))
    (row,) = in_annex_2(a_notification(sex="2", birth_date="1997-03-01"), policy=policy)

    assert list(row) == [
        "notification_id", "outcome", "matched_on", "card_number", "mismatched_items", "linked_name",
        "linked_sex", "latest_name", "latest_sex", "identity_caution", "differences",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "items", "differences"),
    [
        ({"sex": "2"}, "sex", "sex:different"),
        ({"sex": "2", "birth_date": "1998-04-22"}, "sex", "sex:different"),
        ({"birth_date": "1998-04-22"}, "", ""),
        ({"birth_date": "1998-04-22", "nationality": "CHN"}, "", ""),
        ({"card_number": "ZZ99999999ZZ"}, "", "card_number:unknown_number"),
        ({"card_number": "AB1234"}, "", "card_number:malformed"),
    ],
    ids=["disclosed", "one of two", "another alone", "two others", "unknown number", "malformed"],
)
def test_only_disclosed_items_are_named(changes: Row, items: str, differences: str) -> None:
    policy = Policy(disclosed_items=("name", "sex"))
    reported = a_notification(**changes)
    (row,) = in_annex_2(reported, policy=policy)
    whole = a_match(reported, policy=policy)

    assert (row["mismatched_items"], row["differences"]) == (items, differences)
    assert not any(
        value for name, value in row.items() if name.startswith("linked_") and name != "linked_sex"
    )
    # ISA's own file keeps everything.
    assert ("birth_date:one_digit" in whole["differences"]) == ("birth_date" in changes)


def test_where_nothing_is_disclosed_a_mismatch_is_a_row_without_items() -> None:
    (row,) = in_annex_2(a_notification(sex="2", name="TRAN BINH"), policy=Policy(disclosed_items=()))

    assert row == {
        "notification_id": "N1",
        "outcome": "mismatched",
        "matched_on": "2026-04-13",
        "card_number": OTHER_CARD,
        "mismatched_items": "",
        "identity_caution": "true",
        "differences": "",
    }


def test_a_register_may_hold_a_set_of_statuses_and_writes_it_canonically() -> None:
    result = reconciled(
        notifications=[a_notification(status_of_residence="student")],
        cards=[a_card(status_of_residence="39")],
        persons=[a_person(status_of_residence="39")],
    )
    row = the_row(result.annex2)

    assert (row["linked_status_of_residence"], row["latest_status_of_residence"]) == ("hsp", "hsp")


# --- 別紙3 -------------------------------------------------------------------------------------------

ORGANISATION = {
    "organisation_corporate_number": "８７００１１０００５９０１",
    "organisation_name": "見本商事株式会社",
    "organisation_address": "東京都見本区9",
    "organisation_phone": "03-0000-0000",
    "organisation_representative": "見本 花子",
}
DISPATCH = {"dispatch_name": "見本派遣先", "dispatch_address": "見本市5", "dispatch_phone": "06-0000-0000"}


def in_annex_3(**permission: str) -> Row:
    result = reconciled(persons=[a_person(**LATEST)], permissions=[a_permission(**permission)])
    assert result.annex3.columns == ANNEX_3
    return the_row(result.annex3)


def test_annex_3_carries_the_latest_record_and_the_organisation() -> None:
    row = in_annex_3(ground="coe", previous_status="student", **ORGANISATION, **DISPATCH)

    assert row == {
        "permission_id": "K1",
        "ground": "coe",
        "reason": "no_notification",
        "notification_id": "",
        "explanation": "",
        "name": "NGUYEN VAN ANH",
        "status_of_residence": "hsp_1b",  # the latest, not the permission's
        "stay_expires_on": "2031-09-30",
        "birth_date": "1998-04-00",
        "sex": "1",
        "nationality": "VNM",
        "card_number": OTHER_CARD,
        "address": "東京都見本区1-2-3",
        "landed_on": "2026-02-10",
        "changed_on": "",
        "previous_status": "",  # change only
        **ORGANISATION,
        "organisation_corporate_number": "8700110005901",
        **DISPATCH,
    }


def test_a_change_has_a_day_of_change_and_a_previous_status() -> None:
    row = in_annex_3(ground="change", previous_status="留学", permitted_on="2025-11-10")

    assert (row["landed_on"], row["changed_on"], row["previous_status"]) == ("", "2025-11-10", "student")


@pytest.mark.parametrize("blank", ["", *DISPATCH])
def test_of_the_place_of_dispatch_each_item_is_given_that_is_known(blank: str) -> None:
    dispatch = {name: "" if name == blank else value for name, value in DISPATCH.items()}
    row = in_annex_3(**dispatch)

    assert {name: row[name] for name in DISPATCH} == dispatch


def test_without_a_place_of_dispatch_its_items_are_blank() -> None:
    assert [in_annex_3()[name] for name in DISPATCH] == ["", "", ""]


# --- what never leaves -------------------------------------------------------------------------------


def test_the_agencys_own_key_never_leaves() -> None:
    result = reconciled(
        notifications=[a_notification(sex="2"), a_notification(notification_id="N2", card_number="AB1")],
        persons=[a_person(person_id="OWNKEY")],
        cards=[a_card(person_id="OWNKEY")],
        permissions=[a_permission(person_id="OWNKEY", status_of_residence="39", permitted_on="2026-02-10")],
        as_of=date(2026, 5, 1),
    )

    assert "person_id" not in [*result.annex2.columns, *result.annex3.columns]
    assert "OWNKEY" not in result.annex2.write_csv() + result.annex3.write_csv()
    assert "OWNKEY" in result.matches.write_csv()


def test_tables_are_sorted_by_identifier_as_text() -> None:
    result = reconciled(
        notifications=[a_notification(notification_id=name, sex="2") for name in ("b", "N10", "N9", "あ")],
        permissions=[
            a_permission(permission_id=name, person_id="P2") for name in ("k", "K10", "K9")
        ],
        persons=[a_person(), a_person(person_id="P2")],
    )  # fmt: skip

    assert [row["notification_id"] for row in rows(result.annex2)] == ["N10", "N9", "b", "あ"]
    assert [row["notification_id"] for row in rows(result.matches)] == ["N10", "N9", "b", "あ"]
    assert [row["permission_id"] for row in rows(result.annex3)] == ["K10", "K9", "k"]
