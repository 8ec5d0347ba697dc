"""Access to the console's pages.

- `page` opens a view to the officers and the party that the pages' table names.
- `require_purpose` asks for a purpose of clause 7 before personal data is opened (P-01).
- `EnterForm` is the form to sign in. It never says which of its fields was wrong.
- What was typed is not lost when a session ends: the fields are kept, signed, in the browser that sent them
  (`ask_to_enter`), pass through the session after signing in (`recover_form`), and fill the form again
  (`recovered_fields`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django_otp import match_token

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, entitled, permitted
from renkei.node.console.forms import Shown, label, said, text_field
from renkei.node.console.pages import PAGES

View = Callable[..., HttpResponseBase]
_PAGE: Final = "renkei_page"


def page(name: str) -> Callable[[View], View]:
    """Open a view to the officers named in the page's row; 404 at the other agency, 403 for another duty."""
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


def duties_of(officer: Officer) -> frozenset[Duty]:
    """Return the duties that an officer has in any office."""
    return frozenset(Duty(duty) for duty in officer.assignments.values_list("duty", flat=True).distinct())


def proved(officer: Officer) -> bool:
    """Whether a local account signed in with its one-time code; for others the directory checks it."""
    return not officer.has_usable_password() or bool(officer.is_verified())  # type: ignore[attr-defined]


def require_purpose(
    request: HttpRequest, act: Act, subject: Subject, *, now: datetime
) -> HttpResponseRedirect | None:
    """Return a redirect to the question for the purpose, or None if a purpose is in force.

    Raises Http404 for an officer whom no purpose would permit it, whether or not the subject exists.
    """
    if not entitled(request.user, act, subject):
        raise Http404
    if permitted(request.user, act, subject, now=now):
        return None
    asked = urlencode({"subject": subject.name, "next": request.path})
    return redirect(f"{reverse('purpose')}?{asked}")


# --- signing in ---------------------------------------------------------------------------------------------

_REFUSED = (
    "入れませんでした。職員番号、パスワード、確認コードを確かめてください。",
    "You could not be signed in. Please check your account, password and one-time code.",
)


class EnterForm(Shown, AuthenticationForm):
    """Account, password and the code of the officer's device."""

    code = text_field(
        said("確認コード", "One-time code"),
        help_text=said(
            "認証アプリに表示されている6桁の数字", "The six digits shown by your authenticator app"
        ),
        longest=8,
        autocomplete="one-time-code",
        inputmode="numeric",
    )
    device: Any = None

    def __init__(self, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        label(self, "username", said("職員番号", "Account"))
        label(self, "password", said("パスワード", "Password"))

    def clean(self) -> dict[str, Any]:
        """Check all three together; the refusal never says which one was wrong."""
        try:
            found = super().clean()
        except ValidationError:
            raise self._refused() from None
        if self.get_user() is None:  # a field is blank, which is already shown at that field
            return found
        self.device = match_token(self.get_user(), self.cleaned_data.get("code", ""))
        if self.device is None:
            raise self._refused()
        return found

    @staticmethod
    def _refused() -> ValidationError:
        return ValidationError(_REFUSED[get_language() == "en"])


# --- keeping what was typed when a session ends -------------------------------------------------------------

_SALT: Final = "renkei.console.kept"
_SESSION: Final = "kept"
_NEVER_KEPT: Final = frozenset({"csrfmiddlewaretoken", "password", "code", "username"})
_LASTS: Final = timedelta(days=1)


def ask_to_enter(request: HttpRequest) -> HttpResponse:
    """Answer a form that was sent after the session ended with the sign-in form, which carries the fields."""
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
    """Answer a form without the session's CSRF token: the officer signed in again in another window.

    The fields are kept for the link to the same page, but only if the browser says that the form was on a
    page of ours (Sec-Fetch-Site), because no other site may fill in an officer's forms.
    """
    kept = request.user.is_authenticated and request.headers.get("Sec-Fetch-Site") == "same-origin"
    if kept:
        request.session[_SESSION] = {"path": request.get_full_path(), "fields": _fields(request)}
    return render(request, "console/token_refused.html", {"kept": kept}, status=403)


def _fields(request: HttpRequest) -> dict[str, list[str]]:
    return {name: [*map(str, values)] for name, values in request.POST.lists() if name not in _NEVER_KEPT}


def recover_form(request: HttpRequest, signed_fields: str) -> None:
    """Put the signed fields into the new session; a changed or old value is ignored."""
    try:
        request.session[_SESSION] = signing.loads(signed_fields, salt=_SALT, max_age=_LASTS)
    except signing.BadSignature:
        return


def recovered_fields(request: HttpRequest) -> Mapping[str, list[str]]:
    """Return the kept fields for this address, only once; empty if there are none."""
    kept = cast(dict[str, Any] | None, request.session.get(_SESSION))
    if not kept or kept["path"] != request.get_full_path():
        return {}
    del request.session[_SESSION]
    return cast(Mapping[str, list[str]], kept["fields"])
