"""Incoming deliveries: received by network or medium, opened in order, committed together with their rows."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl
import structlog
from django.conf import settings
from django.db import DataError, transaction

from renkei.exchange import durable, piggybacked_receipts
from renkei.exchange.errors import ExchangeError, Refused
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.inbox import Inbox, Taken
from renkei.exchange.manifest import read, sha256
from renkei.exchange.package import FileFacts
from renkei.matching.reading import RefusedFile
from renkei.node.audit import trail
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.records import rejected_rows

IN, State = Delivery.Direction.IN, Delivery.State

Commit = Callable[[int, Path], Mapping[str, int]]
"""Imports the rows of a data package, given its number; returns counts; rejected as `rejected:REASON`."""

#: Errors in reading rows that come from their content, not from this node's state.
CONTENT_FAULTS: Final = (
    ValueError,  # dates and numbers, UTF-8, base64, Arrow
    OverflowError,
    RecursionError,
    csv.Error,
    pl.exceptions.ComputeError,
    pl.exceptions.InvalidOperationError,
    pl.exceptions.NoDataError,
    pl.exceptions.OutOfBoundsError,
    RefusedFile,
    DataError,
)
_REJECTED = "rejected:"
_ALL_ROWS = frozenset({"read", "rows", "rejected"})
_log = structlog.get_logger()


def receive(files: DeliveryFiles, now: datetime, *, by_medium: bool = False) -> Taken:
    """Receive a delivery (steps 1 to 4) and record it. Raises `Refused` and `Unstored`, with nothing kept.

    The bytes are durable before the database records them; the sender is answered after both.
    """
    taken = keystore.inbox(now).take(files, now)
    note_received(now, by_medium=by_medium)
    return taken


def note_received(now: datetime, *, by_medium: bool = False) -> int:
    """Record the deliveries in the inbox that the database does not know, also those left by a kill."""
    return _note_all(keystore.inbox(now), now, by_medium=by_medium)


def _note_all(box: Inbox, now: datetime, *, by_medium: bool = False) -> int:
    noted = 0
    for service in box.terms.agreement.services:
        known = set(Delivery.objects.filter(direction=IN, service=service).values_list("sequence", flat=True))
        for place in sorted((box.directory / service).glob("[0-9]*")):
            if int(place.name) not in known:
                noted += _note(place, service, now, by_medium=by_medium)
    return noted


def _note(place: Path, service: str, now: datetime, *, by_medium: bool) -> bool:
    data = next(path for path in place.glob(f"*-{service}-{place.name}.json")).read_bytes()
    manifest = read(data)
    with transaction.atomic():
        _, new = Delivery.objects.get_or_create(
            direction=IN,
            service=service,
            sequence=manifest.sequence,
            defaults={
                "business_day": manifest.business_day,
                "revision": manifest.revision,
                "kind": manifest.kind,
                "state": State.RECEIVED,
                "manifest_sha256": sha256(data),
                "sealed_size": manifest.sealed_size,
                "made_at": manifest.created,
                "sent_at": now,
                "by_medium": by_medium,
            },
        )
        if new:
            trail.record(None, Verb.DELIVERY_RECEIVED, f"{service} {manifest.sequence}")
            trail.note_counterpart(f"{service} {manifest.sequence}", manifest.trail_head, now)
    return new


def open_next(service: str, commit: Commit, *, now: datetime) -> Delivery | None:
    """Open the next delivery of a service (steps 5 to 8), if there is one; no plain text stays on disk.

    `commit` runs in the transaction that records the opening. If the node dies between that and the receipt,
    it opens the delivery again; the rows are already imported and are not imported twice.
    """
    sweep(service)
    box = keystore.inbox(now)
    _note_all(box, now)
    _note_refused(box, service, now)
    numbers = box.unopened(service)
    if not numbers:
        return None
    number = numbers[0]
    delivery = Delivery.objects.get(direction=IN, service=service, sequence=number)
    keys = keystore.decrypters(now)

    def take_rows(package: Path, facts: tuple[FileFacts, ...]) -> Mapping[str, int]:
        with _refusing_content(delivery):
            _keep_carried(package, now)
            counts = _commit(delivery, package, commit, now)
        rejected = Counter(
            {
                name.removeprefix(_REJECTED): count
                for name, count in counts.items()
                if name.startswith(_REJECTED)
            }
        )
        for fact in facts:  # opening itself counts what it has set aside
            if not fact.table.accompanies:
                rejected.subtract(fact.set_aside)
        return +rejected

    opened = box.open(service, number, keys, now, commit=take_rows)
    sweep(service)
    if opened.refusal is not None:
        _refuse(delivery, opened.refusal, now)
    delivery.refresh_from_db()
    return delivery


@contextmanager
def _refusing_content(delivery: Delivery) -> Iterator[None]:
    """Refuse the delivery for an error that only its content can cause; other errors stop the step.

    Steps 5 to 8 leave little that an import cannot read. What is left must end in a receipt as well (§2). The
    error's text may have a value of a row, so only its kind is logged.
    """
    try:
        yield
    except CONTENT_FAULTS as fault:
        _log.error("content_refused", delivery=str(delivery), trouble=type(fault).__name__)
        raise Refused("row_unreadable", delivery.service) from None


def owes_receipt(delivery: Delivery, now: datetime) -> bool:
    """Whether the receipt of opening is still missing: a node may die between the rows and the receipt."""
    return delivery.sequence in keystore.inbox(now).unopened(delivery.service)


def _keep_carried(package: Path, now: datetime) -> None:
    """Keep the receipts that came with a delivery; an invalid one is only logged."""
    for data, signature in piggybacked_receipts.carried(package):
        try:
            outgoing.keep_receipt(data, signature, now)
        except ExchangeError as refusal:
            _log.warning("receipt_refused", trouble=refusal.code)


def _commit(delivery: Delivery, package: Path, commit: Commit, now: datetime) -> Mapping[str, int]:
    with transaction.atomic():
        mine = Delivery.objects.filter(pk=delivery.pk, state=State.RECEIVED)
        if mine.update(state=State.OPENED, settled_at=now) == 0:
            # Already committed, before a kill or by another process: return its counts, import nothing.
            counts: Mapping[str, int] = Delivery.objects.get(pk=delivery.pk).counts
            return counts
        counts = dict(commit(delivery.sequence, package))
        aside = rejected_rows.keep_set_aside(delivery.service, delivery.sequence, package, now=now)
        for name in _ALL_ROWS & counts.keys():
            counts[name] += sum(aside.values())
        for reason, count in aside.items():
            counts[_REJECTED + reason] = counts.get(_REJECTED + reason, 0) + count
        Delivery.objects.filter(pk=delivery.pk).update(counts=counts)
        subject = f"{delivery.service} {delivery.sequence}"
        trail.record(None, Verb.DELIVERY_OPENED, subject, counts=counts)
    return counts


def _refuse(delivery: Delivery, refusal: Refused, now: datetime) -> None:
    with transaction.atomic():
        mine = Delivery.objects.filter(pk=delivery.pk, state=State.RECEIVED)
        if mine.update(state=State.REFUSED, settled_at=now, trouble=refusal.code):
            subject = f"{delivery.service} {delivery.sequence}"
            trail.record(None, Verb.DELIVERY_REFUSED, subject, code=refusal.code)


def _note_refused(box: Inbox, service: str, now: datetime) -> None:
    """Record refusals that were signed before the node died and could not record them."""
    for delivery in Delivery.objects.filter(direction=IN, service=service, state=State.RECEIVED):
        if (box.directory / service / f"{delivery.sequence:08d}" / "refused").is_dir():
            refusal = box.open(service, delivery.sequence, (), now).refusal
            if refusal is not None:
                _refuse(delivery, refusal, now)


def sweep(service: str) -> None:
    """Remove opened data packages: their rows are in the database, and the files are plain text."""
    for data in (settings.NODE.exchange / "inbox" / service).glob("[0-9]*/opened/data"):
        durable.discard(data)


def sweep_all() -> None:
    """Remove every plain data package, half-opened ones as well. A node does this first when it starts.

    Waits for the lock of a delivery that another process is opening.
    """
    inbox = settings.NODE.exchange / "inbox"
    for place in sorted(inbox.iterdir()) if inbox.is_dir() else ():
        if place.is_dir():
            with durable.alone(place):
                durable.sweep(place)
                sweep(place.name)
