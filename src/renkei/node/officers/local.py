"""Local accounts: a password, tried so often and no oftener. The one-time code is asked for beside it."""

from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.officers.models import Officer

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
