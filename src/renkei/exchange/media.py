"""Export a delivery to a medium when the network is not used (申合せ5 ただし書): same files, same steps.

Each export is recorded: the reason, who agreed, and when. The record is stored with the delivery and printed
on the cover sheet. The delivery itself is the same as by network.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, get_args

from renkei.exchange import durable
from renkei.exchange.archive import BLOCK
from renkei.exchange.errors import ExchangeError, Misused, Unstored
from renkei.exchange.files import DeliveryFiles, deliveries_in
from renkei.exchange.inbox import Inbox, Taken
from renkei.exchange.manifest import dump

Reason = Literal["network_failure", "agreed"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


@dataclass(frozen=True, slots=True)
class Export:
    """Why a delivery goes by medium, who agreed on the other side, and the two handlers who sign for it."""

    reason: Reason
    agreed_by: str
    handed_over_by: str
    taken_over_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OnMedium:
    """One file on the medium."""

    name: str
    size: int
    sha256: str


def export(
    files: DeliveryFiles,
    medium: Path,
    record: Export,
    sheet: Callable[[list[OnMedium]], bytes] | None = None,
) -> list[OnMedium]:
    """Copy a delivery to a medium, read it back, and record the reason.

    `sheet` makes the cover sheet from the copied files; it is written beside them as `NAME.pdf`.

    1. The files and the cover sheet are written under an unfinished name and read back.
    2. The record is made durable in the outbox.
    3. The directory gets its final name on the medium, by one rename.

    So there is no finished medium without a record; there may be a record of an unfinished medium.

    Raises `Misused` with `reason_wrong` if the reason of clause 5 or the name is missing, `exists` if the
    delivery is on the medium already; `Unstored` if the bytes read back are not the written ones.
    """
    if record.reason not in REASONS or not record.agreed_by.strip():
        raise Misused("reason_wrong")
    present = [files.manifest, files.signature, files.sealed]
    if files.time_stamp.is_file():
        present.append(files.time_stamp)
    final = medium / files.name
    if final.exists():
        raise Misused("exists", files.name)
    with durable.building(final) as partial:
        copied = [_copy(path, partial / path.name) for path in present]
        for found in copied:
            if _digest(partial / found.name) != found.sha256:
                raise Unstored("disk", found.name)
        if sheet:
            durable.put(partial / f"{files.name}.pdf", sheet(copied))
        with durable.alone(files.directory.parent):
            number = len(list(files.directory.glob("export-*.media.json"))) + 1
            durable.write(files.directory / f"export-{number:04d}.media.json", _record(record, copied))
    return copied


def _record(record: Export, copied: list[OnMedium]) -> bytes:
    return dump(
        {
            "format": "renkei-export/1",
            "reason": record.reason,
            "agreed_by": record.agreed_by,
            "handed_over_by": record.handed_over_by,
            "taken_over_by": record.taken_over_by,
            "at": record.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "files": {found.name: found.sha256 for found in copied},
        }
    )


def _copy(source: Path, target: Path) -> OnMedium:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, durable.disk_errors(), target.open("xb") as write:
        while block := read.read(BLOCK):
            digest.update(block)
            size += len(block)
            write.write(block)
        durable.flush(write)
    return OnMedium(target.name, size, digest.hexdigest())


def _digest(path: Path) -> str:
    """Hash a copy as read from the medium: the page cache is dropped first, because it proves nothing."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, "sha256").hexdigest()


def on_medium(medium: Path) -> Iterator[DeliveryFiles]:
    """Yield the deliveries on a medium by name: those at its top, then those in directories."""
    for place in (medium, *sorted(path for path in medium.iterdir() if path.is_dir())):
        yield from deliveries_in(place)


def receive_all(
    medium: Path, inbox: Inbox, now: datetime
) -> Iterator[tuple[DeliveryFiles, Taken | ExchangeError]]:
    """Receive every delivery of a medium (steps 1 to 4); a refused one does not stop the others."""
    for files in on_medium(medium):
        try:
            yield files, inbox.take(files, now)
        except ExchangeError as refusal:
            yield files, refusal
