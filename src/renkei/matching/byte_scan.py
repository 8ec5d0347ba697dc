"""A fast scan of the bytes of whole text columns: finds columns that need no trimming, measuring or repair.

Removing white space, counting characters and matching patterns take tens of times longer than this scan, and
of a register's hundred million values hardly any needs them.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Text: TypeAlias = "pa.StringArray | pa.LargeStringArray"
"""As Arrow reads text, and as Polars exports it."""

# White space in UTF-8: one byte up to 0x20; two bytes, of which the first is C2; or three bytes, of which the
# first two are one of four pairs.
_HIGHEST_ONE = 0x20
_NOT_ASCII = 0x80
_TWO = 0xC2
_THREE = np.zeros(1 << 16, dtype=bool)
_THREE[[0xE19A, 0xE280, 0xE281, 0xE380]] = True

# Bytes scanned together: few enough to stay in the processor's cache.
_BLOCK = 1 << 15


class Edges(NamedTuple):
    """What a column may hold. `trim`: white space at an edge is possible. `empty`: empty text."""

    trim: bool
    empty: bool
    longest: int
    """The longest value in bytes; it has at most as many characters."""


class Shape:
    """Text of one width with a range of bytes at each position: `Shape(b"AA00", b"ZZ99")`."""

    def __init__(self, lowest: bytes, highest: bytes) -> None:
        """Take the lowest and the highest byte of each position, all of them ASCII."""
        self.width = len(lowest)
        times = _BLOCK // self.width
        low = np.frombuffer(lowest, np.uint8)
        self._lows = np.tile(low, times)
        self._spans = np.tile(np.frombuffer(highest, np.uint8) - low, times)

    def bytes_of(self, column: Text) -> Bytes | None:
        """Return the bytes of all values, one row each, null left out; None if a value has another shape."""
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
            block = data[start : start + len(self._lows)]
            # Unsigned arithmetic: a byte below the lowest wraps round to a value far above the highest.
            if (block - self._lows[: len(block)] > self._spans[: len(block)]).any():
                return None
        return data.reshape(-1, self.width)


def digits(width: int) -> Shape:
    """Return the shape of `width` digits."""
    return Shape(b"0" * width, b"9" * width)


def longest(column: Text) -> int:
    """Return the length in bytes of the longest value."""
    return int(np.diff(_offsets(column)).max()) if len(column) else 0


def is_ascii(column: Text) -> bool:
    """Say whether every byte of every value is ASCII."""
    offsets = _offsets(column)
    data = _data(column)[offsets[0] : offsets[-1]] if len(column) else _data(column)[:0]
    return not len(data) or bool(data.max() < _NOT_ASCII)


def edges(column: Text) -> Edges:
    """Scan the first and last bytes of every value."""
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
    # Only a value whose first or last byte is not ASCII can have wider white space there.
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
