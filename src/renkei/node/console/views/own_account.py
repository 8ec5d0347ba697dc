"""O-03: an officer's own account: duties, last access, password."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from renkei.agreement.text import Words
from renkei.node.accounts.models import Officer
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.console.access import page
from renkei.node.console.forms import Shown, label, said
from renkei.node.console.templatetags.console import language

_CHANGED = Words("パスワードを変えました。", "The password is changed.")


class PasswordForm(Shown, PasswordChangeForm):
    """The present password, and the new one twice."""

    def __init__(self, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        label(self, "old_password", said("今のパスワード", "Present password"))
        label(
            self, "new_password1", said("新しいパスワード(12文字以上)", "New password, 12 characters or more")
        )
        label(
            self,
            "new_password2",
            said("もう一度", "Once more"),
            missing=said("新しいパスワードをもう一度入力してください。", "Give the new password once more."),
        )


@page("own_account")
def own_account(request: HttpRequest) -> HttpResponse:
    """Show it, and take a new password of a local account."""
    officer = cast(Officer, request.user)
    local = officer.has_usable_password()
    form = PasswordForm(officer, request.POST if request.method == "POST" and local else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(officer, Verb.PASSWORD_CHANGED, officer.username)
        update_session_auth_hash(request, officer)
        messages.success(request, _CHANGED.say(language()))
        return redirect("own_account")
    context = {"form": form, "local": local, "assignments": officer.assignments.order_by("duty", "office")}
    return render(request, "console/own_account.html", context, status=422 if form.errors else 200)
