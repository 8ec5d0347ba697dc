"""Uploads that are not complete yet: durable on disk, so that a cut transfer goes on where it stopped."""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

from renkei.exchange import durable

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,80}\.(?:json|json\.p7s|json\.tsr|cms)")
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{32}")
_BLOCK: Final = 256 * 1024
_KEPT_FOR: Final = timedelta(days=2)
_FLUSH_EVERY: Final = 16 * 1024 * 1024


class Misplaced(Exception):
    """The bytes do not continue where the upload stopped."""


class Gone(Exception):
    """The upload is no more: its delivery was taken in, or its time is over."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way: `name` as the sender calls it, `length` in bytes."""

    directory: Path
    name: str
    length: int

    @property
    def identifier(self) -> str:
        """What stands in its address."""
        return self.directory.name

    @property
    def data(self) -> Path:
        """The bytes that have come."""
        return self.directory / self.name

    @property
    def offset(self) -> int:
        """How many bytes have come."""
        return self.data.stat().st_size

    @property
    def touched(self) -> datetime:
        """When bytes came last."""
        return datetime.fromtimestamp(self.data.stat().st_mtime, UTC)

    @property
    def complete(self) -> bool:
        """Whether all have."""
        return self.offset == self.length

    def append(self, source: IO[bytes], offset: int, length: int) -> int:
        """Append what a request brings, from `offset` on; returns the new offset.

        One request at a time; others wait. What came before a cut is kept: a shorter request is no fault.
        Raises `Misplaced`, `Gone`, and `Unstored` for a full disk, what fitted being kept.
        """
        try:
            handle = os.open(self.data, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            raise Gone from None
        with os.fdopen(handle, "ab", buffering=0) as file:
            fcntl.flock(handle, fcntl.LOCK_EX)
            found = os.fstat(handle)
            if found.st_nlink == 0:  # taken in while we waited: bytes written here would go nowhere
                raise Gone
            if found.st_size != offset or offset + length > self.length:
                raise Misplaced
            since, left = 0, length
            try:
                while left and (block := source.read(min(_BLOCK, left))):
                    durable.append(file, block)
                    left -= len(block)
                    since += len(block)
                    if since >= _FLUSH_EVERY:
                        durable.flush(file)
                        since = 0
            finally:
                durable.flush(file)
            return os.fstat(handle).st_size


class Uploads:
    """The directory of uploads under way."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def create(self, name: str, length: int) -> Upload:
        """Begin an upload; the same file begun before goes on, by whoever begins it.

        A file of that name but another length is given up: its sender starts anew. Raises ValueError for an
        impossible name, `Unstored`.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(name)
        final = self._directory / hashlib.sha256(f"{length} {name}".encode()).hexdigest()[:32]
        with durable.alone(self._directory):
            self.drop([each for each in self.all() if each.name == name and each.length != length])
            if not final.is_dir():
                with durable.building(final) as partial:
                    durable.put(
                        partial / "upload.json", json.dumps({"name": name, "length": length}).encode()
                    )
                    durable.put(partial / name, b"")
        return Upload(final, name, length)

    @contextmanager
    def taking(self) -> Iterator[Path]:
        """Give a place to put a complete delivery together, to one at a time."""
        place = self._directory / "taking"
        with durable.alone(place):
            yield place

    def sweep(self) -> None:
        """Remove what a death left half made. Not while requests are answered: theirs is half made too."""
        with self.taking(), durable.alone(self._directory):
            durable.sweep(self._directory)

    def find(self, identifier: str) -> Upload | None:
        """Return an upload by what stands in its address."""
        if not _IDENTIFIER.fullmatch(identifier):
            return None
        try:
            found = json.loads((self._directory / identifier / "upload.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Upload(self._directory / identifier, found["name"], found["length"])

    def all(self) -> list[Upload]:
        """Return every upload."""
        if not self._directory.is_dir():
            return []
        found = (self.find(path.name) for path in sorted(self._directory.iterdir()))
        return [upload for upload in found if upload]

    def of(self, delivery: str) -> list[Upload]:
        """Return the uploads that belong to a delivery, by its name."""
        return [upload for upload in self.all() if upload.name.split(".")[0] == delivery]

    def together(self, delivery: str) -> list[Upload]:
        """Return the complete uploads that belong to a delivery."""
        return [upload for upload in self.of(delivery) if upload.complete]

    def drop(self, uploads: list[Upload]) -> None:
        """Forget uploads."""
        for upload in uploads:
            durable.discard(upload.directory)

    def expire(self, now: datetime) -> None:
        """Forget what has not gone on for two days."""
        with durable.alone(self._directory):
            self.drop([each for each in self.all() if now - each.touched > _KEPT_FOR])
