"""Card numbers near a reported one: writing and reading errors."""

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA, Hamming

WIDTH = 12
_SEPARATORS = r"[\s\-‐‑–—−ー]"
# Letters that are read as digits in the place of digits, and digits that are read as letters.
_AS_DIGITS = {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "B": "8", "S": "5", "Z": "2", "G": "6"}
_AS_LETTERS = {"0": "O", "1": "I", "8": "B", "5": "S", "2": "Z", "6": "G"}
MOST_EDITS = 2


def clean(numbers: pl.Series) -> pl.Series:
    """Fold width and case, remove separators, and read look-alikes as the letter or digit expected there."""
    plain = numbers.str.normalize("NFKC").str.to_uppercase().str.replace_all(_SEPARATORS, "")
    number = pl.col("number")
    parts = [number.str.slice(0, 2), number.str.slice(2, 8), number.str.slice(10, 2)]
    placed = pl.concat_str(
        parts[0].str.replace_many(_AS_LETTERS),
        parts[1].str.replace_many(_AS_DIGITS),
        parts[2].str.replace_many(_AS_LETTERS),
    )
    return plain.to_frame("number").select(
        pl.when(number.str.len_chars() == WIDTH).then(placed).otherwise(number)
    )["number"]


def distances(reported: pl.Series, held: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pair its edits, and how many places differ (both UInt8 arrays).

    An edit is a character replaced, left out or added, or two neighbours exchanged; 3 stands for more than 2.
    Places are counted for pairs one edit apart: 1 replaced, 2 exchanged, 0 if the lengths are unequal.
    """
    one, other = reported.to_list(), held.to_list()
    edits = process.cpdist(one, other, scorer=OSA.distance, score_cutoff=MOST_EDITS, dtype=np.uint8)
    places = np.zeros(len(one), dtype=np.uint8)
    single = np.flatnonzero((edits == 1) & (reported.str.len_chars() == held.str.len_chars()).to_numpy())
    if len(single):
        at = pl.Series(single)
        places[single] = process.cpdist(
            reported.gather(at).to_list(), held.gather(at).to_list(), scorer=Hamming.distance, dtype=np.uint8
        )
    return edits, places
