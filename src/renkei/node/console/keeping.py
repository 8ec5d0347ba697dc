"""Nothing typed is lost when a session ends: the fields go with the way in, and come back behind it.

They stay with the browser that typed them, signed, and pass through the session of whoever enters there.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, cast

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from renkei.node.console.entering import EnterForm

_SALT: Final = "renkei.console.kept"
_SESSION: Final = "kept"
_NEVER_KEPT: Final = frozenset({"csrfmiddlewaretoken", "password", "code", "username"})
_LASTS: Final = timedelta(days=1)


def ask_to_enter(request: HttpRequest) -> HttpResponse:
    """Answer a form sent after the session's end with the way in, what was typed in its luggage."""
    path = request.get_full_path()
    return render(
        request,
        "console/enter.html",
        {
            "form": EnterForm(request),
            "next": path,
            "kept": signing.dumps({"path": path, "fields": _fields(request)}, salt=_SALT, compress=True),
        },
        status=401,
    )


def token_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that came without the session's token: the officer entered anew in another window.

    What was typed waits behind the link to the same page; only if it was typed on a page of ours, which the
    browser says, since nobody else may fill in an officer's forms.
    """
    kept = request.user.is_authenticated and request.headers.get("Sec-Fetch-Site") == "same-origin"
    if kept:
        request.session[_SESSION] = {"path": request.get_full_path(), "fields": _fields(request)}
    return render(request, "console/token_refused.html", {"kept": kept}, status=403)


def _fields(request: HttpRequest) -> dict[str, list[str]]:
    return {name: [*map(str, values)] for name, values in request.POST.lists() if name not in _NEVER_KEPT}


def unpack(request: HttpRequest, luggage: str) -> None:
    """Put what came along into the session just begun; what was tampered with or is old is dropped."""
    try:
        request.session[_SESSION] = signing.loads(luggage, salt=_SALT, max_age=_LASTS)
    except signing.BadSignature:
        return


def given_back(request: HttpRequest) -> Mapping[str, list[str]]:
    """Return, once, the fields that were typed for this address; empty where there are none."""
    kept = cast(dict[str, Any] | None, request.session.get(_SESSION))
    if not kept or kept["path"] != request.get_full_path():
        return {}
    del request.session[_SESSION]
    return cast(Mapping[str, list[str]], kept["fields"])
