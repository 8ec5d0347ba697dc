"""Outgoing: a day's tables become one sealed delivery, once, and go out until the counterpart answers."""

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
from renkei.exchange.errors import ExchangeError, Misused
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.manifest import Manifest, read, sha256
from renkei.exchange.outbox import Order
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit import trail
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import keystore, restore_check
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport.protocol import Transport, Unreachable
from renkei.node.errors import NotHandedOver

# MERGED renkei.node.deliveries.outgoing: Sending again what the counterpart has not answered: the same sealed bytes, for a reason, on record.

#: Why a delivery is sent again, with the words an officer chooses by.
REASONS: Final[Mapping[str, Words]] = {
    "no_receipt": Words("受領証が届かない", "no receipt has come"),
    "asked": Words("相手方から求められた", "the counterpart asked for it"),
    "repaired": Words("通信の障害が直った", "the network is repaired"),
}


def resend(delivery: Delivery, officer: Officer, reason: str, *, now: datetime) -> None:
    """Let the next run send a delivery anew, without waiting for its turn.

    The counterpart answers the same bytes with the same receipt. Raises NotPermitted, NotHandedOver for one
    that is settled, or without a reason of REASONS.
    """
    require(officer, Act.RUN_DAY, now=now)
    open_states = (Delivery.State.SEALED, Delivery.State.SENT)
    with transaction.atomic():
        mine = Delivery.objects.filter(
            pk=delivery.pk, direction=Delivery.Direction.OUT, state__in=open_states
        )
        if reason not in REASONS or mine.update(state=Delivery.State.SEALED, next_try_at=None) != 1:
            raise NotHandedOver(
                "Only what the counterpart has not answered is sent again, for a reason. Choose one.",
                "相手方が回答していない送付だけを、理由を選んで再送できます。",
            )
        record(officer, Verb.DELIVERY_RESENT, f"{delivery.service} {delivery.sequence}", reason=reason)


OUT, IN, State = Delivery.Direction.OUT, Delivery.Direction.IN, Delivery.State

# 申合せ7: what is sent serves ISA's residence management one way and MHLW's labour market the other.
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
    """Seal a day's delivery, once: asked again, the one that is there is returned, unless it was refused.

    Not within a transaction: the plan must last. `about` names what else than the day it is of, such as an
    incident's number (申合せ6), of which a day may have several.

    `tables` hold the rows by dataset; where none has any, an empty day is sent. `sealed` is told the number
    in the transaction that notes it. The plan is written before the delivery is made, so that a node that
    dies in between finds it by its number and neither makes another nor forgets it.

    Raises `continuity.Unconfirmed` on a restored node whose numbers were not compared yet.
    """
    restore_check.require()
    rows = {name: table.height for name, table in tables.items() if table.height}
    with durable.alone(settings.NODE.exchange / "making" / service):  # two workers make one delivery
        delivery = _plan(service, day, about)
        if delivery.state == State.PLANNED:
            manifest = _made(delivery)
            if manifest is None:
                delivery.kind, delivery.counts = _kind(service, rows), rows
                delivery.save(update_fields=("kind", "counts"))
                manifest = _seal(delivery, tables, now)
            _note_sealed(delivery, manifest, sealed, now)
    delivery.refresh_from_db()
    return delivery


def _plan(service: str, day: date, about: str) -> Delivery:
    last = keystore.home().outbox().chain(service).last
    plan = {"sequence": last + 1, "kind": "", "state": State.PLANNED}
    with transaction.atomic():
        # A plan for this number by another day or notice was never carried out: it will be made anew.
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
    """Find a delivery of that day that was made before the node could note it."""
    outbox = keystore.home().outbox()
    try:
        manifest = read(outbox.find(delivery.service, delivery.sequence).manifest_bytes())
    except Misused:
        return None
    same = (manifest.business_day, manifest.revision) == (delivery.business_day, delivery.revision)
    return manifest if same else None


def _seal(delivery: Delivery, tables: Mapping[str, pl.DataFrame], now: datetime) -> Manifest:
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
    """Give a table as a CSV that lies in memory alone: no plain text touches a disk on its way out."""
    handle = os.memfd_create("renkei")
    try:
        with os.fdopen(os.dup(handle), "wb") as file:
            table.write_csv(file)
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _files(delivery: Delivery, sequence: int | None = None) -> DeliveryFiles:
    return keystore.home().outbox().find(delivery.service, sequence or delivery.sequence)


# --- bringing it over -------------------------------------------------------------------------------------


def send_due(transport: Transport, now: datetime) -> int:
    """Send what is sealed and due, and fetch the receipts of what is out; returns how many were settled.

    A counterpart that does not answer is asked again later, at growing intervals with some chance in them,
    so that two nodes that come back together do not meet in step.
    """
    settled = 0
    open_ones = Delivery.objects.filter(direction=OUT, state__in=(State.SEALED, State.SENT)).order_by("pk")
    # 申合せ6: a notice of an incident goes promptly, before whatever else is out.
    for delivery in sorted(open_ones, key=lambda each: each.service != "incident"):
        if delivery.next_try_at and delivery.next_try_at > now:
            continue
        try:
            files = _files(delivery)
            # After a fault the bytes may be there, and only the answer lost: ask before sending all again.
            asked = delivery.state == State.SENT or delivery.attempts
            if not (asked and _fetch(transport, files, now)) and delivery.state == State.SEALED:
                transport.send(files)
                _fetch(transport, files, now)
        except Unreachable as fault:
            _put_off(delivery, fault.trouble, now)
            break  # the others would meet the same
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
    """Verify a receipt, keep it beside its delivery, note what it says; the same one again changes nothing.

    Raises `Refused` with a receipt's code for one that does not prove what it says.
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
    wait *= random.uniform(0.5, 1.0)  # noqa: S311 (chance against marching in step, no secret)
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=delivery.attempts + 1, next_try_at=now + wait, trouble=trouble
    )
