"""Small cells: which rows of a table about people may stand alone, and which only within the rest.

A count of three people of one nationality tells their neighbours something. A row stands alone only if each
of its counts is nought or reaches the threshold; all others are summed into one rest, and the rest takes in
further rows until that holds for it as well. So no smaller count stands there or follows by subtraction, and
the table still adds up.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # a command's options name the number below, and begin before Polars is there
    import polars as pl

SMALLEST_CELL = 5
"""The smallest count by nationality or status that stands alone; below it groups are merged."""


class Protected(NamedTuple):
    """A table's rows that may stand alone, largest first, and what the other `merged` keys sum up to."""

    rows: list[tuple[str, tuple[int, ...]]]
    rest: tuple[int, ...]
    merged: int


def protect(counts: "pl.DataFrame", *, fewest: int, most_rows: int) -> Protected:
    """Protect a table of counts: its first column is the key (blank is of the rest), all others are counts.

    `fewest` is the smallest count that may be shown; `most_rows` limits the rows that stand alone.
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
