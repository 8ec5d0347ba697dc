"""Bars over weeks as numbers that a template draws: no script, no inline style, the table behind it alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDTH: Final = 480
HEIGHT: Final = 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 20, 28
_GAP: Final = 0.25  # of a week's width


@dataclass(frozen=True, slots=True)
class Bar:
    """One week: its rectangle in the drawing's units, its value, and whether its name stands below."""

    x: float
    y: float
    width: float
    height: float
    week: date
    value: int | None
    named: bool

    @property
    def middle(self) -> float:
        """Where the bar's label is centred."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure, drawn. `ticks` are values with the height of their line."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[int, float], ...]
    least: int | None
    most: int | None
    latest: int | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def chart(weeks: Sequence[date], values: Sequence[int | None]) -> Chart:
    """Draw one measure; bars start at zero always."""
    known = [value for value in values if value is not None]
    top = _round_up(max(known, default=0))
    ground, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    step = (WIDTH - _LEFT - _RIGHT) / len(weeks)
    bars = []
    for place, (week, value) in enumerate(zip(weeks, values, strict=True)):
        size = room * (value or 0) / top
        x = _LEFT + step * (place + _GAP / 2)
        named = (len(weeks) - 1 - place) % 3 == 0
        bars.append(
            Bar(
                round(x, 1),
                round(ground - size, 1),
                round(step * (1 - _GAP), 1),
                round(size, 1),
                week,
                value,
                named,
            )
        )
    ticks = tuple((top * part // 2, round(ground - room * part / 2, 1)) for part in (0, 1, 2))
    return Chart(
        tuple(bars), ticks, min(known, default=None), max(known, default=None), known[-1] if known else None
    )


def _round_up(most: int) -> int:
    """Return the next of 2, 4, 6, 8, 10, 20, 40 …: its half is whole and easy to read."""
    size = 1
    while True:
        for step in (2, 4, 6, 8, 10):
            if most <= step * size:
                return step * size
        size *= 10
