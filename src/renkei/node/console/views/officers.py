"""O-01 to O-03 and signing in: accounts and duties, the officer's own account, entering and leaving.

Nobody changes their own duties. Password and one-time code are checked together, so that a refusal does not
show which of them was wrong.
"""

import io
from typing import Any, ClassVar, Final, cast

import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch
from django.forms import PasswordInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from renkei.agreement.text import Words
from renkei.node.accounts import services
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.console import access
from renkei.node.console.access import EnterForm, page
from renkei.node.console.forms import (
    ConsoleForm,
    FilterForm,
    Shown,
    checkbox_field,
    label,
    said,
    select_field,
    text_field,
)
from renkei.node.console.labels import DUTIES
from renkei.node.console.templatetags.console import language
from renkei.node.errors import AccountRefused, NotPermitted, WeakPassword

# --- O-03: the officer's own account ------------------------------------------------------------------------

_PASSWORD_CHANGED = Words("パスワードを変えました。", "The password was changed.")


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
            missing=said(
                "新しいパスワードをもう一度入力してください。", "Please enter the new password once more."
            ),
        )


@page("own_account")
def own_account(request: HttpRequest) -> HttpResponse:
    """Show the account, and change the password of a local account."""
    officer = cast(Officer, request.user)
    local = officer.has_usable_password()
    form = PasswordForm(officer, request.POST if request.method == "POST" and local else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(officer, Verb.PASSWORD_CHANGED, officer.username)
        update_session_auth_hash(request, officer)
        messages.success(request, _PASSWORD_CHANGED.say(language()))
        return redirect("own_account")
    context = {"form": form, "local": local, "assignments": officer.assignments.order_by("duty", "office")}
    return render(request, "console/own_account.html", context, status=422 if form.errors else 200)


# --- signing in and out -------------------------------------------------------------------------------------


class Enter(LoginView):
    """The page to sign in."""

    template_name = "console/enter.html"
    authentication_form = EnterForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Keep what was typed before the session ended, also after a wrong code."""
        return super().get_context_data(**kwargs) | {"kept": self.request.POST.get("kept", "")}

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign the officer in and record the time."""
        response = super().form_valid(form)
        otp_login(self.request, form.device)
        if signed_fields := self.request.POST.get("kept"):
            access.recover_form(self.request, signed_fields)
        Officer.objects.filter(pk=form.get_user().pk).update(last_access=timezone.now())
        return response


class Leave(LogoutView):
    """Sign out, only by POST."""

    next_page = "enter"
    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session."""
        return super().post(request, *args, **kwargs)


# --- O-01 and O-02: the accounts ----------------------------------------------------------------------------

_CHANGED: Final = Words("変更しました。", "The change was recorded.")


class AccountForm(ConsoleForm):
    """A new account."""

    about: ClassVar = {WeakPassword: "password", AccountRefused: "name"}

    name = text_field(
        said("職員番号", "Account"),
        missing=said(
            "職員番号が空か、既に使われています。別のものにしてください。",
            "The account name is blank or already used. Please choose another.",
        ),
        longest=150,
        autocomplete="off",
    )
    display_name = text_field(said("氏名", "Name"), required=False, longest=80, autocomplete="off")
    local = checkbox_field(
        said(
            "庁の認証基盤ではなく、この装置のパスワードで入る",
            "Signs in with a password of this system, not the agency's directory",
        ),
        "1",
    )
    password = text_field(
        said("最初のパスワード", "First password"),
        required=False,
        help_text=said("上に印を付けたときだけ。12文字以上", "Only if checked above; 12 characters or more"),
        widget=PasswordInput,
        autocomplete="new-password",
    )


class DutyForm(FilterForm):
    """A duty to give, for one office or for all."""

    duty = select_field(
        said("与える職務", "Duty"), lambda: [(each, said(DUTIES[each].ja, DUTIES[each].en)) for each in Duty]
    )
    office = text_field(
        said("所管(安定所番号。空欄はすべて)", "Office code; blank for all"),
        required=False,
        longest=8,
        autocomplete="off",
    )


class CodeForm(ConsoleForm):
    """The first code of a device whose enrolment has begun."""

    about: ClassVar = {AccountRefused: "code"}

    code = text_field(
        said("表示された6桁", "The six digits it shows"), longest=8, inputmode="numeric", autocomplete="off"
    )


@page("officers")
def officers(request: HttpRequest) -> HttpResponse:
    """List the accounts, and create one."""
    form = AccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = _make(form, cast(Officer, request.user))
        except AccountRefused as refusal:
            form.refuse(refusal)
        else:
            return redirect("officer", made.username)
    listed = Officer.objects.order_by("-is_active", "username").prefetch_related(
        Prefetch("assignments", Assignment.objects.order_by("duty", "office"))
    )
    return render(
        request,
        "console/officers.html",
        {
            "listed": listed,
            "now": timezone.now(),
            "form": form,
        },
        status=422 if form.errors else 200,
    )


def _make(form: AccountForm, by: Officer) -> Officer:
    given = form.cleaned_data
    password = given["password"] if given["local"] else None
    return services.create(given["name"], given["display_name"], password, by=by, now=timezone.now())


@page("officer")
def officer(request: HttpRequest, username: str) -> HttpResponse:
    """Show one account, and change it: duties, disabling, one-time codes."""
    found = get_object_or_404(Officer, username=username)
    device: TOTPDevice | None = None
    act, refused = request.POST.get("act"), None
    # Either one of the page's forms was sent, or a button without a form.
    duty_form = DutyForm(request.POST if act == "entrust" else None)
    code_form = CodeForm(request.POST if act == "confirm" else None)
    form = {"entrust": duty_form, "confirm": code_form}.get(act or "")
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            device = _change(found, request)
        except AccountRefused as refusal:
            if form is None:
                refused = refusal
            else:
                form.refuse(refusal)
        except NotPermitted:
            raise PermissionDenied from None
        else:
            if device is None:
                messages.success(request, _CHANGED.say(language()))
                return redirect("officer", username)
    if act == "confirm":
        device = _begun(found)
    return render(
        request,
        "console/officer.html",
        {
            "found": found,
            "mine": found == request.user,
            "assignments": found.assignments.order_by("duty", "office"),
            "enrolled": TOTPDevice.objects.filter(user=found, confirmed=True).exists(),
            "local": found.has_usable_password(),
            "code": qr_code(device) if device else "",
            "duty_form": duty_form,
            "code_form": code_form,
            "refused": refused,
        },
        status=422 if refused or (form and form.errors) else 200,
    )


def _change(found: Officer, request: HttpRequest) -> TOTPDevice | None:
    """Make one change; returns the device whose enrolment has begun."""
    by, now, fields = cast(Officer, request.user), timezone.now(), request.POST
    match fields.get("act"):
        case "entrust":
            office = fields.get("office", "").strip()
            services.grant(found, Duty(fields["duty"]), office, by=by, now=now)
        case "relieve" if fields.get("duty") in Duty.values:
            services.revoke(found, Duty(fields["duty"]), fields.get("office", ""), by=by, now=now)
        case "disable" | "enable" as act:
            services.set_active(found, act == "enable", by=by, now=now)
        case "remove_devices":
            services.remove_devices(found, by=by, now=now)
        case "enrol":
            services.may_change(by, found, now)
            return services.enrol(found)
        case "confirm":
            services.may_change(by, found, now)
            services.confirm(found, fields.get("code", "").strip(), by=by)
        case _:
            raise AccountRefused("Please choose what to change.", "変更する内容を選んでください。")
    return None


def _begun(found: Officer) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=found, confirmed=False).first()


def qr_code(device: TOTPDevice) -> SafeString:
    """Return the QR code for an authenticator app as SVG within the page, so that it has no URL."""
    target = io.BytesIO()
    segno.make(device.config_url, error="m").save(
        target, kind="svg", xmldecl=False, scale=5, border=4, svgclass="qr", lineclass=None, omitsize=False
    )
    return mark_safe(target.getvalue().decode())  # noqa: S308 (drawn by us, modules alone)
