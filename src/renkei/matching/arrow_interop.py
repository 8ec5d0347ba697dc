"""Columns from Arrow, which reads files, to Polars, which computes (decision 0002); also from NumPy.

This module avoids `pyarrow.compute`, `numpy.ma` and pandas: loading each of them takes as long as reading a
small file.
"""

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


class _CapsuleOnly:
    """An Arrow array that offers only the Arrow PyCapsule interface."""

    def __init__(self, column: pa.Array) -> None:
        self._column = column

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        capsules: tuple[object, object] = self._column.__arrow_c_array__(requested_schema)
        return capsules


def series(column: pa.Array) -> pl.Series:
    """Return an Arrow column as a series."""
    # If Polars sees that an array is PyArrow's, it loads `pyarrow.compute` (for chunked arrays).
    return pl.Series(_CapsuleOnly(column))


def filled(column: pa.Array) -> pl.Series:
    """Say where a column that has nulls is not null (Boolean)."""
    # Arrow's validity bitmap already has one bit for each value.
    bits = [None, column.buffers()[0]]
    return series(pa.Array.from_buffers(pa.bool_(), len(column), bits, null_count=0, offset=column.offset))


def row_numbers(rows: NDArray[np.uint32]) -> pl.Series:
    """Return row numbers as a series (UInt32) that shares their memory; do not change them afterwards."""
    return series(pa.Array.from_buffers(pa.uint32(), len(rows), [None, pa.py_buffer(rows)], null_count=0))
