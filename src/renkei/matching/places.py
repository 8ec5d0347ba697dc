"""The place of a record as the rejects have it: its line, with its file before it if there are several.

Rows are numbered through all files of a dataset, from 2 (the header of the first file is 1). This number
orders the rejects; it is written as the record's place in its own file (reconciliation §8).
"""

import polars as pl
import pyarrow as pa

from renkei.matching.reading.sources import file_of

_FIRST_LINE = 2


class Places:
    """Which file begins at which number."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._files: list[str] = []

    def note(self, line: int, batch: pa.RecordBatch) -> None:
        """Note the file of a batch whose first row has the number `line`."""
        file = file_of(batch)
        if file is not None and self._files[-1:] != [file]:
            self._starts.append(line)
            self._files.append(file)

    def written(self, lines: pl.Series) -> pl.Series:
        """Return numbers as text: `12`, or `name.csv:12` if there are several files."""
        if not self._files:
            return lines.cast(pl.String)
        starts = pl.Series(self._starts, dtype=pl.UInt32)
        of = starts.search_sorted(lines, side="right") - 1
        own = (lines.cast(pl.UInt32) - starts.gather(of) + _FIRST_LINE).cast(pl.String)
        return (pl.Series(self._files, dtype=pl.String).gather(of) + ":" + own).rename(lines.name)
