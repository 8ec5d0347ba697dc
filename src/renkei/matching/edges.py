"""A look at whole columns of text through their bytes: what need not be trimmed or measured, and is not.

Removing white space and counting characters cost a hundred times what it costs to see that neither is
needed, and of a register's hundred million values hardly one needs either.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

# How white space begins and ends in UTF-8: one byte; two, led by C2; three, led by one of four pairs.
_ONE = np.zeros(256, dtype=bool)
_ONE[range(0x21)] = True
_TWO = 0xC2
_THREE = np.zeros(1 << 16, dtype=bool)
_THREE[[0xE19A, 0xE280, 0xE281, 0xE380]] = True


class Edges(NamedTuple):
    """What a column may hold. `trim`: white space at an edge is possible. `empty`: text of no length."""

    trim: bool
    empty: bool
    longest: int
    """Bytes, never fewer than characters."""


def longest(column: pa.StringArray) -> int:
    """Return the bytes of the longest value."""
    return int(np.diff(_offsets(column)).max()) if len(column) else 0


def edges(column: pa.StringArray) -> Edges:
    """Look at the first and last bytes of every value."""
    if len(column) == 0 or column.buffers()[2] is None:
        return Edges(False, bool(len(column) > column.null_count), 0)
    offsets = _offsets(column)
    data = np.frombuffer(column.buffers()[2], np.uint8)
    widths = np.diff(offsets)
    filled = widths > 0
    everywhere = bool(filled.all())
    starts = offsets[:-1] if everywhere else offsets[:-1][filled]
    ends = offsets[1:] if everywhere else offsets[1:][filled]
    empty = not everywhere and int(filled.sum()) < len(column) - column.null_count
    width = int(widths.max())
    first, last = data[starts], data[ends - 1]
    trim = width > 0 and bool(
        _ONE[first].any()
        or _ONE[last].any()
        or (first == _TWO).any()
        or (data[np.maximum(ends - 2, starts)] == _TWO).any()
        or _led_by_three(data, starts)
        or _led_by_three(data, np.maximum(ends - 3, starts))
    )
    return Edges(trim, empty, width)


def _offsets(column: pa.StringArray) -> np.ndarray:
    return np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)


def _led_by_three(data: np.ndarray, places: np.ndarray) -> bool:
    following = data[np.minimum(places + 1, len(data) - 1)]
    return bool(_THREE[data[places].astype(np.uint16) << 8 | following].any())
