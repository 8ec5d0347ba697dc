"""Charts as numbers that a template draws as SVG, without script or inline style.

`chart`: bars over weeks. `waterfall`: the weights of evidence for and against a candidate, item by item.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final

# --- waterfall of the weights of evidence -------------------------------------------------------------------

WATERFALL_WIDTH: Final = 640
_ROW: Final = 34
_BAR: Final = 20
_WATERFALL_LEFT, _WATERFALL_RIGHT = 212, 72


@dataclass(frozen=True, slots=True)
class Weight:
    """One item of evidence: how the values agree, and the weight of it in bits (log2 of the Bayes factor).

    `item` is a column of the data dictionary, `level` a word of `renkei.matching.candidates`.
    """

    item: str
    level: str
    bits: float

    @property
    def speaks_for(self) -> bool:
        """Whether it makes the candidate more probable."""
        return self.bits >= 0


@dataclass(frozen=True, slots=True)
class WeightBar:
    """The bar of one weight, which starts where the one above ends, in the drawing's units."""

    weight: Weight
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        """The vertical position of the text beside the bar."""
        return self.y + _BAR / 2

    @property
    def end(self) -> float:
        """The horizontal position of the number beside the bar."""
        return round(self.x + self.width + 6, 1)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The bars from top to bottom. `zero`: the position of weight 0; `total`: the sum in bits."""

    bars: tuple[WeightBar, ...]
    zero: float
    total: float
    height: int
    width: int = WATERFALL_WIDTH
    bar_height: int = _BAR
    left: int = _WATERFALL_LEFT


def weights(evidence: str) -> list[Weight]:
    """Read `item:level:weight` joined by `;`."""
    parts = (part.split(":") for part in evidence.split(";") if part)
    return [Weight(item, level, float(bits)) for item, level, bits in parts]


def waterfall(found: Sequence[Weight]) -> Waterfall:
    """Return the waterfall of the weights: every bar begins where the one before it ends."""
    sums = [0.0, *accumulate(each.bits for each in found)]
    least, most = min(sums), max(sums)
    unit = (WATERFALL_WIDTH - _WATERFALL_LEFT - _WATERFALL_RIGHT) / ((most - least) or 1)
    bars = tuple(
        WeightBar(
            each,
            round(_WATERFALL_LEFT + (min(start, end) - least) * unit, 1),
            _ROW * place + (_ROW - _BAR) / 2,
            round(max(abs(end - start) * unit, 1), 1),
        )
        for place, (each, start, end) in enumerate(zip(found, sums[:-1], sums[1:], strict=True))
    )
    return Waterfall(bars, round(_WATERFALL_LEFT - least * unit, 1), round(sums[-1], 2), _ROW * len(found))


# --- bars over weeks ----------------------------------------------------------------------------------------

WIDTH: Final = 480
HEIGHT: Final = 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 20, 28
_GAP: Final = 0.25  # of a week's width


@dataclass(frozen=True, slots=True)
class Bar:
    """One week: its rectangle in the drawing's units, its value, and whether its name is shown below."""

    x: float
    y: float
    width: float
    height: float
    week: date
    value: int | None
    named: bool

    @property
    def middle(self) -> float:
        """The horizontal centre of the bar's label."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of one measure. `ticks` are values with the height of their line."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[int, float], ...]
    least: int | None
    most: int | None
    latest: int | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def chart(weeks: Sequence[date], values: Sequence[int | None]) -> Chart:
    """Return the chart of one measure; bars always start at zero."""
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
    """Return the next of 2, 4, 6, 8, 10, 20, 40 …, whose half is an integer and easy to read."""
    size = 1
    while True:
        for step in (2, 4, 6, 8, 10):
            if most <= step * size:
                return step * size
        size *= 10
