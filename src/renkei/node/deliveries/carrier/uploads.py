"""Uploads that are not complete yet: durable on disk, so that a cut transfer goes on where it stopped."""

import json
import os
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    def complete(self) -> bool:
        """Whether all have."""
        return self.offset == self.length

    def append(self, source: IO[bytes], offset: int, length: int) -> int:
        """Append what a request brings, from `offset` on; returns the new offset.

        What came before a cut is kept: a shorter request is no fault. Raises `Misplaced`.
        """
        with durable.alone(self.directory), self.data.open("ab", buffering=0) as file:
            if file.tell() != offset or offset + length > self.length:
                raise Misplaced
            since, left = 0, length
            try:
                while left and (block := source.read(min(_BLOCK, left))):
                    durable.append(file, block)
                    left -= len(block)
                    since += len(block)
                    if since >= _FLUSH_EVERY:
                        os.fdatasync(file.fileno())
                        since = 0
            finally:
                os.fsync(file.fileno())
            return file.tell()


class Uploads:
    """The directory of uploads under way."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def create(self, name: str, length: int) -> Upload:
        """Begin an upload; the same file begun before goes on. Raises ValueError for an impossible name."""
        if not _NAME.fullmatch(name):
            raise ValueError(name)
        for upload in self.all():
            if (upload.name, upload.length) == (name, length):
                return upload
        final = self._directory / secrets.token_hex(16)
        with durable.building(final) as partial:
            durable.write(partial / "upload.json", json.dumps({"name": name, "length": length}).encode())
            durable.write(partial / name, b"")
        return Upload(final, name, length)

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

    def together(self, delivery: str) -> list[Upload]:
        """Return the complete uploads that belong to a delivery, by its name."""
        return [upload for upload in self.all() if upload.name.split(".")[0] == delivery and upload.complete]

    def drop(self, uploads: list[Upload]) -> None:
        """Forget uploads."""
        for upload in uploads:
            durable.discard(upload.directory)

    def expire(self, now: datetime) -> None:
        """Forget what has not gone on for two days, and what a death left half made."""
        durable.sweep(self._directory)
        for upload in self.all():
            if now.timestamp() - upload.data.stat().st_mtime > _KEPT_FOR.total_seconds():
                durable.discard(upload.directory)
