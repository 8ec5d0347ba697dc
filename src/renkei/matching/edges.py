"""A look at whole columns of text through their bytes: what need not be trimmed or measured, and is not.

Removing white space and counting characters cost a hundred times what it costs to see that neither is
needed, and of a register's hundred million values hardly one needs either.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

# UTF-8 bytes that white space may begin and end with; kana and kanji share some, so the middle decides.
_LEADS = np.zeros(256, dtype=bool)
_LEADS[[*range(0x21), 0xC2, 0xE1, 0xE2]] = True
_TAILS = np.zeros(256, dtype=bool)
_TAILS[range(0x21)] = True
_WIDE_LEADS = np.zeros(256, dtype=bool)
_WIDE_LEADS[[0xE1, 0xE2, 0xE3]] = True
_WIDE_MIDDLES = np.zeros(256, dtype=bool)
_WIDE_MIDDLES[[0x80, 0x81, 0x9A]] = True


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
    trim = width > 0 and bool(
        _LEADS[data[starts]].any()
        or _TAILS[data[ends - 1]].any()
        # Two bytes: U+0085, U+00A0. Three bytes: U+3000 and its kin.
        or (data[np.maximum(ends - 2, starts)] == 0xC2).any()
        or _wide(data, np.minimum(starts, len(data) - 3))
        or _wide(data, np.maximum(ends - 3, starts))
    )
    return Edges(trim, empty, width)


def _offsets(column: pa.StringArray) -> np.ndarray:
    return np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)


def _wide(data: np.ndarray, places: np.ndarray) -> bool:
    if len(data) < 3:
        return True
    return bool(
        (_WIDE_LEADS[data[places]] & _WIDE_MIDDLES[data[np.minimum(places + 1, len(data) - 1)]]).any()
    )
