"""One party's directory, where everything it needs to take part lies: no node, no database.

    party                       `mhlw` or `isa`
    agreement/NNNN/             each version of the agreement file with both signatures
    keys/                       keys and certificates (`renkei.exchange.keys`)
    outbox/ inbox/              what was sent and what came (`outbox`, `inbox`)

All of it but `keys/` is evidence and can be verified without `keys/`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.exchange import agreement_file, durable
from renkei.exchange.agreement_file import AgreementFile
from renkei.exchange.certificates import fingerprint
from renkei.exchange.errors import Misused
from renkei.exchange.inbox import Inbox
from renkei.exchange.keys import FileDecrypter, FileSigner, KeyRing
from renkei.exchange.manifest import FIRST_PREVIOUS
from renkei.exchange.outbox import Outbox
from renkei.exchange.trust import Terms, check_certificate

NO_TRAIL: Final = FIRST_PREVIOUS  # a directory alone keeps no audit trail; a node names its head here
_AGREEMENT: Final = "agreement.json"


class Home:
    """A party's directory. `policy` is what was decided under clause 8(2): seals and openings follow it."""

    def __init__(self, directory: Path, policy: Policy = DEFAULT_POLICY) -> None:
        self.directory = directory
        self.policy = policy
        self.keys = KeyRing(directory / "keys")

    @property
    def party(self) -> str:
        """Whose directory it is; `Misused` before that was said."""
        try:
            return (self.directory / "party").read_text("utf-8").strip()
        except FileNotFoundError:
            raise Misused("not_found", f"{self.directory.name}/party") from None

    def settle(self, party: str) -> None:
        """Say whose directory it is; saying otherwise later is refused."""
        path = self.directory / "party"
        if path.exists():
            if self.party != party:
                raise Misused("exists", self.party)
            return
        durable.make_directory(self.directory)
        durable.write(path, f"{party}\n".encode())

    def agreements(self) -> tuple[AgreementFile, ...]:
        """Return every version that was adopted, oldest first, each verified anew."""
        found: list[AgreementFile] = []
        for place in sorted((self.directory / "agreement").glob("[0-9]*")):
            data, signatures = read_agreement(place / _AGREEMENT)
            found.append(agreement_file.verify(data, signatures, found[-1] if found else None))
        if not found:
            raise Misused("not_found", f"{self.directory.name}/agreement")
        return tuple(found)

    def adopt(self, data: bytes, signatures: Mapping[str, bytes]) -> AgreementFile:
        """Put a version into force here: the first one, or one that the version in force vouches for."""
        versions = self.directory / "agreement"
        with durable.alone(versions):
            durable.sweep(versions)
            before = self.agreements()[-1] if any(versions.glob("[0-9]*")) else None
            agreement = agreement_file.verify(data, signatures, before)
            if self.party not in agreement.parties:
                raise Misused("agreement_unsigned", self.party)
            with durable.building(versions / f"{agreement.version:04d}") as partial:
                durable.put(partial / _AGREEMENT, data)
                for party, signature in signatures.items():
                    durable.put(partial / f"{_AGREEMENT}.{party}.p7s", signature)
        return agreement

    def terms(self) -> Terms:
        """Return what this party judges by."""
        return Terms(
            self.party,
            self.agreements(),
            tuple(self.keys.certificates()),
            tuple(self.keys.revocations()),
            self.policy,
        )

    def outbox(self) -> Outbox:
        """Return what this party sent."""
        return Outbox(self.directory / "outbox", self.terms())

    def inbox(self, signer: FileSigner) -> Inbox:
        """Return what came to this party."""
        return Inbox(self.directory / "inbox", self.terms(), signer, NO_TRAIL)

    def signer(self, passphrase: bytes, now: datetime, agreement: AgreementFile | None = None) -> FileSigner:
        """Return the signing key to use: of those at hand that are pinned now, the one that ends last."""
        agreement = agreement or self.agreements()[-1]
        held = {entry.sha256 for entry in self.keys.own("signing")}
        for pin in agreement.current(self.party, "signing", now):
            if pin.sha256 in held:
                return self.keys.signer(pin.sha256, passphrase)
        raise Misused("key_missing", "signing")

    def decrypters(self, passphrase: bytes, now: datetime, but: Collection[str] = ()) -> list[FileDecrypter]:
        """Return the decryption keys that may still be used, `but` those held elsewhere, by fingerprint."""
        agreements = self.agreements()
        allowed = {
            pin.sha256 for agreement in agreements for pin in agreement.current(self.party, "decryption", now)
        }
        return self.keys.decrypters(allowed.difference(but), passphrase)

    def recipient(self, now: datetime) -> x509.Certificate:
        """Return the counterpart's certificate to seal for: of those at hand, the one that ends last."""
        terms = self.terms()
        at_hand = {fingerprint(certificate): certificate for certificate in terms.certificates}
        for pin in terms.agreement.current(terms.counterpart, "decryption", now):
            if pin.sha256 in at_hand:
                certificate = at_hand[pin.sha256]
                check_certificate(certificate, terms.counterpart, "decryption", terms.agreement, now)
                return certificate
        raise Misused("key_missing", f"{terms.counterpart} decryption")


def read_agreement(path: Path) -> tuple[bytes, dict[str, bytes]]:
    """Read an agreement file and the signatures beside it."""
    try:
        data = path.read_bytes()
    except OSError:
        raise Misused("not_found", path.name) from None
    found = sorted(path.parent.glob(f"{path.name}.*.p7s"))
    return data, {
        each.name.removeprefix(f"{path.name}.").removesuffix(".p7s"): each.read_bytes() for each in found
    }
