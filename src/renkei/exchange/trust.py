"""Check certificates, and the terms that a party judges by.

A certificate is accepted if it is pinned for that party and use, valid, of the right key usage, and not
revoked. `Terms` has what a party needs to judge deliveries in both directions: its own code, the agreement,
certificates, revocation lists, and the decisions under clause 8(2) of both offices.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.exchange.agreement_file import AgreementFile
from renkei.exchange.certificates import fingerprint
from renkei.exchange.cms import Signature, verify
from renkei.exchange.errors import CmsError, CmsReason, Refused

_SIGNATURE_CODES: dict[CmsReason, str] = {
    "weak": "signature_weak",
    "signers": "signature_not_one",
    "digest": "signature_wrong",
    "signature": "signature_wrong",
}


def check_signed(
    content: bytes,
    signature: bytes,
    party: str,
    agreement: AgreementFile,
    revocations: Sequence[x509.CertificateRevocationList],
    issuers: Sequence[x509.Certificate],
    at: datetime,
) -> Signature:
    """Return the signature if exactly one signer signed, with a certificate accepted at that time.

    `issuers` are known certificates that may have issued revocation lists; only pinned ones are used. Raises
    `Refused` with a code of step 2.
    """
    try:
        found = verify(signature, content)
    except CmsError as fault:
        raise Refused(_SIGNATURE_CODES.get(fault.reason, "signature_unreadable")) from None
    check_certificate(found.certificate, party, "signing", agreement, at)
    check_revocation(found.certificate, party, agreement, revocations, issuers, at)
    return found


def check_certificate(
    certificate: x509.Certificate, party: str, use: str, agreement: AgreementFile, at: datetime
) -> None:
    """Refuse a certificate that is not pinned for the party and use, or not valid at that time."""
    pin = agreement.pin(fingerprint(certificate), party, use)
    if pin is None or not _fits(certificate, use):
        raise Refused("signer_not_pinned")
    if at < max(pin.starts, certificate.not_valid_before_utc) - agreement.clock_skew:
        raise Refused("certificate_not_yet_valid")
    if at > min(pin.ends, certificate.not_valid_after_utc) + agreement.clock_skew:
        raise Refused("certificate_expired")


def _fits(certificate: x509.Certificate, use: str) -> bool:
    """Whether the certificate's key usage allows the use; without the extension every use is allowed."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    if use == "decryption":
        return usage.key_encipherment or usage.key_agreement
    return usage.digital_signature


def check_revocation(
    certificate: x509.Certificate,
    party: str,
    agreement: AgreementFile,
    revocations: Sequence[x509.CertificateRevocationList],
    issuers: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    """Refuse a certificate revoked by that time or, if lists are agreed, one without a list of that time."""
    pinned = [issuer for issuer in issuers if agreement.pin(fingerprint(issuer), party, "issuer")]
    lists = [crl for crl in revocations if any(_issued(crl, certificate, issuer) for issuer in pinned)]
    for crl in lists:
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None and entry.revocation_date_utc <= at + agreement.clock_skew:
            raise Refused("certificate_revoked")
    if agreement.revocation_lists and not any(_covers(crl, at, agreement) for crl in lists):
        raise Refused("revocation_list_missing")


def _covers(crl: x509.CertificateRevocationList, at: datetime, agreement: AgreementFile) -> bool:
    """Whether the list's next update was not due yet at that time. Earlier times are covered as well."""
    return crl.next_update_utc is not None and at <= crl.next_update_utc + agreement.clock_skew


def _issued(
    crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    if not crl.issuer == certificate.issuer == issuer.subject:
        return False
    key = issuer.public_key()
    algorithm = crl.signature_hash_algorithm
    if not isinstance(algorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(crl.signature, crl.tbs_certlist_bytes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):  # authorities still sign revocation lists with PKCS#1 v1.5
            key.verify(crl.signature, crl.tbs_certlist_bytes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Terms:
    """What a party judges by. `agreements`: the known versions, the one in force last."""

    party: str
    agreements: tuple[AgreementFile, ...]
    certificates: Sequence[x509.Certificate] = ()
    revocations: Sequence[x509.CertificateRevocationList] = field(default=())
    policy: Policy = DEFAULT_POLICY

    @property
    def agreement(self) -> AgreementFile:
        """The version in force."""
        return self.agreements[-1]

    @property
    def counterpart(self) -> str:
        """The other party."""
        return self.agreement.other(self.party)

    def version(self, agreement: str, number: int) -> AgreementFile:
        """Return the version under which a delivery was made; `Refused` if it is unknown."""
        for known in self.agreements:
            if (known.agreement, known.version) == (agreement, number):
                return known
        raise Refused("agreement_unknown", f"{agreement} {number}")

    def check_signed(
        self, content: bytes, signature: bytes, party: str, at: datetime, under: AgreementFile | None = None
    ) -> Signature:
        """Return the signature if the party's pinned certificate made it; see `trust.check_signed`."""
        terms = under or self.agreement
        return check_signed(content, signature, party, terms, self.revocations, self.certificates, at)
