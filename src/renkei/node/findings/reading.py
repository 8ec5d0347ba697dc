"""The door to what a finding says: through the gate, for a purpose stated, and recorded each time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from renkei.agreement.datasets import CARDS, NOTIFICATIONS
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.findings.models import Finding, Kind, Outcome
from renkei.node.records.models import Card, ReceivedNotification


@dataclass(frozen=True, slots=True)
class OpenedFinding:
    """What stands of a notification or permission and why, by column; blank where there is nothing.

    `found` is the annex's row as it stands, `outcome` what matching said of the notification, `notification`
    what was received, `linked` the record of the card that it names.
    """

    finding: Finding | None
    found: Mapping[str, str | None]
    outcome: Outcome | None
    notification: Mapping[str, str | None]
    linked: Mapping[str, str | None]


def subject_of(kind: Kind, identifier: str) -> Subject:
    """Return what the gate is asked about, and a purpose is stated for: a finding lies with no office."""
    return Subject(f"{kind.value} {identifier}")


def open_finding(kind: Kind, identifier: str, officer: Officer, *, now: datetime) -> OpenedFinding:
    """Show what matching found; the reading is in the trail before the values are out.

    A notification may lie in a tray without a finding of its own; of an identifier that is not there
    everything is blank. Raises NotPermitted.
    """
    subject = subject_of(kind, identifier)
    require(officer, Act.READ_FINDING, subject, now=now)
    stated = purposes.in_force(officer, subject.name, now=now)
    with transaction.atomic():
        finding = Finding.objects.filter(kind=kind, identifier=identifier).first()
        notification: Mapping[str, str | None] = {}
        linked: Mapping[str, str | None] = {}
        outcome = None
        if kind == Kind.DISCREPANCY:
            outcome = Outcome.objects.filter(pk=identifier).first()
            received = ReceivedNotification.objects.filter(pk=identifier).values(*NOTIFICATIONS.names)
            notification = dict(received.first() or {})
            card = Card.objects.filter(pk=notification.get("card_number")).values(*CARDS.names)
            linked = dict(card.first() or {})
        record(officer, Verb.FINDING_READ, subject.name, purpose=stated.purpose if stated else "")
    return OpenedFinding(finding, finding.values if finding else {}, outcome, notification, linked)
