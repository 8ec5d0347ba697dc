"""M-01 and M-02: the manual, in Japanese; one page for each task."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from renkei.node.console.access import page
from renkei.node.console.manual import TASKS, tasks_of


@page("manual")
def manual(request: HttpRequest) -> HttpResponse:
    """List the tasks."""
    return render(request, "console/manual.html", {"tasks": tasks_of(settings.NODE.party)})


@page("manual_task")
def task(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how one task is done."""
    found = TASKS.get(slug)
    if found is None or settings.NODE.party not in found.parties:
        raise Http404
    picture = f"console/manual/{settings.NODE.party}-{slug}.png"
    words = f"console/manual/{slug}.html"
    return render(request, "console/manual_task.html", {"task": found, "picture": picture, "words": words})
