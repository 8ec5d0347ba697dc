"""The inbox of a receiver: every received delivery in order, its receipts, and the opened data packages.

    SERVICE/NNNNNNNN/           the delivery's files and its `received` receipt, by one rename
    SERVICE/NNNNNNNN/opened/    the data package and the `accepted` receipt, by one rename
    SERVICE/NNNNNNNN/refused/   the `refused` receipt
    SERVICE/waiting/NNNNNNNN/   arrived before its predecessor: checked and still sealed, no receipt yet
    SERVICE/void/NNNNNNNN/      the statement of both parties that this number will never arrive
    SERVICE/conflicts/…         manifest and signature of another delivery with a number that is in use

Each directory exists completely or not at all, so that after a power cut the state is one of these.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from renkei.exchange import cms, durable, receipt, sequence
from renkei.exchange.certificates import Decrypter, Signer
from renkei.exchange.errors import Misused, Refused
from renkei.exchange.files import DeliveryFiles, only_delivery
from renkei.exchange.manifest import Manifest, read, sha256
from renkei.exchange.open import check_address, check_signature, receive_sealed, unpack
from renkei.exchange.package import FileFacts
from renkei.exchange.receipt import SignedReceipt
from renkei.exchange.schemas import tables_of
from renkei.exchange.sequence import Chain, Void
from renkei.exchange.trust import Terms


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of `take`: the delivery's receipt, or None while it waits for the number `missing`."""

    manifest: Manifest
    receipt: SignedReceipt | None
    missing: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The result of `open`: accepted, or refused with the error."""

    manifest: Manifest
    receipt: SignedReceipt
    data: Path | None
    files: tuple[FileFacts, ...] = ()
    refusal: Refused | None = None


class Inbox:
    """The directory of one receiver. `signer` signs the receipts; they contain `trail_head`."""

    def __init__(self, directory: Path, terms: Terms, signer: Signer, trail_head: str) -> None:
        self.directory = directory
        self.terms = terms
        self._signer = signer
        self._trail_head = trail_head

    # --- taking in: steps 1 to 4 -------------------------------------------------------------------------

    def take(self, source: DeliveryFiles, now: datetime) -> Taken:
        """Receive a delivery from any directory and return its receipt.

        The same delivery gets the same receipt again. A delivery with a later number waits for the missing
        one. Raises `Refused` with a code of steps 1 to 4, and `Unstored` for a full disk. Then nothing is
        kept, except the manifest and signature of a conflicting delivery, as proof.
        """
        data = source.manifest_bytes()
        manifest = check_address(data, self.terms)  # (1)
        place = self.directory / manifest.service
        with durable.alone(place):
            durable.sweep(place)
            self._follow(manifest.service, now)
            if again := self._again(data, manifest):
                return again
            signature = source.signature_bytes()
            check_signature(data, manifest, signature, self.terms, now)  # (2)
            chain = self.chain(manifest.service)
            try:
                chain.check_next(manifest)
            except Refused as refusal:
                receive_sealed_of(source, manifest)  # (3) comes before (4)
                if refusal.code != "sequence_gap" or self._waits_otherwise(data, manifest):
                    self._keep_conflict(data, signature, manifest)
                    raise Refused("sequence_conflict" if refusal.retry else refusal.code) from None
                self._keep(source, data, signature, manifest, self._waiting(manifest), None)
                return Taken(manifest, None, chain.last + 1)
            taken = self._receive(source, data, signature, manifest, now)
            self._follow(manifest.service, now)
            return taken

    def chain(self, service: str) -> Chain:
        """Return the end of a service's sequence, void numbers included."""
        chain = Chain()
        numbers = [int(place.name) for place in (self.directory / service).glob("[0-9]*")]
        voids = {int(place.name): place for place in (self.directory / service / "void").glob("[0-9]*")}
        last = max([*numbers, *voids], default=0)
        if last in voids:
            found = self._void(voids[last])
            chain = chain.after(last, found.manifest_sha256)
        elif last:
            files = only_delivery(self.directory / service / f"{last:08d}")
            chain = chain.after(last, sha256(files.manifest_bytes()))
        return chain

    def _again(self, data: bytes, manifest: Manifest) -> Taken | None:
        """Return the stored receipt if exactly this delivery was received before."""
        place = self._place(manifest)
        if place.is_dir():
            files = only_delivery(place)
            if files.manifest_bytes() == data:
                return Taken(manifest, _stored(place, files.name, "received"))
        return None

    def _receive(
        self, source: DeliveryFiles, data: bytes, signature: bytes, manifest: Manifest, now: datetime
    ) -> Taken:
        made = receipt.issue("received", data, manifest, self._signer, now, self._trail_head)
        self._keep(source, data, signature, manifest, self._place(manifest), made)
        return Taken(manifest, made)

    def _keep(
        self,
        source: DeliveryFiles,
        data: bytes,
        signature: bytes,
        manifest: Manifest,
        final: Path,
        made: SignedReceipt | None,
    ) -> None:
        """Copy a delivery into the inbox and check the sealed file on the way (3)."""
        if final.exists():  # waiting already
            return
        stamp = cms.read(source, signature)
        with durable.building(final) as partial:
            files = DeliveryFiles(partial, manifest.name)
            receive_sealed_of(source, manifest, files.sealed)
            durable.put(files.manifest, data)
            durable.put(files.signature, signature)
            if stamp is not None:
                durable.put(files.time_stamp, stamp)
            if made:
                _write_receipt(partial, made)

    def _follow(self, service: str, now: datetime) -> None:
        """Receive the deliveries that waited for the number that has just arrived."""
        while True:
            last = self.chain(service).last
            for stale in (self.directory / service / "waiting").glob("[0-9]*"):
                if int(stale.name) <= last:
                    durable.discard(stale)
            waiting = self.directory / service / "waiting" / f"{last + 1:08d}"
            if not waiting.is_dir():
                return
            files = only_delivery(waiting)
            data, signature = files.manifest_bytes(), files.signature_bytes()
            manifest = read(data)
            try:
                self.chain(service).check_next(manifest)
                self._receive(files, data, signature, manifest, now)
            except Refused:
                # It has no receipt yet, so nothing is lost: the sender is told when it sends it again.
                self._keep_conflict(data, signature, manifest)
            durable.discard(waiting)

    def _waits_otherwise(self, data: bytes, manifest: Manifest) -> bool:
        """Whether another delivery waits under the same number."""
        waiting = self._waiting(manifest)
        return waiting.is_dir() and only_delivery(waiting).manifest_bytes() != data

    def _keep_conflict(self, data: bytes, signature: bytes, manifest: Manifest) -> None:
        conflicts = self.directory / manifest.service / "conflicts"
        final = conflicts / f"{manifest.sequence:08d}-{sha256(data)[:16]}"
        if not final.exists():
            with durable.building(final) as partial:
                durable.put(partial / f"{manifest.name}.json", data)
                durable.put(partial / f"{manifest.name}.json.p7s", signature)

    # --- opening: steps 5 to 8 ---------------------------------------------------------------------------

    def open(
        self,
        service: str,
        number: int,
        keys: Sequence[Decrypter],
        now: datetime,
        commit: Callable[[Path, tuple[FileFacts, ...]], Mapping[str, int]] | None = None,
    ) -> Opened:
        """Open a received delivery; opening it again returns the stored result.

        Deliveries are opened in order: `Refused` with `sequence_gap` while the previous number is neither
        opened, refused nor void. `commit` gets the data package before the delivery is accepted; it returns
        the number of rejected rows by reason, without the rows that opening has set aside. After a power cut
        between `commit` and the receipt, `commit` is called again for the same delivery: it must recognise by
        service and number what it has committed.
        """
        place = self.directory / service / f"{number:08d}"
        if not place.is_dir():
            raise Misused("not_found", f"{service} {number}")
        with durable.alone(self.directory / service):
            durable.sweep(place)
            files = only_delivery(place)
            data = files.manifest_bytes()
            manifest = read(data)
            if settled := self._settled(manifest, files):
                return settled
            if not self._is_settled(service, number - 1):
                raise Refused("sequence_gap", f"{service} {number - 1}")
            agreement = self.terms.version(manifest.agreement, manifest.agreement_version)
            tables = tables_of(service, self.terms.policy)
            try:
                with durable.building(place / "opened") as partial:
                    inside = partial / "data"
                    durable.make_directory(inside)
                    facts = unpack(files.sealed, manifest, agreement, tables, keys, now, inside)
                    durable.flush_directory(inside)
                    rejected = Counter(commit(inside, facts) if commit else {})
                    data_files = [fact for fact in facts if not fact.table.accompanies]
                    for fact in data_files:
                        rejected.update(fact.set_aside)
                    rows = sum(fact.rows for fact in data_files) - rejected.total()
                    made = receipt.issue(
                        "accepted",
                        data,
                        manifest,
                        self._signer,
                        now,
                        self._trail_head,
                        rows_taken=rows,
                        rows_rejected=rejected,
                    )
                    _write_receipt(partial, made)
            except Refused as refusal:
                return self._refuse(files, data, manifest, refusal, now)
            return Opened(manifest, made, place / "opened" / "data", facts)

    def _refuse(
        self, files: DeliveryFiles, data: bytes, manifest: Manifest, refusal: Refused, now: datetime
    ) -> Opened:
        made = receipt.issue("refused", data, manifest, self._signer, now, self._trail_head, refusal=refusal)
        with durable.building(files.directory / "refused") as partial:
            _write_receipt(partial, made)
        return Opened(manifest, made, None, refusal=refusal)

    def _settled(self, manifest: Manifest, files: DeliveryFiles) -> Opened | None:
        opened, refused = files.directory / "opened", files.directory / "refused"
        if opened.is_dir():
            return Opened(manifest, _stored(opened, files.name, "accepted"), opened / "data")
        if refused.is_dir():
            stored = _stored(refused, files.name, "refused")
            return Opened(manifest, stored, None, refusal=Refused(stored.receipt.code))
        return None

    def _is_settled(self, service: str, number: int) -> bool:
        place = self.directory / service
        return (
            number == 0
            or (place / "void" / f"{number:08d}").is_dir()
            or any((place / f"{number:08d}" / state).is_dir() for state in ("opened", "refused"))
        )

    def unopened(self, service: str) -> list[int]:
        """Return the numbers that were received and not yet opened or refused."""
        numbers = sorted(int(place.name) for place in (self.directory / service).glob("[0-9]*"))
        return [number for number in numbers if not self._is_settled(service, number)]

    # --- void numbers ------------------------------------------------------------------------------------

    def check_void(self, void: Void) -> None:
        """Refuse a void statement unless its number is the counterpart's next one and has not arrived."""
        if void.sender != self.terms.counterpart:
            raise Refused("void_unproved", f"{void.sender} {void.service} {void.sequence}")
        expected = self.chain(void.service).last + 1
        if void.sequence != expected:
            raise Refused("void_unproved", f"{void.service} {void.sequence}: {expected}")

    def declare_void(self, data: bytes, signatures: Mapping[str, bytes], now: datetime) -> Void:
        """Keep the statement of both parties that the next number will never arrive; then go on after it.

        Deliveries that waited for this number are received. The same statement again changes nothing.
        """
        void = sequence.read_void(data, signatures, self.terms, now)
        place = self.directory / void.service
        with durable.alone(place):
            sequence.take_void(place, void, data, signatures, self.check_void)
            self._follow(void.service, now)
        return void

    def _void(self, place: Path) -> Void:
        data = (place / "void.json").read_bytes()
        signatures = {
            party: (place / f"void.json.{party}.p7s").read_bytes() for party in self.terms.agreement.parties
        }
        # It was verified when it was received; certificates may have expired since.
        declared = sequence.declared(data)
        return sequence.read_void(data, signatures, self.terms, declared)

    def receipts(self, service: str, number: int) -> list[SignedReceipt]:
        """Return the stored receipts of a number."""
        place = self.directory / service / f"{number:08d}"
        if not place.is_dir():
            raise Misused("not_found", f"{service} {number}")
        return _given(place)

    def _place(self, manifest: Manifest) -> Path:
        return self.directory / manifest.service / f"{manifest.sequence:08d}"

    def _waiting(self, manifest: Manifest) -> Path:
        return self.directory / manifest.service / "waiting" / f"{manifest.sequence:08d}"


def given_receipts(service: Path, since: datetime) -> list[SignedReceipt]:
    """Return the receipts issued since that time in a service's directory of an inbox, by number."""
    found: list[SignedReceipt] = []
    for place in sorted(service.glob("[0-9]*"), reverse=True):
        given = _given(place)
        found[:0] = recent = [each for each in given if each.receipt.issued >= since]
        # Receipts are issued in the order of the numbers: no earlier number has a newer receipt than a number
        # that is opened or refused.
        if not recent and len(given) > 1:
            break
    return found


def _given(place: Path) -> list[SignedReceipt]:
    name = only_delivery(place).name
    found = [_stored(place, name, "received")]
    for state, folder in (("accepted", "opened"), ("refused", "refused")):
        if (place / folder).is_dir():
            found.append(_stored(place / folder, name, state))
    return found


def receive_sealed_of(source: DeliveryFiles, manifest: Manifest, target: Path | None = None) -> None:
    """(3) Check the sealed file; copy it durably if there is a target."""
    try:
        file = source.sealed.open("rb", buffering=0)
    except (FileNotFoundError, IsADirectoryError):
        raise Refused("sealed_missing", source.sealed.name) from None
    with file:
        if target is None:
            receive_sealed(file, manifest)
            return
        with durable.disk_errors():
            copy = target.open("xb", buffering=0)
        with copy:
            receive_sealed(file, manifest, copy)
            durable.flush(copy)


def _write_receipt(directory: Path, made: SignedReceipt) -> None:
    durable.put(directory / f"{made.receipt.name}.json", made.data)
    durable.put(directory / f"{made.receipt.name}.json.p7s", made.signature)


def _stored(directory: Path, name: str, state: str) -> SignedReceipt:
    data = (directory / f"{name}.{state}.json").read_bytes()
    return SignedReceipt(receipt.read(data), data, (directory / f"{name}.{state}.json.p7s").read_bytes())
