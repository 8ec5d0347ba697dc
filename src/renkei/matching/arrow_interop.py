"""Columns from Arrow, which reads, to Polars, which computes (decision 0002); from NumPy by the same way.

Without `pyarrow.compute`, `numpy.ma` and pandas: to load each takes as long as to read a small file.
"""

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray


class _Handed:
    """An Arrow array that shows nothing but the Arrow PyCapsule interface."""

    def __init__(self, column: pa.Array) -> None:
        self._column = column

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        capsules: tuple[object, object] = self._column.__arrow_c_array__(requested_schema)
        return capsules


def series(column: pa.Array) -> pl.Series:
    """Take over a column."""
    # Where Polars knows an array for one of PyArrow's it loads `pyarrow.compute`, for what comes in pieces.
    return pl.Series(_Handed(column))


def filled(column: pa.Array) -> pl.Series:
    """Tell where something stands in a column that has nulls."""
    # What says so is a bit for each value already.
    bits = [None, column.buffers()[0]]
    return series(pa.Array.from_buffers(pa.bool_(), len(column), bits, null_count=0, offset=column.offset))


def row_numbers(rows: NDArray[np.uint32]) -> pl.Series:
    """Take over row numbers (UInt32); nobody may change them after."""
    return series(pa.Array.from_buffers(pa.uint32(), len(rows), [None, pa.py_buffer(rows)], null_count=0))
