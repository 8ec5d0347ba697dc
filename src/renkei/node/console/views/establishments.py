"""E-01: one employer's place: contact, all of its cases, what was done before, and one letter for several."""

from typing import Final, cast

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from renkei.node.accounts.models import Officer
from renkei.node.cases.models import Event
from renkei.node.cases.queries import Filters, visible
from renkei.node.console.access import page
from renkei.node.records.models import Establishment

#: So many cases stand on the page; a place with more is narrowed in the lists.
_MOST: Final = 100
#: What counts as guidance given: the employer was asked or written to, or the case came to an end.
_GUIDANCE: Final = ("ask_employer", "letter", "close")
_PAST: Final = 50


@page("establishment")
def establishment(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show the place by its number; without a case of the officer's own it is not there."""
    officer, now = cast(Officer, request.user), timezone.now()
    listed = {
        closed: list(
            visible(officer, Filters(establishment=number, closed=closed), now=now)
            .select_related("assigned_to")
            .order_by("due_on", "id")[: _MOST + 1]
        )
        for closed in (False, True)
    }
    if not any(listed.values()):
        raise Http404
    shown = [case.pk for cases in listed.values() for case in cases]
    past = Event.objects.filter(case__in=shown, what__in=_GUIDANCE).select_related("officer", "case")
    return render(
        request,
        "console/establishment.html",
        {
            "number": number,
            "found": Establishment.objects.filter(pk=number).first(),
            "open": listed[False][:_MOST],
            "closed": listed[True][:_MOST],
            "more": any(len(cases) > _MOST for cases in listed.values()),
            "past": past.defer("note", "case__row").order_by("-id")[:_PAST],
            "today": timezone.localdate(),
        },
    )
