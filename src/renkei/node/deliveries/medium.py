"""Deliveries by medium when the network cannot be used (申合せ5 ただし書): the same files, the same steps.

`export` writes every delivery of ours that is not settled, and our receipts for the counterpart's deliveries.
`receive_all` reads a medium. From the console, two officers hand over one delivery (`ask`, `confirm`,
`write`), and an officer takes what proves a delivery (`evidence`).
"""

import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final, cast

from django.conf import settings
from django.db import transaction

from renkei.exchange import durable, media
from renkei.exchange.cover_sheet import cover_sheet
from renkei.exchange.errors import ExchangeError, Misused
from renkei.exchange.inbox import Taken
from renkei.exchange.manifest import read, sha256
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit.trail import Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import incoming, keystore, outgoing, queries
from renkei.node.deliveries.models import Delivery, Handover
from renkei.node.errors import NotHandedOver

_RECEIPTS = "receipts"


def export(medium: Path, why: media.Export, actor: Actor | None = None) -> list[Delivery]:
    """Write the deliveries that are not settled, each with its cover sheet, and our receipts.

    Returns the deliveries. One that is already on the medium is left as it is. Raises `Misused` if the medium
    is not there, or without a reason of clause 5.
    """
    if not medium.is_dir():
        raise Misused("not_found", medium.name)
    outbox = keystore.home().outbox()
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
    box = keystore.inbox(now)
    durable.make_directory(place)
    for delivery in Delivery.objects.filter(direction=Delivery.Direction.IN):
        for each in box.receipts(delivery.service, delivery.sequence):
            durable.write(place / f"{each.receipt.name}.json", each.data)
            durable.write(place / f"{each.receipt.name}.json.p7s", each.signature)


def receive_all(medium: Path, now: datetime) -> Mapping[str, Taken | ExchangeError]:
    """Receive every delivery and receipt on a medium; one that is refused does not stop the others.

    Returns the result of each by its name: the delivery that was received, or the refusal. Raises `Misused`
    if the medium is not there.
    """
    if not medium.is_dir():
        raise Misused("not_found", medium.name)
    ours = f"{settings.NODE.party}-"  # our own deliveries are not for us
    found = {
        files.name: taken
        for files, taken in media.receive_all(medium, keystore.inbox(now), now)
        if not files.name.startswith(ours)
    }
    incoming.note_received(now, by_medium=True)
    for path in sorted((medium / _RECEIPTS).glob(f"{ours}*.json")):
        try:
            outgoing.keep_receipt(path.read_bytes(), path.with_name(f"{path.name}.p7s").read_bytes(), now)
        except ExchangeError as refusal:
            found[path.name] = refusal
    return found


# --- one delivery by medium from the console: one officer asks, another confirms, then it is written --------
#
# The medium gets the same files as from `renkei medium export`: the sealed files and the cover sheet.

#: How long a request is open, and how long after the confirmation the medium may be written.
LASTS: Final = timedelta(hours=24)
_OPEN: Final = (Delivery.State.SEALED, Delivery.State.SENT)


def _subject(delivery: Delivery) -> str:
    return f"{delivery.service} {delivery.sequence}"


def _is_out(delivery: Delivery) -> bool:
    return delivery.direction == Delivery.Direction.OUT and delivery.state in _OPEN


def ask(
    delivery: Delivery,
    officer: Officer,
    *,
    reason: str,
    agreed_by: str,
    handed_over_by: str,
    taken_over_by: str,
    now: datetime,
) -> Handover:
    """Ask for a handover by medium. Raises NotPermitted, NotHandedOver without a reason or a name."""
    require(officer, Act.CARRY_MEDIA, now=now)
    names = {
        "agreed_by": agreed_by.strip(),
        "handed_over_by": handed_over_by.strip(),
        "taken_over_by": taken_over_by.strip(),
    }
    if not _is_out(delivery):
        raise _over(delivery)
    if reason not in media.REASONS or not all(0 < len(name) <= 60 for name in names.values()):
        raise NotHandedOver(
            "Please fill in a reason of clause 5 and three names of up to 60 characters.",
            "申合せ5の理由と、3名の氏名(60字まで)が必要です。すべて記入してください。",
        )
    with transaction.atomic():
        made = Handover.objects.create(
            delivery=delivery, reason=reason, asked_by=officer, asked_at=now, **names
        )
        record(officer, Verb.HANDOVER_ASKED, _subject(delivery), reason=reason)
    return made


def confirm(handover: Handover, officer: Officer, *, now: datetime) -> None:
    """Confirm as the second officer. Raises NotPermitted, NotHandedOver for the same officer or too late."""
    require(officer, Act.CARRY_MEDIA, now=now)
    with transaction.atomic():
        mine = Handover.objects.filter(
            pk=handover.pk, confirmed_at=None, asked_at__gt=now - LASTS, delivery__state__in=_OPEN
        )
        if mine.exclude(asked_by=officer).update(confirmed_by=officer, confirmed_at=now) != 1:
            # Confirmed already, too late, settled meanwhile, or the same officer: nothing was changed.
            raise NotHandedOver(
                "An officer other than the one who asked must confirm, within a day and before the receipt "
                "arrives. Please check the page.",
                "申請した職員とは別の職員が、1日以内、受領証の届く前に確認します。画面を確かめてください。",
            )
        record(
            officer, Verb.HANDOVER_CONFIRMED, _subject(handover.delivery), asked_by=str(handover.asked_by_id)
        )


def standing(delivery: Delivery, now: datetime) -> Handover | None:
    """Return the last request for a delivery that has not lapsed."""
    asked = delivery.handovers.filter(asked_at__gt=now - LASTS)
    return asked.select_related("asked_by", "confirmed_by").first() if _is_out(delivery) else None


def write(handover: Handover, officer: Officer, *, now: datetime) -> IO[bytes]:
    """Return what goes onto the medium as one ZIP. Raises NotPermitted, NotHandedOver unless confirmed."""
    require(officer, Act.CARRY_MEDIA, now=now)
    delivery = handover.delivery
    if not _is_out(delivery):
        raise _over(delivery)
    if handover.confirmed_at is None or handover.confirmed_at <= now - LASTS:
        raise NotHandedOver(
            "A second officer must confirm first; a confirmation is valid for one day.",
            "先に、別の職員の確認(1日以内)が必要です。",
        )
    files = queries.files_of(delivery)
    data = files.manifest_bytes()
    agreement = keystore.home().terms().agreement
    why = media.Export(
        cast(media.Reason, handover.reason),
        handover.agreed_by,
        handover.handed_over_by,
        handover.taken_over_by,
        now,
    )

    def sheet(copied: list[media.OnMedium]) -> bytes:
        return cover_sheet(read(data), sha256(data), copied, why, agreement)

    with tempfile.TemporaryDirectory(dir=_scratch()) as place:
        media.export(files, Path(place), why, sheet)
        found = sorted((Path(place) / files.name).iterdir())
        packed = packed_together((f"{files.name}/{path.name}", path) for path in found)
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(by_medium=True)
        record(officer, Verb.DELIVERY_EXPORTED, _subject(delivery), reason=handover.reason)
    return packed


def evidence(delivery: Delivery, officer: Officer, *, now: datetime) -> IO[bytes]:
    """Return what proves a delivery as one ZIP: the sealed file, signatures and receipts; no plain text."""
    require(officer, Act.SEE_DELIVERIES, now=now)
    packed = packed_together(queries.papers(queries.files_of(delivery)))
    with transaction.atomic():
        record(officer, Verb.EVIDENCE_TAKEN, _subject(delivery), direction=delivery.direction)
    return packed


def packed_together(files: Iterable[tuple[str, Path]]) -> IO[bytes]:
    """Pack files into an uncompressed ZIP, in a temporary file without a name on disk."""
    target = tempfile.TemporaryFile(dir=_scratch())  # noqa: SIM115 (whoever answers the browser closes it)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files:
            archive.write(path, name)
    target.seek(0)
    return target


def _scratch() -> Path:
    """Return the directory for temporary sealed files, on the disk of the exchange, which has the space."""
    place = settings.NODE.exchange / "handover"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _over(delivery: Delivery) -> NotHandedOver:
    return NotHandedOver(
        f"{_subject(delivery)} is not waiting for the counterpart. There is nothing to hand over.",
        f"{_subject(delivery)}は相手方の受領を待っていません。運ぶものはありません。",
    )
