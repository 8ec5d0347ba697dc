"""Open a delivery in eight steps; each step refuses with its own codes:

1. it is addressed to us; agreement and version are known;
2. the manifest is signed by exactly the pinned, currently valid, unrevoked counterpart certificate;
3. the sealed file has the signed size and hash;
4. the number and the hash of the previous manifest continue the sequence;
5. it decrypts with our current key or an earlier one that is still allowed; the tag is verified;
6. it stays within the limits of size, ratio and file count while it is unpacked;
7. the data package agrees with its own schema, counts and hashes;
8. the agreement's item rules hold, row by row: a row that cannot be taken is set aside with its reasons.

`check_manifest` does 1 and 2, `receive_sealed` 3, `sequence.Chain.check_next` 4, `unpack` 5 to 8. No plain
text has a name on disk before step 8 holds: until then it is in unnamed files, which disappear with the
process.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from renkei.exchange import archive, package
from renkei.exchange.agreement_file import AgreementFile
from renkei.exchange.certificates import Decrypter, fingerprint
from renkei.exchange.cms import Unsealer
from renkei.exchange.durable import Unnamed, append
from renkei.exchange.errors import CmsError, CmsReason, Misused, Refused
from renkei.exchange.manifest import Manifest, read
from renkei.exchange.package import FileFacts
from renkei.exchange.pipeline import read_ahead
from renkei.exchange.rows import RowChecker, SetAside
from renkei.exchange.schemas import SERVICES, Table
from renkei.exchange.trust import Terms

_SEALED_CODES: dict[CmsReason, str] = {
    "recipient": "recipient_not_us",
    "weak": "sealed_weak",
    "tag": "tag_wrong",
}


def check_address(manifest: bytes, terms: Terms) -> Manifest:
    """(1) Return the manifest if it is addressed to us under a known agreement."""
    found = read(manifest)
    if found.receiver != terms.party or found.sender != terms.counterpart:
        raise Refused("not_for_us", f"{found.sender} → {found.receiver}")
    agreement = terms.version(found.agreement, found.agreement_version)
    service = agreement.services.get(found.service)
    if (
        service is None
        or found.service not in SERVICES
        or found.sender not in service.senders
        or found.purpose not in service.purposes
        or found.kind not in service.kinds
    ):
        raise Refused("service_not_agreed", f"{found.service} {found.kind}")
    if found.sealed_size > agreement.limits.sealed_bytes:
        raise Refused("too_large")
    return found


def check_signature(manifest: bytes, found: Manifest, signature: bytes, terms: Terms, now: datetime) -> None:
    """(2) Refuse a manifest not signed with the sender's pinned, currently valid, unrevoked certificate.

    The manifest's time and signer can be trusted only after the signature, so they are checked here.
    """
    agreement = terms.version(found.agreement, found.agreement_version)
    signed = terms.check_signed(manifest, signature, found.sender, now, agreement)
    if fingerprint(signed.certificate) != found.signer_sha256:
        raise Refused("signer_not_pinned")
    if max(found.created, signed.signed_at) > now + agreement.clock_skew:
        raise Refused("made_in_future")
    if now - agreement.clock_skew > found.not_after:  # a sum could pass the last year there is
        raise Refused("too_late")


def check_manifest(manifest: bytes, signature: bytes, terms: Terms, now: datetime) -> Manifest:
    """(1) and (2) together."""
    found = check_address(manifest, terms)
    check_signature(manifest, found, signature, terms, now)
    return found


def receive_sealed(source: BinaryIO, found: Manifest, target: BinaryIO | None = None) -> None:
    """(3) Read the sealed file and refuse it unless it is the signed one; copy it if there is a target.

    The same bytes are hashed and copied, so the stored file is the checked one.
    """
    digest, size = hashlib.sha256(), 0
    while size <= found.sealed_size and (block := source.read(archive.BLOCK)):
        digest.update(block)
        size += len(block)
        if target:
            append(target, block)
    if size != found.sealed_size:
        raise Refused("sealed_size")
    if digest.hexdigest() != found.sealed_sha256:
        raise Refused("sealed_hash")


def unpack(
    sealed: Path,
    found: Manifest,
    agreement: AgreementFile,
    tables: Sequence[Table],
    keys: Sequence[Decrypter],
    now: datetime,
    into: Path,
) -> tuple[FileFacts, ...]:
    """(5) to (8): write the data package into an existing, empty directory, or refuse and write nothing.

    Rows that cannot be taken are left out of it; if there are any, `package.SET_ASIDE` lists them.

    `tables` are the agreed tables of its service (`schemas.tables_of`). `keys` are our decryption keys; only
    those are used whose certificates the agreement allows now.
    """
    allowed = {pin.sha256 for pin in agreement.current(found.receiver, "decryption", now)}
    usable = [key for key in keys if fingerprint(key.certificate) in allowed]
    if found.recipient_sha256 in allowed and all(
        fingerprint(key.certificate) != found.recipient_sha256 for key in usable
    ):
        raise Misused("key_missing")  # our own fault: it must not become a refusal of the sender's delivery
    with sealed.open("rb", buffering=0) as file:
        # (5) Decrypted twice. The first pass only verifies the tag, at the speed of the disk, so that the
        # next steps get authenticated bytes only.
        for _ in _decrypted(file, found, usable):
            pass
        file.seek(0)
        plain = read_ahead(archive.decompress(_decrypted(file, found, usable), agreement.limits))
        return _unpack(plain, found, agreement, tables, into)


def _decrypted(file: BinaryIO, found: Manifest, keys: Sequence[Decrypter]) -> Iterator[bytes]:
    try:
        unsealer = Unsealer(file.read, keys)
        if fingerprint(unsealer.recipient) != found.recipient_sha256:
            raise Refused("recipient_not_us")
        yield from unsealer.chunks()
    except CmsError as fault:
        raise Refused(_SEALED_CODES.get(fault.reason, "sealed_unreadable")) from None


def _unpack(
    plain: Iterator[bytes], found: Manifest, agreement: AgreementFile, tables: Sequence[Table], into: Path
) -> tuple[FileFacts, ...]:
    names = package.entry_names(tables)
    of_path = {table.path: table for table in tables}
    optional = {table.path for table in tables if table.optional}
    facts: list[FileFacts] = []
    held: list[Unnamed] = []
    aside = _SetAsideRows(into)
    altered = False
    try:
        # (6) `archive` checks the other limits while it gives these entries
        if len(names) > agreement.limits.files:
            raise Refused("too_many_files")
        for name, size, pieces in archive.entries(plain, names, optional):
            if name == package.DESCRIPTION:
                if size > package.MOST_DESCRIPTION:
                    raise Refused("package_schema", name)
                description = b"".join(pieces)
                continue
            file = Unnamed(into, name)
            held.append(file)
            # (7) its schema, and (8) its rows
            table = of_path[name]
            checker = RowChecker(table, partial(aside.add, table))
            written = 0
            for piece in pieces:
                taken = checker.feed(piece)
                written += len(taken)
                file.write(taken)
            checker.finish()
            altered |= written != checker.size
            facts.append(FileFacts(table, checker.rows, checker.size, checker.sha256, checker.set_aside))
        # (7) counts and hashes
        package.check_description(description, found.service, facts, found.kind)
        if altered:  # the package that is kept has fewer rows than the sealed one, and describes itself
            description = package.describe(found.service, map(_kept, facts, held))
        if aside.file is not None:
            held.append(aside.file)
        describing = Unnamed(into, package.DESCRIPTION)
        held.append(describing)
        describing.write(description)
        for file in held:
            file.keep()
    finally:
        plain.close()  # type: ignore[attr-defined]
        if aside.file is not None:
            held.append(aside.file)
        for file in held:
            with suppress(OSError):
                file.drop()
    return tuple(facts)


class _SetAsideRows:
    """Writes the rows that are set aside into a file without a name, so that any number fits into memory."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self.file: Unnamed | None = None

    def add(self, table: Table, row: SetAside) -> None:
        if self.file is None:
            self.file = Unnamed(self._into, package.SET_ASIDE)
            self._write(package.SET_ASIDE_COLUMNS)
        self._write((table.name, str(row.line), row.identifier, row.joined))

    def _write(self, values: Sequence[str]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(values)
        if self.file is not None:
            self.file.write(line.getvalue().encode())


def _kept(fact: FileFacts, file: Unnamed) -> FileFacts:
    """Return the facts of a file as it is kept, without the rows that were set aside."""
    size, sha256 = file.measured()
    return FileFacts(fact.table, fact.rows - sum(fact.set_aside.values()), size, sha256)


def free_space_fits(directory: Path, needed: int) -> bool:
    """Whether a directory's file system has space for that many bytes and 16 MiB more."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize > needed + 16 * 1024 * 1024
