"""Outgoing deliveries: seal a day's tables once, send until the counterpart answers, resend on request."""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl
from django.conf import settings
from django.db import transaction

from renkei.agreement.text import Words
from renkei.exchange import durable, piggybacked_receipts
from renkei.exchange.errors import ExchangeError, Misused, Refused
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.manifest import Manifest, read, sha256
from renkei.exchange.outbox import Order
from renkei.exchange.rows import ROW_CODES, rows_set_aside
from renkei.exchange.schemas import tables_of
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit import trail
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import keystore, restore_check
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport.protocol import Transport, Unreachable
from renkei.node.errors import NotHandedOver
from renkei.node.records import rejected_rows

OUT, IN, State = Delivery.Direction.OUT, Delivery.Direction.IN, Delivery.State

# 申合せ7: what MHLW sends serves ISA's residence management, what ISA sends MHLW's labour market policy.
_PURPOSES: Final = {"annex1": "residence", "annex2-3": "labour_market"}
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=30)


def make(
    service: str,
    day: date,
    tables: Mapping[str, pl.DataFrame],
    *,
    now: datetime,
    sealed: Callable[[int], object] = lambda sequence: None,
    about: str = "",
) -> Delivery:
    """Seal a day's delivery once; another call returns the same delivery, unless it was refused.

    Must not run within a transaction, because the plan must be committed. `about` is blank for the daily
    delivery, or names an incident (申合せ6); a day may have several of those.

    `tables` hold the rows by dataset; if none has any, an empty day is sent. `sealed` is called with the
    number, in the transaction that records it. The plan is written before the delivery is made. A node that
    dies in between therefore finds the delivery by its number, and neither makes another nor loses it. Rows
    of an annex that do not fit the format are left out (`rejected_rows.keep_left_out`).

    Raises `restore_check.Unconfirmed` on a restored node whose numbers were not compared yet.
    """
    restore_check.require()
    with durable.alone(
        settings.NODE.exchange / "making" / service
    ):  # a second worker waits and finds it made
        delivery = _plan(service, day, about)
        if delivery.state == State.PLANNED:
            manifest = _made(delivery)
            if manifest is None:
                manifest = _seal_fitting(delivery, tables, now)
            _note_sealed(delivery, manifest, sealed, now)
    delivery.refresh_from_db()
    return delivery


def _plan(service: str, day: date, about: str) -> Delivery:
    last = keystore.home().outbox().chain(service).last
    plan = {"sequence": last + 1, "kind": "", "state": State.PLANNED}
    with transaction.atomic():
        # A plan for this number by another day or notice was never carried out; it will be planned again.
        planned = Delivery.objects.filter(
            direction=OUT, service=service, state=State.PLANNED, sequence=last + 1
        )
        planned.exclude(business_day=day, about=about).delete()
        made = Delivery.objects.filter(direction=OUT, service=service, business_day=day, about=about)
        revision = made.filter(state=State.REFUSED).count() + 1
        delivery, _ = made.get_or_create(
            revision=revision,
            defaults=plan | {"direction": OUT, "service": service, "business_day": day, "about": about},
        )
    return delivery


def _kind(service: str, rows: Mapping[str, int]) -> str:
    if service == "incident":
        return "incident"
    return "data" if rows else "empty"


def _note_sealed(
    delivery: Delivery, manifest: Manifest, sealed: Callable[[int], object], now: datetime
) -> None:
    with transaction.atomic():
        noted = Delivery.objects.filter(pk=delivery.pk, state=State.PLANNED).update(
            state=State.SEALED,
            sequence=manifest.sequence,
            kind=manifest.kind,
            manifest_sha256=sha256(_files(delivery, manifest.sequence).manifest_bytes()),
            sealed_size=manifest.sealed_size,
            made_at=now,
        )
        if noted:
            sealed(manifest.sequence)
            subject = f"{delivery.service} {manifest.sequence}"
            trail.record(None, Verb.DELIVERY_SEALED, subject, rows=delivery.counts)


def _made(delivery: Delivery) -> Manifest | None:
    """Return the manifest of a delivery that was made, but not recorded before the node died, or None."""
    outbox = keystore.home().outbox()
    try:
        manifest = read(outbox.find(delivery.service, delivery.sequence).manifest_bytes())
    except Misused:
        return None
    same = (manifest.business_day, manifest.revision) == (delivery.business_day, delivery.revision)
    return manifest if same else None


def _seal_fitting(delivery: Delivery, tables: Mapping[str, pl.DataFrame], now: datetime) -> Manifest:
    """Seal a delivery, without the rows of an annex that the check of its rows does not let through."""
    try:
        return _seal(delivery, tables, now)
    except Refused as refusal:
        if refusal.code not in ROW_CODES or delivery.service not in _PURPOSES:
            raise
    return _seal(delivery, _without_unfit_rows(delivery, tables, now), now)


def _without_unfit_rows(
    delivery: Delivery, tables: Mapping[str, pl.DataFrame], now: datetime
) -> dict[str, pl.DataFrame]:
    formats = {table.name: table for table in tables_of(delivery.service, keystore.home().terms().policy)}
    kept = {}
    for name, table in tables.items():
        with _in_memory(table) as path, path.open("rb") as file:
            unfit = rows_set_aside(formats[name], file)
        rejected_rows.keep_left_out(delivery.service, delivery.sequence, name, unfit, now=now)
        lines = pl.Series([row.line for row in unfit], dtype=pl.UInt32)
        kept[name] = table.filter(~pl.int_range(2, table.height + 2, dtype=pl.UInt32).is_in(lines.implode()))
    return kept


def _seal(delivery: Delivery, tables: Mapping[str, pl.DataFrame], now: datetime) -> Manifest:
    rows = {name: table.height for name, table in tables.items() if table.height}
    delivery.kind, delivery.counts = _kind(delivery.service, rows), rows
    delivery.save(update_fields=("kind", "counts"))
    home = keystore.home()
    outbox = home.outbox()
    with ExitStack() as stack:
        sources = {
            name: stack.enter_context(_in_memory(table)) for name, table in tables.items() if table.height
        }
        answered = piggybacked_receipts.since_last(outbox, home.directory / "inbox", delivery.service)
        order = Order(
            service=delivery.service,
            purpose=_PURPOSES.get(delivery.service, "residence"),
            kind=delivery.kind,
            business_day=delivery.business_day,
            revision=delivery.revision,
            sources=sources | stack.enter_context(piggybacked_receipts.as_table(answered)),
            trail_head=trail.head(),
        )
        return outbox.make(order, keystore.signer(now), home.recipient(now), now).manifest


@contextmanager
def _in_memory(table: pl.DataFrame) -> Iterator[Path]:
    """Yield the path of a table as CSV in memory (memfd), so that no plain text is written to a disk."""
    handle = os.memfd_create("renkei")
    try:
        with os.fdopen(os.dup(handle), "wb") as file:
            table.write_csv(file)
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _files(delivery: Delivery, sequence: int | None = None) -> DeliveryFiles:
    return keystore.home().outbox().find(delivery.service, sequence or delivery.sequence)


# --- sending ------------------------------------------------------------------------------------------------


def send_due(transport: Transport, now: datetime) -> int:
    """Send sealed deliveries that are due, and fetch receipts; returns how many deliveries were settled.

    If the counterpart does not answer, it is tried again later, at growing intervals with random jitter, so
    that two nodes that restart together do not retry at the same moments.
    """
    settled = 0
    open_ones = Delivery.objects.filter(direction=OUT, state__in=(State.SEALED, State.SENT)).order_by("pk")
    # 申合せ6: a notice of an incident is sent promptly, before all other deliveries.
    for delivery in sorted(open_ones, key=lambda each: each.service != "incident"):
        if delivery.next_try_at and delivery.next_try_at > now:
            continue
        try:
            files = _files(delivery)
            # After a fault the bytes may have arrived and only the answer was lost: ask before sending again.
            asked = delivery.state == State.SENT or delivery.attempts
            if not (asked and _fetch(transport, files, now)) and delivery.state == State.SEALED:
                transport.send(files)
                _fetch(transport, files, now)
        except Unreachable as fault:
            _put_off(delivery, fault.trouble, now)
            break  # the other deliveries would fail in the same way
        except ExchangeError as fault:
            _put_off(delivery, fault.code, now)
            continue
        delivery.refresh_from_db()
        settled += delivery.state in (State.ACCEPTED, State.REFUSED)
    return settled


def _fetch(transport: Transport, files: DeliveryFiles, now: datetime) -> int:
    found = transport.receipts(files)
    for data, signature in found:
        keep_receipt(data, signature, now)
    return len(found)


def keep_receipt(data: bytes, signature: bytes, now: datetime) -> None:
    """Verify a receipt, store it beside its delivery and record its state; the same receipt changes nothing.

    Raises `Refused` with a receipt's code if the receipt is not valid.
    """
    receipt = keystore.home().outbox().keep_receipt(data, signature, now).receipt
    state = {"received": State.SENT, "accepted": State.ACCEPTED, "refused": State.REFUSED}[receipt.state]
    before = {State.SENT: (State.SEALED,)}.get(state, (State.SEALED, State.SENT))
    times = {"sent_at": now} if state == State.SENT else {"settled_at": now}
    with transaction.atomic():
        mine = Delivery.objects.filter(
            direction=OUT, service=receipt.service, sequence=receipt.sequence, state__in=before
        )
        noted = mine.update(state=state, trouble=receipt.code, attempts=0, next_try_at=None, **times)
        if noted:
            subject = f"{receipt.service} {receipt.sequence}"
            trail.record(None, Verb.RECEIPT_KEPT, subject, state=receipt.state, code=receipt.code)
            trail.note_counterpart(f"{subject} {receipt.state}", receipt.trail_head, now)


def _put_off(delivery: Delivery, trouble: str, now: datetime) -> None:
    wait = min(_FIRST_WAIT * 2 ** min(delivery.attempts, 10), _LONGEST_WAIT)
    wait *= random.uniform(0.5, 1.0)  # noqa: S311 (jitter, no secret)
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=delivery.attempts + 1, next_try_at=now + wait, trouble=trouble
    )


# --- sending again ------------------------------------------------------------------------------------------

#: The reasons for sending a delivery again, as an officer chooses them.
REASONS: Final[Mapping[str, Words]] = {
    "no_receipt": Words("受領証が届かない", "no receipt has come"),
    "asked": Words("相手方から求められた", "the counterpart asked for it"),
    "repaired": Words("通信の障害が直った", "the network is repaired"),
}


def resend(delivery: Delivery, officer: Officer, reason: str, *, now: datetime) -> None:
    """Let the next run send the same sealed bytes again, without waiting for the retry interval.

    The counterpart answers the same bytes with the same receipt. Raises NotPermitted, NotHandedOver for a
    delivery that is settled, or without a reason of REASONS.
    """
    require(officer, Act.RUN_DAY, now=now)
    open_states = (Delivery.State.SEALED, Delivery.State.SENT)
    with transaction.atomic():
        mine = Delivery.objects.filter(
            pk=delivery.pk, direction=Delivery.Direction.OUT, state__in=open_states
        )
        if reason not in REASONS or mine.update(state=Delivery.State.SEALED, next_try_at=None) != 1:
            raise NotHandedOver(
                "Please choose a reason. Only a delivery that the counterpart has not answered is resent.",
                "相手方が回答していない送付だけを、理由を選んで再送できます。",
            )
        record(officer, Verb.DELIVERY_RESENT, f"{delivery.service} {delivery.sequence}", reason=reason)
