"""Cryptographic Message Syntax: the small part of RFC 5652, 5083 and 5084 that a delivery uses.

Two structures in one profile; nothing is negotiated:

- detached SignedData: one signer, its certificate inside, RSASSA-PSS with SHA-256 (3072 bits or more) or
  ECDSA P-256 with SHA-256, exactly the four signed attributes of the package format;
- AuthEnvelopedData: one recipient by RSAES-OAEP with SHA-256 or ECDH P-256, AES-256-GCM with a 12-byte
  nonce and a 16-byte tag. Written and read as a stream: the whole content is never in memory.

Renkei writes DER, and BER of indefinite length around the streamed content. It reads DER and BER, because
OpenSSL and BouncyCastle write both. `CmsError` is the only exception for bad bytes, whatever they are.

The optional RFC 3161 time-stamp of a signature is checked as well: it must be a granted time-stamp of exactly
these bytes. The authority's own signature is not verified, because the agreement does not contain its
certificate (decision 0007); those who trust the authority can verify it with `openssl ts -verify`.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from renkei.exchange.certificates import OAEP_PADDING, PSS_PADDING, Decrypter, Signer, key_family
from renkei.exchange.der import (
    BITS,
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OCTETS,
    OID,
    SEQUENCE,
    SET,
    UTC_TIME,
    Stream,
    Value,
    der,
    integer,
    length_octets,
    oid,
    whole,
)
from renkei.exchange.errors import CmsError, Refused
from renkei.exchange.files import DeliveryFiles, read_small
from renkei.exchange.manifest import sha256

# --- the profile -------------------------------------------------------------------------------------------

_NULL_DER = der(NULL)
_DATA = oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = oid("1.2.840.113549.1.7.2")
_AUTH_ENVELOPED = oid("1.2.840.113549.1.9.16.1.23")
_CONTENT_TYPE = oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
_SIGNING_TIME = oid("1.2.840.113549.1.9.5")
_SIGNING_CERTIFICATE = oid("1.2.840.113549.1.9.16.2.47")
_FOUR_ATTRIBUTES = {_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME, _SIGNING_CERTIFICATE}

_SHA256_OID = oid("2.16.840.1.101.3.4.2.1")
# RFC 5754: writers leave the parameters out, readers accept NULL as well.
_SHA256 = (der(SEQUENCE, _SHA256_OID), der(SEQUENCE, _SHA256_OID, _NULL_DER))
_MGF1_OID = oid("1.2.840.113549.1.1.8")
_MGF1 = tuple(der(SEQUENCE, _MGF1_OID, digest) for digest in _SHA256)
_PSS_OID = oid("1.2.840.113549.1.1.10")
_PSS = tuple(
    der(SEQUENCE, _PSS_OID, der(SEQUENCE, der(0xA0, digest), der(0xA1, mgf), der(0xA2, integer(32))))
    for digest in _SHA256
    for mgf in _MGF1
)
_ECDSA = (der(SEQUENCE, oid("1.2.840.10045.4.3.2")),)
_OAEP_OID = oid("1.2.840.113549.1.1.7")
_EMPTY_LABEL = der(0xA2, der(SEQUENCE, oid("1.2.840.113549.1.1.9"), der(OCTETS)))
_OAEP = tuple(
    der(SEQUENCE, _OAEP_OID, der(SEQUENCE, der(0xA0, digest), der(0xA1, mgf), label))
    for label in (b"", _EMPTY_LABEL)  # BouncyCastle writes the default out
    for digest in _SHA256
    for mgf in _MGF1
)
_AES256_GCM = oid("2.16.840.1.101.3.4.1.46")
_AES256_WRAP = der(SEQUENCE, oid("2.16.840.1.101.3.4.1.45"))
_ECDH = der(SEQUENCE, oid("1.3.132.1.11.1"), _AES256_WRAP)  # standard ECDH, X9.63 KDF with SHA-256
_EC_KEY_OID = oid("1.2.840.10045.2.1")
_P256_OID = oid("1.2.840.10045.3.1.7")
_EC_KEY = tuple(der(SEQUENCE, _EC_KEY_OID, end) for end in (b"", _NULL_DER, _P256_OID))
# ECC-CMS-SharedInfo of RFC 5753: the key is for AES-256 key wrap, 256 bits, no user keying material.
_SHARED_INFO = der(SEQUENCE, _AES256_WRAP, der(0xA2, der(OCTETS, (256).to_bytes(4, "big"))))


def _name_and_serial(certificate: x509.Certificate) -> bytes:
    return der(SEQUENCE, certificate.issuer.public_bytes(), integer(certificate.serial_number))


# --- SignedData --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signature:
    """The signer's certificate and the stated time; the caller decides whether the signer is allowed."""

    certificate: x509.Certificate
    signed_at: datetime


def sign(content: bytes, signer: Signer, at: datetime) -> bytes:
    """Return the detached signature of the content, signed at that time, as DER."""
    certificate = signer.certificate
    encoded = certificate.public_bytes(serialization.Encoding.DER)
    attributes = {
        _CONTENT_TYPE: _DATA,
        _MESSAGE_DIGEST: der(OCTETS, hashlib.sha256(content).digest()),
        _SIGNING_TIME: _time(at),
        _SIGNING_CERTIFICATE: _signing_certificate(encoded),
    }
    rows = sorted(der(SEQUENCE, kind, der(SET, value)) for kind, value in attributes.items())
    algorithm = _PSS[0] if key_family(certificate) == "rsa" else _ECDSA[0]
    info = der(
        SEQUENCE,
        integer(1),
        _name_and_serial(certificate),
        _SHA256[0],
        der(0xA0, *rows),
        algorithm,
        der(OCTETS, signer.sign(der(SET, *rows))),
    )
    signed = der(
        SEQUENCE,
        integer(1),
        der(SET, _SHA256[0]),
        der(SEQUENCE, _DATA),
        der(0xA0, encoded),
        der(SET, info),
    )
    return der(SEQUENCE, _SIGNED_DATA, der(0xA0, signed))


def verify(signature: bytes, content: bytes) -> Signature:
    """Verify a detached signature of the content and return the signer and the time.

    The profile or the signature itself fixes every byte: none can change while the signature stays valid.
    Raises `CmsError` for any fault.
    """
    with _one_exception():
        return _verify(signature, content)


def _verify(signature: bytes, content: bytes) -> Signature:
    kind, wrapped = whole(signature).expect(SEQUENCE).only(OID, 0xA0)
    (signed,) = wrapped.only(SEQUENCE)
    parts = signed.parts()
    if kind.raw != _SIGNED_DATA or len(parts) < 4:
        raise CmsError("unreadable")
    if parts[-1].tag == SET and len(parts[-1].parts()) != 1:
        raise CmsError("signers")  # checked first: each signer may bring a certificate
    version, digests, encapsulated, certificates, infos = signed.only(INTEGER, SET, SEQUENCE, 0xA0, SET)
    if version.integer() != 1 or len(certificates.parts()) != 1:
        raise CmsError("unreadable")
    if [part.raw for part in encapsulated.parts()] != [_DATA]:
        raise CmsError("unreadable")
    certificate = x509.load_der_x509_certificate(certificates.content)
    family = key_family(certificate)
    version, issuer, digest, attributes, algorithm, value = infos.only(SEQUENCE)[0].only(
        INTEGER, SEQUENCE, SEQUENCE, 0xA0, SEQUENCE, OCTETS
    )
    if version.integer() != 1 or issuer.raw != _name_and_serial(certificate):
        raise CmsError("unreadable")
    if digest.raw not in _SHA256 or [part.raw for part in digests.parts()] != [digest.raw]:
        raise CmsError("weak")
    if algorithm.raw not in (_PSS if family == "rsa" else _ECDSA):
        raise CmsError("weak")
    signed_at = _attributes(attributes, certificates.content, content)
    try:
        _check(certificate, value.content, der(SET, attributes.content))
    except InvalidSignature:
        raise CmsError("signature") from None
    return Signature(certificate, signed_at)


def _attributes(attributes: Value, certificate: bytes, content: bytes) -> datetime:
    """Check the four signed attributes and return the time of signing."""
    if not attributes.definite:
        raise CmsError("unreadable")
    rows = [row.only(OID, SET) for row in attributes.parts()]
    found = {kind.raw: values.parts() for kind, values in rows}
    if found.keys() != _FOUR_ATTRIBUTES or len(rows) != 4 or any(len(row) != 1 for row in found.values()):
        raise CmsError("unreadable")
    if found[_CONTENT_TYPE][0].raw != _DATA:
        raise CmsError("unreadable")
    if not _is_signing_certificate(found[_SIGNING_CERTIFICATE][0], certificate):
        raise CmsError("signature")
    digest = found[_MESSAGE_DIGEST][0].expect(OCTETS).content
    if not hmac.compare_digest(digest, hashlib.sha256(content).digest()):
        raise CmsError("digest")
    return _read_time(found[_SIGNING_TIME][0])


def _check(certificate: x509.Certificate, signature: bytes, data: bytes) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, PSS_PADDING, hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    else:
        raise CmsError("weak")


def _signing_certificate(certificate: bytes) -> bytes:
    """SigningCertificateV2 of RFC 5035, SHA-256 being its default."""
    digest = der(OCTETS, hashlib.sha256(certificate).digest())
    return der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, digest)))


def _is_signing_certificate(value: Value, certificate: bytes) -> bool:
    """Whether the attribute names this certificate; it may contain the default algorithm or the issuer."""
    (certificates,) = value.expect(SEQUENCE).only(SEQUENCE)
    (named,) = certificates.only(SEQUENCE)
    parts = named.parts()
    if parts and parts[0].raw in _SHA256:
        parts = parts[1:]
    return bool(parts) and parts[0].raw == der(OCTETS, hashlib.sha256(certificate).digest())


def _time(at: datetime) -> bytes:
    at = at.astimezone(UTC)
    if 1950 <= at.year < 2050:  # RFC 5652: UTCTime up to 2049
        return der(UTC_TIME, at.strftime("%y%m%d%H%M%SZ").encode())
    return der(GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").encode())


def _read_time(value: Value) -> datetime:
    text = value.content.decode("ascii")
    if value.tag == UTC_TIME and len(text) == 13:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif value.tag != GENERALIZED_TIME:
        raise CmsError("unreadable")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


# --- AuthEnvelopedData -------------------------------------------------------------------------------------


class Sealer:
    """Encrypts for one recipient: `head()`, then `chunk()` for each piece of the content, then `tail()`."""

    def __init__(self, recipient: x509.Certificate) -> None:
        self._recipient = recipient
        key, nonce = os.urandom(32), os.urandom(12)
        self._info = _recipient_info(recipient, key)
        self._nonce = nonce
        self._gcm = Cipher(algorithms.AES256(key), modes.GCM(nonce)).encryptor()

    def head(self) -> bytes:
        """Return the bytes before the content; the lengths are indefinite, because they are not known yet."""
        cipher = der(SEQUENCE, _AES256_GCM, der(SEQUENCE, der(OCTETS, self._nonce), integer(16)))
        opened = b"\x30\x80" + _AUTH_ENVELOPED + b"\xa0\x80" + b"\x30\x80"
        return opened + integer(0) + der(SET, self._info) + b"\x30\x80" + _DATA + cipher + b"\xa0\x80"

    def chunk(self, plain: bytes) -> bytes:
        """Return the next piece, encrypted: one OCTET STRING."""
        return bytes([OCTETS]) + length_octets(len(plain)) + self._gcm.update(plain) if plain else b""

    def tail(self) -> bytes:
        """Return the bytes after the content, with the authentication tag."""
        self._gcm.finalize()
        end = b"\x00\x00"
        return end * 2 + der(OCTETS, self._gcm.tag) + end * 3


def _recipient_info(recipient: x509.Certificate, key: bytes) -> bytes:
    public, who = recipient.public_key(), _name_and_serial(recipient)
    key_family(recipient)
    if isinstance(public, rsa.RSAPublicKey):
        wrapped = public.encrypt(key, OAEP_PADDING)
        return der(SEQUENCE, integer(0), who, _OAEP[0], der(OCTETS, wrapped))
    assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101 - key_family has checked it
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    point = ephemeral.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    wrapped = aes_key_wrap(_kek(ephemeral.exchange(ec.ECDH(), public)), key)
    originator = der(0xA0, der(0xA1, _EC_KEY[0], der(BITS, b"\x00", point)))
    encrypted = der(SEQUENCE, der(SEQUENCE, who, der(OCTETS, wrapped)))
    return der(0xA1, integer(3), originator, _ECDH, encrypted)


def _kek(secret: bytes) -> bytes:
    return X963KDF(hashes.SHA256(), 32, _SHARED_INFO).derive(secret)


def _unwrap(info: Value, keys: Sequence[Decrypter]) -> tuple[bytes, x509.Certificate]:
    """Return the content key and the recipient's certificate."""
    if info.tag == SEQUENCE:
        version, who, algorithm, wrapped = info.only(INTEGER, SEQUENCE, SEQUENCE, OCTETS)
        if version.integer() != 0:
            raise CmsError("unreadable")
        if algorithm.raw not in _OAEP:
            raise CmsError("weak")
        ours = _ours(who.raw, keys, "rsa")
        key = ours.decrypt(wrapped.content)
    else:
        version, originator, algorithm, encrypted = info.expect(0xA1).only(INTEGER, 0xA0, SEQUENCE, SEQUENCE)
        family, bits = originator.only(0xA1)[0].only(SEQUENCE, BITS)
        who, wrapped = encrypted.only(SEQUENCE)[0].only(SEQUENCE, OCTETS)
        if version.integer() != 3 or bits.content[:1] != b"\x00":
            raise CmsError("unreadable")
        if algorithm.raw != _ECDH or family.raw not in _EC_KEY:
            raise CmsError("weak")
        ours = _ours(who.raw, keys, "p256")
        key = aes_key_unwrap(_kek(ours.agree(bits.content[1:])), wrapped.content)
    if len(key) != 32:
        raise CmsError("weak")
    return key, ours.certificate


def _ours(who: bytes, keys: Sequence[Decrypter], family: str) -> Decrypter:
    for key in keys:
        if _name_and_serial(key.certificate) == who and key_family(key.certificate) == family:
            return key
    raise CmsError("recipient")


class Unsealer:
    """Decrypts as a stream. The content is not authenticated before the last piece was read.

    `read(n)` returns at most n bytes of the sealed file, none at its end; `keys` are our current and earlier
    keys.
    """

    def __init__(self, read: Callable[[int], bytes], keys: Sequence[Decrypter]) -> None:
        self._stream = Stream(read)
        self._read = read
        with _one_exception():
            self._key, self.recipient = self._begin(keys)
            self._nonce = self._content_cipher()

    def _begin(self, keys: Sequence[Decrypter]) -> tuple[bytes, x509.Certificate]:
        stream = self._stream
        stream.enter(SEQUENCE)
        if stream.small().raw != _AUTH_ENVELOPED:
            raise CmsError("unreadable")
        stream.enter(0xA0)
        stream.enter(SEQUENCE)
        if stream.small().integer() != 0:
            raise CmsError("unreadable")
        recipients = stream.small().expect(SET).parts()
        if len(recipients) != 1:
            raise CmsError("recipient")
        return _unwrap(recipients[0], keys)

    def _content_cipher(self) -> bytes:
        self._stream.enter(SEQUENCE)
        if self._stream.small().raw != _DATA:
            raise CmsError("unreadable")
        cipher, parameters = self._stream.small().expect(SEQUENCE).only(OID, SEQUENCE)
        if cipher.raw != _AES256_GCM:
            raise CmsError("weak")
        nonce, tag_length = parameters.only(OCTETS, INTEGER)
        if len(nonce.content) != 12 or tag_length.integer() != 16:
            raise CmsError("weak")
        return nonce.content

    def chunks(self) -> Iterator[bytes]:
        """Yield the content piece by piece; the tag is verified before the iteration ends."""
        with _one_exception():
            gcm = Cipher(algorithms.AES256(self._key), modes.GCM(self._nonce)).decryptor()
            for piece in self._stream.octets():
                yield gcm.update(piece)
            self._stream.leave()
            tag = self._stream.small().expect(OCTETS).content
            for _ in range(3):
                self._stream.leave()
            if len(tag) != 16 or self._read(1):
                raise CmsError("unreadable")
            gcm.finalize_with_tag(tag)


@contextmanager
def _one_exception() -> Iterator[None]:
    """Turn every exception of a parser into `CmsError`; an OSError of the disk stays."""
    try:
        yield
    except (CmsError, OSError, GeneratorExit):
        raise
    except (InvalidTag, InvalidUnwrap):
        raise CmsError("tag") from None
    except Exception:
        raise CmsError("unreadable") from None


# --- time-stamps (RFC 3161) --------------------------------------------------------------------------------

MOST_BYTES: Final = 64 * 1024
_GRANTED: Final = (0, 1)  # granted, granted with modifications
_TST_INFO: Final = oid("1.2.840.113549.1.9.16.1.4")


def check(data: bytes, signature: bytes) -> None:
    """Raise `Refused` (`time_stamp_wrong`) unless this is a granted time-stamp of the signature's SHA-256."""
    try:
        if _imprint(data) != sha256(signature):
            raise CmsError("digest")
    except CmsError:
        raise Refused("time_stamp_wrong") from None


def read(files: DeliveryFiles, signature: bytes) -> bytes | None:
    """Return the checked time-stamp of a delivery, or None if it has none."""
    if not files.time_stamp.is_file():
        return None
    data = read_small(files.time_stamp, MOST_BYTES, "time_stamp_wrong")
    check(data, signature)
    return data


def _imprint(data: bytes) -> str:
    """Return the stamped SHA-256, found in TimeStampResp, ContentInfo, SignedData, TSTInfo."""
    status, token = whole(data).expect(SEQUENCE).only(SEQUENCE, SEQUENCE)
    if not status.parts() or status.parts()[0].integer() not in _GRANTED:
        raise CmsError("unreadable")
    kind, wrapped = token.only(OID, 0xA0)
    (signed,) = wrapped.only(SEQUENCE)
    parts = signed.parts()
    if kind.raw != _SIGNED_DATA or [part.tag for part in parts[:3]] != [INTEGER, SET, SEQUENCE]:
        raise CmsError("unreadable")
    inner, content = parts[2].only(OID, 0xA0)
    (info,) = content.only(OCTETS)
    fields = whole(info.content).expect(SEQUENCE).parts()
    if inner.raw != _TST_INFO or [field.tag for field in fields[:3]] != [INTEGER, OID, SEQUENCE]:
        raise CmsError("unreadable")
    algorithm, digest = fields[2].only(SEQUENCE, OCTETS)
    if algorithm.raw not in _SHA256:
        raise CmsError("weak")
    return digest.content.hex()
