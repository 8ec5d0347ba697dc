"""H-01: what needs attention: alarms, overdue work, the steps and counts of the day, the cases due next.

H-02: the strip of steps. H-03: trends over weeks, each a chart with its table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, Final, cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Officer
from renkei.node.cases import queries as cases_queries
from renkei.node.cases.models import Case
from renkei.node.console.access import page
from renkei.node.console.charts import chart
from renkei.node.console.labels import KINDS, STEP_STATES
from renkei.node.console.pages import place_of
from renkei.node.console.templatetags.console import subject
from renkei.node.console.views.days import ShownStep, shown_steps
from renkei.node.console.views.lists import LISTS
from renkei.node.cycle import alarms
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.statistics import figures, weeks
from renkei.node.cycle.statistics import trends as trends_of
from renkei.node.matching_run import queries


@page("trends")
def trends(request: HttpRequest) -> HttpResponse:
    """Show twelve weeks of counts: matched, mismatches by item, not found, suspected omissions."""
    today = timezone.localdate()
    mondays = weeks(today)
    found = [(each, chart(mondays, each.values)) for each in trends_of(settings.NODE.party, today)]
    return render(
        request,
        "console/trends.html",
        {
            "whole": [(trend, drawn) for trend, drawn in found if not trend.item],
            "by_item": [(trend, drawn) for trend, drawn in found if trend.item],
        },
    )


_NOT_BEGUN: Final = STEP_STATES[Step.State.WAITING.value]
#: The most overdue cases that are counted; for more, the page shows “or more”.
_COUNTED: Final = 1000
#: The number of cases due next that are shown.
_DUE_NEXT: Final = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work waiting for the officer: a text with the number, and the address of the page."""

    words: Words
    address: str

    @property
    def ja(self) -> str:
        """The text in Japanese."""
        return self.words.ja

    @property
    def en(self) -> str:
        """The text in English."""
        return self.words.en


@page("today")
def today(request: HttpRequest) -> HttpResponse:
    """Show what needs attention, and the present day."""
    officer, now = cast(Officer, request.user), timezone.now()
    rings = [
        (alarm, alarms.sentence(alarm, subject(alarm.subject)), place_of(alarm, request.duties))  # type: ignore[attr-defined]
        for alarm in alarms.ringing()
    ]
    shown = _the_day() | {"alarms": rings, "today": timezone.localdate(now)}
    if Duty.HANDLE_CASES in request.duties:  # type: ignore[attr-defined]
        shown |= _requests() if settings.NODE.party == "isa" else _cases(officer, now)
    shown["attention"] = len(rings) + len(shown.get("waiting", []))
    return render(request, "console/today.html", shown)


@page("today_strip")
def strip(request: HttpRequest) -> HttpResponse:
    """Show only the strip of steps, which the page fetches again every half minute.

    `seen` is the state of the steps at the last fetch; only changes are announced.
    """
    shown = _the_day()
    seen = request.GET.get("seen", shown["mark"]).split(".")
    changed = zip_longest(shown["steps"], shown["mark"].split("."), seen)
    shown["news"] = [
        step for step, now, before in changed if step and now != before and step.standing is not _NOT_BEGUN
    ]
    return render(request, "console/strip.html", shown)


def _cases(officer: Officer, now: datetime) -> dict[str, Any]:
    """MHLW: the overdue cases of the officer's offices, and the cases due next, without names."""
    found = cases_queries.visible(officer, cases_queries.Filters(), now=now)
    due_next = found.order_by("due_on", "id").select_related("assigned_to")[:_DUE_NEXT]
    return {"waiting": list(_overdue(found, timezone.localdate(now))), "due_next": list(due_next)}


def _overdue(cases: QuerySet[Case], today: date) -> Iterator[Waiting]:
    for kind, name in LISTS.items():
        found = cases.filter(kind=kind.value, due_on__lt=today).order_by()[: _COUNTED + 1].count()
        if found:
            number = f"{min(found, _COUNTED):,}"
            more = ("以上", " or more") if found > _COUNTED else ("", "")
            words = Words(
                f"期限を過ぎた事案({KINDS[kind.value].ja}) {number}件{more[0]}",
                f"Overdue cases ({KINDS[kind.value].en}): {number}{more[1]}",
            )
            yield Waiting(words, f"{reverse(name)}?due=overdue")


def _requests() -> dict[str, Any]:
    """ISA: the counterpart's correction requests that wait for a decision."""
    found = queries.correction_requests().count()
    words = Words(f"未処理の訂正依頼 {found:,}件", f"Correction requests to decide on: {found:,}")
    return {"waiting": [Waiting(words, reverse("corrections"))] if found else []}


def _mark(shown: ShownStep) -> str:
    """Return a text that changes with the step's state and day."""
    return f"{shown.step.day_id}-{shown.step.state}{'-awaited' if shown.step.awaited else ''}"


def _the_day() -> dict[str, Any]:
    latest = list(Day.objects.order_by("-business_day").prefetch_related("steps")[:2])
    day = latest[0] if latest else None
    before = latest[1] if len(latest) > 1 else None
    steps = shown_steps(day) if day else []
    return {
        "day": day,
        "ordinal": Day.objects.count(),
        "steps": steps,
        "mark": ".".join(_mark(each) for each in steps),
        "figures": figures(settings.NODE.party, day, before) if day else [],
        "seen_at": timezone.now(),
    }
