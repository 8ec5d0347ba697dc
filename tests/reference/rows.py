"""Rows to build cases from: one person, one card, one notification that matches it, one permission."""

from collections.abc import Mapping

from .oracle import Result, reconcile
from .tables import columns

NUMBER, OLD_NUMBER, OTHER_NUMBER = "AB12345678CD", "AB00000001CD", "EF12345678GH"
WHO = {
    "name": "WANG XIAOMING",
    "kanji_name": "王小明",
    "status_of_residence": "engineer_humanities_intl",
    "stay_expires_on": "2027-03-31",
    "birth_date": "1985-04-12",
    "sex": "1",
    "nationality": "CHN",
    "address": "新宿区西新宿2-8-1",
    "extra_activity_permission": "false",
}
Row = dict[str, str]


def blank(dataset: str) -> Row:
    return {column.name: "" for column in columns(dataset)}


def filled(dataset: str, *parts: Mapping[str, str]) -> Row:
    row = blank(dataset)
    for part in parts:
        row |= {name: value for name, value in part.items() if name in row}
    return row


def a_notification(**changes: str) -> Row:
    given = {"notification_id": "N1", "card_number": NUMBER, "registered_on": "2026-04-01"}
    return filled("notifications", WHO, given, changes)


def a_person(**changes: str) -> Row:
    return filled("persons", WHO, {"person_id": "P1", "card_number": NUMBER}, changes)


def a_card(**changes: str) -> Row:
    given = {"card_number": NUMBER, "person_id": "P1", "issued_on": "2024-01-15"}
    return filled("cards", WHO, given, changes)


def a_permission(**changes: str) -> Row:
    given = {
        "permission_id": "Q1",
        "person_id": "P1",
        "ground": "coe",
        "permitted_on": "2026-01-15",
        "status_of_residence": "engineer_humanities_intl",
        "contract_confirmed": "true",
        "organisation_name": "連携工業",
    }
    return filled("permissions", given, changes)


def run(
    *notifications: Row,
    persons: list[Row] | None = None,
    cards: list[Row] | None = None,
    permissions: list[Row] | None = None,
    as_of: str = "2026-04-01",
    changes: bool = False,
    **policy: object,
) -> Result:
    return reconcile(
        notifications,
        [a_person()] if persons is None else persons,
        [a_card()] if cards is None else cards,
        permissions or [],
        as_of,
        policy,
        changes,
    )
