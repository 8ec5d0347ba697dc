"""The place of a record as the rejects have it: its line, with its file before it if there are several.

Rows are numbered through all files of a dataset, from 2 (the header of the first file is 1). This number
orders the rejects; it is written as the record's place in its own file (reconciliation §8). Where a source's
own layout has lines before the header, they count too, as an editor counts them.
"""

import polars as pl
import pyarrow as pa

from renkei.matching.reading.sources import place_of


class Places:
    """Which file begins at which number, and on which line its header is."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._files: list[tuple[str | None, int]] = []

    def note(self, line: int, batch: pa.RecordBatch) -> None:
        """Note the file of a batch whose first row has the number `line`."""
        file = place_of(batch)
        if self._files[-1:] != [file]:
            self._starts.append(line)
            self._files.append(file)

    def written(self, lines: pl.Series) -> pl.Series:
        """Return numbers as text: `12`, or `name.csv:12` if there are several files."""
        if self._files in ([], [(None, 1)]):
            return lines.cast(pl.String)
        starts = pl.Series(self._starts, dtype=pl.UInt32)
        of = starts.search_sorted(lines, side="right") - 1
        headers = pl.Series([header for _, header in self._files], dtype=pl.UInt32)
        own = (lines.cast(pl.UInt32) - starts.gather(of) + headers.gather(of) + 1).cast(pl.String)
        names = pl.Series(["" if name is None else f"{name}:" for name, _ in self._files], dtype=pl.String)
        return (names.gather(of) + own).rename(lines.name)
