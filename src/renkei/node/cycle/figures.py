"""The figures of a day: which count of which step officers look at, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from renkei.node.cycle.models import Day


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure: the step that counts it, the count's name, and what officers call it."""

    step: str
    count: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a day and of the business day before it; None where the step has not been done."""

    ja: str
    en: str
    today: int | None
    before: int | None


FIGURES: Final[Mapping[str, tuple[FigureRow, ...]]] = {
    "mhlw": (
        FigureRow("select", "rows", "送信した届出", "Notifications sent"),
        FigureRow("open", "discrepancy_reported", "不一致(新規・更新)", "Discrepancies, new or changed"),
        FigureRow("open", "suspected_omission_reported", "未届の疑い(新規・更新)", "Suspected omissions"),
        FigureRow("open", "withdrawn", "取り下げられたもの", "Withdrawn"),
    ),
    "isa": (
        FigureRow("open", "rows", "受け取った届出", "Notifications received"),
        FigureRow("answer", "discrepancy_reported", "不一致(新規・更新)", "Discrepancies, new or changed"),
        FigureRow("answer", "suspected_omission_reported", "未届の疑い(新規・更新)", "Suspected omissions"),
        FigureRow("answer", "withdrawn", "取り下げたもの", "Withdrawn"),
    ),
}


def figures(party: str, day: Day, before: Day | None) -> list[Figure]:
    """Return the figures of a day beside those of the one before."""
    counted = _counts(day)
    compared = _counts(before) if before else {}
    return [
        Figure(row.ja, row.en, counted.get((row.step, row.count)), compared.get((row.step, row.count)))
        for row in FIGURES[party]
    ]


def _counts(day: Day) -> dict[tuple[str, str], int]:
    return {(step.name, name): count for step in day.steps.all() for name, count in step.counts.items()}
