"""Entering and leaving: password and one-time code together, so that neither alone tells anything."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django_otp import login as otp_login
from django_otp import match_token

from renkei.node.officers.models import Officer

_REFUSED = (
    "入れませんでした。職員番号、パスワード、確認コードを確かめてください。",
    "Not let in. Check account, password and one-time code.",
)


class EnterForm(AuthenticationForm):
    """Account, password and the code of the officer's device."""

    code = forms.CharField(
        max_length=8, widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"})
    )
    device: Any = None

    def clean(self) -> dict[str, Any]:
        """Check all three; what was wrong is never said."""
        try:
            found = super().clean()
        except ValidationError:
            raise self._refused() from None
        self.device = match_token(self.get_user(), self.cleaned_data.get("code", ""))
        if self.device is None:
            raise self._refused()
        return found

    @staticmethod
    def _refused() -> ValidationError:
        return ValidationError(_REFUSED[get_language() == "en"])


class Enter(LoginView):
    """The page where an officer enters."""

    template_name = "console/enter.html"
    authentication_form = EnterForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Let the officer in and note when."""
        response = super().form_valid(form)
        otp_login(self.request, form.device)
        Officer.objects.filter(pk=form.get_user().pk).update(last_access=timezone.now())
        return response


class Leave(LogoutView):
    """Leaving, by a button alone."""

    next_page = "enter"
    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session."""
        return super().post(request, *args, **kwargs)
