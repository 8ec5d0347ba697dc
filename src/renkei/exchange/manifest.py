"""The manifest: the description of a sealed delivery, unencrypted and without personal data.

UTF-8 JSON, keys sorted, no repeated and no unknown key. Its bytes are signed, and the next manifest of the
same sequence contains their SHA-256, so the bytes never change.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final

from renkei.exchange.errors import Refused

FORMAT: Final = "renkei-delivery/1"
FIRST_PREVIOUS: Final = "0" * 64  # `previous_sha256` of the first manifest of a sequence
KINDS: Final = ("data", "empty", "incident")
MOST_BYTES: Final = 16 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest. Times have a time zone and whole seconds; digests are lower-case hexadecimal."""

    format: str = FORMAT
    agreement: str
    agreement_version: int
    service: str
    purpose: str
    sender: str
    receiver: str
    sequence: int
    business_day: date
    revision: int
    kind: str
    sealed_sha256: str
    sealed_size: int
    previous_sha256: str
    created: datetime
    not_after: datetime
    signer_sha256: str
    recipient_sha256: str
    trail_head: str

    @property
    def name(self) -> str:
        """The name that its files share: direction, service and number."""
        return f"{self.sender}-{self.receiver}-{self.service}-{self.sequence:08d}"


def to_bytes(manifest: Manifest) -> bytes:
    """Write a manifest as the bytes that are signed."""
    found = {field.name: _written(getattr(manifest, field.name)) for field in fields(manifest)}
    return dump(found)


def dump(found: dict[str, Any]) -> bytes:
    """Write signed JSON: keys sorted, two spaces, UTF-8, a line feed at the end."""
    return (json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def read(data: bytes) -> Manifest:
    """Read a manifest; `Refused` with `manifest_unreadable` or `format_unknown` for anything else."""
    found = load(data, "manifest_unreadable")
    if found.get("format") != FORMAT:
        raise Refused("format_unknown" if isinstance(found.get("format"), str) else "manifest_unreadable")
    try:
        if found.keys() != _READERS.keys():
            raise ValueError
        return Manifest(**{name: reader(found[name]) for name, reader in _READERS.items()})
    except (ValueError, TypeError, OverflowError):
        raise Refused("manifest_unreadable") from None


def load(data: bytes, code: str, most: int = MOST_BYTES) -> dict[str, Any]:
    """Read signed JSON; `Refused` with the code if it is not small UTF-8 with sorted, unique keys."""
    if len(data) > most:
        raise Refused(code)
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_sorted_pairs, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(code) from None
    if not isinstance(found, dict):
        raise Refused(code)
    return found


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _sorted_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if keys != sorted(set(keys)):
        raise ValueError("keys repeat or are out of order")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(_TIME)
    return value.isoformat() if isinstance(value, date) else value


def read_digest(value: object) -> str:
    """Read a SHA-256 in lower-case hexadecimal; ValueError otherwise."""
    return _matching(_SHA256, value)


def read_word(value: object) -> str:
    """Read an identifier of this format; ValueError otherwise."""
    return _matching(_WORD, value)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError
    return value


def read_number(value: object) -> int:
    """Read a count or number; ValueError otherwise."""
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError
    return value


def read_positive(value: object) -> int:
    """Read a number of 1 or more; ValueError otherwise."""
    if read_number(value) == 0:
        raise ValueError
    return read_number(value)


def _revision(value: object) -> int:
    if read_positive(value) >= 2**31:  # no database column holds more
        raise ValueError
    return read_positive(value)


def read_time(value: object) -> datetime:
    """Read `2026-04-01T09:00:00Z`; ValueError otherwise."""
    if not isinstance(value, str) or len(value) != 20:
        raise ValueError
    return datetime.strptime(value, _TIME).replace(tzinfo=UTC)


def read_day(value: object) -> date:
    """Read `2026-04-01`; ValueError otherwise."""
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError
    return date.fromisoformat(value)


def _kind(value: object) -> str:
    if value not in KINDS:
        raise ValueError
    return str(value)


_READERS: Mapping[str, Callable[[object], Any]] = {
    "format": str,
    "agreement": read_word,
    "agreement_version": read_positive,
    "service": read_word,
    "purpose": read_word,
    "sender": read_word,
    "receiver": read_word,
    "sequence": read_positive,
    "business_day": read_day,
    "revision": _revision,
    "kind": _kind,
    "sealed_sha256": read_digest,
    "sealed_size": read_positive,
    "previous_sha256": read_digest,
    "created": read_time,
    "not_after": read_time,
    "signer_sha256": read_digest,
    "recipient_sha256": read_digest,
    "trail_head": read_digest,
}
