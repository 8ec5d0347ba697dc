"""The door to a case's personal values: through the gate, for a purpose stated, and recorded each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, entitled, refusal, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.handling import subject_of
from renkei.node.cases.models import Case, Event, Kind
from renkei.node.records.models import Notification


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case with what ISA says of it and, of a discrepancy, the ministry's own notification, by column.

    `history` is what happened, the newest first: what officers wrote there may be personal as well.
    """

    case: Case
    found: Mapping[str, str | None]
    notification: Mapping[str, str | None]
    history: Sequence[Event]


def open_case(number: str, officer: Officer, *, now: datetime) -> OpenedCase:
    """Show a case whole; the reading is in the trail before the values are out.

    Raises NotPermitted, the same for a case of another office and for one that is not there.
    """
    case = _case(number, officer, now)
    with transaction.atomic():
        shown = OpenedCase(case, case.values, _notification(case), _history(case))
        record(officer, Verb.CASE_READ, number, purpose=purpose_of(number, officer, now))
    return shown


@dataclass(frozen=True, slots=True)
class ProbableNotification:
    """A notification of the ministry's own that ISA holds to be probably of whom a suspicion names.

    `held` whether it is among the ministry's notifications; `case` is that of its number not being found,
    where there is one and it is the officer's.
    """

    notification_id: str
    held: bool
    case: Case | None


def probable_notification(found: Mapping[str, str | None], officer: Officer) -> ProbableNotification | None:
    """Return what ISA says was probably meant for the person (`unmatched_notification`), None for nothing."""
    named = found.get("notification_id")
    if not named:
        return None
    case = Case.objects.defer("row").filter(kind=Kind.DISCREPANCY, identifier=named).first()
    if case is not None and not entitled(officer, Act.HANDLE_CASE, subject_of(case)):
        case = None
    return ProbableNotification(named, Notification.objects.filter(pk=named).exists(), case)


def purpose_of(number: str, officer: Officer, now: datetime) -> str:
    """Return the purpose in force for a case, which the gate has asked for."""
    stated = purposes.in_force(officer, number, now=now)
    return stated.purpose if stated else ""


def _case(number: str, officer: Officer, now: datetime) -> Case:
    case = Case.objects.defer("row").select_related("assigned_to").filter(number=number).first()
    if case is None:
        raise refusal()
    require(officer, Act.READ_CASE, subject_of(case), now=now)
    return case


def _notification(case: Case) -> Mapping[str, str | None]:
    if case.kind != Kind.DISCREPANCY:
        return {}
    own = Notification.objects.filter(pk=case.identifier).values(*NOTIFICATIONS.names).first()
    return dict(own) if own else {}


def _history(case: Case) -> Sequence[Event]:
    return list(case.events.select_related("officer"))
