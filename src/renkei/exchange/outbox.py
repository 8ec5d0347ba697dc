"""The outbox of a sender: every delivery that it has made, in order, with the receipts that came back.

`SERVICE/NNNNNNNN/` contains the files of a delivery and one directory for each receipt;
`SERVICE/void/NNNNNNNN/` the statement of both parties that this number will never arrive. A delivery is
created by one rename, so a number is used once or not at all, even if the process is killed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cryptography import x509

from renkei.exchange import cms, durable, receipt, sequence
from renkei.exchange.certificates import Signer, fingerprint
from renkei.exchange.errors import Misused, Refused
from renkei.exchange.files import DeliveryFiles, only_delivery
from renkei.exchange.manifest import Manifest, read, sha256, to_bytes
from renkei.exchange.receipt import STATES, SignedReceipt
from renkei.exchange.schemas import tables_of
from renkei.exchange.seal import Sealed, seal
from renkei.exchange.sequence import Void
from renkei.exchange.trust import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A delivery to be made. `sources`: the CSV file of each dataset."""

    service: str
    purpose: str
    kind: str
    business_day: date
    revision: int = 1
    sources: Mapping[str, Path]
    trail_head: str


@dataclass(frozen=True, slots=True)
class Made:
    """A delivery that was made and stored."""

    files: DeliveryFiles
    manifest: Manifest
    sealed: Sealed


class Outbox:
    """The directory of one sender."""

    def __init__(self, directory: Path, terms: Terms) -> None:
        self.directory = directory
        self.terms = terms

    def deliveries(self, service: str) -> Iterator[DeliveryFiles]:
        """Yield the deliveries of a service, in order."""
        for place in sorted((self.directory / service).glob("[0-9]*")):
            yield only_delivery(place)

    def chain(self, service: str) -> sequence.Chain:
        """Return the end of a service's sequence."""
        last = None
        for place in (self.directory / service).glob("[0-9]*"):
            last = max(last, place) if last else place
        if last is None:
            return sequence.Chain()
        return sequence.Chain(int(last.name), sha256(only_delivery(last).manifest_bytes()))

    def make(self, order: Order, signer: Signer, recipient: x509.Certificate, now: datetime) -> Made:
        """Seal, number, sign and store a delivery.

        Raises `Refused` with the code with which the counterpart would refuse it, and `Unstored` for a full
        disk; the number is then still free.
        """
        agreement, party = self.terms.agreement, self.terms.party
        agreed = agreement.services.get(order.service)
        if (
            agreed is None
            or party not in agreed.senders
            or order.purpose not in agreed.purposes
            or order.kind not in agreed.kinds
        ):
            raise Refused("service_not_agreed", f"{order.service} {order.kind}")
        now = now.replace(microsecond=0)
        place = self.directory / order.service
        with durable.alone(place):
            durable.sweep(place)
            chain = self.chain(order.service)
            final = place / f"{chain.last + 1:08d}"
            with durable.building(final) as partial:
                name = f"{party}-{self.terms.counterpart}-{order.service}-{chain.last + 1:08d}"
                files = DeliveryFiles(partial, name)
                with files.sealed.open("wb", buffering=0) as target:
                    sealed = seal(
                        order.service,
                        tables_of(order.service, self.terms.policy),
                        order.kind,
                        order.sources,
                        recipient,
                        agreement.limits,
                        target,
                    )
                    durable.flush(target)
                manifest = Manifest(
                    agreement=agreement.agreement,
                    agreement_version=agreement.version,
                    service=order.service,
                    purpose=order.purpose,
                    sender=party,
                    receiver=self.terms.counterpart,
                    sequence=chain.last + 1,
                    business_day=order.business_day,
                    revision=order.revision,
                    kind=order.kind,
                    sealed_sha256=sealed.sha256,
                    sealed_size=sealed.size,
                    previous_sha256=chain.last_sha256,
                    created=now,
                    not_after=now + agreement.taken_within,
                    signer_sha256=fingerprint(signer.certificate),
                    recipient_sha256=fingerprint(recipient),
                    trail_head=order.trail_head,
                )
                data = to_bytes(manifest)
                durable.put(files.manifest, data)
                durable.put(files.signature, cms.sign(data, signer, now))
            return Made(DeliveryFiles(final, name), manifest, sealed)

    def find(self, service: str, number: int) -> DeliveryFiles:
        """Return one delivery; `Misused` if it was never made."""
        place = self.directory / service / f"{number:08d}"
        if not place.is_dir():
            raise Misused("not_found", f"{service} {number}")
        return only_delivery(place)

    def keep_receipt(self, data: bytes, signature: bytes, now: datetime) -> SignedReceipt:
        """Verify a receipt against its delivery and store it; the same receipt again changes nothing.

        Raises `Refused` with a code of receipts: `receipt_foreign` if we never made such a delivery,
        `receipt_other` if a different receipt of the same state, or the opposite one, is stored already.
        """
        claimed = receipt.read(data)
        if claimed.sender != self.terms.party:
            raise Refused("receipt_foreign")
        try:
            files = self.find(claimed.service, claimed.sequence)
        except Misused:
            raise Refused("receipt_foreign") from None
        manifest = files.manifest_bytes()
        found = receipt.verify(data, signature, manifest, read(manifest), self.terms, now)
        final = files.directory / claimed.state
        opposite = {"accepted": "refused", "refused": "accepted"}.get(claimed.state)
        with durable.alone(self.directory / claimed.service):
            durable.sweep(files.directory)
            if opposite and (files.directory / opposite).exists():
                raise Refused("receipt_other", opposite)
            if final.exists():
                if (final / f"{claimed.name}.json").read_bytes() != data:
                    raise Refused("receipt_other", claimed.state)
                return found
            with durable.building(final) as partial:
                durable.put(partial / f"{claimed.name}.json", data)
                durable.put(partial / f"{claimed.name}.json.p7s", signature)
        return found

    def is_closed(self, service: str, number: int) -> bool:
        """Whether the delivery is closed: the receiver has accepted it."""
        return (self.find(service, number).directory / "accepted").is_dir()

    def open_numbers(self, service: str) -> list[int]:
        """Return the numbers that are neither accepted nor void."""
        places = sorted((self.directory / service).glob("[0-9]*"))
        return [
            int(place.name)
            for place in places
            if not (place / "accepted").is_dir() and not (place.parent / "void" / place.name).is_dir()
        ]

    # --- void numbers ------------------------------------------------------------------------------------

    def check_void(self, void: Void) -> None:
        """Refuse a void statement about a delivery that we never made or that has a receipt."""
        if void.sender != self.terms.party:
            raise Refused("void_unproved", f"{void.sender} {void.service} {void.sequence}")
        files = self.find(void.service, void.sequence)
        if sha256(files.manifest_bytes()) != void.manifest_sha256:
            raise Refused("void_unproved", files.name)
        if answered := [state for state in STATES if (files.directory / state).is_dir()]:
            raise Refused("void_unproved", f"{files.name}: {', '.join(answered)}")

    def declare_void(self, data: bytes, signatures: Mapping[str, bytes], now: datetime) -> Void:
        """Keep the statement of both parties that a number of ours will never arrive.

        The same statement again changes nothing.
        """
        void = sequence.read_void(data, signatures, self.terms, now)
        place = self.directory / void.service
        with durable.alone(place):
            sequence.take_void(place, void, data, signatures, self.check_void)
        return void
