"""Reviewing candidates: an officer confirms one, rejects all, or withdraws the decision.

A confirmed candidate counts from the next matching on, until the number is found, the notification's identity
items change, or the decision is withdrawn. Without an officer's decision, candidates have no effect on whom a
notification counts for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from django.db import transaction

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.candidates.models import Candidate, NotFound
from renkei.node.errors import CandidatesChanged, NoSuchDecision
from renkei.node.records.models import Card, ChangedKey, Person, ReceivedNotification

_State = NotFound.State


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a decision: the state that it leads to, and its text."""

    state: NotFound.State
    ja: str
    en: str


#: The reasons by code; a reason that leads back to WAITING withdraws a decision.
REASONS: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "slip_of_the_pen": Reason(
            _State.CONFIRMED,
            "番号の書き誤りで、ほかの項目は本人と一致する",
            "the number was written wrongly, and the other items are the person's",
        ),
        "asked_the_person": Reason(
            _State.CONFIRMED,
            "在留手続の記録又は本人への確認で分かった",
            "established from the person's procedure files or by asking the person",
        ),
        "another_person": Reason(_State.REJECTED, "いずれも別人である", "all are other persons"),
        "not_established": Reason(
            _State.REJECTED, "本人と認めるに足りない", "it could not be established that it is one of them"
        ),
        "confirmed_in_error": Reason(_State.WAITING, "判断に誤りがあった", "the decision was a mistake"),
        "more_is_known": Reason(_State.WAITING, "新たな事情が分かった", "new circumstances are known"),
    }
)


@dataclass(frozen=True, slots=True)
class OpenedCandidate:
    """A candidate, with the person's latest record and the record of the card."""

    candidate: Candidate
    person: Mapping[str, str | None]
    card: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class OpenedCandidates:
    """The notification and its candidates. `version` changes with the candidates and with the decision."""

    not_found: NotFound
    notification: Mapping[str, str | None]
    candidates: tuple[OpenedCandidate, ...]
    version: str


def subject_of(notification_id: str) -> Subject:
    """Return the subject for the gate and for the stated purpose."""
    return Subject(f"candidates {notification_id}")


def reasons_for(*states: NotFound.State) -> dict[str, Reason]:
    """Return the reasons that lead to a state, by code."""
    return {code: each for code, each in REASONS.items() if each.state in states}


def open_candidates(notification_id: str, officer: Officer, *, now: datetime) -> OpenedCandidates | None:
    """Return the candidates; the access is recorded in the trail before any value is returned.

    None where the notification is matched or does not exist. Raises NotPermitted.
    """
    subject = subject_of(notification_id)
    require(officer, Act.DECIDE_CANDIDATE, subject, now=now)
    stated = purposes.in_force(officer, subject.name, now=now)
    with transaction.atomic():
        not_found = NotFound.objects.select_related("decided_by").filter(pk=notification_id).first()
        if not_found is None:
            return None
        found = list(Candidate.objects.filter(notification_id=notification_id))
        received = ReceivedNotification.objects.filter(pk=notification_id).values(*NOTIFICATIONS.names)
        persons = _rows(Person, PERSONS.names, [each.person_id for each in found])
        cards = _rows(Card, CARDS.names, [each.card_number for each in found])
        record(
            officer,
            Verb.CANDIDATES_READ,
            notification_id,
            purpose=stated.purpose if stated else "",
            of=len(found),
        )
    opened = tuple(
        OpenedCandidate(each, persons.get(each.person_id, {}), cards.get(each.card_number, {}))
        for each in found
    )
    return OpenedCandidates(not_found, dict(received.first() or {}), opened, _version(not_found, found))


def decide(
    notification_id: str,
    reason: str,
    officer: Officer,
    *,
    now: datetime,
    rank: int | None = None,
    version: str | None = None,
) -> NotFound:
    """Confirm the candidate with `rank`, reject all, or withdraw a decision, depending on the reason.

    `version` is that of the candidates that the officer read (`open_candidates`), None for the current ones.
    Raises NotPermitted; NoSuchDecision where the reason or the rank does not fit; CandidatesChanged where the
    candidates or the decision have changed since that version.
    """
    require(officer, Act.DECIDE_CANDIDATE, subject_of(notification_id), now=now)
    if reason not in REASONS:
        raise NoSuchDecision(
            f"A decision needs a reason ({', '.join(REASONS)}). Choose one.",
            f"判断には理由が必要です({'、'.join(REASONS)})。選んでください。",
        )
    state = REASONS[reason].state
    with transaction.atomic():
        not_found = NotFound.objects.select_for_update().filter(pk=notification_id).first()
        if not_found is None:
            raise _changed(notification_id, None)
        found = list(Candidate.objects.filter(notification_id=notification_id))
        before = _State(not_found.state)
        if version not in (None, _version(not_found, found)) or (before == _State.WAITING) == (
            state == _State.WAITING
        ):
            raise _changed(notification_id, not_found)
        chosen = next((each for each in found if each.rank == rank), None)
        if (chosen is None) != (state != _State.CONFIRMED):
            raise NoSuchDecision(
                "To confirm, choose one of the candidates by rank; otherwise choose none. Choose again.",
                "確認は候補者の一人を順位で選んで行い、それ以外では選びません。選び直してください。",
            )
        changed = NotFound.objects.filter(pk=notification_id, state=before).update(
            **_decided(state, reason, officer, now),
            person_id=chosen.person_id if chosen else None,
            confirmed_card=chosen.card_number if chosen else None,
        )
        if changed != 1:  # another officer or the matching came first
            raise _changed(notification_id, not_found)
        _note_changed(not_found, *found)
        verb = {
            _State.CONFIRMED: Verb.CANDIDATE_CONFIRMED,
            _State.REJECTED: Verb.CANDIDATES_REJECTED,
            _State.WAITING: Verb.CANDIDATE_REOPENED,
        }[state]
        record(officer, verb, notification_id, reason=reason, rank=rank)
    return NotFound.objects.get(pk=notification_id)


def _decided(state: NotFound.State, reason: str, officer: Officer, now: datetime) -> dict[str, Any]:
    # After a withdrawal candidates are searched for again: the register may have changed since.
    return {
        "state": state,
        "decision_reason": reason,
        "decided_at": now,
        "decided_by": officer,
        "needs_search": state == _State.WAITING,
    }


def _note_changed(not_found: NotFound, *found: Candidate) -> None:
    """Note the number and the persons concerned as changed, for the next matching."""
    people = {each.person_id for each in found} | ({not_found.person_id} - {None})
    ChangedKey.objects.bulk_create(
        [
            ChangedKey(kind=ChangedKey.Kind.CARD, key=not_found.card_number),
            *(
                ChangedKey(kind=ChangedKey.Kind.PERSON, key=person_id)
                for person_id in sorted(filter(None, people))
            ),
        ]
    )


def _rows(model: Any, names: tuple[str, ...], wanted: list[str]) -> dict[str, dict[str, str | None]]:
    return {row[model._meta.pk.name]: row for row in model.objects.filter(pk__in=wanted).values(*names)}


def _version(not_found: NotFound, found: list[Candidate]) -> str:
    seen = (not_found.content, not_found.state, not_found.decided_at, *(each.person_id for each in found))
    return sha256(repr(seen).encode()).hexdigest()[:16]


def _changed(notification_id: str, not_found: NotFound | None) -> CandidatesChanged:
    if not_found is not None and not_found.decided_by is not None and not_found.state != _State.WAITING:
        who = not_found.decided_by
        return CandidatesChanged(
            f"{notification_id}: {who} has decided already. Check the decision.",
            f"{notification_id}: {who}が先に判断しました。内容を確かめてください。",
        )
    return CandidatesChanged(
        f"{notification_id}: the candidates have changed, or none wait for a decision. Check again.",
        f"{notification_id}: 候補者が変わったか、判断を待つものがありません。もう一度確かめてください。",
    )
