"""A hash index on a text column: looks up the rows of a whole column of keys at once.

Millions of cards refer to millions of persons, and notifications refer to cards. A join on text takes three
times as long, and starts from the beginning for each table.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from renkei.matching.arrow_interop import row_numbers

Hashes = NDArray[np.uint64]
Rows = NDArray[np.uint32]

_NO_ROW = np.uint32(0xFFFF_FFFF)
# At least half of a table's slots stay free, so that most rows get one in the first round.
_SLOTS_PER_ROW = 2
# Each round leaves fewer rows; rows that are left after the last round have equal hashes.
_ROUNDS = 24
# An odd number with well-mixed bits: each round multiplies by it, and so redistributes rows that collided.
_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)
# Rows and keys processed together: few enough for the intermediate arrays to stay in the cache.
_CHUNK = 1 << 18


def hashed(text: pl.Series) -> Hashes:
    """Return a 64-bit hash of each text."""
    return text.hash().to_numpy()


class HashIndex:
    """An index on a column of distinct text; null keys have no row.

    A hash gives a candidate row, and the text of that row is then compared. If two texts have the same hash
    (among millions of texts, very unlikely), a join is used instead.
    """

    def __init__(self, among: pl.Series, hashing: Callable[[pl.Series], Hashes] = hashed) -> None:
        """Build the index on a column in which each text occurs once."""
        self._among, self._hashing = among, hashing
        self._hashes = hashing(among)
        self._tables: list[Rows] = []
        left, hashes = np.arange(len(among), dtype=np.uint32), self._hashes
        while len(left) and len(self._tables) < _ROUNDS:
            table = np.full(1 << (len(left) * _SLOTS_PER_ROW).bit_length(), _NO_ROW)
            chunks = [slice(at, at + _CHUNK) for at in range(0, len(left), _CHUNK)]
            for some in chunks:
                table[_slots(hashes[some], table)] = left[some]
            # Of rows that collide in a slot the last one keeps it; the others try the next table.
            collided = np.concatenate(
                [table.take(_slots(hashes[some], table)) != left[some] for some in chunks]
            )
            left, hashes = left[collided], hashes[collided] * _MULTIPLIER
            self._tables.append(table)
        self._hashes_differ = not len(left)

    def of(self, keys: pl.Series) -> pl.Series:
        """Return the row of each key (UInt32), null where the column does not have it."""
        if self._hashes_differ and len(self._among):
            hashes = self._hashing(keys)
            parts = [self._likely(hashes[at : at + _CHUNK]) for at in range(0, len(hashes), _CHUNK)]
            likely = np.concatenate([np.empty(0, np.uint32), *parts])
            rows = row_numbers(likely)
            rows = rows.set((rows == _NO_ROW) | keys.is_null(), None)
            if not (self._among.gather(rows) != keys).any():
                return rows
        return self._by_join(keys)

    def _likely(self, hashes: Hashes) -> Rows:
        """Return for each hash the row that has the same hash, or `_NO_ROW`."""
        rows = np.full(len(hashes), _NO_ROW)
        left, rehashed = np.arange(len(hashes)), hashes
        for table in self._tables:
            candidates = table.take(_slots(rehashed, table))
            # `_NO_ROW` is clipped to the last row, whose own slot is never empty.
            found = self._hashes.take(candidates, mode="clip") == hashes[left]
            rows[left[found]] = candidates[found]
            left, rehashed = left[~found], rehashed[~found] * _MULTIPLIER
            if not len(left):
                break
        return rows

    def _by_join(self, keys: pl.Series) -> pl.Series:
        among = self._among.to_frame("key").with_row_index("place")
        return keys.to_frame("key").join(among, on="key", how="left", maintain_order="left")["place"]


def _slots(hashes: Hashes, table: Rows) -> NDArray[np.int64]:
    """Return the slot of each hash: its highest bits, because low bits of a product depend on fewer bits."""
    return (hashes >> np.uint64(65 - len(table).bit_length())).view(np.int64)
