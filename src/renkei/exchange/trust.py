"""Whether a certificate counts: pinned for that party and use, valid, of the right kind, and not revoked."""

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
    """Return the signature if the content is signed by exactly one certificate that counts at that time.

    `issuers` are the certificates at hand that may have issued revocation lists; only pinned ones are used.
    Raises `Refused` with a code of step 2.
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
    """Whether the certificate's own key usage allows the use; one without the extension allows all."""
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
    """Refuse a certificate that was revoked by that time, or, where lists are agreed, has no list of then."""
    pinned = [issuer for issuer in issuers if agreement.pin(fingerprint(issuer), party, "issuer")]
    lists = [crl for crl in revocations if any(_issued(crl, certificate, issuer) for issuer in pinned)]
    for crl in lists:
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None and entry.revocation_date_utc <= at + agreement.clock_skew:
            raise Refused("certificate_revoked")
    if agreement.revocation_lists and not any(_covers(crl, at, agreement) for crl in lists):
        raise Refused("revocation_list_missing")


def _covers(crl: x509.CertificateRevocationList, at: datetime, agreement: AgreementFile) -> bool:
    """Whether a list was still to be replaced at that time. An older time is covered all the more."""
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
        elif isinstance(key, rsa.RSAPublicKey):  # authorities still sign their lists with PKCS#1 v1.5
            key.verify(crl.signature, crl.tbs_certlist_bytes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


# MERGED renkei.exchange.trust: What a party holds when it judges what goes out and comes in: who it is, the agreement, certificates,
# revocations, and the decisions of clause 8(2) that both offices took.


@dataclass(frozen=True, slots=True)
class Terms:
    """`agreements` are the versions still known, the one in force last. `policy`: what 別紙2 discloses."""

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
        """Return the version a delivery was made under; `Refused` where it is not known."""
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
