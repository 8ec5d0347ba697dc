"""The form by which an officer enters: what was wrong is never said."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django_otp import match_token

from renkei.node.console.forms import Shown, label, said, text_field

_REFUSED = (
    "入れませんでした。職員番号、パスワード、確認コードを確かめてください。",
    "Not let in. Check account, password and one-time code.",
)


class EnterForm(Shown, AuthenticationForm):
    """Account, password and the code of the officer's device."""

    code = text_field(
        said("確認コード", "One-time code"),
        help_text=said("認証アプリに表示されている6桁の数字", "The six digits that your authenticator shows"),
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
        """Check all three; what was wrong is never said."""
        try:
            found = super().clean()
        except ValidationError:
            raise self._refused() from None
        if self.get_user() is None:  # something is blank, which stands at its field
            return found
        self.device = match_token(self.get_user(), self.cleaned_data.get("code", ""))
        if self.device is None:
            raise self._refused()
        return found

    @staticmethod
    def _refused() -> ValidationError:
        return ValidationError(_REFUSED[get_language() == "en"])
