"""P-01: for which purpose of clause 7 a case or document is opened; asked each time, never preselected."""

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from renkei.node.console.access import page
from renkei.node.officers import declarations
from renkei.node.officers.errors import NoSuchPurpose
from renkei.node.officers.models import Officer


@page("purpose")
def purpose(request: HttpRequest) -> HttpResponse:
    """Ask for the purpose, or take it and go on to where the officer was going."""
    asked = request.POST if request.method == "POST" else request.GET
    subjects, onward = asked.getlist("subject"), asked.get("next", "/")
    if not subjects or not url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
        raise Http404
    missing = False
    if request.method == "POST":
        try:
            officer = cast(Officer, request.user)
            declarations.declare(officer, asked.get("purpose", ""), subjects, now=timezone.now())
            return redirect(onward)
        except NoSuchPurpose:
            missing = True
    return render(
        request,
        "console/purpose.html",
        {"subjects": subjects, "next": onward, "offered": declarations.offered(), "missing": missing},
        status=422 if missing else 200,
    )
