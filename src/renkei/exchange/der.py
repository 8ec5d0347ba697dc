"""Write DER, and read DER and BER: single values, and values from a stream.

Supports only what the structures of `renkei.exchange.cms` need: tags below 31, lengths of at most eight
octets. Single values are small (64 KiB); large content is read as a stream, piece by piece.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from renkei.exchange.errors import CmsError

CHUNK = 128 * 1024
MOST_SMALL = 64 * 1024  # a whole signature, or everything before the sealed content
MOST_DEPTH = 12

INTEGER, BITS, OCTETS, NULL, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x05, 0x06, 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18


def length_octets(size: int) -> bytes:
    """Write a length."""
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def der(tag: int, *parts: bytes) -> bytes:
    """Write one value."""
    content = b"".join(parts)
    return bytes([tag]) + length_octets(len(content)) + content


def integer(value: int) -> bytes:
    """Write a non-negative INTEGER."""
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content.extend(reversed(septets))
    return der(OID, bytes(content))


@dataclass(frozen=True, slots=True)
class Value:
    """One small value as read: its tag, its content, and its encoded bytes."""

    tag: int
    content: bytes
    raw: bytes
    definite: bool

    def parts(self) -> list["Value"]:
        """Return the values inside a constructed value."""
        if not self.tag & 0x20:
            raise CmsError("unreadable")
        return _values(self.content, 0)

    def expect(self, tag: int) -> "Value":
        """Return this value; `CmsError` unless it has this tag."""
        if self.tag != tag:
            raise CmsError("unreadable")
        return self

    def only(self, *tags: int) -> list["Value"]:
        """Return the parts; `CmsError` unless they have exactly these tags."""
        parts = self.parts()
        if tuple(part.tag for part in parts) != tags:
            raise CmsError("unreadable")
        return parts

    def integer(self) -> int:
        """Return the value as an INTEGER."""
        self.expect(INTEGER)
        if not 1 <= len(self.content) <= 32:
            raise CmsError("unreadable")
        return int.from_bytes(self.content, "big", signed=True)


def _header(data: bytes, place: int) -> tuple[int, int | None, int]:
    """Return the tag, the length (None: indefinite) and where the content starts."""
    tag = data[place]
    first = data[place + 1]
    place += 2
    if tag & 0x1F == 0x1F:
        raise CmsError("unreadable")
    if first < 0x80:
        return tag, first, place
    if first == 0x80:
        if not tag & 0x20:
            raise CmsError("unreadable")
        return tag, None, place
    size = first & 0x7F
    if size > 8 or place + size > len(data):
        raise CmsError("unreadable")
    return tag, int.from_bytes(data[place : place + size], "big"), place + size


def _value(data: bytes, start: int, depth: int) -> tuple[Value, int]:
    if depth > MOST_DEPTH or start + 2 > len(data):
        raise CmsError("unreadable")
    tag, length, place = _header(data, start)
    if length is not None:
        end = place + length
        if end > len(data):
            raise CmsError("unreadable")
        return Value(tag, data[place:end], data[start:end], True), end
    inner = place
    while data[inner : inner + 2] != b"\x00\x00":
        _, inner = _value(data, inner, depth + 1)
    return Value(tag, data[place:inner], data[start : inner + 2], False), inner + 2


def _values(data: bytes, depth: int) -> list[Value]:
    found, place = [], 0
    while place < len(data):
        value, place = _value(data, place, depth)
        found.append(value)
    return found


def whole(data: bytes) -> Value:
    """Read small bytes as exactly one value."""
    if len(data) > MOST_SMALL:
        raise CmsError("unreadable")
    value, end = _value(data, 0, 0)
    if end != len(data):
        raise CmsError("unreadable")
    return value


class Stream:
    """Reads values from a stream and keeps the end positions of the open containers."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._place = 0
        self._ends: list[int | None] = []

    def take(self, size: int) -> bytes:
        """Read exactly that many bytes inside the open container."""
        if self._ends and self._ends[-1] is not None and self._place + size > self._ends[-1]:
            raise CmsError("unreadable")
        data = b""
        while len(data) < size:  # a pipe may return fewer bytes than requested
            piece = self._read(size - len(data))
            if not piece:
                raise CmsError("truncated")
            data = data + piece if data else piece
        self._place += size
        return data

    def header(self) -> tuple[int, int | None, bytes]:
        """Read a tag and a length; return them and their encoded bytes."""
        raw = self.take(2)
        if raw[1] > 0x80:
            if raw[1] & 0x7F > 8:
                raise CmsError("unreadable")
            raw += self.take(raw[1] & 0x7F)
        tag, length, _ = _header(raw, 0)
        return tag, length, raw

    def enter(self, tag: int) -> None:
        """Open a container, which must have this tag."""
        found, length, _ = self.header()
        if found != tag:
            raise CmsError("unreadable")
        self._ends.append(None if length is None else self._place + length)

    def at_end(self) -> bool:
        """Whether the innermost container has a definite length and is fully read."""
        return self._ends[-1] is not None and self._place == self._ends[-1]

    def leave(self, *, read: bool = False) -> None:
        """Leave the innermost container; `read`: its end mark has already been read."""
        end = self._ends.pop()
        if end is None:
            if not read and self.take(2) != b"\x00\x00":
                raise CmsError("unreadable")
        elif self._place != end:
            raise CmsError("unreadable")

    def small(self) -> Value:
        """Read one whole small value."""
        return whole(self._gather(0))

    def _gather(self, depth: int) -> bytes:
        _, length, raw = self.header()
        if depth > MOST_DEPTH or (length or 0) > MOST_SMALL:
            raise CmsError("unreadable")
        if length is not None:
            return raw + self.take(length)
        while len(raw) <= MOST_SMALL:
            part = self._gather(depth + 1)
            raw += part
            if part == b"\x00\x00":
                return raw
        raise CmsError("unreadable")

    def octets(self) -> Iterator[bytes]:
        """Read the content of [0] IMPLICIT OCTET STRING, whole or in pieces, a chunk at a time."""
        tag, length, _ = self.header()
        if tag == 0x80 and length is not None:
            yield from self._pieces(length)
            return
        if tag != 0xA0:
            raise CmsError("unreadable")
        self._ends.append(None if length is None else self._place + length)
        while not self.at_end():
            tag, size, raw = self.header()
            if raw == b"\x00\x00" and length is None:
                self.leave(read=True)
                return
            if tag != OCTETS or size is None:
                raise CmsError("unreadable")
            yield from self._pieces(size)
        self.leave()

    def _pieces(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self.take(min(length, CHUNK))
            length -= len(piece)
            yield piece
