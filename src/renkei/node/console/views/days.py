"""D-01 and D-02: every business day, and one day as a table of its steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from renkei.node.console.access import page
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.party import DAY
from renkei.node.cycle.steps import DayStep

_DAYS_A_PAGE = 60


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of a day with what it is called."""

    row: DayStep
    step: Step

    @property
    def counts(self) -> Sequence[tuple[str, int]]:
        """What the step counted, by name."""
        return list(self.step.counts.items())


def shown_steps(day: Day) -> list[ShownStep]:
    """Return the steps of a day in their order."""
    rows = {row.name: row for row in DAY[settings.NODE.party]}
    return [ShownStep(rows[step.name], step) for step in day.steps.all()]


@page("days")
def days(request: HttpRequest) -> HttpResponse:
    """Show the business days, the newest first."""
    found = Day.objects.order_by("-business_day").prefetch_related("steps")
    listed = Paginator(found, _DAYS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "console/days.html",
        {"listed": listed, "shown": [(day, shown_steps(day)) for day in listed]},
    )


@page("day")
def day(request: HttpRequest, day: date) -> HttpResponse:
    """Show one day."""
    found = get_object_or_404(Day, business_day=day)
    return render(
        request,
        "console/day.html",
        {
            "day": found,
            "steps": shown_steps(found),
            "before": Day.objects.filter(business_day__lt=day).order_by("-business_day").first(),
            "after": Day.objects.filter(business_day__gt=day).order_by("business_day").first(),
        },
    )
