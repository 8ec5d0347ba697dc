"""Preparing Annex 1: what may go to ISA and nothing else (§2)."""

import pytest
from builders import Row, a_notification, a_tombstone, prepared, rows, the_row

from renkei.agreement.datasets import NOTIFICATIONS

ESTABLISHMENT = {
    "establishment_number": "1301-012345-6",
    "establishment_name": "見本商店",
    "establishment_postal_code": "100-0001",
    "establishment_address": "見本市1",
    "establishment_phone": "03-0000-0000",
    "industry": "E",
    "establishment_size": "30",
    "employment_start": "R8.2.1",
    "employment_end": "2026/3/1",
}


def rejected(*notifications: Row) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in rows(prepared(*notifications).rejects)]


def test_a_notification_is_sent_whole_and_in_canonical_form() -> None:
    extract = a_notification(
        status_of_residence="35",
        birth_date="平成10年4月21日",
        sex="男",
        nationality="ベトナム",
        card_number="ab-12345678-cd",
        postal_code="１００－０００１",
        address=" 見本市 1 ",
        extra_activity_permission="有",
        registered_on="20260401",
        updated_on="2026年4月2日",
        **ESTABLISHMENT,
    )

    assert the_row(prepared(extract).annex1) == {
        "notification_id": "N1",
        "name": "NGUYEN VAN ANH",
        "status_of_residence": "engineer_humanities_intl",
        "stay_expires_on": "2027-09-30",
        "birth_date": "1998-04-21",
        "sex": "1",
        "nationality": "VNM",
        "card_number": "AB12345678CD",
        "postal_code": "1000001",
        "address": "見本市 1",
        "extra_activity_permission": "true",
        "establishment_number": "13010123456",
        "establishment_name": "見本商店",
        "establishment_postal_code": "1000001",
        "establishment_address": "見本市1",
        "establishment_phone": "03-0000-0000",
        "industry": "E",
        "establishment_size": "30",
        "employment_start": "2026-02-01",
        "employment_end": "2026-03-01",
        "registered_on": "2026-04-01",
        "updated_on": "2026-04-02",
        "deleted_on": "",
    }


def test_annex_1_has_the_identifier_and_the_columns_of_the_19_items() -> None:
    assert tuple(prepared(a_notification()).annex1.columns) == NOTIFICATIONS.names
    assert len(NOTIFICATIONS.names) == 23


@pytest.mark.parametrize("status", ["permanent", "永住者", "26"])
def test_a_permanent_residents_employer_stays_home(status: str) -> None:
    result = prepared(a_notification(status_of_residence=status, **ESTABLISHMENT))
    sent = the_row(result.annex1)

    assert {sent[name] for name in ESTABLISHMENT} == {""}
    assert (sent["name"], sent["registered_on"]) == ("NGUYEN VAN ANH", "2026-04-01")
    assert result.counts["withheld"] == 1


def test_what_is_withheld_is_not_even_read() -> None:
    odd = {"establishment_number": "?", "employment_start": "soon", "industry": "E" * 9}

    result = prepared(a_notification(status_of_residence="permanent", **odd))

    assert rows(result.rejects) == []
    assert {the_row(result.annex1)[name] for name in odd} == {""}


@pytest.mark.parametrize("status", ["spouse_pr", "long_term", "student"])
def test_nobody_elses_employer_stays_home(status: str) -> None:
    sent = the_row(prepared(a_notification(status_of_residence=status, **ESTABLISHMENT)).annex1)

    assert sent["establishment_name"] == "見本商店"


@pytest.mark.parametrize("number", ["", "　", "なし", "申請中", "特別永住者証明書", "-", "\u200b"])
def test_a_notification_without_a_card_number_is_left_out_and_counted(number: str) -> None:
    result = prepared(a_notification(card_number=number))

    assert (rows(result.annex1), rows(result.rejects)) == ([], [])
    assert (result.counts["no_card_number"], result.counts["sent"]) == (1, 0)


@pytest.mark.parametrize(
    "status", ["diplomat", "外交", "official", "公用", "special_permanent", "特別永住者"]
)
def test_a_status_outside_the_duty_is_left_out_and_counted(status: str) -> None:
    result = prepared(a_notification(status_of_residence=status))

    assert (rows(result.annex1), rows(result.rejects)) == ([], [])
    assert (result.counts["not_notifiable"], result.counts["sent"]) == (1, 0)


def test_a_malformed_card_number_is_sent_as_written() -> None:
    assert the_row(prepared(a_notification(card_number="ab-1234 ")).annex1)["card_number"] == "ab-1234"


@pytest.mark.parametrize("status", ["engineer_humanities_intl", "permanent"])
def test_a_deletion_carries_the_identifier_and_7_18_and_19_alone(status: str) -> None:
    extract = a_notification(
        status_of_residence=status,
        deleted_on="2026-04-10",
        updated_on="2026-04-09",
        address="見本市1",
        **ESTABLISHMENT,
    )

    sent = the_row(prepared(extract).annex1)

    assert {name: value for name, value in sent.items() if value} == {
        "notification_id": "N1",
        "card_number": "AB12345678CD",
        "registered_on": "2026-04-01",
        "updated_on": "2026-04-09",
        "deleted_on": "2026-04-10",
    }


def test_a_bare_deletion_is_sent() -> None:
    assert the_row(prepared(a_tombstone()).annex1)["deleted_on"] == "2026-04-10"


def test_rows_that_cannot_be_taken_are_set_aside_with_all_reasons() -> None:
    assert rejected(
        a_notification(),
        a_notification(name="TRAN BINH"),
        a_notification(notification_id="N2", sex="?", registered_on="", employment_start="soon"),
        a_notification(notification_id="N3", sex="?"),
    ) == [
        ("notifications", "3", "N1", "row", "duplicate:notification_id"),
        (
            "notifications",
            "4",
            "N2",
            "row",
            "missing:registered_on;unreadable:employment_start;unreadable:sex",
        ),
        ("notifications", "5", "N3", "value", "unreadable:sex"),
    ]


@pytest.mark.parametrize("number", ["AB1234", "１", "番号1"])
def test_a_number_with_any_digit_is_sent(number: str) -> None:
    assert prepared(a_notification(card_number=number)).counts["sent"] == 1


def test_counts_add_up() -> None:
    counts = prepared(
        a_notification(notification_id="N1"),
        a_notification(notification_id="N2", registered_on="?"),
        a_notification(notification_id="N3", card_number=""),
        a_notification(notification_id="N4", status_of_residence="外交"),
        a_notification(notification_id="N5", status_of_residence="永住者"),
        a_tombstone(notification_id="N6"),
        a_tombstone(notification_id="N7", card_number=""),
        a_notification(notification_id="N8", card_number="", status_of_residence="公用"),
    ).counts

    assert counts == {
        "read": 8, "rejected": 1, "no_card_number": 3, "not_notifiable": 1, "sent": 3,
        "notifications": 2, "deletions": 1, "withheld": 1,
    }  # fmt: skip
    assert counts["read"] == sum(
        counts[name] for name in ("rejected", "no_card_number", "not_notifiable", "sent")
    )
    assert counts["sent"] == counts["notifications"] + counts["deletions"]


def test_annex_1_is_sorted_by_identifier() -> None:
    result = prepared(*(a_notification(notification_id=name) for name in ("b", "N10", "N9")))

    assert [row["notification_id"] for row in rows(result.annex1)] == ["N10", "N9", "b"]


def test_what_was_prepared_is_accepted_as_it_stands() -> None:
    extract = [
        a_notification(notification_id="N1", **ESTABLISHMENT),
        a_notification(notification_id="N2", status_of_residence="永住者", **ESTABLISHMENT),
        a_notification(notification_id="N3", deleted_on="2026-04-10", **ESTABLISHMENT),
    ]
    once = prepared(*extract).annex1

    twice = prepared(*rows(once))

    assert rows(twice.annex1) == rows(once)
    assert rows(twice.rejects) == []
