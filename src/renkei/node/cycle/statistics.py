"""Figures for officers: by week (trends) and by day, each from a table of counts.

By week, ISA's trends are the counts after the week's last matching; MHLW's are the sums of what was sent and
received in the week. By day, a figure is one count of one step, beside that of the business day before.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Count

from renkei.agreement.outcomes import LIVE, OUTCOMES
from renkei.node.cases.models import Case
from renkei.node.cases.models import Kind as CaseKind
from renkei.node.cycle.models import Day, Step
from renkei.node.matching_run.models import Run

# --- trends by week

WEEKS: Final = 12


@dataclass(frozen=True, slots=True)
class Trend:
    """One measure by week, the oldest first; None where there is no count. `item` is a column, or blank."""

    ja: str
    en: str
    values: tuple[int | None, ...]
    item: str = ""


def weeks(last: date) -> list[date]:
    """Return the Mondays of the WEEKS weeks that end with the one of `last`."""
    monday = last - timedelta(days=last.weekday())
    return [monday - timedelta(weeks=back) for back in reversed(range(WEEKS))]


def trends(party: str, last: date) -> list[Trend]:
    """Return a party's measures up to the week of `last`; those by mismatched item come last."""
    mondays = weeks(last)
    return list(_of_isa(mondays) if party == "isa" else _of_mhlw(mondays))


# ISA: the counts after the week's last matching

_AT_ISA: Final = (
    *(("outcomes", code, OUTCOMES[code].name.ja, OUTCOMES[code].name.en.capitalize()) for code in LIVE),
    ("active", "suspected_omission", "未届の疑い", "Suspected omissions"),
)


def _of_isa(mondays: Sequence[date]) -> Iterator[Trend]:
    runs = Run.objects.filter(day__gte=mondays[0], day__lt=mondays[-1] + timedelta(weeks=1)).order_by("day")
    ends = {run.day - timedelta(days=run.day.weekday()): run for run in runs}  # the week's last one stays
    at_end = [ends.get(monday) for monday in mondays]
    for field, name, ja, en in _AT_ISA:
        yield Trend(ja, en, tuple(getattr(run, field).get(name, 0) if run else None for run in at_end))
    by_item = [_by_item(run.items) if run else None for run in at_end]
    yield from _items(by_item)


# MHLW: the sums of the week

_AT_MHLW: Final = (
    ("select", "rows", "送信した届出", "Notifications sent"),
    ("open", "discrepancy_reported", "不一致(新規・更新)", "Mismatches, new or changed"),
    ("open", "suspected_omission_reported", "未届の疑い(新規・更新)", "Suspected omissions, new or changed"),
)


def _of_mhlw(mondays: Sequence[date]) -> Iterator[Trend]:
    steps = Step.objects.filter(
        day__business_day__gte=mondays[0], state=Step.State.DONE, name__in={name for name, *_ in _AT_MHLW}
    ).select_related("day")
    counted: dict[tuple[str, str, date], int] = {}
    for step in steps:
        monday = step.day.business_day - timedelta(days=step.day.business_day.weekday())
        for name, count in step.counts.items():
            key = (step.name, name, monday)
            counted[key] = counted.get(key, 0) + count
    for step_name, name, ja, en in _AT_MHLW:
        yield Trend(ja, en, tuple(counted.get((step_name, name, monday)) for monday in mondays))
    # Grouped by day, as in the index, so that half a million cases are counted without reading a row.
    cases = (
        Case.objects.filter(opened_on__gte=mondays[0], kind=CaseKind.DISCREPANCY)
        .order_by()
        .values_list("opened_on", "items")
        .annotate(number=Count("*"))
    )
    weekly: dict[date, Counter[str]] = {}
    for day, items, number in cases:
        weekly.setdefault(day - timedelta(days=day.weekday()), Counter())[items] += number
    yield from _items([_by_item(weekly[monday]) if monday in weekly else None for monday in mondays])


def _by_item(combined: Mapping[str, int]) -> Mapping[str, int]:
    """Turn counts by combination of mismatched items into counts by single item."""
    counts: Counter[str] = Counter()
    for items, number in combined.items():
        for item in filter(None, items.split(";")):
            counts[item] += number
    return counts


def _items(weekly: Sequence[Mapping[str, int] | None]) -> Iterator[Trend]:
    """Yield the trend of every mismatched item, the most frequent first."""
    total: Counter[str] = Counter()
    for each in weekly:
        total.update(each or {})
    for item, _ in total.most_common():
        values = tuple(None if each is None else each.get(item, 0) for each in weekly)
        yield Trend(item, item, values, item)


# --- figures of a day


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One row of FIGURES: the step that counts it, the count's name, and its label for officers."""

    step: str
    count: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a day and of the business day before; None where the step is not done."""

    ja: str
    en: str
    today: int | None
    before: int | None


FIGURES: Final[Mapping[str, tuple[FigureRow, ...]]] = {
    "mhlw": (
        FigureRow("select", "rows", "送信した届出", "Notifications sent"),
        FigureRow("open", "discrepancy_reported", "不一致(新規・更新)", "Mismatches, new or changed"),
        FigureRow("open", "suspected_omission_reported", "未届の疑い(新規・更新)", "Suspected omissions"),
        FigureRow("open", "withdrawn", "取り下げられたもの", "Withdrawn"),
    ),
    "isa": (
        FigureRow("open", "rows", "受け取った届出", "Notifications received"),
        FigureRow("answer", "discrepancy_reported", "不一致(新規・更新)", "Mismatches, new or changed"),
        FigureRow("answer", "suspected_omission_reported", "未届の疑い(新規・更新)", "Suspected omissions"),
        FigureRow("answer", "withdrawn", "取り下げたもの", "Withdrawn"),
    ),
}


def figures(party: str, day: Day, before: Day | None) -> list[Figure]:
    """Return the figures of a day, each with that of the day before."""
    counted = _counts(day)
    compared = _counts(before) if before else {}
    return [
        Figure(row.ja, row.en, counted.get((row.step, row.count)), compared.get((row.step, row.count)))
        for row in FIGURES[party]
    ]


def _counts(day: Day) -> dict[tuple[str, str], int]:
    return {(step.name, name): count for step in day.steps.all() for name, count in step.counts.items()}
