"""Seal the datasets of one day into one file, in one pass and with bounded memory."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography import x509

from renkei.exchange import archive, package
from renkei.exchange.cms import Sealer
from renkei.exchange.durable import append
from renkei.exchange.errors import Misused, Refused
from renkei.exchange.package import FileFacts
from renkei.exchange.pipeline import Outlet
from renkei.exchange.rows import RowChecker, SetAside, refusal_of
from renkei.exchange.schemas import Table


@dataclass(frozen=True, slots=True)
class Sealed:
    """The facts of a sealed file for the manifest, and the facts of the files in it."""

    sha256: str
    size: int
    files: tuple[FileFacts, ...]


def seal(
    service: str,
    tables: Sequence[Table],
    kind: str,
    sources: Mapping[str, Path],
    recipient: x509.Certificate,
    limits: archive.Limits,
    target: BinaryIO,
) -> Sealed:
    """Seal the CSV of each dataset for the recipient.

    A dataset without a source is sent without rows, or left out if it is optional. `tables` are the tables of
    the service (`schemas.tables_of`). Makes the same checks as opening, so nothing is sent that the
    counterpart would refuse, and no row that it would set aside. Raises `Refused` with a
    code of steps 6 to 8, `Unstored` for a full disk.
    """
    if unknown := sources.keys() - {table.name for table in tables}:
        raise Misused("not_found", ", ".join(sorted(unknown)))
    sealer = Sealer(recipient)
    written = _Written(target)

    def encrypt(blocks: Iterator[bytes]) -> None:
        written.add(sealer.head())
        for packed in archive.compress(blocks):
            for place in range(0, len(packed), archive.BLOCK):
                written.add(sealer.chunk(packed[place : place + archive.BLOCK]))
        written.add(sealer.tail())

    outlet = Outlet(encrypt)
    try:
        facts: list[FileFacts] = []
        unpacked = 0
        for table in tables:
            if table.optional and table.name not in sources:
                continue
            for block in _entry(table, sources.get(table.name), facts):
                unpacked += len(block)
                if unpacked > limits.unpacked_bytes:
                    raise Refused("too_large", table.path)
                outlet.put(block)
        package.check_kind(facts, kind)
        description = package.describe(service, facts)
        outlet.put(archive.entry_header(package.DESCRIPTION, len(description)))
        outlet.put(description + archive.entry_padding(len(description)) + archive.ARCHIVE_END)
        outlet.close()
    except BaseException:
        outlet.abort()
        raise
    if written.size > limits.sealed_bytes:
        raise Refused("too_large")
    return Sealed(written.sha256, written.size, tuple(facts))


def _entry(table: Table, source: Path | None, facts: list[FileFacts]) -> Iterator[bytes]:
    """Yield the archive's bytes of one CSV and check its rows; its facts are added at the end."""

    def refuse(row: SetAside) -> None:
        raise refusal_of(table, row)

    checker = RowChecker(table, refuse)
    if source is None:
        header = (",".join(table.names) + "\n").encode()
        checker.feed(header)
        yield archive.entry_header(table.path, len(header)) + header
    else:
        with source.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            yield archive.entry_header(table.path, size)
            while block := file.read(archive.BLOCK):
                checker.feed(block)
                yield block
        if checker.size != size:
            raise Misused("not_found", f"{table.path}: changed while it was read")
    checker.finish()
    yield archive.entry_padding(checker.size)
    facts.append(FileFacts(table, checker.rows, checker.size, checker.sha256))


class _Written:
    """Writes to the target and hashes the written bytes."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def add(self, block: bytes) -> None:
        self._hash.update(block)
        self.size += len(block)
        append(self._target, block)
