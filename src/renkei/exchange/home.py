"""One party's directory with everything that it needs for the exchange; no node and no database.

    party                       `mhlw` or `isa`
    agreement/NNNN/             each version of the agreement file with both signatures
    keys/                       keys and certificates (`renkei.exchange.keys`)
    outbox/ inbox/              sent and received deliveries (`outbox`, `inbox`)

Everything except `keys/` is evidence and can be verified without `keys/`.
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

NO_TRAIL: Final = (
    FIRST_PREVIOUS  # a directory alone has no audit trail; a node gives its trail's head instead
)
_AGREEMENT: Final = "agreement.json"


class Home:
    """A party's directory. `policy`: decisions under clause 8(2), which sealing and opening follow."""

    def __init__(self, directory: Path, policy: Policy = DEFAULT_POLICY) -> None:
        self.directory = directory
        self.policy = policy
        self.keys = KeyRing(directory / "keys")

    @property
    def party(self) -> str:
        """The party that owns the directory; `Misused` before `settle`."""
        try:
            return (self.directory / "party").read_text("utf-8").strip()
        except FileNotFoundError:
            raise Misused("not_found", f"{self.directory.name}/party") from None

    def settle(self, party: str) -> None:
        """Set the party that owns the directory; `Misused` with `exists` if it is another party's already."""
        path = self.directory / "party"
        if path.exists():
            if self.party != party:
                raise Misused("exists", self.party)
            return
        durable.make_directory(self.directory)
        durable.write(path, f"{party}\n".encode())

    def agreements(self) -> tuple[AgreementFile, ...]:
        """Return every adopted version, oldest first, each verified again."""
        found: list[AgreementFile] = []
        for place in sorted((self.directory / "agreement").glob("[0-9]*")):
            data, signatures = read_agreement(place / _AGREEMENT)
            found.append(agreement_file.verify(data, signatures, found[-1] if found else None))
        if not found:
            raise Misused("not_found", f"{self.directory.name}/agreement")
        return tuple(found)

    def adopt(self, data: bytes, signatures: Mapping[str, bytes]) -> AgreementFile:
        """Put a version into force: the first one, or one signed with certificates that the last one pins."""
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
        """Return the terms by which this party makes and judges deliveries."""
        return Terms(
            self.party,
            self.agreements(),
            tuple(self.keys.certificates()),
            tuple(self.keys.revocations()),
            self.policy,
        )

    def outbox(self) -> Outbox:
        """Return this party's outbox."""
        return Outbox(self.directory / "outbox", self.terms())

    def inbox(self, signer: FileSigner) -> Inbox:
        """Return this party's inbox; `signer` signs its receipts."""
        return Inbox(self.directory / "inbox", self.terms(), signer, NO_TRAIL)

    def signer(self, passphrase: bytes, now: datetime, agreement: AgreementFile | None = None) -> FileSigner:
        """Return the signing key to use: of our keys that are pinned now, the one whose pin ends last."""
        agreement = agreement or self.agreements()[-1]
        own = {entry.sha256 for entry in self.keys.own("signing")}
        for pin in agreement.current(self.party, "signing", now):
            if pin.sha256 in own:
                return self.keys.signer(pin.sha256, passphrase)
        raise Misused("key_missing", "signing")

    def decrypters(self, passphrase: bytes, now: datetime, but: Collection[str] = ()) -> list[FileDecrypter]:
        """Return the decryption keys that may still be used, except `but`: fingerprints of keys elsewhere."""
        agreements = self.agreements()
        allowed = {
            pin.sha256 for agreement in agreements for pin in agreement.current(self.party, "decryption", now)
        }
        return self.keys.decrypters(allowed.difference(but), passphrase)

    def recipient(self, now: datetime) -> x509.Certificate:
        """Return the counterpart's certificate to seal for: the known one whose pin ends last."""
        terms = self.terms()
        known = {fingerprint(certificate): certificate for certificate in terms.certificates}
        for pin in terms.agreement.current(terms.counterpart, "decryption", now):
            if pin.sha256 in known:
                certificate = known[pin.sha256]
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
