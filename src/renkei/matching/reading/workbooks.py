"""Excel workbooks (.xlsx), with the extra `renkei[excel]`: one sheet, whose first row is the header (§1).

What a cell may be, by the kind of its column (`_NUMBERS`): text everywhere; a date only in a column of dates;
true and false only in a boolean; a number only where it cannot have lost a leading zero. Anything else, and
any cell with an error (#N/A), refuses the file by the name of the column. Rows and columns that are hidden
are read as all others. Rows with nothing in them are passed over.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from renkei.agreement.datasets import Column, Dataset, Kind
from renkei.matching.reading.contents import Content
from renkei.matching.reading.recognition import HEAD_BYTES, recognise, refuse_other_format
from renkei.matching.reading.refusals import RefusedFile, refused

_DATES = frozenset({Kind.DATE, Kind.PARTIAL_DATE})
# A cell that holds a number has no leading zeros: it is taken only in these kinds and in this form.
_NUMBERS: Mapping[Kind, re.Pattern[str]] = {
    Kind.DATE: re.compile(r"[12]\d{7}"),
    Kind.PARTIAL_DATE: re.compile(r"[12]\d{7}"),
    Kind.SEX: re.compile(r"\d"),
    Kind.BOOLEAN: re.compile(r"\d"),
    Kind.POSTAL_CODE: re.compile(r"\d{7}"),
    Kind.ESTABLISHMENT_NUMBER: re.compile(r"\d{11}"),
    Kind.CORPORATE_NUMBER: re.compile(r"\d{13}"),
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_MIDNIGHT = re.compile(r" 00:00:00(?:\.0+)?$")
_WORKBOOK = "Excel workbook (.xlsx)"
_COLUMN_TYPES = re.compile(r"\{([^}]*)\}")


def workbook_headers(content: Content, sheet: str | None) -> list[str]:
    """Return the cells of the first row. Raises RefusedFile for what is no workbook, or has no such sheet."""
    first = _texts(content, sheet, n_rows=1)
    headers = [column[0].as_py() or "" if len(column) else "" for column in first.columns]
    while headers and not headers[-1].strip():
        headers.pop()
    return headers


def workbook_batches(
    content: Content, dataset: Dataset, columns: Mapping[str, str], sheet: str | None, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the rows as text. Raises RefusedFile, with the column, for cells that cannot be taken exactly."""
    texts = _texts(content, sheet)
    headers = [column[0].as_py() or "" if len(column) else "" for column in texts.columns]
    rows = texts.slice(1)
    cells = {}
    for name, header in columns.items():
        place = headers.index(header)
        column = rows.column(place)
        # Of a column without cells fastexcel says on stderr that it has no type.
        types = _cell_types(content, sheet, place) if column.null_count < len(column) else frozenset()
        cells[name] = _checked(column.to_pylist(), types, dataset.column(name), content.name)
    filled = [at for at in range(rows.num_rows) if any(column[at] for column in cells.values())]
    table = pa.table(
        {columns[name]: pa.array([cell[at] for at in filled], pa.string()) for name, cell in cells.items()}
    )
    yield from table.to_batches(batch_rows)


def _checked(cells: list[str | None], types: frozenset[str], column: Column, name: str) -> list[str | None]:
    """Return one column's cells as text. Raises RefusedFile where text would be less than the cell."""
    if "DateTime" in types and column.kind not in _DATES:
        raise _refuse_column(name, column, "dates", "日付")
    if types & {"Bool", "Boolean"} and column.kind is not Kind.BOOLEAN:
        raise _refuse_column(name, column, "true or false", "真偽値")
    if types & {"Float", "Int"}:
        exact = _NUMBERS.get(column.kind)
        numbers = (cell for cell in cells if cell and _NUMBER.fullmatch(cell))
        if exact is None or not all(map(exact.fullmatch, numbers)):
            raise _refuse_column(name, column, "numbers, which may have lost zeros or be a date", "数値")
    if column.kind in _DATES:
        return [cell and _MIDNIGHT.sub("", cell) for cell in cells]
    return cells


def _refuse_column(name: str, column: Column, en: str, ja: str) -> RefusedFile:
    return refused(
        name,
        f"cells of the column {column.name} hold {en}. Format the column as text (dates: as date) and enter "
        "the values again.",
        f"列{column.name}のセルに{ja}が入っています(先頭の0が失われたおそれがあります)。セルの書式を文字列"
        "(日付の列は日付)にして、値を入れ直してください。",
    )


def _cell_types(content: Content, sheet: str | None, place: int) -> frozenset[str]:
    """Return which types the cells of a column have, as fastexcel names them."""
    fastexcel = _fastexcel(content.name)
    with _readable(content.name):
        book = _book(fastexcel, content)
        try:
            loaded = book.load_sheet(
                sheet or 0,
                header_row=0,
                use_columns=[place],
                schema_sample_rows=None,
                dtype_coercion="strict",
            )
            dtype = loaded.to_arrow().schema[0].type if loaded.height else pa.null()
        except fastexcel.UnsupportedColumnTypeCombinationError as fault:
            # It names the types that it met: "column contains {Float, String}".
            types = _COLUMN_TYPES.search(str(fault))
            return frozenset(types[1].split(", ")) if types else frozenset({"Float"})
    if pa.types.is_floating(dtype) or pa.types.is_integer(dtype):
        return frozenset({"Float"})
    if pa.types.is_temporal(dtype):
        return frozenset({"DateTime"})
    return frozenset({"Boolean"}) if pa.types.is_boolean(dtype) else frozenset({"String"})


def _texts(content: Content, sheet: str | None, n_rows: int | None = None) -> pa.RecordBatch:
    """Return a sheet's cells as text, the header among them. Raises RefusedFile where a cell has an error."""
    head, tail = content.head(HEAD_BYTES), content.tail(HEAD_BYTES)
    found = recognise(head, tail)
    if found is None or found.name not in (_WORKBOOK, "ZIP"):
        if found is not None:
            raise refuse_other_format(content.name, found, _WORKBOOK)
        raise _no_workbook(content.name)
    fastexcel = _fastexcel(content.name)
    with _readable(content.name):
        book = _book(fastexcel, content)
        if sheet is not None and sheet not in book.sheet_names:
            raise refused(
                content.name,
                f"there is no sheet of the name given ({len(book.sheet_names)} sheets are there).",
                f"指定された名前のシートがありません(シート数: {len(book.sheet_names)})。",
            )
        loaded = book.load_sheet(sheet or 0, header_row=None, dtypes="string", n_rows=n_rows)
        batch, errors = loaded.to_arrow_with_errors()
    if errors is not None and errors.errors:
        row, place = errors.errors[0].position
        raise refused(
            content.name,
            f"the cell in row {row + 1}, column {place + 1} holds an error, such as #N/A. Mend the formula.",
            f"{row + 1}行{place + 1}列のセルがエラー(#N/Aなど)です。数式を直してください。",
        )
    return batch


def _book(fastexcel: Any, content: Content) -> Any:
    if content.spooled is None:
        return fastexcel.read_excel(content.path)
    with content.plain() as file:
        return fastexcel.read_excel(file.read())


def _fastexcel(name: str) -> Any:
    try:
        import fastexcel
    except ImportError:
        raise refused(
            name,
            "reading workbooks needs an extra. Install it with `pip install 'renkei[excel]'`, or send CSV.",
            "Excelブックを読むには追加の部品が要ります。`pip install 'renkei[excel]'` で導入するか、CSVで提出"
            "してください。",
        ) from None
    return fastexcel


class _readable:  # noqa: N801 - a context
    """A context in which what fastexcel cannot read is refused; its messages are not passed on."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, fault: Any, trace: Any) -> None:
        if kind is not None and kind.__module__.endswith("fastexcel"):
            raise _no_workbook(self._name) from None


def _no_workbook(name: str) -> RefusedFile:
    return refused(
        name,
        "not a readable Excel workbook (.xlsx). Save it again, or send CSV.",
        "Excelブック(.xlsx)として読めません。保存し直すか、CSVで提出してください。",
    )
