"""O-01 and O-02: who has an account and what they are entrusted with; nobody changes their own."""

import io
from typing import Final, cast

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django_otp.plugins.otp_totp.models import TOTPDevice

from renkei.agreement.text import Words
from renkei.node.console.access import page
from renkei.node.console.templatetags.console import language
from renkei.node.errors import NotPermitted
from renkei.node.officers import accounts
from renkei.node.officers.duties import Duty
from renkei.node.officers.errors import AccountRefused
from renkei.node.officers.models import Assignment, Officer

_CHANGED: Final = Words("変更しました。", "Changed.")
_OFFICE_LENGTH: Final = 8


@page("officers")
def officers(request: HttpRequest) -> HttpResponse:
    """List the accounts, and make one."""
    trouble = ""
    if request.method == "POST":
        try:
            made = _make(request)
        except AccountRefused as refusal:
            trouble = refusal.say(language())
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
            "trouble": trouble,
            "entered": request.POST if trouble else {},
        },
        status=422 if trouble else 200,
    )


def _make(request: HttpRequest) -> Officer:
    told = request.POST
    name, shown = told.get("name", "").strip()[:150], told.get("display_name", "").strip()[:80]
    password = told.get("password", "") if told.get("local") else None
    return accounts.create(name, shown, password, by=cast(Officer, request.user), now=timezone.now())


@page("officer")
def officer(request: HttpRequest, username: str) -> HttpResponse:
    """Show one account, and change it: duties, disabling, one-time codes."""
    found = get_object_or_404(Officer, username=username)
    device, trouble = None, ""
    if request.method == "POST":
        try:
            device = _change(found, request)
        except AccountRefused as refusal:
            trouble = refusal.say(language())
            device = _begun(found) if request.POST.get("act") == "confirm" else None
        except NotPermitted:
            raise PermissionDenied from None
        else:
            if device is None:
                messages.success(request, _CHANGED.say(language()))
                return redirect("officer", username)
    return render(
        request,
        "console/officer.html",
        {
            "found": found,
            "mine": found == request.user,
            "assignments": found.assignments.order_by("duty", "office"),
            "duties": Duty,
            "enrolled": TOTPDevice.objects.filter(user=found, confirmed=True).exists(),
            "local": found.has_usable_password(),
            "code": qr_code(device) if device else "",
            "trouble": trouble,
        },
        status=422 if trouble else 200,
    )


def _change(found: Officer, request: HttpRequest) -> TOTPDevice | None:
    """Do one change; returns the device whose enrolment has begun."""
    by, now, told = cast(Officer, request.user), timezone.now(), request.POST
    match told.get("act"):
        case "entrust" if told.get("duty") in Duty.values:
            office = told.get("office", "").strip()[:_OFFICE_LENGTH]
            accounts.entrust(found, Duty(told["duty"]), office, by=by, now=now)
        case "relieve" if told.get("duty") in Duty.values:
            accounts.relieve(found, Duty(told["duty"]), told.get("office", ""), by=by, now=now)
        case "disable" | "enable" as act:
            accounts.set_active(found, act == "enable", by=by, now=now)
        case "remove_devices":
            accounts.remove_devices(found, by=by, now=now)
        case "enrol":
            accounts.may_change(by, found, now)
            return accounts.enrol(found)
        case "confirm":
            accounts.may_change(by, found, now)
            accounts.confirm(found, told.get("code", "").strip(), by=by)
        case _:
            raise AccountRefused("Choose what to change.", "変更する内容を選んでください。")
    return None


def _begun(found: Officer) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=found, confirmed=False).first()


def qr_code(device: TOTPDevice) -> SafeString:
    """Draw what an authenticator scans as SVG in the page: it goes to no other address."""
    target = io.BytesIO()
    segno.make(device.config_url, error="m").save(
        target, kind="svg", xmldecl=False, scale=5, border=4, svgclass="qr", lineclass=None, omitsize=False
    )
    return mark_safe(target.getvalue().decode())  # noqa: S308 (drawn by us, modules alone)
