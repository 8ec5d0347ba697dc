"""Accounts, duties, and the one-time codes of local accounts; every change is recorded in the trail.

Administrators may not change their own account, so that no one can extend their own permissions. The first
account is created by the node itself, from the command line (`by=None`).
"""

from datetime import datetime
from typing import cast

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import AccountRefused, WeakPassword


def create(
    name: str, display_name: str, password: str | None, *, by: Officer | None, now: datetime
) -> Officer:
    """Create an account; without a password it is one of the directory (OIDC). Raises AccountRefused."""
    may_change(by, None, now)
    if not name or Officer.objects.filter(username=name).exists():
        raise AccountRefused(
            "The account name is blank or taken. Choose another.",
            "職員番号が空か、既に使われています。別のものにしてください。",
        )
    officer = Officer(username=name, display_name=display_name)
    if password is None:
        officer.set_unusable_password()
    else:
        _check(password, officer)
        officer.set_password(password)
    with transaction.atomic():
        officer.save()
        record(by, Verb.ACCOUNT_MADE, name, local=password is not None)
    return officer


def set_active(officer: Officer, active: bool, *, by: Officer | None, now: datetime) -> None:
    """Disable or enable an account; the sessions of a disabled one end with the next request."""
    may_change(by, officer, now)
    with transaction.atomic():
        if Officer.objects.filter(pk=officer.pk, is_active=not active).update(is_active=active):
            record(by, Verb.ACCOUNT_ENABLED if active else Verb.ACCOUNT_DISABLED, officer.username)
    officer.is_active = active


def grant(officer: Officer, duty: Duty, office: str = "", *, by: Officer | None, now: datetime) -> None:
    """Assign a duty in one office, or in all offices if `office` is blank."""
    may_change(by, officer, now)
    with transaction.atomic():
        _, new = Assignment.objects.get_or_create(officer=officer, duty=duty, office=office)
        if new:
            record(by, Verb.DUTY_ASSIGNED, officer.username, duty=duty.value, office=office)


def revoke(officer: Officer, duty: Duty, office: str = "", *, by: Officer | None, now: datetime) -> None:
    """Withdraw a duty; earlier statements and assignments stay in the trail."""
    may_change(by, officer, now)
    with transaction.atomic():
        gone, _ = Assignment.objects.filter(officer=officer, duty=duty, office=office).delete()
        if gone:
            record(by, Verb.DUTY_WITHDRAWN, officer.username, duty=duty.value, office=office)


def enrol(officer: Officer) -> TOTPDevice:
    """Start the enrolment of one-time codes; the device's `config_url` is shown once, for the phone.

    The device is valid only after `confirm`. Raises AccountRefused where one is confirmed already: an
    administrator must remove it first, since otherwise a stolen password would be enough to replace it.
    """
    if TOTPDevice.objects.filter(user=officer, confirmed=True).exists():
        raise AccountRefused(
            "One-time codes are enrolled already. Have them removed first.",
            "確認コードは登録済みです。先に抹消を依頼してください。",
        )
    with transaction.atomic():
        TOTPDevice.objects.filter(user=officer, confirmed=False).delete()
        return cast(TOTPDevice, TOTPDevice.objects.create(user=officer, name="totp", confirmed=False))


def confirm(officer: Officer, code: str, *, by: Officer | None = None) -> None:
    """Complete the enrolment with a first code. Raises AccountRefused for a wrong one.

    `by` is the administrator who does it with the officer present; None is the officer.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.filter(user=officer, confirmed=False).first()
        right = device is not None and device.verify_token(code)
        if device is not None and right:
            device.confirmed = True
            device.save()
            record(by or officer, Verb.DEVICE_ENROLLED, officer.username)
    if not right:  # outside the transaction: the failed attempt, which delays the next one, must be kept
        raise AccountRefused(
            "The code is wrong or has expired. Try the next one.",
            "確認コードが違うか、古くなっています。次のコードを入れてください。",
        )


def remove_devices(officer: Officer, *, by: Officer | None, now: datetime) -> None:
    """Remove an officer's one-time codes, for example when the phone is lost."""
    may_change(by, officer, now)
    with transaction.atomic():
        gone, _ = TOTPDevice.objects.filter(user=officer).delete()
        if gone:
            record(by, Verb.DEVICE_REMOVED, officer.username)


def may_change(by: Officer | None, officer: Officer | None, now: datetime) -> None:
    """Check that `by` may change an account: an administrator, and not their own account.

    Raises NotPermitted, AccountRefused.
    """
    if by is None:
        return  # the node itself: its commands have access to the database anyway
    require(by, Act.MANAGE_ACCOUNTS, now=now)
    if officer is not None and officer.pk == by.pk:
        raise AccountRefused(
            "You cannot change your own account. Ask another administrator.",
            "自分の登録は変更できません。管理の職務を持つ別の職員に依頼してください。",
        )


def _check(password: str, officer: Officer) -> None:
    try:
        validate_password(password, officer)
    except ValidationError:
        raise WeakPassword(
            "The password is too short, too common or similar to the name. Choose 12 characters or more.",
            "パスワードが短いか、ありふれているか、名前に似ています。12文字以上にしてください。",
        ) from None
