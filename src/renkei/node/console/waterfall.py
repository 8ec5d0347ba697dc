"""What speaks for and against a candidate, item after item, as numbers that a template draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

WIDTH: Final = 640
_ROW: Final = 34
_BAR: Final = 20
_LEFT, _RIGHT = 212, 72


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
class Bar:
    """One weight, drawn from where the one above it left off, in the drawing's units."""

    weight: Weight
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        """Where the words beside the bar stand."""
        return self.y + _BAR / 2

    @property
    def end(self) -> float:
        """Where the number beside the bar begins."""
        return round(self.x + self.width + 6, 1)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The bars from top to bottom. `zero` is where nothing speaks for or against; `total` in bits."""

    bars: tuple[Bar, ...]
    zero: float
    total: float
    height: int
    width: int = WIDTH
    bar_height: int = _BAR
    left: int = _LEFT


def weights(evidence: str) -> list[Weight]:
    """Read `item:level:weight` joined by `;`."""
    parts = (part.split(":") for part in evidence.split(";") if part)
    return [Weight(item, level, float(bits)) for item, level, bits in parts]


def waterfall(found: Sequence[Weight]) -> Waterfall:
    """Draw evidence: every bar begins where the one before it ends."""
    sums = [0.0, *accumulate(each.bits for each in found)]
    least, most = min(sums), max(sums)
    unit = (WIDTH - _LEFT - _RIGHT) / ((most - least) or 1)
    bars = tuple(
        Bar(
            each,
            round(_LEFT + (min(start, end) - least) * unit, 1),
            _ROW * place + (_ROW - _BAR) / 2,
            round(max(abs(end - start) * unit, 1), 1),
        )
        for place, (each, start, end) in enumerate(zip(found, sums[:-1], sums[1:], strict=True))
    )
    return Waterfall(bars, round(_LEFT - least * unit, 1), round(sums[-1], 2), _ROW * len(found))
