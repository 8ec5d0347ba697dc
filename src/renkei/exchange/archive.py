"""The archive inside a sealed file: a gzip stream of a ustar archive, written and read as a stream.

Reading trusts nothing: only plain files with expected names are accepted, no links, devices, paths or
extended headers. The limits of the agreement are checked while the archive is unpacked, so that a
decompression bomb is stopped within a block or two.
"""

import itertools
import re
import tarfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from isal import isal_zlib

from renkei.exchange.errors import Refused

BLOCK: Final = 128 * 1024
_RECORD: Final = 512
_GZIP: Final = 31  # zlib's code for a gzip frame with the largest window
_FREE_RATIO: Final = 1024 * 1024  # the ratio is checked only after this many bytes
_MOST_FILE: Final = 8**11  # more than ustar's size field can hold
_OCTAL: Final = re.compile(rb"[0-7]+")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one delivery. `ratio` is unpacked size to packed size."""

    sealed_bytes: int
    unpacked_bytes: int
    ratio: int
    files: int


def entry_header(name: str, size: int) -> bytes:
    """Return the ustar header of one file, without anything about the machine or its users."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry.tobuf(tarfile.USTAR_FORMAT)


def entry_padding(size: int) -> bytes:
    """Return the padding of the last record of a file."""
    return bytes(-size % _RECORD)


ARCHIVE_END: Final = bytes(2 * _RECORD)


def compress(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress with gzip, level 1: speed matters more here than a tenth of the size. No name, no time.

    ISA-L compresses several times as fast as zlib. It is used for our own bytes only; bytes from others are
    never decompressed with it (decision 0006).
    """
    packer = isal_zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    gathered: list[bytes] = []  # passed on in whole blocks: every step costs time in the interpreter
    size = 0
    for block in blocks:
        gathered.append(packer.compress(block))
        size += len(gathered[-1])
        if size >= BLOCK:
            yield b"".join(gathered)
            gathered, size = [], 0
    yield b"".join((*gathered, packer.flush()))


def decompress(packed: Iterable[bytes], limits: Limits) -> Iterator[bytes]:
    """Decompress one gzip stream within the limits, at most one block at once.

    Uses Python's zlib, because these bytes come from the other party.
    """
    unpacker = zlib.decompressobj(_GZIP)
    taken = given = 0
    for block in packed:
        taken += len(block)
        while block:
            if unpacker.eof:
                raise Refused("archive_broken", "gzip")
            try:
                plain = unpacker.decompress(block, BLOCK)
            except zlib.error:
                raise Refused("archive_broken", "gzip") from None
            block = unpacker.unconsumed_tail or unpacker.unused_data
            given += len(plain)
            if given > limits.unpacked_bytes:
                raise Refused("too_large")
            if given > _FREE_RATIO and given > limits.ratio * taken:
                raise Refused("ratio")
            if plain:
                yield plain
    if not unpacker.eof:
        raise Refused("archive_broken", "gzip")


class _Source:
    """Reads requested numbers of bytes from blocks of any size."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""

    def exactly(self, size: int) -> bytes:
        """Return exactly that many bytes; for headers and padding only."""
        while len(self._rest) < size:
            self._rest += self._next()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def pieces(self, size: int) -> Iterator[bytes]:
        """Give that many bytes, block by block."""
        while size:
            block = self._rest or self._next()
            piece, self._rest = (block, b"") if len(block) <= size else (block[:size], block[size:])
            size -= len(piece)
            yield piece

    def remaining(self) -> Iterator[bytes]:
        yield self._rest
        yield from self._blocks

    def _next(self) -> bytes:
        for block in self._blocks:
            return block
        raise Refused("archive_broken", "tar")


def entries(
    blocks: Iterator[bytes], names: tuple[str, ...], optional: Collection[str] = ()
) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Yield name, size and content of each file; the names must be exactly these, in this order.

    Only the names of `optional` may be missing, never the last name. The caller must read the content before
    it asks for the next file. The iteration ends after the whole archive was read and contained nothing else.
    """
    source = _Source(blocks)
    waiting = list(names)
    while waiting:
        header = source.exactly(_RECORD)
        due = [*itertools.takewhile(optional.__contains__, waiting)]
        due.append(waiting[len(due)])
        if not any(header):
            raise Refused("package_missing", due[-1])
        name, size = _plain_file(header, due)
        del waiting[: waiting.index(name) + 1]
        yield name, size, source.pieces(size)
        if any(source.exactly(-size % _RECORD)):
            raise Refused("archive_broken", "tar")
    header = source.exactly(_RECORD)
    if any(header):
        raise Refused("too_many_files")
    if any(any(rest) for rest in source.remaining()):  # tar pads with zeros
        raise Refused("archive_broken", "tar")


def _plain_file(header: bytes, names: list[str]) -> tuple[str, int]:
    """Read the header of a plain file with one of these names; return its name and size."""
    stored = header[148:156].rstrip(b" \0")
    if f"{sum(header) - sum(header[148:156]) + 8 * 32:o}".encode() != stored.lstrip(b"0"):
        raise Refused("archive_broken", "tar")
    if header[156:157] not in (b"0", b"\0") or header[257:262] != b"ustar" or any(header[157:257]):
        raise Refused("entry_forbidden")
    written = header[:100].rstrip(b"\0")
    name = next((name for name in names if written == name.encode()), None)
    if name is None or any(header[345:500]):
        raise Refused("entry_forbidden")
    size = header[124:136].rstrip(b" \0")
    if not _OCTAL.fullmatch(size) or int(size, 8) >= _MOST_FILE:
        raise Refused("archive_broken", "tar")
    return name, int(size, 8)
