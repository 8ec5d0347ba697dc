"""G-01: the memorandum as the system understands it, open points and who confirms them included."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from renkei.agreement import clauses
from renkei.agreement.decisions import DECISIONS
from renkei.agreement.description import annexes_under
from renkei.agreement.omissions import GROUNDS, REASONS
from renkei.agreement.parties import PARTIES
from renkei.agreement.purposes import ACTS, PURPOSES
from renkei.agreement.readings import READINGS
from renkei.node.console.access import page


@page("memorandum")
def memorandum(request: HttpRequest) -> HttpResponse:
    """Show the agreement package whole, under this node's policy."""
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
