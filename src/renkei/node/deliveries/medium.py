"""By medium, when the network cannot (申合せ5 ただし書): the same deliveries and receipts, the same steps.

A medium carries every delivery of ours that is still out, and the receipts given for the counterpart's.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from renkei.exchange import durable, media
from renkei.exchange.cover_sheet import cover_sheet
from renkei.exchange.errors import ExchangeError, Misused
from renkei.exchange.inbox import Taken
from renkei.exchange.manifest import read, sha256
from renkei.node.audit.trail import Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import boxes, receiving, sending
from renkei.node.deliveries.models import Delivery

_RECEIPTS = "receipts"


def export(medium: Path, why: media.Export, actor: Actor | None = None) -> list[Delivery]:
    """Write what is still out, each with its cover sheet, and our receipts; returns the deliveries.

    One that lies on the medium already is left as it is. Raises `Misused` without a reason of clause 5.
    """
    if not medium.is_dir():
        raise Misused("not_found", medium.name)
    outbox = boxes.home().outbox()
    states = (Delivery.State.SEALED, Delivery.State.SENT)
    waiting = Delivery.objects.filter(direction=Delivery.Direction.OUT, state__in=states).order_by("pk")
    done = []
    for delivery in waiting:
        files = outbox.find(delivery.service, delivery.sequence)
        data = files.manifest_bytes()

        def sheet(copied: list[media.OnMedium], data: bytes = data) -> bytes:
            return cover_sheet(read(data), sha256(data), copied, why, outbox.terms.agreement)

        if not (medium / files.name).exists():
            media.export(files, medium, why, sheet)
        with transaction.atomic():
            Delivery.objects.filter(pk=delivery.pk).update(by_medium=True)
            subject = f"{delivery.service} {delivery.sequence}"
            record(actor, Verb.DELIVERY_EXPORTED, subject, reason=why.reason)
        done.append(delivery)
    _export_receipts(medium / _RECEIPTS, why.at)
    return done


def _export_receipts(place: Path, now: datetime) -> None:
    box = boxes.inbox(now)
    durable.make_directory(place)
    for delivery in Delivery.objects.filter(direction=Delivery.Direction.IN):
        for each in box.receipts(delivery.service, delivery.sequence):
            durable.write(place / f"{each.receipt.name}.json", each.data)
            durable.write(place / f"{each.receipt.name}.json.p7s", each.signature)


def take_all(medium: Path, now: datetime) -> Mapping[str, Taken | ExchangeError]:
    """Take in every delivery and receipt of a medium; one that is refused does not hold up the others.

    Returns what became of each by the name of its file: a delivery that was taken, or the refusal.
    """
    if not medium.is_dir():
        raise Misused("not_found", medium.name)
    ours = f"{settings.NODE.party}-"  # what we wrote on it ourselves is not for us
    found = {
        files.name: taken
        for files, taken in media.take_all(medium, boxes.inbox(now), now)
        if not files.name.startswith(ours)
    }
    receiving.note_received(now, by_medium=True)
    for path in sorted((medium / _RECEIPTS).glob(f"{ours}*.json")):
        try:
            sending.keep_receipt(path.read_bytes(), path.with_name(f"{path.name}.p7s").read_bytes(), now)
        except ExchangeError as refusal:
            found[path.name] = refusal
    return found
