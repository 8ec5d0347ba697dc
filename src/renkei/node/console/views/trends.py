"""H-03: matched, mismatched by item, not found and suspected over weeks, each a chart with its table."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from renkei.node.console.access import page
from renkei.node.console.charts import chart
from renkei.node.cycle.statistics import trends as trends_of
from renkei.node.cycle.statistics import weeks


@page("trends")
def trends(request: HttpRequest) -> HttpResponse:
    """Show the last twelve weeks."""
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
