"""ISA: reading one finding, and the lists: shared numbers, identity conflicts, held, requests, candidates.

The lists have identifiers, items and causes only, as of the last matching; nothing in them is an accusation
(申合せ4). Values are read with `open_finding`: through the gate, for a stated purpose, recorded each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.candidates.models import NotFound
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.matching_run.models import Finding, Kind, Outcome
from renkei.node.records.models import Card, ReceivedNotification, Reject

# --- one finding


@dataclass(frozen=True, slots=True)
class OpenedFinding:
    """What was found of a notification or permission and why, by column; blank where there is nothing.

    `found` is the annex's current row, `outcome` the matching's outcome for the notification, `notification`
    what was received, `linked` the record of the card that it names.
    """

    finding: Finding | None
    found: Mapping[str, str | None]
    outcome: Outcome | None
    notification: Mapping[str, str | None]
    linked: Mapping[str, str | None]


def subject_of(kind: Kind, identifier: str) -> Subject:
    """Return the subject for the gate and for the stated purpose; a finding belongs to no office."""
    return Subject(f"{kind.value} {identifier}")


def open_finding(kind: Kind, identifier: str, officer: Officer, *, now: datetime) -> OpenedFinding:
    """Return what matching found; the access is recorded in the trail before any value is returned.

    A notification may be on a list without a finding of its own; for an unknown identifier everything is
    blank. Raises NotPermitted.
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


# --- lists

PAGE: Final = 100
_LISTED: Final = ("notification_id", "outcome", "mismatched_items", "differences", "card_superseded")


@dataclass(frozen=True, slots=True)
class SharedNumber:
    """A card number that notifications use for different people; the number itself is not shown.

    `reference` is the first of the notifications and identifies the number; `notifications` counts them.
    """

    reference: str
    notifications: int


def shared_numbers(after: str = "", size: int = PAGE) -> list[SharedNumber]:
    """Return a page of the numbers that several people use, by reference, after the given one."""
    grouped = Outcome.objects.filter(shared_number="true").order_by().values("card_number")
    counted = grouped.annotate(reference=Min("notification_id"), notifications=Count("notification_id"))
    page = counted.filter(reference__gt=after).order_by("reference")[:size]
    return [SharedNumber(*each) for each in page.values_list("reference", "notifications")]


def sharing(reference: str) -> QuerySet[Outcome]:
    """Return the outcomes of the notifications that use the number of `reference`, by identifier."""
    number = Outcome.objects.filter(pk=reference, shared_number="true").values("card_number")
    return (
        Outcome.objects.filter(shared_number="true", card_number__in=number)
        .only(*_LISTED)
        .order_by("notification_id")
    )


def identity_conflicts(after: str = "") -> QuerySet[Outcome]:
    """Return the notifications that may concern another person than the card's owner, by identifier."""
    found = Outcome.objects.filter(identity_conflict="true", notification_id__gt=after)
    return found.only(*_LISTED).order_by("notification_id")


@dataclass(frozen=True, slots=True)
class Held:
    """A notification whose number is on a rejected row of the register, and the rows to be mended.

    Without `rows`, the card was taken and its person is not in the register.
    """

    notification_id: str
    rows: tuple[Reject, ...]


def held(after: str = "", size: int = PAGE) -> list[Held]:
    """Return a page of the notifications that are `held` (§4), by identifier, after the given one."""
    found = Outcome.objects.filter(outcome="held", notification_id__gt=after).order_by("notification_id")
    numbers = dict(found.values_list("notification_id", "card_number")[:size])
    owners = dict(Card.objects.filter(pk__in=numbers.values()).values_list("card_number", "person_id"))
    standing = Reject.objects.filter(stands=True).select_related("taken").order_by("-taken_id", "line")
    rows: dict[str | None, list[Reject]] = {}
    for reject in standing.filter(card_number__in=numbers.values()):
        rows.setdefault(reject.card_number, []).append(reject)
    for reject in standing.filter(taken__dataset=PERSONS.name, person_id__in=owners.values()):
        for number, person in owners.items():
            if person == reject.person_id and reject.card_number != number:
                rows.setdefault(number, []).append(reject)
    return [Held(identifier, tuple(rows.get(number, ()))) for identifier, number in numbers.items()]


def correction_requests(*, waiting: bool = True) -> QuerySet[ReceivedRequest]:
    """Return the correction requests that wait, oldest first, or those decided on, newest first."""
    state = ReceivedRequest.State.WAITING
    if waiting:
        return ReceivedRequest.objects.filter(state=state)
    return ReceivedRequest.objects.exclude(state=state).order_by("-decided_on", "request_id")


def candidates(*, waiting: bool = True) -> QuerySet[NotFound]:
    """Return the notifications with candidates that wait, the most probable first; or those decided on."""
    state = NotFound.State.WAITING
    if waiting:
        found = NotFound.objects.filter(state=state, best_probability__isnull=False)
        return found.only("notification_id", "best_probability", "no_match_probability", "state").order_by(
            "-best_probability", "notification_id"
        )
    decided = NotFound.objects.exclude(state=state).select_related("decided_by")
    return decided.order_by("-decided_at", "notification_id")


def reported(kind: Kind, after: str = "") -> QuerySet[Finding]:
    """Return the findings of a kind that were reported and not withdrawn, by identifier."""
    found = Finding.objects.filter(kind=kind, identifier__gt=after).exclude(reported_digest="")
    return found.defer("row").order_by("identifier")


def counts() -> Mapping[str, int]:
    """Return the number of entries of each list."""
    shared = Outcome.objects.filter(shared_number="true").values("card_number").distinct()
    return {
        "shared_numbers": shared.count(),
        "identity_conflicts": Outcome.objects.filter(identity_conflict="true").count(),
        "held": Outcome.objects.filter(outcome="held").count(),
        "correction_requests": correction_requests().count(),
        "candidates": candidates().count(),
    }
