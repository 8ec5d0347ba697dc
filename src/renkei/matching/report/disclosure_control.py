"""Disclosure control: merges rows with small counts, so that a table about people identifies nobody.

A count of three people of one nationality can tell something about persons whom the reader knows. A row is
shown only if each of its counts is zero or reaches the threshold. All other rows are summed into one row, the
rest. Shown rows are added to the rest until the rest meets the same condition. So no smaller count is shown
or can be computed by subtraction, and the table still adds up.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the CLI imports SMALLEST_CELL, and should start without loading Polars
    import polars as pl

SMALLEST_CELL = 5
"""The smallest count by nationality or status that is shown; groups with smaller counts are merged."""


class Protected(NamedTuple):
    """The rows that may be shown, largest first; `rest` sums up the others, `merged` is their number."""

    rows: list[tuple[str, tuple[int, ...]]]
    rest: tuple[int, ...]
    merged: int


def protect(counts: "pl.DataFrame", *, fewest: int, most_rows: int) -> Protected:
    """Protect a table of counts: its first column is the key (null goes to the rest), all others are counts.

    `fewest` is the smallest count that may be shown; `most_rows` is the largest number of rows to show.
    """
    sums = counts.group_by(counts.columns[0]).sum()
    ranked = sorted(
        ((key, tuple(cells)) for key, *cells in sums.iter_rows()),
        key=lambda row: (-sum(row[1]), row[0] or ""),
    )
    shown = [(key, cells) for key, cells in ranked if key and _safe(cells, fewest)][:most_rows]
    alone = {key for key, _ in shown}
    others = [cells for key, cells in ranked if key not in alone]
    rest = _sum(others, counts.width - 1)
    while shown and not _safe(rest, fewest):
        others.append(shown.pop()[1])
        rest = _sum(others, counts.width - 1)
    return Protected(shown, rest, len(others))


def _safe(cells: tuple[int, ...], fewest: int) -> bool:
    return all(cell == 0 or cell >= fewest for cell in cells)


def _sum(rows: list[tuple[int, ...]], width: int) -> tuple[int, ...]:
    return tuple(sum(cells) for cells in zip(*rows, strict=True)) if rows else (0,) * width
