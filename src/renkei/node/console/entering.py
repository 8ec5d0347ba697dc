"""The form by which an officer enters: what was wrong is never said."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django_otp import match_token

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
