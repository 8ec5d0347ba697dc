"""The hash index: every key is found in its row, whatever its hash."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.matching.hash_index import Hashes, HashIndex, hashed

TEXTS = st.lists(st.text("AB09-漢", max_size=4), max_size=60)


def all_alike(text: pl.Series) -> Hashes:
    return np.zeros(len(text), np.uint64)


def by_length(text: pl.Series) -> Hashes:
    return text.str.len_bytes().fill_null(0).cast(pl.UInt64).to_numpy()


def low_bits_alone(text: pl.Series) -> Hashes:
    """Different for different text, but without a bit that the slots depend on."""
    return hashed(text) >> np.uint64(33)


HASHINGS = [hashed, low_bits_alone, by_length, all_alike]


@pytest.mark.parametrize("hashing", HASHINGS)
@given(among=TEXTS, keys=TEXTS)
def test_a_key_is_found_where_it_stands_and_nowhere_else(hashing, among: list[str], keys: list[str]) -> None:
    rows = {text: row for row, text in enumerate(dict.fromkeys(among))}
    sought = [None, *keys, *among]

    found = HashIndex(pl.Series(list(rows), dtype=pl.String), hashing).of(pl.Series(sought, dtype=pl.String))

    assert found.dtype == pl.UInt32
    assert found.to_list() == [rows.get(text) for text in sought]


@pytest.mark.slow
def test_more_keys_than_are_looked_up_together_keep_their_order() -> None:
    numbers = pl.Series([f"P{number:07}" for number in range(700_000)])
    backwards = numbers.reverse()

    assert HashIndex(numbers).of(backwards).to_list() == list(range(699_999, -1, -1))


def test_blank_is_nowhere_though_a_blank_stands_among() -> None:
    among = pl.Series(["A", None, "B"])

    assert HashIndex(among).of(pl.Series([None, "B"])).to_list() == [None, 2]
