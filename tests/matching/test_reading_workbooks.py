"""Reading workbooks: cells that are taken, and their neighbours that would be silently less (§1)."""

from datetime import datetime
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest
import xlsxwriter
from builders import Row, a_notification

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.matching import RefusedFile
from renkei.matching.reading import open_source
from renkei.matching.writing import table_writer


def a_workbook(path: Path, *rows: dict[str, Any], sheet: str = "表", header: list[str] | None = None) -> Path:
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("別") if sheet == "second" else None
    page = book.add_worksheet(sheet)
    as_date = book.add_format({"num_format": "yyyy/m/d"})
    page.write_row(0, 0, header or list(NOTIFICATIONS.names))
    for at, row in enumerate(rows, start=1):
        for place, cell in enumerate(row.values()):
            if isinstance(cell, datetime):
                page.write_datetime(at, place, cell, as_date)
            elif cell == "#N/A":
                page.write_formula(at, place, "=NA()", None, "#N/A")
            elif isinstance(cell, str) and cell:
                page.write_string(at, place, cell)
            elif cell != "":
                page.write(at, place, cell)
    book.close()
    return path


def read(path: Path, sheet: str | None = None) -> list[Row]:
    batches = open_source(path, NOTIFICATIONS, sheet=sheet).batches()
    return [
        {name: cell or "" for name, cell in row.items()} for batch in batches for row in batch.to_pylist()
    ]


def test_a_workbook_of_text_is_read_as_csv_is(tmp_path: Path) -> None:
    rows = [a_notification(notification_id="0001", name="髙橋 花子"), a_notification(notification_id="0002")]
    labels = [column.label_ja for column in NOTIFICATIONS.columns]

    assert read(a_workbook(tmp_path / "a.xlsx", *rows)) == rows
    assert read(a_workbook(tmp_path / "b.xlsx", *rows, header=labels)) == rows
    assert read(a_workbook(tmp_path / "c.xlsx", *rows, sheet="second"), "second") == rows
    assert read(a_workbook(tmp_path / "d.xlsx", rows[0], {}, rows[1], {})) == rows


# A column, a cell that is taken and how it is read, and a cell that is refused.
CELLS = [
    ("registered_on", datetime.fromisoformat("2026-01-10"), "2026-01-10", 46032),
    ("registered_on", 20260110, "20260110", 46032.5),
    ("birth_date", "平成2年5月6日", "平成2年5月6日", "#N/A"),
    ("sex", 1, "1", 1.5),
    ("extra_activity_permission", True, "true", 0.5),
    ("postal_code", 1000001, "1000001", 600000),
    ("postal_code", "0600000", "0600000", 600000),
    ("establishment_number", 13010000001, "13010000001", 1010000001),
    ("card_number", "AB12345678CD", "AB12345678CD", 12345678),
    ("establishment_phone", "0312345678", "0312345678", 312345678),
    ("address", "1-2-3", "1-2-3", datetime.fromisoformat("2001-02-03")),
    ("name", "TRUE", "TRUE", True),
]


@pytest.mark.parametrize(("column", "taken", "text", "refused"), CELLS)
def test_a_cell_is_taken_exactly_or_refused_by_its_column(
    column: str, taken: Any, text: str, refused: Any, tmp_path: Path
) -> None:
    others = [a_notification(notification_id="N2")]
    assert read(a_workbook(tmp_path / "a.xlsx", a_notification() | {column: taken}))[0][column] == text

    for rows in ([], others):
        with pytest.raises(RefusedFile) as caught:
            read(a_workbook(tmp_path / "b.xlsx", a_notification() | {column: refused}, *rows))
        place = NOTIFICATIONS.names.index(column) + 1
        assert column in caught.value.en or f"row 2, column {place}" in caught.value.en
        assert str(refused) not in caught.value.en or refused == "#N/A"


def test_what_is_no_workbook_or_has_no_such_sheet_is_refused(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", a_notification())
    with pytest.raises(RefusedFile, match="no sheet"):
        read(path, "無い")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(RefusedFile, match="not a readable Excel workbook"):
        read(path)
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    with pytest.raises(RefusedFile, match="old Excel workbook"):
        read(path)


def test_what_is_written_as_a_workbook_is_read_again(tmp_path: Path) -> None:
    row = a_notification(
        notification_id="0001", name="=1+1", address="https://a.example", postal_code="0600000"
    )
    table = pl.DataFrame([row | {"registered_on": "1899-01-01"}, row | {"notification_id": "2"}])
    path = tmp_path / "a.xlsx"
    table_writer(table)(path)

    assert read(path) == table.to_dicts()
    assert fastexcel.read_excel(path).load_sheet(0).to_arrow().schema.names[1] == "氏名"
