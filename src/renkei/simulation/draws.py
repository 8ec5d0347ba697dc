"""Random draws: whole columns at once, the same for the same seed.

Every part of the world draws from its own stream, named after its use, so that a change in one part does not
change the numbers of another part.
"""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class Draws:
    """One stream of random numbers, named by the seed and a path of words and numbers."""

    def __init__(self, seed: int, *stream: str | int) -> None:
        path = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in stream]
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *path])))

    def uniform(self, size: int) -> Floats:
        """Return numbers from 0 (included) to 1 (excluded)."""
        return self._generator.random(size)

    def below(self, limit: int | Ints, size: int) -> Ints:
        """Return whole numbers from 0 to just below the limit, which may differ from row to row."""
        return np.floor(self.uniform(size) * limit).astype(np.int64)

    def between(self, least: int | Ints, most: int | Ints, size: int) -> Ints:
        """Return whole numbers from least to most, both included; least where most is smaller."""
        span = np.maximum(np.asarray(most) - np.asarray(least) + 1, 1)
        offsets: Ints = np.floor(self.uniform(size) * span).astype(np.int64)
        return offsets + least

    def chance(self, share: float | Floats, size: int) -> Bools:
        """Return true for about this share of rows."""
        return np.asarray(self.uniform(size) < share)

    def among(self, weights: Sequence[float] | Floats | Ints, size: int) -> Ints:
        """Return positions in `weights`, each with a frequency in proportion to its weight."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(edges, self.uniform(size) * edges[-1], side="right")
        places: Ints = np.minimum(found, len(edges) - 1).astype(np.int64)
        return places

    def triangular(self, least: Floats, mode: Floats, most: Floats) -> Floats:
        """Return numbers between least and most, most frequent at mode (triangular distribution)."""
        return self._generator.triangular(least, mode, np.maximum(most, least + 1e-6))

    def sample(self, population: int, size: int) -> Ints:
        """Return `size` different whole numbers below `population`, in random order."""
        return self._generator.permutation(population)[:size].astype(np.int64)


def scattered(numbers: Ints, modulus: int, step: int, offset: int) -> Ints:
    """Map 0, 1, 2 … to different numbers below `modulus` that look unordered.

    `step` and `modulus` must have no common divisor; a number times `step` must be below 2**63.
    """
    return (numbers * step + offset) % modulus


def blended(base: Ints, where: Bools, other: Ints) -> Ints:
    """Return `base` with the rows of `where` replaced by `other`, which has values for those rows only."""
    result = base.copy()
    result[where] = other
    return result
