"""A look at whole columns of text through their bytes: what need be neither trimmed, measured nor mended.

Removing white space, counting characters and matching patterns cost tens of times what it costs to see that
none is needed, and of a register's hundred million values hardly one needs any.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Text: TypeAlias = "pa.StringArray | pa.LargeStringArray"
"""As Arrow reads it, and as Polars hands it over."""

# How white space begins and ends in UTF-8: one byte, of the lowest 33; two, led by C2; three, led by one of
# four pairs.
_HIGHEST_ONE = 0x20
_NOT_ASCII = 0x80
_TWO = 0xC2
_THREE = np.zeros(1 << 16, dtype=bool)
_THREE[[0xE19A, 0xE280, 0xE281, 0xE380]] = True

# Bytes looked at together: few enough to stay in the processor's nearest memory.
_STRETCH = 1 << 15


class Edges(NamedTuple):
    """What a column may hold. `trim`: white space at an edge is possible. `empty`: text of no length."""

    trim: bool
    empty: bool
    longest: int
    """Bytes, never fewer than characters."""


class Shape:
    """Text of one width, each of whose places holds a byte between two: `Shape(b"AA00", b"ZZ99")`."""

    def __init__(self, lowest: bytes, highest: bytes) -> None:
        """Take the lowest and the highest byte of each place, all of them ASCII."""
        self.width = len(lowest)
        times = _STRETCH // self.width
        low = np.frombuffer(lowest, np.uint8)
        self._lows = np.tile(low, times)
        self._spans = np.tile(np.frombuffer(highest, np.uint8) - low, times)

    def bytes_of(self, column: Text) -> Bytes | None:
        """Return the bytes of every filled value, a row for each, if all are of this shape; else None."""
        offsets = _offsets(column)
        widths = np.diff(offsets)
        if column.null_count == 0:
            fits = bool((widths == self.width).all())
        else:
            fits = bool((widths == np.where(_filled(column), self.width, 0)).all())
        if not fits:
            return None
        data = _data(column)[offsets[0] : offsets[-1]] if len(column) else np.empty(0, np.uint8)
        for start in range(0, len(data), len(self._lows)):
            stretch = data[start : start + len(self._lows)]
            # What is below the lowest wraps round to what is far above the highest.
            if (stretch - self._lows[: len(stretch)] > self._spans[: len(stretch)]).any():
                return None
        return data.reshape(-1, self.width)


def digits(width: int) -> Shape:
    """Return the shape of so many digits."""
    return Shape(b"0" * width, b"9" * width)


def longest(column: Text) -> int:
    """Return the bytes of the longest value."""
    return int(np.diff(_offsets(column)).max()) if len(column) else 0


def edges(column: Text) -> Edges:
    """Look at the first and last bytes of every value."""
    if len(column) == 0 or column.buffers()[2] is None:
        return Edges(False, bool(len(column) > column.null_count), 0)
    offsets = _offsets(column)
    data = _data(column)
    widths = np.diff(offsets)
    filled = widths > 0
    everywhere = bool(filled.all())
    starts = offsets[:-1] if everywhere else offsets[:-1][filled]
    ends = offsets[1:] if everywhere else offsets[1:][filled]
    empty = not everywhere and len(starts) < len(column) - column.null_count
    return Edges(_may_need_trimming(data, starts, ends), empty, int(widths.max()))


def _may_need_trimming(data: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> bool:
    first, last = data[starts], data[ends - 1]
    if (first <= _HIGHEST_ONE).any() or (last <= _HIGHEST_ONE).any():
        return True
    # Only a value that begins or ends beyond ASCII can have the wider white space there.
    led, tailed = first >= _NOT_ASCII, last >= _NOT_ASCII
    if led.any() and ((first == _TWO).any() or _led_by_three(data, starts[led])):
        return True
    if not tailed.any():
        return False
    starts, ends = starts[tailed], ends[tailed]
    ends_in_two = (data[np.maximum(ends - 2, starts)] == _TWO).any()
    return bool(ends_in_two) or _led_by_three(data, np.maximum(ends - 3, starts))


def _offsets(column: Text) -> np.ndarray:
    width = np.dtype(np.int64 if pa.types.is_large_string(column.type) else np.int32)
    return np.frombuffer(column.buffers()[1], width, len(column) + 1, column.offset * width.itemsize)


def _filled(column: Text) -> np.ndarray:
    bits = np.frombuffer(column.buffers()[0], np.uint8)
    return np.unpackbits(bits, count=column.offset + len(column), bitorder="little")[column.offset :]


def _data(column: Text) -> Bytes:
    data = column.buffers()[2]
    return np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)


def _led_by_three(data: np.ndarray, places: np.ndarray) -> bool:
    following = data[np.minimum(places + 1, len(data) - 1)]
    return bool(_THREE[data[places].astype(np.uint16) << 8 | following].any())
