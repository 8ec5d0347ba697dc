"""The order of deliveries: numbers from 1 without gaps; each manifest contains the hash of the previous one.

There is one sequence for each direction and service. Only the sequence gives the order, never the time. If a
delivery is lost permanently, both parties sign a statement that its number is void. The statement contains
the hash of the lost manifest, so that the chain of hashes continues.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from renkei.exchange import durable
from renkei.exchange.errors import Misused, Refused
from renkei.exchange.manifest import (
    FIRST_PREVIOUS,
    Manifest,
    dump,
    load,
    read_digest,
    read_positive,
    read_time,
    read_word,
    sha256,
)
from renkei.exchange.trust import Terms

VOID_FORMAT: Final = "renkei-void/1"
VOID_FILE: Final = "void.json"


@dataclass(frozen=True, slots=True)
class Chain:
    """The end of a sequence: its last number and the hash of that manifest."""

    last: int = 0
    last_sha256: str = FIRST_PREVIOUS

    def check_next(self, manifest: Manifest) -> None:
        """Refuse a manifest that does not continue the sequence (step 4).

        Before this, the caller must handle a repeated delivery: it knows the stored one with that number.
        """
        if manifest.sequence <= self.last:
            raise Refused("sequence_conflict", f"{manifest.service} {manifest.sequence}")
        if manifest.sequence > self.last + 1:
            raise Refused("sequence_gap", f"{manifest.service} {self.last + 1}")
        if manifest.previous_sha256 != self.last_sha256:
            raise Refused("chain_broken", f"{manifest.service} {manifest.sequence}")

    def after(self, number: int, digest: str) -> "Chain":
        """Return the chain with one more number."""
        return Chain(number, digest)


@dataclass(frozen=True, slots=True)
class Void:
    """A number that will never arrive, as both parties state."""

    service: str
    sender: str
    sequence: int
    manifest_sha256: str
    reason: str
    declared: datetime


def write_void(terms: Terms, manifest: bytes, described: Manifest, reason: str, at: datetime) -> bytes:
    """Write the statement that a delivery of the sender is void; both parties then sign these bytes."""
    return dump(
        {
            "format": VOID_FORMAT,
            "agreement": terms.agreement.agreement,
            "agreement_version": terms.agreement.version,
            "service": described.service,
            "sender": described.sender,
            "sequence": described.sequence,
            "manifest_sha256": sha256(manifest),
            "reason": reason,
            "declared": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


def read_statement(data: bytes, terms: Terms) -> Void:
    """Read a statement without its signatures; `Refused` with `void_unproved` if it is not one of ours."""
    try:
        found = load(data, "void_unproved")
        if found["format"] != VOID_FORMAT or found["agreement"] != terms.agreement.agreement:
            raise ValueError
        return Void(
            read_word(found["service"]),
            read_word(found["sender"]),
            read_positive(found["sequence"]),
            read_digest(found["manifest_sha256"]),
            str(found["reason"]),
            read_time(found["declared"]),
        )
    except (ValueError, KeyError, TypeError, Refused):
        raise Refused("void_unproved") from None


def read_void(data: bytes, signatures: Mapping[str, bytes], terms: Terms, at: datetime) -> Void:
    """Return the statement if both parties have signed it; `Refused` with `void_unproved` otherwise."""
    void = read_statement(data, terms)
    try:
        for party in terms.agreement.parties:
            terms.check_signed(data, signatures[party], party, at)
    except (KeyError, Refused, Misused):
        raise Refused("void_unproved") from None
    return void


def keep_void(place: Path, data: bytes, signatures: Mapping[str, bytes]) -> None:
    """Store a verified statement in its own directory, completely or not at all."""
    with durable.building(place) as partial:
        durable.put(partial / VOID_FILE, data)
        for party, signature in signatures.items():
            durable.put(partial / f"{VOID_FILE}.{party}.p7s", signature)


def take_void(
    place: Path, void: Void, data: bytes, signatures: Mapping[str, bytes], check: Callable[[Void], None]
) -> None:
    """Store a verified statement below a service's directory, which the caller holds alone.

    The same statement again changes nothing; another one must pass `check`.
    """
    durable.sweep(place)
    final = place / "void" / f"{void.sequence:08d}"
    if not final.is_dir() or (final / VOID_FILE).read_bytes() != data:
        check(void)
        keep_void(final, data, signatures)


def declared(data: bytes) -> datetime:
    """Return the time of declaration that a statement contains."""
    try:
        return read_time(load(data, "void_unproved")["declared"])
    except (KeyError, ValueError):
        raise Refused("void_unproved") from None
