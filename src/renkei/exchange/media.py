"""Carrying a delivery on a medium when the network cannot (申合せ5 ただし書): the same files, the same steps.

Leaving the network is recorded: why, who agreed, when. The record is kept beside the delivery and printed on
the cover sheet; the delivery itself is not changed by the way it goes.
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
    """Why a delivery left by hand, who agreed to it on the other side, and which two handlers sign for it."""

    reason: Reason
    agreed_by: str
    handed_over_by: str
    taken_over_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OnMedium:
    """One file as it lies on the medium."""

    name: str
    size: int
    sha256: str


def export(
    files: DeliveryFiles,
    medium: Path,
    record: Export,
    sheet: Callable[[list[OnMedium]], bytes] | None = None,
) -> list[OnMedium]:
    """Copy a delivery to a medium, read it back, and record why.

    `sheet` makes the cover sheet of what was copied; it is put beside it as `NAME.pdf`. Everything gets its
    name on the medium in one step, and only after the record is durable here: a medium that nobody accounts
    for does not come about, a record of one that was never finished may.

    Raises `Misused` with `reason_wrong` without a reason of clause 5 or without a name, `exists` where the
    medium holds it already; `Unstored` where what is read back is not what was written.
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
    with source.open("rb") as read, durable.told(), target.open("xb") as write:
        while block := read.read(BLOCK):
            digest.update(block)
            size += len(block)
            write.write(block)
        durable.flush(write)
    return OnMedium(target.name, size, digest.hexdigest())


def _digest(path: Path) -> str:
    """Read a copy back from the medium: what this computer still holds in memory is no proof."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, "sha256").hexdigest()


def on_medium(medium: Path) -> Iterator[DeliveryFiles]:
    """Give the deliveries on a medium, in the order of their names: in directories or loose."""
    for place in (medium, *sorted(path for path in medium.iterdir() if path.is_dir())):
        yield from deliveries_in(place)


def receive_all(
    medium: Path, inbox: Inbox, now: datetime
) -> Iterator[tuple[DeliveryFiles, Taken | ExchangeError]]:
    """Take in every delivery of a medium (steps 1 to 4); one that is refused does not hold up the others."""
    for files in on_medium(medium):
        try:
            yield files, inbox.take(files, now)
        except ExchangeError as refusal:
            yield files, refusal
