"""Whatever an extract contains, the rows that a node keeps can be sealed."""

import pytest

from node.records.made_up import NOW, card_of, notification, permission, person, stored, write
from renkei.exchange.rows import RowChecker
from renkei.exchange.schemas import NOTIFICATIONS_TABLE
from renkei.node.records import annex1, imports
from renkei.node.records.models import Reject
from renkei.node.records.tables import TABLES

pytestmark = pytest.mark.django_db
LONG = "0" * 41
MAKERS = {"notifications": notification, "persons": person, "cards": card_of, "permissions": permission}


def take(tmp_path, dataset: str, *rows) -> None:
    imports.import_file(write(tmp_path / "x.parquet", dataset, *rows), dataset, "full", now=NOW)


@pytest.mark.parametrize(
    ("party", "dataset", "column"),
    [
        ("mhlw", "notifications", "address"),
        ("isa", "persons", "kanji_name"),
        ("isa", "cards", "address"),
        ("isa", "permissions", "organisation_phone"),
    ],
)
@pytest.mark.parametrize("control", ["\n", "\r\n", "\t", "\x00", "\x7f"])
def test_a_control_character_within_a_text_becomes_a_space(node, tmp_path, party, dataset, column, control):
    row = MAKERS[dataset](1, **{column: f"A{control}B"})
    take(tmp_path, dataset, row)

    assert stored(TABLES[party][dataset])[next(iter(row.values()))][column] == "A B"


@pytest.mark.parametrize(
    ("party", "dataset", "fields", "reasons", "taken"),
    [
        ("mhlw", "notifications", {"name": "\x00"}, "unreadable:name", 1),
        ("mhlw", "notifications", {"card_number": LONG}, "unreadable:card_number", 1),
        ("mhlw", "notifications", {"establishment_phone": LONG}, "unreadable:establishment_phone", 2),
        ("isa", "permissions", {"dispatch_phone": LONG}, "unreadable:dispatch_phone", 2),
        ("isa", "cards", {"card_number": LONG}, "unreadable:card_number", 1),
    ],
)
def test_what_the_wire_would_not_carry_costs_the_row_or_the_value(
    node, tmp_path, party, dataset, fields, reasons, taken
):
    take(tmp_path, dataset, {**MAKERS[dataset](1), **fields}, MAKERS[dataset](2))

    assert list(Reject.objects.values_list("reasons", flat=True)) == [reasons]
    assert len(stored(TABLES[party][dataset])) == taken


@pytest.mark.parametrize("party", ["mhlw"])
def test_an_identifier_with_a_control_character_is_still_named_in_the_rejects(node, tmp_path):
    take(tmp_path, "notifications", {**notification(1), "notification_id": "N\x001", "sex": ""})

    assert list(Reject.objects.values_list("identifier", "reasons")) == [("N 1", "missing:sex")]


@pytest.mark.parametrize("party", ["mhlw"])
def test_every_row_of_the_selection_passes_the_check_of_the_seal(node, tmp_path):
    odd = ["A\nB", "x" * 120, 'quote " and, comma', "\\.", "=1+1", "A\u2028B", "髙﨑 𠮷", "\u200b"]
    rows = [notification(number, name=text, address=text) for number, text in enumerate(odd)]
    rows.append(notification(50, card_number="no number at all, 40 characters at most"))
    rows.append(notification(51, deleted_on="2026-11-01", name="A\nB"))
    rows.append(notification(52, status_of_residence="permanent", establishment_name="A\nB"))
    take(tmp_path, "notifications", *rows)
    table = NOTIFICATIONS_TABLE
    chosen = annex1.changes_since_sent(NOW.date()).select(table.names)
    checker = RowChecker(table)
    checker.feed(chosen.write_csv().encode())
    checker.finish()

    assert (checker.rows, checker.set_aside) == (len(rows), {})
    assert "A B" in chosen["name"].to_list()
