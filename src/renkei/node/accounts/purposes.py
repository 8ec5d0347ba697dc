"""Purposes of clause 7 as officers state them: for one case or document, recorded, for half an hour."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from renkei.agreement.purposes import PURPOSES, Purpose
from renkei.node.accounts.models import Declaration, Officer
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import NoSuchPurpose

LASTS: Final = timedelta(minutes=30)


def offered() -> list[Purpose]:
    """Return the purposes that officers of this party may state, those of its own tasks first."""
    party = settings.NODE.party
    mine = [purpose for purpose in PURPOSES.values() if party in {each.code for each in purpose.parties}]
    return sorted(mine, key=lambda purpose: purpose.mainly.code != party)


def declare(officer: Officer, purpose: str, subjects: Sequence[str], *, now: datetime) -> list[Declaration]:
    """State a purpose for cases or documents by number; each is recorded, and expires after LASTS.

    A stated purpose alone gives no access: duty and office are checked too, each time (`permissions`). Raises
    NoSuchPurpose for a code that clause 7 does not give this party, and where no case or document is named.
    """
    known = {each.code for each in offered()}
    if purpose not in known or not subjects or not all(subjects):
        raise NoSuchPurpose(
            f"A purpose of clause 7 ({', '.join(sorted(known))}) and the number of a case or document are "
            "needed. State both.",
            "申合せ7の利用目的と、事案又は文書の番号が必要です。両方を申告してください。",
        )
    with transaction.atomic():
        made = Declaration.objects.bulk_create(
            Declaration(
                officer=officer, purpose=purpose, subject=subject, declared_at=now, expires_at=now + LASTS
            )
            for subject in dict.fromkeys(subjects)
        )
        for each in made:
            record(officer, Verb.PURPOSE_DECLARED, each.subject, purpose=purpose)
    return made


def in_force(officer: Officer, subject: str, *, now: datetime) -> Declaration | None:
    """Return the purpose that an officer last stated for a case or document, unless it has expired."""
    known = {each.code for each in offered()}
    stated = Declaration.objects.filter(
        officer=officer, subject=subject, purpose__in=known, declared_at__lte=now, expires_at__gt=now
    )
    return stated.order_by("-declared_at", "-id").first() if subject else None
