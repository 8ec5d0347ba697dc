"""Proof that bytes are UTF-8. Polars and Arrow's kernels take it for granted, and crash where it is wrong."""

from typing import Any

import numpy as np
import pyarrow as pa

_HIGHEST_ASCII = 0x7F
_CONTINUATION_FIRST, _CONTINUATION_LAST = 0x80, 0xBF


def is_utf8(data: Any) -> bool:
    """Say whether bytes (any buffer) are UTF-8 as a whole."""
    buffer = pa.py_buffer(data)
    ends = pa.py_buffer(np.array([0, buffer.size], np.int64))
    # Arrow's check of one long value is several times faster than of many short ones, and copies nothing.
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, ends, buffer]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def holds_utf8(column: pa.Array) -> bool:
    """Say whether every value of a column of text, string or large_string, is UTF-8."""
    data = column.buffers()[2]
    if data is None or len(column) == 0:
        return True
    width = np.dtype(np.int64 if pa.types.is_large_string(column.type) else np.int32)
    offsets = np.frombuffer(column.buffers()[1], width, len(column) + 1, column.offset * width.itemsize)
    first, last = int(offsets[0]), int(offsets[-1])
    values = np.frombuffer(data, np.uint8)
    # Most columns are ASCII, which is several times faster to see than UTF-8.
    if first == last or values[first:last].max() <= _HIGHEST_ASCII:
        return True
    if not is_utf8(data.slice(first, last - first)):
        return False
    # Two halves of one character in neighbouring values are UTF-8 together and not each for itself. An empty
    # value begins where the next one does; those after the last byte have no beginning.
    heads = values[offsets[: np.searchsorted(offsets, last)]]
    return not ((heads >= _CONTINUATION_FIRST) & (heads <= _CONTINUATION_LAST)).any()
