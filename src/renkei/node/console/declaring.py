"""Before a page of personal data: the question for which purpose of clause 7 it is opened (P-01)."""

from datetime import datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from renkei.node.accounts.permissions import Act, Subject, entitled, permitted


def purpose_first(
    request: HttpRequest, act: Act, subject: Subject, *, now: datetime
) -> HttpResponseRedirect | None:
    """Return the way to the question, or None where a purpose is in force.

    Raises Http404 for whom no purpose would open it: whether the thing is there is not said.
    """
    if not entitled(request.user, act, subject):
        raise Http404
    if permitted(request.user, act, subject, now=now):
        return None
    asked = urlencode({"subject": subject.name, "next": request.path})
    return redirect(f"{reverse('purpose')}?{asked}")
