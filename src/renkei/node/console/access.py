"""Who reaches a page: one decorator, by the pages' table; personal data has a door of its own behind it."""

from collections.abc import Callable
from functools import wraps
from typing import Final

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Officer
from renkei.node.console.keeping import ask_to_enter
from renkei.node.console.pages import PAGES

View = Callable[..., HttpResponseBase]
_PAGE: Final = "renkei_page"


def duties_of(officer: Officer) -> frozenset[Duty]:
    """Return what an officer is entrusted with, in whichever office."""
    return frozenset(Duty(duty) for duty in officer.assignments.values_list("duty", flat=True).distinct())


def proved(officer: Officer) -> bool:
    """Whether a local account entered with its one-time code; for others their directory has seen to it."""
    return not officer.has_usable_password() or bool(officer.is_verified())  # type: ignore[attr-defined]


def page(name: str) -> Callable[[View], View]:
    """Open a view to those whom the page's row names; 404 at the other agency, 403 for another duty."""
    row = PAGES[name]

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            officer = request.user
            if not isinstance(officer, Officer) or not proved(officer):
                if request.method == "POST":
                    return ask_to_enter(request)
                return redirect_to_login(request.get_full_path())
            if settings.NODE.party not in row.parties:
                raise Http404
            request.duties = duties_of(officer)  # type: ignore[attr-defined]
            request.page = row  # type: ignore[attr-defined]
            if not request.duties & row.duties:  # type: ignore[attr-defined]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        setattr(guarded, _PAGE, row)
        return guarded

    return wrap
