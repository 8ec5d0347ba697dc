"""The fast scan of a column's bytes never misses what the slow check would find."""

import re

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.matching.byte_scan import Shape, digits, edges, is_ascii, longest

# Every character that is white space to Unicode, some that share its bytes, and some plain ones.
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000"
COUSINS = "、。〇‐’“áÂ\u0a00あ漢𠮷A1"
TEXTS = st.one_of(st.text(st.sampled_from(WHITE + COUSINS), max_size=5), st.text(max_size=5), st.none())


# Text as Arrow reads it and as Polars exports it.
KINDS = st.sampled_from((pa.string(), pa.large_string()))


@pytest.mark.slow
@given(st.lists(TEXTS, max_size=8), KINDS, st.integers(0, 3))
def test_what_needs_trimming_or_measuring_is_never_missed(texts, kind, start):
    column = pa.array(texts, kind).slice(min(start, len(texts)))
    kept = pl.Series(texts[start:], dtype=pl.String)
    seen = edges(column)

    if (kept != kept.str.strip_chars()).any():
        assert seen.trim
    if (kept == "").any():
        assert seen.empty
    assert seen.longest == longest(column) == (kept.str.len_bytes().max() or 0)


@pytest.mark.parametrize("texts", [["NGUYEN VAN ANH", "王偉", "さくら旅館"], [None, "A"], []])
def test_plain_columns_are_left_alone(texts):
    assert edges(pa.array(texts, pa.string()))[:2] == (False, False)


CARD_PATTERN = re.compile("[A-Z]{2}[0-9]{8}[A-Z]{2}")
CARD = Shape(b"AA00000000AA", b"ZZ99999999ZZ")
# The canonical form, values just outside the bounds of each position, other widths, blanks, and letters of
# more than one byte that together have the same width.
FITTING = ("AB00000001CD", "ZZ99999999ZZ", "AA00000000AA", None)
OUTSIDE = ("@B00000001CD", "[B00000001CD", "AB/0000001CD", "AB:0000001CD", "AB00000001C[", "aB00000001CD")
CARDS = st.sampled_from((*FITTING, *OUTSIDE, "AB00000001C", "AB00000001CDE", "", "カード番"))


@given(st.lists(CARDS, max_size=8), KINDS, st.integers(0, 3))
def test_a_shape_is_seen_where_the_pattern_fits_everywhere_and_nowhere_else(texts, kind, start):
    column = pa.array(texts, kind).slice(min(start, len(texts)))
    filled = [text for text in column.to_pylist() if text is not None]
    seen = CARD.bytes_of(column)

    assert (seen is not None) == all(CARD_PATTERN.fullmatch(text) for text in filled)
    if seen is not None:
        assert [bytes(row).decode() for row in seen] == filled


@pytest.mark.parametrize("place", [0, 1, 4680, 4681, 9999])
def test_one_odd_value_among_many_is_not_missed(place):
    texts = ["1234567"] * 10_000
    assert digits(7).bytes_of(pa.array(texts)) is not None
    texts[place] = "123456x"

    assert digits(7).bytes_of(pa.array(texts)) is None


@given(st.lists(TEXTS, max_size=8), KINDS, st.integers(0, 3))
def test_a_column_is_ascii_exactly_if_all_its_values_are(texts, kind, start):
    column = pa.array(texts, kind).slice(min(start, len(texts)))

    assert is_ascii(column) == all(text.isascii() for text in texts[start:] if text)
