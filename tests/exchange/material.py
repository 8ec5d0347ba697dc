"""Make the certificates of the tests, with `authority()`; the keys are never committed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from renkei.exchange.keys import FileDecrypter, FileSigner, PrivateKey

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
YEAR = timedelta(days=365)


@cache
def rsa_key(number: int = 0, bits: int = 3072) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def p256_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass(frozen=True)
class Authority:
    """Issues certificates and revocation lists."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(
        self,
        common: str,
        key: Any,
        *,
        starts: datetime = NOW - YEAR,
        ends: datetime = NOW + YEAR,
        usage: str = "digital_signature",
    ) -> x509.Certificate:
        return _certificate(common, key.public_key(), self.certificate.subject, self.key, starts, ends, usage)

    def revoke(self, *certificates: x509.Certificate, at: datetime = NOW) -> x509.CertificateRevocationList:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at - timedelta(hours=1))
            .next_update(at + timedelta(days=7))
        )
        for certificate in certificates:
            entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(at - timedelta(hours=1)).build())
        return builder.sign(self.key, hashes.SHA256())


def _certificate(
    common: str,
    public: Any,
    issuer: x509.Name,
    by: PrivateKey,
    starts: datetime,
    ends: datetime,
    usage: str,
) -> x509.Certificate:
    names = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    allowed = usage.split()
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints("key_cert_sign" in allowed, None), critical=True)
        .add_extension(x509.KeyUsage(**{name: name in allowed for name in names}), critical=True)
        .sign(by, hashes.SHA256())
    )


def authority(common: str = "認証局") -> Authority:
    key = p256_key()
    usage = "key_cert_sign crl_sign"
    name = _name(common)
    return Authority(
        key, _certificate(common, key.public_key(), name, key, NOW - YEAR, NOW + 5 * YEAR, usage)
    )


def self_signed(common: str, key: Any) -> x509.Certificate:
    name = _name(common)
    return _certificate(common, key.public_key(), name, key, NOW - YEAR, NOW + YEAR, "digital_signature")


def a_signer(
    common: str = "signer", by: Authority | None = None, family: str = "p256", **dates: Any
) -> FileSigner:
    key: PrivateKey = rsa_key() if family == "rsa" else p256_key()
    return FileSigner(key, (by or authority()).issue(common, key, **dates))


def a_decrypter(
    common: str = "decrypter", by: Authority | None = None, family: str = "p256", **dates: Any
) -> FileDecrypter:
    key: PrivateKey = rsa_key(1) if family == "rsa" else p256_key()
    usage = "key_encipherment" if family == "rsa" else "key_agreement"
    return FileDecrypter(key, (by or authority()).issue(common, key, usage=usage, **dates))
