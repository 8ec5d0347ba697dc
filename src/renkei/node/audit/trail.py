"""Writing the trail: in the transaction of the act, one entry at a time, each sealing all before it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from django.db import connection, transaction
from django.utils import timezone

from renkei.node.audit.models import CounterpartHead, Entry
from renkei.node.audit.verbs import Verb

FIRST_PREVIOUS: Final = "0" * 64
SYSTEM: Final = "system"
_LOCK: Final = 0x72656E6B  # one chain, so one transaction writes at a time

Fact = str | int | bool | None | list[str] | list[int] | Mapping[str, int]


class Actor(Protocol):
    """Whoever acts: an officer, by account name."""

    def get_username(self) -> str: ...  # noqa: D102


def record(actor: Actor | None, verb: Verb, subject: str = "", *, purpose: str = "", **facts: Fact) -> Entry:
    """Write one entry; `actor` None is the system itself.

    `subject` is a case number, delivery or file name; `facts` are counts, codes and digests. Neither ever has
    personal data. Raises TransactionManagementError outside a transaction, since the act and its entry must
    be committed or rolled back together.
    """
    wait_to_write()
    last = Entry.objects.order_by("-number").values_list("number", "sha256").first()
    number, previous = (last[0] + 1, last[1]) if last else (1, FIRST_PREVIOUS)
    entry = Entry(
        number=number,
        at=timezone.now().replace(microsecond=0),
        actor=actor.get_username() if actor else SYSTEM,
        verb=verb.name,
        subject=subject,
        purpose=purpose,
        facts=dict(facts),
        previous_sha256=previous,
    )
    entry.sha256 = seal_of(entry)
    entry.save(force_insert=True)
    return entry


def wait_to_write() -> None:
    """Wait until no other transaction writes the trail; the lock is held until this transaction ends.

    `record` calls it. A function that first assigns the next number of something that `record` then names
    must call it before. Raises TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("the trail is written in the transaction of the act")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    # SQLite's transactions are IMMEDIATE (settings): only one writes at a time anyway.


def note_counterpart(delivery: str, found: str, now: datetime) -> None:
    """Keep the head of the counterpart's trail in a manifest or receipt, to detect rewriting (§7)."""
    CounterpartHead.objects.get_or_create(delivery=delivery, defaults={"head": found, "seen_at": now})


def head() -> str:
    """Return the seal of the last entry, which manifests and receipts carry to the counterpart."""
    return Entry.objects.order_by("-number").values_list("sha256", flat=True).first() or FIRST_PREVIOUS


def seal_of(entry: Entry) -> str:
    """Return the SHA-256 of an entry's canonical JSON, which includes the previous seal."""
    return hashlib.sha256(written(entry).encode()).hexdigest()


def written(entry: Entry, **more: str) -> str:
    """Return an entry's canonical JSON: one line, sorted keys, no spaces, UTF-8 without escapes.

    `more` is written with it, such as the seal, which cannot be part of what is sealed.
    """
    found = {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "actor": entry.actor,
        "verb": entry.verb,
        "subject": entry.subject,
        "purpose": entry.purpose,
        "facts": entry.facts,
        "previous": entry.previous_sha256,
        **more,
    }
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
