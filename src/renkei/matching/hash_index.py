"""Where text stands among other text: a look-up by hash, a whole column at a time.

Millions of cards name millions of persons, and notifications cards. A join of text finds the same rows in
three times the time, and begins anew for each table that asks.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from renkei.matching.arrow_interop import row_numbers

Hashes = NDArray[np.uint64]
Rows = NDArray[np.uint32]

_NOWHERE = np.uint32(0xFFFF_FFFF)
# Half of a table's slots stay free, so that most rows find one in the first round.
_SLOTS_PER_ROW = 2
# Each round leaves fewer rows than the last; where any are left now, hashes are equal.
_ROUNDS = 24
# Odd, its bits well mixed: each round multiplies by it once more, and so spreads anew what has met.
_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)
# Rows and keys taken together: few enough for what is made of them to stay in near memory.
_STRETCH = 1 << 18


def hashed(text: pl.Series) -> Hashes:
    """Hash text, 64 bits each."""
    return text.hash().to_numpy()


class HashIndex:
    """The rows of a column of distinct text, to be looked up; blank is nowhere.

    Hashes lead to a row, and the text there decides. Where two texts have one hash (of millions, once in
    millions of years), everything is found by a join instead.
    """

    def __init__(self, among: pl.Series, hashing: Callable[[pl.Series], Hashes] = hashed) -> None:
        """Take the column whose rows are looked up; each text stands in it once."""
        self._among, self._hashing = among, hashing
        self._hashes = hashing(among)
        self._tables: list[Rows] = []
        left, hashes = np.arange(len(among), dtype=np.uint32), self._hashes
        while len(left) and len(self._tables) < _ROUNDS:
            table = np.full(1 << (len(left) * _SLOTS_PER_ROW).bit_length(), _NOWHERE)
            stretches = [slice(at, at + _STRETCH) for at in range(0, len(left), _STRETCH)]
            for some in stretches:
                table[_slots(hashes[some], table)] = left[some]
            # Of those that meet in a slot the last stays; the others try the next table.
            met = np.concatenate(
                [table.take(_slots(hashes[some], table)) != left[some] for some in stretches]
            )
            left, hashes = left[met], hashes[met] * _MULTIPLIER
            self._tables.append(table)
        self._hashes_differ = not len(left)

    def of(self, keys: pl.Series) -> pl.Series:
        """Return the row of each key (UInt32), null where it is nowhere."""
        if self._hashes_differ and len(self._among):
            hashes = self._hashing(keys)
            found = [self._likely(hashes[at : at + _STRETCH]) for at in range(0, len(hashes), _STRETCH)]
            likely = np.concatenate([np.empty(0, np.uint32), *found])
            rows = row_numbers(likely)
            rows = rows.set((rows == _NOWHERE) | keys.is_null(), None)
            if not (self._among.gather(rows) != keys).any():
                return rows
        return self._by_join(keys)

    def _likely(self, hashes: Hashes) -> Rows:
        """Return the row of equal hash for each, or nowhere."""
        rows = np.full(len(hashes), _NOWHERE)
        left, turned = np.arange(len(hashes)), hashes
        for table in self._tables:
            candidates = table.take(_slots(turned, table))
            # What is nowhere is clipped to the last row, whose own slot is never empty.
            found = self._hashes.take(candidates, mode="clip") == hashes[left]
            rows[left[found]] = candidates[found]
            left, turned = left[~found], turned[~found] * _MULTIPLIER
            if not len(left):
                break
        return rows

    def _by_join(self, keys: pl.Series) -> pl.Series:
        among = self._among.to_frame("key").with_row_index("place")
        return keys.to_frame("key").join(among, on="key", how="left", maintain_order="left")["place"]


def _slots(hashes: Hashes, table: Rows) -> NDArray[np.int64]:
    """The slot of each hash, told by its highest bits: lower ones of a product depend on fewer."""
    return (hashes >> np.uint64(65 - len(table).bit_length())).view(np.int64)
