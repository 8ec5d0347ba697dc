"""Taking note of clause 4: the latest record of someone who may not be the worker is shown after that."""

from datetime import datetime
from typing import Final

from django.db import transaction

from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.handling import subject_of
from renkei.node.cases.models import Case, Event

ACKNOWLEDGED: Final = "acknowledge"
#: What puts other values into a case, so that the caution is to be read anew.
_SAID_ANEW: Final = ("open", "change", "report_again")


def acknowledged(case: Case, officer: Officer) -> bool:
    """Whether an officer has taken note of the caution since the values came."""
    mine = Event.objects.filter(case=case, officer=officer, what=ACKNOWLEDGED).order_by("-id").first()
    if mine is None:
        return False
    return not Event.objects.filter(case=case, what__in=_SAID_ANEW, pk__gt=mine.pk).exists()


def acknowledge(case: Case, officer: Officer, *, now: datetime) -> None:
    """Record that an officer knows these may be another person's data (申合せ4). Raises NotPermitted."""
    require(officer, Act.READ_CASE, subject_of(case), now=now)
    with transaction.atomic():
        Event.objects.create(case=case, at=now, officer=officer, what=ACKNOWLEDGED)
        record(officer, Verb.CAUTION_ACKNOWLEDGED, case.number)
