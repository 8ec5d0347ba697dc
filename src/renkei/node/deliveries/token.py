"""Signing and decryption keys in a token behind PKCS#11 (decision 0008), named by `[token]` of renkei.toml.

    [token]
    module = "/usr/lib/softhsm/libsofthsm2.so"    the vendor's library
    label = "renkei"                              the token
    signing = ["sign-2026"]                       labels of its key pairs; several during a rollover
    decryption = ["open-2026"]

The PIN comes only from RENKEI_TOKEN_PIN. A private key never leaves the token. Its certificate is in the key
ring like any other, and the agreement file says which certificates are pinned. RSA keys sign (PSS); P-256
keys sign and decrypt. RSA keys do not decrypt, because no token was found that supports OAEP with SHA-256.
The TLS key is in a file.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from pkcs11 import KDF, MGF, Attribute, KeyType, Mechanism, ObjectClass, PKCS11Error, TokenFlag

from renkei.exchange.certificates import Decrypter, Signer, fingerprint
from renkei.exchange.errors import CmsError, Misused
from renkei.exchange.home import Home

#: One session at a time: login and logout apply to the whole process, so another thread could log us out.
_ALONE: Final = threading.Lock()
_PSS: Final = (Mechanism.SHA256, MGF.SHA256, 32)
_P256_POINT: Final = b"\x04\x41"  # some modules wrap a point in an OCTET STRING, some do not
#: After a wrong PIN nothing more is tried, so that the timer does not lock the token. A person logs in once.
_CARE: Final = TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """A signing key in the token; implements `renkei.exchange.certificates.Signer`."""

    label: str
    certificate: x509.Certificate

    def sign(self, data: bytes) -> bytes:
        """Sign as the profile says for the key's family. Raises Misused if the token fails."""
        with _session() as session:
            key = _private(session, self.label, "sign")
            if isinstance(self.certificate.public_key(), rsa.RSAPublicKey):
                return bytes(key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=_PSS))
            pair = bytes(key.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA))
        half = len(pair) // 2
        return encode_dss_signature(int.from_bytes(pair[:half]), int.from_bytes(pair[half:]))


@dataclass(frozen=True, slots=True)
class TokenDecrypter:
    """A P-256 decryption key in the token; implements `renkei.exchange.certificates.Decrypter`."""

    label: str
    certificate: x509.Certificate

    def decrypt(self, wrapped: bytes) -> bytes:
        """Always raises CmsError: RSA keys in a token are not used for decryption."""
        raise CmsError("recipient")

    def agree(self, point: bytes) -> bytes:
        """ECDH on P-256. Raises Misused if the token fails."""
        with _session() as session:
            secret = _private(session, self.label, "derive_key").derive_key(
                KeyType.GENERIC_SECRET,
                256,
                mechanism=Mechanism.ECDH1_DERIVE,
                mechanism_param=(KDF.NULL, None, point),
                # The shared secret unwraps one delivery's key in this process; the token stores nothing.
                template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True, Attribute.TOKEN: False},
            )
            return bytes(secret[Attribute.VALUE])


def signer(home: Home, now: datetime) -> Signer:
    """Return the token's signing key that is pinned now; of several, the one that expires last.

    Raises Misused: `key_missing` if there is none, `key_unreadable` if the token cannot be opened.
    """
    for certificate in _pinned(home, "signing", now):
        if (label := held(certificate, settings.NODE.token.signing)) is not None:
            return TokenSigner(label, certificate)
    raise Misused("key_missing", "token, signing")


def decrypters(home: Home, now: datetime) -> list[Decrypter]:
    """Return the token's decryption keys that are pinned now. Raises Misused if it cannot be opened."""
    return [
        TokenDecrypter(label, certificate)
        for certificate in _pinned(home, "decryption", now)
        if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
        and (label := held(certificate, settings.NODE.token.decryption)) is not None
    ]


def held(certificate: x509.Certificate, labels: tuple[str, ...]) -> str | None:
    """Return the label of the token's key pair that a certificate belongs to, or None.

    Raises Misused if the token cannot be opened, or has no public key for a label.
    """
    with _session() as session:
        for label in labels:
            if _is_for(certificate, _find(session, ObjectClass.PUBLIC_KEY, label)):
                return label
    return None


def _pinned(home: Home, use: str, now: datetime) -> Iterator[x509.Certificate]:
    """Yield our stored certificates that are pinned for a use, the one that expires last first."""
    terms = home.terms()
    at_hand = {fingerprint(each): each for each in terms.certificates}
    pins = terms.agreement.current(terms.party, use, now)
    yield from (at_hand[pin.sha256] for pin in pins if pin.sha256 in at_hand)


@contextmanager
def _session() -> Iterator[Any]:
    """Log in for one operation. Raises Misused, which names only the token and the class of the fault."""
    named = settings.NODE.token
    try:
        with _ALONE:
            found = pkcs11.lib(named.module).get_token(token_label=named.label)
            if found.flags & _CARE:
                raise Misused("key_unreadable", f"token {named.label}: WrongPinBefore")
            with found.open(user_pin=settings.TOKEN_PIN) as session:
                yield session
    except PKCS11Error as fault:
        raise Misused("key_unreadable", f"token {named.label}: {type(fault).__name__}") from None


def _find(session: Any, kind: ObjectClass, label: str) -> Any:
    try:
        return session.get_key(object_class=kind, label=label)
    except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned):
        raise Misused("key_missing", f"token {settings.NODE.token.label}: {label}") from None


def _private(session: Any, label: str, able: str) -> Any:
    """Find a private key whose attributes allow an operation: CKA_SIGN, CKA_DERIVE."""
    key = _find(session, ObjectClass.PRIVATE_KEY, label)
    if not hasattr(key, able):
        named = f"token {settings.NODE.token.label}: {label}"
        raise Misused("key_unreadable", f"{named} (CKA_{able.partition('_')[0].upper()})")
    return key


def _is_for(certificate: x509.Certificate, public: Any) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and public.key_type == KeyType.RSA:
        return int.from_bytes(public[Attribute.MODULUS]) == key.public_numbers().n
    if isinstance(key, ec.EllipticCurvePublicKey) and public.key_type == KeyType.EC:
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return bytes(public[Attribute.EC_POINT]) in (point, _P256_POINT + point)
    return False
