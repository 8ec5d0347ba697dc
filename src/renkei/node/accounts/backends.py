"""Authentication backends: local accounts with a password, and accounts of the agency's directory (OIDC).

A local account is locked after a number of wrong passwords; the one-time code is checked separately. The
directory states who an officer is, never what they may do. Duties are assigned in the node only
(`services.grant`), so that the ability to write claims in the directory does not give access to cases.
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

#: After how many wrong passwords in a row an account is locked, and for how long.
TRIES: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)


class LocalAccounts(ModelBackend):
    """Django's own backend, with a lockout: each attempt is counted before the password is checked."""

    def authenticate(
        self, request: HttpRequest | None, username: Any = None, password: Any = None, **others: Any
    ) -> Officer | None:
        """Return the officer, or None without a reason."""
        now = timezone.now()
        account = Officer.objects.filter(username=username)
        account.filter(locked_until__lte=now).update(locked_until=None, failed_entries=0)
        free = account.filter(Q(locked_until=None), failed_entries__lt=TRIES)
        if not free.update(failed_entries=F("failed_entries") + 1):
            # Takes as long as a real check, so that the time does not reveal locked or unknown accounts.
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
    """Accounts of the directory: `sub` identifies them permanently; the two name claims are for display."""

    def verify_claims(self, claims: Claims) -> bool:
        """Whether the claims have `sub` and `preferred_username`."""
        return all(
            isinstance(claims.get(name), str) and claims[name] for name in ("sub", "preferred_username")
        )

    def filter_users_by_claims(self, claims: Claims) -> QuerySet[Officer]:
        """Find the account by `sub`; at the first login, by name, among accounts without a password.

        A local account can therefore not be taken over by a directory account of the same name.
        """
        known = Officer.objects.filter(directory_subject=claims["sub"])
        if known.exists():
            return known
        named = Officer.objects.filter(username=claims["preferred_username"], directory_subject=None)
        return Officer.objects.filter(pk__in=[each.pk for each in named if not each.has_usable_password()])

    def create_user(self, claims: Claims) -> Officer:
        """Create an account without duties. Raises SuspiciousOperation where another account has the name."""
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
        """Update the display name, and bind an account at its first login."""
        self._fill(user, claims)
        return user

    def get_user(self, user_id: int) -> Officer | None:
        """Return the account of a session, unless it has been disabled."""
        return Officer.objects.filter(pk=user_id, is_active=True).first()

    def describe_user_by_claims(self, claims: Claims) -> str:
        """Return a text without personal data for the log."""
        return "an account of the directory"

    @staticmethod
    def _fill(officer: Officer, claims: Claims) -> None:
        officer.directory_subject = str(claims["sub"])
        officer.display_name = str(claims.get("name") or "")[:80]
        officer.save()
