"""Columns of whatever type a file has, as the text that a dataset's columns are read from."""

import pyarrow as pa

from renkei.agreement.datasets import Column, Dataset, Kind

# Kinds with few distinct values, even in a register of millions: each distinct text is read once.
FEW_DISTINCT = frozenset(
    {
        Kind.DATE,
        Kind.PARTIAL_DATE,
        Kind.SEX,
        Kind.BOOLEAN,
        Kind.STATUS,
        Kind.NATIONALITY,
        Kind.GROUND,
    }
)
FEW = pa.dictionary(pa.int32(), pa.string())


def text_batch(batch: pa.RecordBatch, dataset: Dataset, columns: dict[str, str]) -> pa.RecordBatch:
    """Return a batch with the dataset's column names, all text; `FEW_DISTINCT` kinds dictionary-encoded.

    `columns`: column name of the dataset → column of the batch; a column that is not in it is blank.
    """
    return pa.RecordBatch.from_arrays(
        [
            _as_text(
                batch.column(columns[column.name]) if column.name in columns else pa.nulls(batch.num_rows),
                column,
            )
            for column in dataset.columns
        ],
        list(dataset.names),
    )


def _as_text(values: pa.Array, column: Column) -> pa.Array:
    few = column.kind in FEW_DISTINCT
    if values.type == (FEW if few else pa.string()):
        return values
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    text = _days(values) if pa.types.is_timestamp(values.type) else values.cast(pa.string())
    return text.dictionary_encode() if few else text


def _days(times: pa.TimestampArray) -> pa.StringArray:
    """Write times as text; midnight, as many tools store a date, as the date alone."""
    # Few files have times, and loading this module takes as long as reading a small file.
    import pyarrow.compute as pc

    midnight = pc.equal(times, pc.floor_temporal(times, unit="day"))
    return pc.if_else(
        midnight, times.cast(pa.date32(), safe=False).cast(pa.string()), times.cast(pa.string())
    )
