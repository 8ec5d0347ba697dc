"""Text is UTF-8 exactly if each value is, wherever the bytes of its neighbours end."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.matching.reading.utf8 import holds_utf8

# Whole characters, halves of them, and nothing.
BYTES = st.sampled_from(
    [b"", b"A", "é".encode(), "漢".encode(), b"\xe6\xbc", b"\xa2", b"\xc3", b"\x80", None]
)
KINDS = st.sampled_from([(pa.binary(), pa.string()), (pa.large_binary(), pa.large_string())])


def is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.lists(BYTES, max_size=8), KINDS, st.integers(0, 3), st.integers(0, 8))
def test_each_value_is_proved_for_itself(values, kinds, start, length):
    raw, text = kinds
    column = pa.array(values, raw).view(text).slice(min(start, len(values)), length)
    kept = values[start : start + length]

    assert holds_utf8(column) == all(is_utf8(value) for value in kept if value)


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        (["漢".encode(), b"A", b"", b""], True),
        ([b"A", "漢".encode()[:2], "漢".encode()[2:]], False),
        ([b"A", "漢".encode()[:2], b"", "漢".encode()[2:], b""], False),
    ],
)
def test_two_halves_of_a_character_are_two_broken_values(values, holds):
    assert holds_utf8(pa.array(values, pa.binary()).view(pa.string())) == holds
