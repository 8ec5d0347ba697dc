"""Polars takes over what Arrow holds, whatever its kind and wherever it begins."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_series_equal

from renkei.matching.arrow_interop import filled, row_numbers, series


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["a", None, ""]), pl.Series(["a", None, ""])),
        (pa.array(["a", None, ""], pa.large_string()), pl.Series(["a", None, ""])),
        (pa.array(["x", "a", None]).slice(1), pl.Series(["a", None])),
        (pa.array([], pa.string()), pl.Series([], dtype=pl.String)),
        (pa.array([True, None, False]), pl.Series([True, None, False])),
        (pa.array([1, None], pa.int32()), pl.Series([1, None], dtype=pl.Int32)),
    ],
)
def test_a_column_keeps_its_values_and_blanks(column, expected):
    assert_series_equal(series(column), expected)


@pytest.mark.parametrize("start", [0, 1, 7, 8, 9])
def test_where_something_stands_is_told_from_any_row_on(start):
    column = pa.array([None if row % 3 else "a" for row in range(20)]).slice(start)

    assert_series_equal(filled(column), pl.Series(column.is_valid()))


def test_row_numbers_keep_their_type() -> None:
    assert_series_equal(row_numbers(np.array([3, 0], np.uint32)), pl.Series([3, 0], dtype=pl.UInt32))
    assert row_numbers(np.empty(0, np.uint32)).dtype == pl.UInt32
