"""Receipts that travel back in the next delivery: whoever cannot ask for them has them all the same (§4).

Each delivery carries what its sender answered since its last delivery of the same service, as the table
`receipts`; taking one in again changes nothing, so that a receipt may come twice, and by both ways.
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
    """Return the receipts given since the last delivery of a service was made, all services' together.

    `inbox` is the directory of the same party's inbox.
    """
    made = outbox.chain(service).last
    since = read(outbox.find(service, made).manifest_bytes()).created if made else _EVER
    return [each for name in outbox.terms.agreement.services for each in given_receipts(inbox / name, since)]


@contextmanager
def as_table(receipts: list[SignedReceipt]) -> Iterator[dict[str, Path]]:
    """Give receipts as the source of the table `receipts`, in memory alone; nothing where there are none."""
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
    """Give the receipts that an opened data package brought, each with its signature; none verified yet."""
    if not (package / RECEIPTS.path).exists():
        return
    with (package / RECEIPTS.path).open(encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            yield base64.b64decode(row["receipt"]), base64.b64decode(row["signature"])


def _row(each: SignedReceipt) -> tuple[str, str]:
    return base64.b64encode(each.data).decode(), base64.b64encode(each.signature).decode()
