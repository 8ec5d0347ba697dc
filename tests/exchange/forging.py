"""Deliveries with exactly one fault, and how they are refused."""

import gzip
import io
import json
import tarfile
from typing import Any

from material import NOW
from world import HEADER, World, a_row, copied, plain_text_in

from renkei.exchange import cms, package
from renkei.exchange.certificates import fingerprint
from renkei.exchange.cms import Sealer
from renkei.exchange.errors import Refused
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.keys import FileSigner
from renkei.exchange.manifest import dump, sha256
from renkei.exchange.schemas import NOTIFICATIONS_TABLE


def refused(world: World, files: DeliveryFiles, now: Any = NOW) -> str:
    """Receive and open a delivery; check the disk and return the code of the refusal."""
    before = set(world.isa.home.rglob("*.cms"))
    try:
        taken = world.isa.inbox.take(files, now)
        number = taken.manifest.sequence
        opened = world.isa.inbox.open("annex1", number, [world.isa.decrypter], now)
        assert opened.refusal, "it was accepted"
        code = opened.refusal.code
        assert opened.receipt.receipt.code == code
    except Refused as refusal:
        code = refusal.code
        if code != "sequence_conflict":
            assert set(world.isa.home.rglob("*.cms")) == before
    assert plain_text_in(world.isa.home) == []
    assert list(world.isa.home.rglob(".partial*")) == []
    return code


def altered(world: World, *, signer: FileSigner | None = None, **changes: Any) -> DeliveryFiles:
    """Return a delivery with a changed manifest, signed again by the true sender (or another one)."""
    made = world.send()
    files = copied(made.files, world.directory / "altered")
    found = json.loads(files.manifest.read_bytes()) | changes
    return resigned(world, files, dump(found), signer)


def resigned(
    world: World, files: DeliveryFiles, manifest: bytes, signer: FileSigner | None = None
) -> DeliveryFiles:
    files.manifest.write_bytes(manifest)
    files.signature.write_bytes(cms.sign(manifest, signer or world.mhlw.signer, NOW))
    return files


def cms_fingerprint(signer: FileSigner) -> str:
    return fingerprint(signer.certificate)


def forged(world: World, packed: bytes, **changes: Any) -> DeliveryFiles:
    """Return a delivery of the true sender with any content: sealed, hashed and signed correctly."""
    sealer = Sealer(changes.pop("recipient", world.isa.decrypter).certificate)
    sealed = sealer.head() + b"".join(
        sealer.chunk(packed[place : place + 65536]) for place in range(0, len(packed), 65536)
    )
    sealed += sealer.tail()
    sealed = changes.pop("damage", lambda data: data)(sealed)
    files = copied(world.send().files, world.directory / "forged")
    files.sealed.write_bytes(sealed)
    found = json.loads(files.manifest.read_bytes())
    found |= {"sealed_sha256": sha256(sealed), "sealed_size": len(sealed)} | changes
    return resigned(world, files, dump(found))


def tar_of(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


ROWS = (HEADER + a_row(1)).encode()


def described(csv: bytes = ROWS, **changes: Any) -> bytes:
    fact = package.FileFacts(NOTIFICATIONS_TABLE, csv.count(b"\n") - 1, len(csv), sha256(csv))
    found = json.loads(package.describe("annex1", [fact]))
    found["resources"][0] |= changes
    return json.dumps(found).encode()


def packaged(csv: bytes = ROWS, description: bytes | None = None) -> bytes:
    description = described(csv) if description is None else description
    return gzip.compress(tar_of((entry("notifications.csv"), csv), (entry("datapackage.json"), description)))


def delivered(world: World, rows: list[str]) -> Any:
    """Receive and open a delivery of these rows, which its sender did not check."""
    csv = (HEADER + "".join(rows)).encode()
    files = forged(world, packaged(csv, described(csv, rows=len(rows))))
    world.isa.inbox.take(files, NOW)
    return world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW)


def with_size(written: bytes) -> bytes:
    """Return an archive whose header names this size, with a right checksum."""
    header = bytearray(tar_of((entry("notifications.csv"), ROWS))[:512])
    header[124:136] = written[:11].ljust(12, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}".encode() + b"\0 "
    return bytes(header) + ROWS
