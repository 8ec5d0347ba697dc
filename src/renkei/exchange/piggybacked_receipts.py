"""Receipts that are sent in the next delivery, for a counterpart that cannot ask for them (§4).

Each delivery contains, as the table `receipts`, the receipts that its sender issued since its last delivery
of the same service. Storing a receipt again changes nothing, so the same receipt may arrive twice.
"""

import base64
import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from renkei.exchange.inbox import given_receipts
from renkei.exchange.manifest import read
from renkei.exchange.outbox import Outbox
from renkei.exchange.receipt import SignedReceipt
from renkei.exchange.schemas import RECEIPTS

_EVER: Final = datetime.min.replace(tzinfo=UTC)


def since_last(outbox: Outbox, inbox: Path, service: str) -> list[SignedReceipt]:
    """Return the receipts of all services that were issued since the last delivery of this service.

    `inbox` is the directory of the same party's inbox.
    """
    made = outbox.chain(service).last
    since = read(outbox.find(service, made).manifest_bytes()).created if made else _EVER
    return [each for name in outbox.terms.agreement.services for each in given_receipts(inbox / name, since)]


@contextmanager
def as_table(receipts: list[SignedReceipt]) -> Iterator[dict[str, Path]]:
    """Yield the source of the table `receipts`, in memory only; an empty mapping if there are no receipts."""
    if not receipts:
        yield {}
        return
    handle = os.memfd_create(RECEIPTS.name)
    try:
        with os.fdopen(os.dup(handle), "w", encoding="ascii", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(RECEIPTS.names)
            rows.writerows(map(_row, receipts))
        yield {RECEIPTS.name: Path(f"/proc/self/fd/{handle}")}
    finally:
        os.close(handle)


def carried(package: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the receipts in an opened data package, each with its signature; they are not verified yet.

    What is not base64 is yielded as no bytes, which no reader of receipts accepts.
    """
    if not (package / RECEIPTS.path).exists():
        return
    with (package / RECEIPTS.path).open(encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            yield _decoded(row["receipt"]), _decoded(row["signature"])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _row(each: SignedReceipt) -> tuple[str, str]:
    return base64.b64encode(each.data).decode(), base64.b64encode(each.signature).decode()
