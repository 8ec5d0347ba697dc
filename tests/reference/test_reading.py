"""§1 and §2, hand-derived: accepted shapes, rejects with all their reasons, what is sent."""

import pytest

from . import shapes, values
from .oracle import prepare
from .rows import NUMBER, OTHER_NUMBER, Row, a_card, a_notification, a_permission, a_person, run
from .tables import WITHHELD

# §1 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-04-01", "2026-04-01"),
        ("2026-4-1", "2026-04-01"),
        ("20260401", "2026-04-01"),
        ("2026/4/1", "2026-04-01"),
        ("2026年4月1日", "2026-04-01"),
        ("２０２６年４月１日", "2026-04-01"),
        ("令和8年4月1日", "2026-04-01"),
        ("令和元年5月1日", "2019-05-01"),
        ("R8.4.1", "2026-04-01"),
        ("r8.4.1", "2026-04-01"),
        ("Ｒ８．４．１", "2026-04-01"),
        ("平成33年1月2日", "2021-01-02"),
        ("昭和99年4月1日", "2024-04-01"),
        ("令和八年四月一日", "2026-04-01"),
        ("二〇二六年四月十一日", "2026-04-11"),
        ("令和 8年 4月 1日", "2026-04-01"),
        ("2026.4.1", "2026-04-01"),
        ("2026・4・1", "2026-04-01"),
        ("2026—4−1", "2026-04-01"),
        ("R080401", "2026-04-01"),
        ("R8/4/1", "2026-04-01"),
        ("S60.4.12", "1985-04-12"),
        ("T15.12.25", "1926-12-25"),
        ("M45.7.30", "1912-07-30"),
        ("明治6年1月1日", "1873-01-01"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_a_date_in_any_accepted_shape_becomes_one(text: str, canonical: str) -> None:
    assert values.date(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "2026-13-01",
        "2026-04-00",
        "R0.4.1",
        "26-04-01",
        "2026-04",
        "202641",
        "昭和101年4月1日",
        "M5.12.2",
        "明治元年10月23日",
    ],
)
def test_what_is_no_date_is_unreadable(text: str) -> None:
    with pytest.raises(values.UnreadableError):
        values.date(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1985-00-00", "1985-00-00"),
        ("1985-4-0", "1985-04-00"),
        ("19850000", "1985-00-00"),
        ("昭和60年4月0日", "1985-04-00"),
        ("S60.0.0", "1985-00-00"),
    ],
)
def test_an_unknown_part_of_a_partial_date_is_zero(text: str, canonical: str) -> None:
    assert values.partial_date(text) == canonical


@pytest.mark.parametrize(
    ("kind", "text", "canonical"),
    [
        ("sex", "男", "1"),
        ("sex", "f", "2"),
        ("sex", "3", "0"),
        ("sex", "不詳", "0"),
        ("sex", "９", "9"),
        ("boolean", "有", "true"),
        ("boolean", "なし", "false"),
        ("boolean", "YES", "true"),
        ("boolean", "０", "false"),
        ("boolean", "2", "false"),
        ("status code", "Student", "student"),
        ("status code", "高度専門職１号イ", "hsp_1a"),
        ("status code", "35", "engineer_humanities_intl"),
        ("status code", "39", "hsp"),
        ("status code", "４９", "ssw_1"),
        ("nationality code", "vn", "VNM"),
        ("nationality code", "中国", "CHN"),
        ("nationality code", "英国", "GBR"),
        ("nationality code", "朝鮮", "QZK"),
        ("nationality code", "TÜRKIYE", "TUR"),
        ("card number", "ａｂ－12345678 cd", "AB12345678CD"),
        ("establishment number", "1301-123456-7", "13011234567"),
        ("corporate number", "６ 0000 1207 0001", "6000012070001"),
        ("postal code", "100-0001", "1000001"),
        ("coe | change", "COE", "coe"),
    ],
)
def test_a_value_in_any_accepted_shape_becomes_one(kind: str, text: str, canonical: str) -> None:
    assert values.READERS[kind](text) == canonical


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sex", "男性"),
        ("boolean", "3"),
        ("status code", "78"),
        ("status code", "00"),
        ("nationality code", "ZZ"),
        ("card number", "ABCD12345678"),
        ("establishment number", "12345-67890-1"),
        ("corporate number", "600001207000"),
        ("postal code", "1000-001"),
    ],
)
def test_a_value_of_another_shape_is_unreadable(kind: str, text: str) -> None:
    with pytest.raises(values.UnreadableError):
        values.READERS[kind](text)


@pytest.mark.parametrize(
    ("changes", "action", "reasons"),
    [
        ({"name": "　"}, "value", "missing:name"),
        ({"card_number": ""}, "row", "missing:card_number"),
        ({"card_number": "A123"}, "", ""),
        ({"sex": "?", "birth_date": ""}, "value", "missing:birth_date;unreadable:sex"),
        ({"sex": "?", "registered_on": ""}, "row", "missing:registered_on;unreadable:sex"),
        ({"name": "𠮷" * 120}, "", ""),
        ({"name": f" {'𠮷' * 120} "}, "", ""),
        ({"name": "𠮷" * 121}, "value", "unreadable:name"),
        ({"establishment_phone": "0" * 30}, "", ""),
        ({"establishment_phone": "0" * 31}, "value", "unreadable:establishment_phone"),
        ({"sex": "\u200b男\ufeff"}, "", ""),
        ({"sex": "\u200b"}, "value", "missing:sex"),
        ({"status_of_residence": "外交"}, "row", "forbidden:status_of_residence"),
        ({"status_of_residence": "26", "employment_start": "?"}, "row", "forbidden:employment_start"),
        ({"status_of_residence": "永住者", "industry": "E"}, "row", "forbidden:industry"),
        ({"status_of_residence": "permanent", "industry": " "}, "", ""),
        ({"status_of_residence": "ninja", "industry": "E"}, "row", "unreadable:status_of_residence"),
        ({"deleted_on": "2026-04-02", "name": "", "sex": "", "status_of_residence": ""}, "", ""),
        ({"deleted_on": "2026-04-02", "registered_on": ""}, "row", "missing:registered_on"),
        ({"deleted_on": "?", "name": ""}, "row", "unreadable:deleted_on"),
        ({"deleted_on": "2026-04-02", "sex": "?"}, "value", "unreadable:sex"),
    ],
)
def test_a_row_or_a_value_is_set_aside_with_all_its_reasons(changes: Row, action: str, reasons: str) -> None:
    result = run(a_notification(**changes))

    said = [(reject["action"], reject["reasons"]) for reject in result.rejects]
    assert said == ([(action, reasons)] if reasons else [])
    assert len(result.matches) == (0 if action == "row" else 1)


def test_a_wrong_check_digit_is_noted_and_the_value_stays() -> None:
    result = run(permissions=[a_permission(organisation_corporate_number="7000012070001")])

    assert [(reject["action"], reject["reasons"]) for reject in result.rejects] == [
        ("value", "check_digit:organisation_corporate_number")
    ]
    assert result.annex3[0]["organisation_corporate_number"] == "7000012070001"


def test_among_a_days_changes_the_last_row_stands() -> None:
    rows = [a_notification(sex="2"), a_notification(sex="1")]

    changes = run(*rows, changes=True)

    assert [(reject["line"], reject["reasons"]) for reject in changes.rejects] == [
        ("2", "superseded:notification_id")
    ]
    assert [(row["outcome"], row["shared_number"]) for row in changes.matches] == [("matched", "")]
    assert [row["outcome"] for row in run(*rows).matches] == ["mismatched"]


def test_the_second_row_with_an_identifier_is_a_duplicate_even_where_the_first_was_not_taken() -> None:
    result = run(
        a_notification(registered_on="?"), a_notification(), a_notification(notification_id=" N1 ", sex="")
    )

    assert [(reject["line"], reject["reasons"]) for reject in result.rejects] == [
        ("2", "unreadable:registered_on"),
        ("3", "duplicate:notification_id"),
        ("4", "duplicate:notification_id;missing:sex"),
    ]


def test_cards_and_permissions_of_a_rejected_or_unheard_of_person_are_set_aside() -> None:
    result = run(
        persons=[a_person(card_number="?"), a_person()],
        cards=[
            a_card(),
            a_card(card_number=OTHER_NUMBER, person_id="P9"),
            a_card(card_number="x", person_id=""),
        ],
        permissions=[a_permission(ground="renewal")],
    )

    assert {(r["dataset"], r["line"], r["identifier"], r["reasons"]) for r in result.rejects} == {
        ("persons", "2", "P1", "unreadable:card_number"),
        ("persons", "3", "P1", "duplicate:person_id"),
        ("cards", "2", NUMBER, "unknown_person"),
        ("cards", "3", OTHER_NUMBER, "unknown_person"),
        ("cards", "4", "x", "missing:person_id;unreadable:card_number"),
        ("permissions", "2", "Q1", "unknown_person;unreadable:ground"),
    }


# §2 ---------------------------------------------------------------------------------------------------


def test_preparing_leaves_out_and_counts_what_is_outside_the_agreement() -> None:
    prepared = prepare(
        [
            a_notification(notification_id="1", card_number=" ", sex="?"),
            a_notification(notification_id="2", status_of_residence="外交"),
            a_notification(notification_id="3", status_of_residence="特別永住者", card_number=""),
            a_notification(notification_id="4", registered_on="?"),
            a_notification(notification_id="6", card_number="申請中"),
            a_notification(notification_id="5", card_number="ab-123"),
        ]
    )

    assert [row["notification_id"] for row in prepared.sent] == ["5"]
    assert prepared.sent[0]["card_number"] == "ab-123"
    assert prepared.counts == {
        "read": 6,
        "sent": 1,
        "rejected": 1,
        "no_card_number": 3,
        "not_notifiable": 1,
    }


def test_a_permanent_residents_employer_stays_home_even_unreadable() -> None:
    employer = dict.fromkeys(WITHHELD, "?")

    (sent,) = prepare([a_notification(status_of_residence="Permanent Resident", **employer)]).sent

    assert {sent[name] for name in WITHHELD} == {""}
    assert sent["status_of_residence"] == "permanent"


def test_a_deletion_carries_its_identifier_number_and_dates_only() -> None:
    (sent,) = prepare([a_notification(deleted_on="R8.4.3", updated_on="2026/4/2")]).sent

    assert {name: value for name, value in sent.items() if value} == {
        "notification_id": "N1",
        "card_number": NUMBER,
        "registered_on": "2026-04-01",
        "updated_on": "2026-04-02",
        "deleted_on": "2026-04-03",
    }


def test_texts_of_the_longest_length_are_taken() -> None:
    name = shapes.column("notifications", "name")

    assert name.most == 120
    assert len(values.read(name, "李" * 120)) == 120
