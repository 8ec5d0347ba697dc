"""The quick look at a column's bytes never misses what the slow look would find."""

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.matching.edges import edges, longest

# Every character that is white space to Unicode, some that share its bytes, and some plain ones.
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000"
COUSINS = "、。〇‐’“áÂ\u0a00あ漢𠮷A1"
TEXTS = st.one_of(st.text(st.sampled_from(WHITE + COUSINS), max_size=5), st.text(max_size=5), st.none())


@given(st.lists(TEXTS, max_size=8), st.integers(0, 3))
def test_what_needs_trimming_or_measuring_is_never_missed(texts, start):
    column = pa.array(texts, pa.string()).slice(min(start, len(texts)))
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
