"""The backup file: a gzip stream of a tar archive, sealed for one recipient or plain.

    node/…              renkei.toml, the file of decisions, the exchange directory
    database/NNNN       the database in parts: PostgreSQL's custom format, or SQLite's file
    manifest.json       last: facts about the node, and the SHA-256 and size of every file before it

It is sealed as AuthEnvelopedData (RFC 5083), as in the exchange, so `openssl cms -decrypt` opens it as well.
"""

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from cryptography import x509

from renkei.exchange import durable
from renkei.exchange.archive import BLOCK, compress
from renkei.exchange.certificates import Decrypter
from renkei.exchange.cms import Sealer, Unsealer
from renkei.exchange.errors import CmsError
from renkei.node.errors import BackupRefused, RestoreRefused

FORMAT: Final = "renkei-backup/1"
MANIFEST: Final = "manifest.json"
DATABASE: Final = "database"
NODE: Final = "node"
#: The most that AES-GCM may encrypt under one key and nonce (NIST SP 800-38D): 2^39 − 256 bits.
MOST_SEALED: Final = (2**39 - 256) // 8
_MOST_MANIFEST: Final = 512 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of an archive."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The manifest of an archive. `engine`: sqlite or postgresql; `last_sent`: the last number by service."""

    format: str = FORMAT
    party: str
    made_at: str
    engine: str
    engine_version: str
    last_sent: dict[str, int]
    trail_head: str
    files: dict[str, Stored] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file to archive: its name, its size in bytes, its content in blocks."""

    name: str
    size: int
    blocks: Iterable[bytes]


def write(path: Path, entries: Iterable[Entry], about: Manifest, to: x509.Certificate | None) -> Manifest:
    """Write an archive durably and atomically, readable only for its owner (0600).

    Raises `BackupRefused` if the file already exists or the archive is larger than can be sealed.
    """
    if path.exists():
        raise BackupRefused(
            f"{path} already exists. Give a new file name: a backup overwrites nothing.",
            f"{path}は既にあります。上書きはしません。新しい名前を指定してください。",
        )
    file = durable.Unnamed(path.parent, path.name)
    try:
        sealer = Sealer(to) if to else None
        if sealer:
            file.write(sealer.head())
        packed = 0
        for block in compress(_tar(entries, about)):
            packed += len(block)
            if sealer and packed > MOST_SEALED:
                raise BackupRefused(
                    "The backup is larger than 64 GiB, the limit of one encryption. Erase records past their "
                    "retention period.",
                    "バックアップが1回の暗号化の上限(64GiB)を超えます。"
                    "保存期間の過ぎた記録を消去してください。",
                )
            file.write(sealer.chunk(block) if sealer else block)
        if sealer:
            file.write(sealer.tail())
        file.keep()
    except BaseException:
        file.drop()
        raise
    durable.flush_directory(path.parent)
    return about


def _tar(entries: Iterable[Entry], about: Manifest) -> Iterator[bytes]:
    for entry in entries:
        digest, size = hashlib.sha256(), 0
        yield _header(entry.name, entry.size)
        for block in entry.blocks:
            digest.update(block)
            size += len(block)
            yield block
        if size != entry.size:
            raise BackupRefused(
                f"{entry.name} changed while it was read. Run the backup again.",
                f"{entry.name}が読取り中に変わりました。もう一度実行してください。",
            )
        yield bytes(-size % tarfile.BLOCKSIZE)
        about.files[entry.name] = Stored(size, digest.hexdigest())
    data = json.dumps(asdict(about), ensure_ascii=False, sort_keys=True, indent=1).encode()
    yield _header(MANIFEST, len(data)) + data + bytes(-len(data) % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry.tobuf(tarfile.PAX_FORMAT)


def verify(path: Path, keys: Sequence[Decrypter]) -> Manifest:
    """Read a whole archive and compare every file with the manifest; writes nothing.

    Raises `RestoreRefused` unless it is a complete, unchanged backup that our key opens.
    """
    found: dict[str, Stored] = {}
    manifest: Manifest | None = None
    with _readable(path):
        for name, blocks in _files(path, keys):
            if manifest is not None:
                raise _broken(path)
            if name == MANIFEST:
                manifest = _manifest(b"".join(blocks), path)
            elif name in found:
                raise _broken(path)
            else:
                found[name] = _digest(blocks, lambda block: None)
    if manifest is None or manifest.files != found:
        raise _broken(path)
    return manifest


def unpack(
    path: Path,
    keys: Sequence[Decrypter],
    manifest: Manifest,
    open_file: Callable[[str], AbstractContextManager[IO[bytes]]],
) -> None:
    """Write the files of a verified archive, each into the file that `open_file` opens for its name.

    Each is compared with the manifest again, because the archive may have changed since it was verified.
    Raises `RestoreRefused`.
    """
    with _readable(path):
        for name, blocks in _files(path, keys):
            if name == MANIFEST:
                continue
            if name not in manifest.files:
                raise _broken(path)
            with open_file(name) as file:

                def put(block: bytes, file: IO[bytes] = file) -> None:
                    file.write(block)

                if _digest(blocks, put) != manifest.files[name]:
                    raise _broken(path)


def _files(path: Path, keys: Sequence[Decrypter]) -> Iterator[tuple[str, Iterator[bytes]]]:
    with path.open("rb") as file:
        sealed = file.read(2) != _GZIP
        file.seek(0)
        source: Any = _Plain(Unsealer(file.read, keys).chunks()) if sealed else file
        with tarfile.open(mode="r|gz", fileobj=source, bufsize=BLOCK) as archive:
            for entry in archive:
                if not entry.isreg() or not is_ours(entry.name):
                    raise _broken(path)
                content = archive.extractfile(entry)
                if content is None or (entry.name == MANIFEST and entry.size > _MOST_MANIFEST):
                    raise _broken(path)
                yield entry.name, _read(content)
        while source.read(BLOCK):  # to the end, where the seal's tag is checked
            pass


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def is_ours(name: str) -> bool:
    """Whether a backup writes such a name: within one of our two directories, without path traversal."""
    parts = PurePosixPath(name).parts
    if name == MANIFEST:
        return True
    plain = all(part not in ("", ".", "..") and "\0" not in part for part in parts)
    return plain and len(parts) > 1 and parts[0] in (DATABASE, NODE) and not name.startswith("/")


class _Plain:
    """The blocks of an unsealer as a readable file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def read(self, size: int) -> bytes:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = block
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


def _digest(blocks: Iterator[bytes], put: Callable[[bytes], None]) -> Stored:
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
        put(block)
    return Stored(size, digest.hexdigest())


def _manifest(data: bytes, path: Path) -> Manifest:
    try:
        found = json.loads(data)
        files = {name: Stored(**stored) for name, stored in found.pop("files").items()}
        manifest = Manifest(files=files, **found)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _broken(path) from None
    if manifest.format != FORMAT:
        raise _broken(path)
    return manifest


class _readable:  # noqa: N801 (reads as a word in its `with`)
    """Turns every error from reading a damaged archive into RestoreRefused; disk errors pass through."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: object) -> None:
        if isinstance(fault, CmsError) and fault.reason == "recipient":
            raise RestoreRefused(
                f"{self._path} is sealed for another key. Use the key that the backup was sealed for.",
                f"{self._path}は別の鍵あてに暗号化されています。"
                "バックアップの際に指定した証明書の鍵を指定してください。",
            ) from None
        if isinstance(fault, CmsError | tarfile.TarError | EOFError) or (
            isinstance(fault, ValueError) and not isinstance(fault, OSError)
        ):
            raise _broken(self._path) from None


def _broken(path: Path) -> RestoreRefused:
    return RestoreRefused(
        f"{path} is not a complete, unchanged backup. Use another copy of it, or an earlier backup.",
        f"{path}は完全なバックアップではないか、変更されています。別の写しか、前のものを使ってください。",
    )
