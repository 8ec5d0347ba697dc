"""G-01: the memorandum as the system implements it, with its open points and who confirms them.

M-01 and M-02: the manual in Japanese, one page for each task.
"""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from renkei.agreement import clauses
from renkei.agreement.decisions import DECISIONS
from renkei.agreement.description import annexes_under
from renkei.agreement.omissions import GROUNDS, REASONS
from renkei.agreement.parties import PARTIES
from renkei.agreement.purposes import ACTS, PURPOSES
from renkei.agreement.readings import READINGS
from renkei.node.console.access import page
from renkei.node.console.manual import TASKS, tasks_of


@page("manual")
def manual(request: HttpRequest) -> HttpResponse:
    """List the tasks."""
    return render(request, "console/manual.html", {"tasks": tasks_of(settings.NODE.party)})


@page("manual_task")
def task(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the manual for one task."""
    found = TASKS.get(slug)
    if found is None or settings.NODE.party not in found.parties:
        raise Http404
    picture = f"console/manual/{settings.NODE.party}-{slug}.png"
    words = f"console/manual/{slug}.html"
    return render(request, "console/manual_task.html", {"task": found, "picture": picture, "words": words})


@page("memorandum")
def memorandum(request: HttpRequest) -> HttpResponse:
    """Show the whole agreement package with this node's policy."""
    decided = settings.NODE.decided()
    changed = decided.overridden()
    decisions = [
        {
            "key": key,
            "row": row,
            "value": getattr(decided, key),
            "named": isinstance(getattr(decided, key), tuple),
            "changed": key in changed,
            "confirmed": [(PARTIES[party], day) for party, day in decided.confirmed(key).items()],
        }
        for key, row in DECISIONS.items()
    ]
    return render(
        request,
        "console/memorandum.html",
        {
            "parties": PARTIES.values(),
            "clauses": clauses.CLAUSES.values(),
            "agreed_on": clauses.AGREED_ON,
            "effective_from": clauses.EFFECTIVE_FROM,
            "document_title": clauses.TITLE,
            "annexes": annexes_under(decided),
            "grounds": GROUNDS.values(),
            "reasons": REASONS.values(),
            "purposes": PURPOSES.values(),
            "acts": ACTS.values(),
            "decisions": decisions,
            "readings": READINGS,
        },
    )
