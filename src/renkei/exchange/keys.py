"""Keys and certificates as files: separate keys for TLS, signing and decryption, encrypted at rest.

A key ring is a directory. Each of our keys has its own directory `USE/NNNN/`, numbered in the order of
creation. It contains `key.pem` (PKCS#8, PBES2: scrypt and AES-256), `request.pem` and, once issued,
`certificate.pem`. `others/` contains the certificates of the counterpart and of the issuers by fingerprint,
`revoked/` the revocation lists. The agreement file decides which of them are valid, not this module.
"""

import base64
import functools
import os
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from renkei.exchange import durable
from renkei.exchange.certificates import LEAST_RSA_BITS, OAEP_PADDING, PSS_PADDING, fingerprint, key_family
from renkei.exchange.der import OCTETS, SEQUENCE, der, integer, oid
from renkei.exchange.errors import CmsError, Misused

Use = Literal["tls", "signing", "decryption"]
Family = Literal["rsa", "p256"]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

USES: Final[tuple[Use, ...]] = get_args(Use)
ALARM_DAYS: Final = (60, 30, 14, 7)
_SCRYPT: Final = (2**13, 8, 10)  # N, r, p: OWASP's values for 8 MiB; a command stays below 64 MiB
_LEAST_PASSPHRASE: Final = 12


@dataclass(frozen=True, slots=True)
class FileSigner:
    """A signing key read from a file."""

    key: PrivateKey
    certificate: x509.Certificate

    def sign(self, data: bytes) -> bytes:
        """Sign with the profile's algorithm for the key's family."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, PSS_PADDING, hashes.SHA256())
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class FileDecrypter:
    """A decryption key read from a file."""

    key: PrivateKey
    certificate: x509.Certificate

    def decrypt(self, wrapped: bytes) -> bytes:
        """RSAES-OAEP with SHA-256."""
        if not isinstance(self.key, rsa.RSAPrivateKey):
            raise CmsError("recipient")
        return self.key.decrypt(wrapped, OAEP_PADDING)

    def agree(self, point: bytes) -> bytes:
        """ECDH on P-256."""
        if not isinstance(self.key, ec.EllipticCurvePrivateKey):
            raise CmsError("recipient")
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return self.key.exchange(ec.ECDH(), public)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One of our keys on disk."""

    use: Use
    number: int
    directory: Path
    certificate: x509.Certificate | None

    @property
    def sha256(self) -> str:
        """The certificate's fingerprint; blank if there is no certificate yet."""
        return fingerprint(self.certificate) if self.certificate else ""


def spoken(digest: str) -> str:
    """Write a fingerprint in groups of four characters, to read out over the telephone."""
    return " ".join(digest[place : place + 4].upper() for place in range(0, len(digest), 4))


def due_alarm(certificate: x509.Certificate, now: datetime) -> int | None:
    """Return the current alarm (60, 30, 14 or 7 days before the end; 0: expired), or None."""
    left = certificate.not_valid_after_utc - now
    if left < timedelta(0):
        return 0
    return min((days for days in ALARM_DAYS if left <= timedelta(days=days)), default=None)


class KeyRing:
    """A directory of keys and certificates."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make(self, use: Use, family: Family, passphrase: bytes) -> KeyEntry:
        """Make a key and encrypt it with the passphrase (12 bytes or more)."""
        if len(passphrase) < _LEAST_PASSPHRASE:
            raise Misused("key_unreadable", "passphrase: at least 12 characters")
        encrypted = _encrypted(_generate(family), passphrase)
        with durable.alone(self.directory):
            number = max((entry.number for entry in self.own(use)), default=0) + 1
            place = self.directory / use / f"{number:04d}"
            with durable.building(place) as partial:
                durable.put(partial / "key.pem", encrypted)
        return KeyEntry(use, number, place, None)

    def own(self, use: Use) -> list[KeyEntry]:
        """Return our keys of one use, oldest first."""
        places = sorted((self.directory / use).glob("[0-9]*"))
        return [
            KeyEntry(use, int(place.name), place, _certificate(place / "certificate.pem")) for place in places
        ]

    def request(self, entry: KeyEntry, party: str, organisation: str, passphrase: bytes) -> bytes:
        """Write and return a signing request (PKCS#10, PEM) for a key."""
        key = _private(entry, passphrase)
        usage, extended = _USAGES[entry.use]
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                x509.NameAttribute(NameOID.COMMON_NAME, f"renkei {party} {entry.use} {entry.number:04d}"),
            ]
        )
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        builder = builder.add_extension(_key_usage(usage(key)), critical=True)
        if extended:
            builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
        pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        durable.write(entry.directory / "request.pem", pem)
        return pem

    def import_certificate(self, data: bytes) -> KeyEntry | str:
        """Store a certificate (PEM or DER): with our key if it belongs to one, else in `others/`.

        Returns our key, or the fingerprint. Raises `Misused` if the certificate cannot be used at all.
        """
        certificate = read_certificate(data)
        for use in USES:
            for entry in self.own(use):
                if _is_for(certificate, entry):
                    if entry.certificate and entry.certificate != certificate:
                        raise Misused("exists", str(entry.number))
                    durable.write(entry.directory / "certificate.pem", _pem(certificate))
                    return KeyEntry(use, entry.number, entry.directory, certificate)
        durable.make_directory(self.directory / "others")
        durable.write(self.directory / "others" / f"{fingerprint(certificate)}.pem", _pem(certificate))
        return fingerprint(certificate)

    def import_revocations(self, data: bytes) -> x509.CertificateRevocationList:
        """Store a revocation list (PEM or DER); the agreement file decides whether its issuer is valid."""
        try:
            loader = x509.load_pem_x509_crl if data.startswith(b"-----") else x509.load_der_x509_crl
            crl = loader(data)
            issuer = hashes.Hash(hashes.SHA256())
            issuer.update(crl.issuer.public_bytes())
        except ValueError:
            raise Misused("certificate_wrong") from None
        durable.make_directory(self.directory / "revoked")
        durable.write(self.directory / "revoked" / f"{issuer.finalize().hex()[:16]}.crl", data)
        return crl

    def certificates(self) -> Iterator[x509.Certificate]:
        """Yield every stored certificate, ours and others'."""
        for use in USES:
            yield from (entry.certificate for entry in self.own(use) if entry.certificate)
        for path in sorted((self.directory / "others").glob("[!.]*.pem")):
            yield read_certificate(path.read_bytes())

    def certificate(self, sha256: str) -> x509.Certificate:
        """Return the certificate with that fingerprint; `Misused` if it is not stored."""
        for certificate in self.certificates():
            if fingerprint(certificate) == sha256:
                return certificate
        raise Misused("key_missing", spoken(sha256)[:19])

    def revocations(self) -> list[x509.CertificateRevocationList]:
        """Return the stored revocation lists."""
        found = []
        for path in sorted((self.directory / "revoked").glob("[!.]*.crl")):
            data = path.read_bytes()
            loader = x509.load_pem_x509_crl if data.startswith(b"-----") else x509.load_der_x509_crl
            found.append(loader(data))
        return found

    def signer(self, sha256: str, passphrase: bytes) -> FileSigner:
        """Return the signing key with that certificate."""
        entry = self._certified("signing", sha256)
        return FileSigner(_private(entry, passphrase), self.certificate(sha256))

    def unlock(self, entry: KeyEntry, passphrase: bytes) -> None:
        """Check that one of our keys can be unlocked; `Misused` with `key_unreadable` otherwise."""
        _private(entry, passphrase)

    def decrypters(self, allowed: set[str], passphrase: bytes) -> list[FileDecrypter]:
        """Return the decryption keys whose certificates are allowed, newest first."""
        entries = [entry for entry in self.own("decryption") if entry.sha256 in allowed]
        return [
            FileDecrypter(_private(entry, passphrase), entry.certificate)
            for entry in reversed(entries)
            if entry.certificate
        ]

    def _certified(self, use: Use, sha256: str) -> KeyEntry:
        for entry in self.own(use):
            if entry.sha256 == sha256:
                return entry
        raise Misused("key_missing", spoken(sha256)[:19])


def read_certificate(data: bytes) -> x509.Certificate:
    """Read a certificate of an allowed key family, PEM or DER; `Misused` otherwise."""
    try:
        loader = x509.load_pem_x509_certificate if b"-----" in data[:64] else x509.load_der_x509_certificate
        certificate = loader(data)
        key_family(certificate)
    except (ValueError, CmsError):
        raise Misused("certificate_wrong") from None
    return certificate


def _certificate(path: Path) -> x509.Certificate | None:
    return read_certificate(path.read_bytes()) if path.exists() else None


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _generate(family: Family) -> PrivateKey:
    if family == "rsa":
        return rsa.generate_private_key(65537, LEAST_RSA_BITS)
    return ec.generate_private_key(ec.SECP256R1())


def _encrypted(key: PrivateKey, passphrase: bytes) -> bytes:
    """Return PKCS#8 with PBES2 and scrypt: `cryptography` itself uses 2,048 rounds of PBKDF2, too few."""
    plain = key.private_bytes(serialization.Encoding.DER, PrivateFormat.PKCS8, serialization.NoEncryption())
    salt, vector = os.urandom(16), os.urandom(16)
    cipher = Cipher(
        algorithms.AES256(Scrypt(salt, 32, *_SCRYPT).derive(passphrase)), modes.CBC(vector)
    ).encryptor()
    padder = PKCS7(128).padder()
    padded = padder.update(plain) + padder.finalize()
    kdf = der(
        SEQUENCE, oid("1.3.6.1.4.1.11591.4.11"), der(SEQUENCE, der(OCTETS, salt), *map(integer, _SCRYPT))
    )
    aes = der(SEQUENCE, oid("2.16.840.1.101.3.4.1.42"), der(OCTETS, vector))
    scheme = der(SEQUENCE, oid("1.2.840.113549.1.5.13"), der(SEQUENCE, kdf, aes))
    sealed = der(SEQUENCE, scheme, der(OCTETS, cipher.update(padded) + cipher.finalize()))
    lines = "\n".join(textwrap.wrap(base64.b64encode(sealed).decode(), 64))
    label = "ENCRYPTED PRIVATE KEY"
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()


def _private(entry: KeyEntry, passphrase: bytes) -> PrivateKey:
    try:
        key = _unlocked((entry.directory / "key.pem").read_bytes(), passphrase)
    except (OSError, ValueError, TypeError):  # TypeError: the key is not encrypted, which is not allowed
        raise Misused("key_unreadable", f"{entry.use} {entry.number:04d}") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Misused("key_unreadable", f"{entry.use} {entry.number:04d}")
    return key


@functools.lru_cache(maxsize=16)
def _unlocked(pem: bytes, passphrase: bytes) -> object:
    """Unlock a key once per process: scrypt is slow by design, and a receipt should not wait for it.

    A process that serves has the passphrase in memory anyway, so keeping the key there reveals nothing more.
    """
    return serialization.load_pem_private_key(pem, passphrase)


def _is_for(certificate: x509.Certificate, entry: KeyEntry) -> bool:
    request = entry.directory / "request.pem"
    if not request.exists():
        return False
    asked = x509.load_pem_x509_csr(request.read_bytes())
    return asked.public_key() == certificate.public_key()


def _key_usage(names: set[str]) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in names for name in _KEY_USAGES})


_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _wraps_keys(key: PrivateKey) -> set[str]:
    return {"key_encipherment"} if isinstance(key, rsa.RSAPrivateKey) else {"key_agreement"}


def _signs(key: PrivateKey) -> set[str]:
    return {"digital_signature"}


_USAGES = {
    "tls": (_signs, [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
    "signing": (_signs, []),
    "decryption": (_wraps_keys, []),
}
