"""H-01: must I do anything? The alarms, then the day as steps, then its counts with the day before's."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from renkei.node.console.access import page
from renkei.node.console.alarm_places import place_of
from renkei.node.console.templatetags.console import subject
from renkei.node.console.views.days import shown_steps
from renkei.node.cycle import alarms
from renkei.node.cycle.figures import figures
from renkei.node.cycle.models import Day


@page("today")
def today(request: HttpRequest) -> HttpResponse:
    """Show what needs attention, and the day."""
    rings = [
        (alarm, alarms.sentence(alarm, subject(alarm.subject)), place_of(alarm, request.duties))  # type: ignore[attr-defined]
        for alarm in alarms.ringing()
    ]
    return render(request, "console/today.html", _the_day() | {"alarms": rings})


@page("today_strip")
def strip(request: HttpRequest) -> HttpResponse:
    """Show the strip of steps alone, which the page fetches again every half minute."""
    return render(request, "console/strip.html", _the_day())


def _the_day() -> dict[str, Any]:
    latest = list(Day.objects.order_by("-business_day").prefetch_related("steps")[:2])
    day = latest[0] if latest else None
    before = latest[1] if len(latest) > 1 else None
    return {
        "day": day,
        "ordinal": Day.objects.count(),
        "steps": shown_steps(day) if day else [],
        "figures": figures(settings.NODE.party, day, before) if day else [],
        "seen_at": timezone.now(),
    }
