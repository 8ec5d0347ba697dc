"""Which types hold the values of which columns: the rule for Parquet files and for tables of other libraries.

A table whose types were inferred may no longer hold what its source held: a postal code as a number has lost
its zero, a date as a number is a spreadsheet's serial. Such a column is refused by name (§1). A value that is
merely not as expected is a matter of its row (`validation`).
"""

from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa

from renkei.agreement.datasets import Column, Dataset, Kind
from renkei.matching.reading.refusals import RefusedFile

Values: TypeAlias = "pa.Array | pa.ChunkedArray"

_DIGITS = {Kind.ESTABLISHMENT_NUMBER: 11, Kind.CORPORATE_NUMBER: 13, Kind.POSTAL_CODE: 7}
_DATES = frozenset({Kind.DATE, Kind.PARTIAL_DATE})
_YEAR_MONTH_DAY = 8


def refuse_types(
    table: pa.Table | pa.RecordBatch, dataset: Dataset, columns: dict[str, str], where: str
) -> None:
    """Raise RefusedFile, with the columns, if a column's type cannot hold the values of its kind (§1).

    Text holds everything. A column without any value may be of any type.
    """
    unfit = [
        columns[column.name]
        for column in dataset.columns
        if not _holds(table.column(columns[column.name]), column, dataset)
    ]
    if unfit:
        raise unfit_columns(unfit, dataset, where)


def unfit_columns(columns: list[str], dataset: Dataset, where: str) -> RefusedFile:
    """Return the refusal that names columns of a type that cannot hold their values."""
    named = ", ".join(columns)
    return RefusedFile(
        f"{where}: refused whole as {dataset.name}: columns of a type that cannot hold their values: "
        f"{named}. A number has lost its leading zeros, a spreadsheet's date is only a serial number. "
        "Read these columns as text (pandas: dtype=str), dates as text or dates without a time zone.",
        f"{where}: {dataset.name}として受け取れません(全体を拒否)。値を保てない型の列: {named}。"
        "数値にすると先頭のゼロが失われ、表計算の日付は通し番号になります。これらの列は文字列として"
        "(pandasではdtype=str)、日付は文字列か時間帯のない日付として読み込んでください。",
    )


def _holds(values: Values, column: Column, dataset: Dataset) -> bool:
    is_dictionary = pa.types.is_dictionary(values.type)
    dtype = values.type.value_type if is_dictionary else values.type
    if any(is_text(dtype) for is_text in _TEXT) or values.null_count == len(values):
        return True
    if is_dictionary:
        values = values.cast(dtype)
    return any(is_type(dtype) and holds(values, column, dataset) for is_type, holds in _HOLDS)


def _days(values: Values, column: Column, dataset: Dataset) -> bool:
    # The day of a point in time depends on the place, and a table does not give the place.
    return column.kind in _DATES and getattr(values.type, "tz", None) is None


def _answers(values: Values, column: Column, dataset: Dataset) -> bool:
    return column.kind is Kind.BOOLEAN


def _whole_numbers(values: Values, column: Column, dataset: Dataset) -> bool:
    if column.kind in _DIGITS:
        return _have_digits(values, _DIGITS[column.kind])
    if column.kind in _DATES:
        return _have_digits(values, _YEAR_MONTH_DAY)
    # A key of a database may be a number; what people write may begin with a zero.
    is_key = column is dataset.identifier or column.name == "person_id"
    return column.kind in (Kind.SEX, Kind.BOOLEAN) or (column.kind is Kind.TEXT and is_key)


def _have_digits(values: Values, digits: int) -> bool:
    # Few tables have numbers, and loading this module takes as long as reading a small file.
    import pyarrow.compute as pc

    ends = pc.min_max(values)
    return bool(ends["min"].as_py() >= 10 ** (digits - 1) and ends["max"].as_py() < 10**digits)


_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
# What says of a type whether its values can be held. Text holds everything, any other type nothing.
_Holds = Callable[[Values, Column, Dataset], bool]
_HOLDS: tuple[tuple[Callable[[pa.DataType], bool], _Holds], ...] = (
    (pa.types.is_boolean, _answers),
    (pa.types.is_integer, _whole_numbers),
    (pa.types.is_date, _days),
    (pa.types.is_timestamp, _days),
)
