"""Verify stored deliveries, also years later: without a database, a network or a private key.

Checked for every delivery of an outbox or inbox:

1. it was addressed and signed as agreed at the time of signing;
2. a time-stamp, if there is one, is of its signature;
3. its sealed file is the signed one, unless it was erased since;
4. it continues the sequence;
5. each receipt beside it was signed by the receiver for exactly this delivery.

Nothing is decrypted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from renkei.exchange import cms, receipt, sequence
from renkei.exchange.errors import CmsError, ExchangeError, Refused
from renkei.exchange.files import DeliveryFiles, only_delivery, read_small
from renkei.exchange.inbox import receive_sealed_of
from renkei.exchange.manifest import MOST_BYTES, Manifest, read, sha256
from renkei.exchange.sequence import Chain, read_void
from renkei.exchange.trust import Terms

#: The state of a delivery whose sealed file was erased at the end of its retention period.
ERASED: Final = "erased"
_FOLDERS = (("received", "."), ("accepted", "opened"), ("refused", "refused"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One delivery of a sequence and the result; `fault` is None if everything holds."""

    service: str
    sequence: int
    states: tuple[str, ...]
    fault: ExchangeError | None = None


def verify(directory: Path, terms: Terms) -> Iterator[Finding]:
    """Verify an outbox or inbox, service by service, number by number."""
    for service in sorted(path for path in directory.iterdir() if path.is_dir()):
        if service.name.startswith("."):
            continue
        chain = Chain()
        places = {int(path.name): path for path in service.glob("[0-9]*")}
        voids = {int(path.name): path for path in (service / "void").glob("[0-9]*")}
        for number in sorted(places.keys() | voids.keys()):
            try:
                if number in voids:
                    chain = _void(voids[number], chain, service.name, number, terms)
                    states: tuple[str, ...] = ("void",)
                else:
                    chain, states = _delivery(places[number], chain, service.name, number, terms)
            except ExchangeError as fault:
                yield Finding(service.name, number, (), fault)
                chain = chain.after(number, _digest_of(places.get(number)))
                continue
            yield Finding(service.name, number, states)


def signed_at(signature: bytes, content: bytes) -> datetime:
    """Return the time of signing that the signature states; certificates are judged as of that time."""
    try:
        return cms.verify(signature, content).signed_at
    except CmsError:
        raise Refused("signature_wrong") from None


def _delivery(
    place: Path, chain: Chain, service: str, number: int, terms: Terms
) -> tuple[Chain, tuple[str, ...]]:
    files = only_delivery(place)
    data = files.manifest_bytes()
    manifest = read(data)
    if (manifest.service, manifest.sequence) != (service, number) or files.name != manifest.name:
        raise Refused("evidence_broken", files.name)
    agreement = terms.version(manifest.agreement, manifest.agreement_version)
    signature = files.signature_bytes()
    signed = terms.check_signed(data, signature, manifest.sender, signed_at(signature, data), agreement)
    if abs(signed.signed_at - manifest.created) > agreement.clock_skew:
        raise Refused("evidence_broken", files.name)
    cms.read(files, signature)
    erased = not files.sealed.exists() and files.erased.exists()
    if not erased:
        receive_sealed_of(files, manifest)
    chain.check_next(manifest)
    states = (*_receipts(files, data, manifest, terms), *((ERASED,) if erased else ()))
    return chain.after(number, sha256(data)), states


def _receipts(files: DeliveryFiles, data: bytes, manifest: Manifest, terms: Terms) -> Iterator[str]:
    """Verify each receipt stored with a delivery: first in an inbox's folders, then in an outbox's."""
    for state, folder in (*_FOLDERS, ("received", "received"), ("accepted", "accepted")):
        path = files.directory / folder / f"{manifest.name}.{state}.json"
        if not path.is_file():
            continue
        content = path.read_bytes()
        signature = read_small(path.with_name(path.name + ".p7s"), 64 * 1024, "receipt_unreadable")
        found = receipt.verify(content, signature, data, manifest, terms, signed_at(signature, content))
        if found.receipt.state != state:
            raise Refused("evidence_broken", path.name)
        yield state


def _void(place: Path, chain: Chain, service: str, number: int, terms: Terms) -> Chain:
    data = read_small(place / "void.json", MOST_BYTES, "void_unproved")
    signatures = {
        party: read_small(place / f"void.json.{party}.p7s", 64 * 1024, "void_unproved")
        for party in terms.agreement.parties
    }
    void = read_void(data, signatures, terms, sequence.declared(data))
    if (void.service, void.sequence) != (service, number) or number != chain.last + 1:
        raise Refused("void_unproved")
    return chain.after(number, void.manifest_sha256)


def _digest_of(place: Path | None) -> str:
    """Return the hash to continue with after a faulty delivery, so that one fault is reported once."""
    try:
        return sha256(only_delivery(place).manifest_bytes()) if place else ""
    except ExchangeError:
        return ""
