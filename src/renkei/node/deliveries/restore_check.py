"""After a restore: seal nothing until it is certain that no number is used twice.

A backup knows the numbers up to the time of the backup. The counterpart still has what was sent after it. A
restored node therefore has a mark (`exchange/restored.json`) and seals nothing until the numbers have been
compared, over the network (`confirm`) or by telephone (`confirm_by_word`). If the counterpart has more
deliveries of ours, they are first put back from copies, which we signed ourselves (`recover`).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from renkei.exchange import durable
from renkei.exchange.errors import Refused
from renkei.exchange.files import DeliveryFiles, deliveries_in
from renkei.exchange.inbox import receive_sealed_of
from renkei.exchange.manifest import Manifest, read, sha256
from renkei.exchange.outbox import Outbox
from renkei.exchange.trust import Terms
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import keystore
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport.protocol import Transport
from renkei.node.errors import NodeError

_AHEAD: Final = 10  # numbers after our last that are asked for; by medium, deliveries may arrive out of order


class Unconfirmed(NodeError):
    """The node was restored, and its numbers have not been compared with the counterpart's yet."""


class Behind(NodeError):
    """The counterpart has deliveries of ours that we do not have; the message names them."""


def restored() -> Mapping[str, Any] | None:
    """Return the contents of the restore mark (`made_at`, `last_sent`), or None if there is none."""
    path = settings.NODE.restored
    if not path.is_file():
        return None
    found: Mapping[str, Any] = json.loads(path.read_bytes())
    return found


def require() -> None:
    """Check that numbers may be used. Raises `Unconfirmed` if they were not compared after a restore."""
    mark = restored()
    if mark is not None:
        raise Unconfirmed(
            f"This node was restored from a backup of {mark['made_at']}. "
            "Compare its numbers with the counterpart's: `renkei restored confirm`.",
            f"このノードは{mark['made_at']}のバックアップから復元されています。"
            "`renkei restored confirm`で番号を相手方と照合してください。",
        )


def services() -> list[str]:
    """Return the services in which this party sends."""
    agreement = keystore.home().terms().agreement
    return sorted(name for name, each in agreement.services.items() if settings.NODE.party in each.senders)


def ahead(transport: Transport) -> list[str]:
    """Return the deliveries of ours that the counterpart has and we do not. Raises `Unreachable`."""
    outbox = keystore.home().outbox()
    found = []
    for service in services():
        last = outbox.chain(service).last
        for number in range(last + 1, last + 1 + _AHEAD):
            name = f"{outbox.terms.party}-{outbox.terms.counterpart}-{service}-{number:08d}"
            if transport.receipts(DeliveryFiles(Path(), name)):
                found.append(name)
    return found


def confirm(transport: Transport) -> None:
    """Compare with the counterpart over the network, and remove the mark if nothing is missing.

    Raises `Behind` with the deliveries to put back, `Unreachable` without an answer.
    """
    missing = ahead(transport)
    if missing:
        raise Behind(
            f"The counterpart has deliveries that this node does not: {', '.join(missing)}. Ask for copies "
            "from the counterpart's exchange/inbox and run `renkei restored recover`.",
            f"相手方にあって当方にない送付があります: {', '.join(missing)}。相手方のexchange/inboxから"
            "写しを受け取り、`renkei restored recover`を実行してください。",
        )
    _go_on("network", "")


def confirm_by_word(last: Mapping[str, int], who: str) -> None:
    """Compare with the numbers that the counterpart gave by telephone: its last number from us, by service.

    Raises `Behind` if a number is missing or differs.
    """
    outbox = keystore.home().outbox()
    ours = {name: outbox.chain(name).last for name in services()}
    differing = [
        f"{name}: {number}/{last.get(name, '?')}"
        for name, number in ours.items()
        # Fewer at the counterpart is no fault: those deliveries are still to arrive. Every service in which
        # we have sent must be named.
        if last.get(name, 0) > number or (number and name not in last)
    ]
    if differing:
        raise Behind(
            f"These numbers (ours/theirs) do not agree: {', '.join(differing)}. Give the counterpart's last "
            "number of each service. Put back what only it has with `renkei restored recover`.",
            f"番号(当方/相手方)が合いません: {', '.join(differing)}。"
            "相手方の最後の番号を全ての種別について指定し、"
            "相手方にだけあるものは`renkei restored recover`で戻してください。",
        )
    _go_on("telephone", who)


def _go_on(way: str, who: str) -> None:
    mark = restored()
    if mark is None:
        return
    outbox = keystore.home().outbox()
    last = {name: outbox.chain(name).last for name in services()}
    with transaction.atomic():
        record(None, Verb.RESTORE_CONFIRMED, str(mark["made_at"]), way=way, with_whom=who, last_sent=last)
    # The last step: if the node dies before it, the comparison is only repeated.
    settings.NODE.restored.unlink()
    durable.flush_directory(settings.NODE.exchange)


def recover(directory: Path, now: datetime) -> Iterator[str]:
    """Put deliveries that we sent back into the outbox, from copies of the counterpart's inbox.

    Each must have our own signature, continue the sequence and match its manifest. Yields their names; one
    that is already here is passed over. Raises `Refused` with the code of the step that fails.
    """
    terms = keystore.home().terms()
    outbox = keystore.home().outbox()
    places = (directory, *(path for path in directory.rglob("*") if path.is_dir()))
    found = (files for place in places for files in deliveries_in(place))
    mine = [
        (read(files.manifest_bytes()), files)
        for files in found
        if files.name.startswith(f"{terms.party}-{terms.counterpart}-")
    ]
    for manifest, files in sorted(mine, key=lambda pair: (pair[0].service, pair[0].sequence)):
        if _put_back(outbox, terms, manifest, files):
            yield manifest.name
        _note(manifest, files, now)


def _put_back(outbox: Outbox, terms: Terms, manifest: Manifest, files: DeliveryFiles) -> bool:
    place = outbox.directory / manifest.service
    final = place / f"{manifest.sequence:08d}"
    data, signature = files.manifest_bytes(), files.signature_bytes()
    with durable.alone(place):
        durable.sweep(place)
        if final.is_dir():
            if outbox.find(manifest.service, manifest.sequence).manifest_bytes() != data:
                raise Refused("sequence_conflict", manifest.name)
            return False
        agreement = terms.version(manifest.agreement, manifest.agreement_version)
        terms.check_signed(data, signature, terms.party, manifest.created, agreement)
        outbox.chain(manifest.service).check_next(manifest)
        with durable.building(final) as partial:
            copy = DeliveryFiles(partial, manifest.name)
            receive_sealed_of(files, manifest, copy.sealed)
            durable.put(copy.manifest, data)
            durable.put(copy.signature, signature)
    return True


def _note(manifest: Manifest, files: DeliveryFiles, now: datetime) -> None:
    """Record in the database what was put back, as sent, so that its receipts are fetched.

    Its rows are not marked as sent: they are sent again with the next number, and change nothing there.
    """
    out = Delivery.Direction.OUT
    subject = f"{manifest.service} {manifest.sequence}"
    with transaction.atomic():
        same = Delivery.objects.filter(direction=out, service=manifest.service)
        same.filter(state=Delivery.State.PLANNED).delete()
        if same.filter(sequence=manifest.sequence).exists():
            return
        Delivery.objects.create(
            direction=out,
            service=manifest.service,
            sequence=manifest.sequence,
            business_day=manifest.business_day,
            # Not the day's own delivery: we cannot open its contents, so the day is sent once more.
            about=f"taken back {manifest.sequence}",
            kind=manifest.kind,
            state=Delivery.State.SENT,
            manifest_sha256=sha256(files.manifest_bytes()),
            sealed_size=manifest.sealed_size,
            made_at=manifest.created,
            sent_at=now,
        )
        record(None, Verb.DELIVERY_TAKEN_BACK, subject)
