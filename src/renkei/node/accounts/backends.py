"""Accounts of the agency's own directory (OpenID Connect): it says who somebody is, never what they may do.

Duties are given here alone (`accounts.entrust`): whoever can write claims must not be able to open cases.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from renkei.node.accounts.models import Officer
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb

# MERGED renkei.node.accounts.backends: Local accounts: a password, tried so often and no oftener. The one-time code is asked for beside it.

#: Wrong passwords in a row before an account is locked, and for how long.
TRIES: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)


class LocalAccounts(ModelBackend):
    """Django's own backend, with a lock: each try is counted before the password is looked at."""

    def authenticate(
        self, request: HttpRequest | None, username: Any = None, password: Any = None, **others: Any
    ) -> Officer | None:
        """Return the officer, or None; why not is never said."""
        now = timezone.now()
        account = Officer.objects.filter(username=username)
        account.filter(locked_until__lte=now).update(locked_until=None, failed_entries=0)
        free = account.filter(Q(locked_until=None), failed_entries__lt=TRIES)
        if not free.update(failed_entries=F("failed_entries") + 1):
            # As long as a real try takes, so that time does not tell locked or unknown accounts from others.
            Officer().set_password(password)
            return None
        found = super().authenticate(request, username=username, password=password, **others)
        if isinstance(found, Officer):
            account.update(failed_entries=0)
            return found
        with transaction.atomic():
            spent = account.filter(locked_until=None, failed_entries__gte=TRIES)
            if spent.update(locked_until=now + LOCKED_FOR):
                record(None, Verb.ACCOUNT_LOCKED, str(username))
        return None


Claims = Mapping[str, object]


class DirectoryAccounts(OIDCAuthenticationBackend):  # type: ignore[misc]
    """The directory's word for who somebody is: `sub` for good, `preferred_username` and `name` to show."""

    def verify_claims(self, claims: Claims) -> bool:
        """Whether the directory says enough."""
        return all(
            isinstance(claims.get(name), str) and claims[name] for name in ("sub", "preferred_username")
        )

    def filter_users_by_claims(self, claims: Claims) -> QuerySet[Officer]:
        """Find the account: by `sub`, or, for the first time, one registered without a password for the name.

        A local account is never taken over by whoever bears its name in the directory.
        """
        known = Officer.objects.filter(directory_subject=claims["sub"])
        if known.exists():
            return known
        named = Officer.objects.filter(username=claims["preferred_username"], directory_subject=None)
        return Officer.objects.filter(pk__in=[each.pk for each in named if not each.has_usable_password()])

    def create_user(self, claims: Claims) -> Officer:
        """Make an account without any duty. Raises SuspiciousOperation where the name is somebody else's."""
        name = str(claims["preferred_username"])
        if Officer.objects.filter(username=name).exists():
            raise SuspiciousOperation("the account name is taken by another account")
        officer = Officer(username=name)
        officer.set_unusable_password()
        with transaction.atomic():
            self._fill(officer, claims)
            record(None, Verb.ACCOUNT_MADE, name, local=False)
        return officer

    def update_user(self, user: Officer, claims: Claims) -> Officer:
        """Bring the name shown up to date, and bind an account that was waiting for its first entry."""
        self._fill(user, claims)
        return user

    def get_user(self, user_id: int) -> Officer | None:
        """Return the account of a session, unless it was disabled meanwhile."""
        return Officer.objects.filter(pk=user_id, is_active=True).first()

    def describe_user_by_claims(self, claims: Claims) -> str:
        """Say nothing of anybody in a log."""
        return "an account of the directory"

    @staticmethod
    def _fill(officer: Officer, claims: Claims) -> None:
        officer.directory_subject = str(claims["sub"])
        officer.display_name = str(claims.get("name") or "")[:80]
        officer.save()
