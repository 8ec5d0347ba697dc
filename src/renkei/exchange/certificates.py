"""Keys and certificates of the profile: the two allowed key families, and the operations of a key."""

from typing import Final, Literal, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from renkei.exchange.errors import CmsError

LEAST_RSA_BITS: Final = 3072
MOST_RSA_BITS: Final = 8192


class Signer(Protocol):
    """A signing key with its certificate, in a file or in a token (decision 0008)."""

    @property
    def certificate(self) -> x509.Certificate: ...  # noqa: D102
    def sign(self, data: bytes) -> bytes:
        """Sign with RSASSA-PSS (SHA-256, 32-byte salt) or ECDSA (SHA-256), according to the key's family."""


class Decrypter(Protocol):
    """A decryption key with its certificate, in a file or in a token (decision 0008)."""

    @property
    def certificate(self) -> x509.Certificate: ...  # noqa: D102
    def decrypt(self, wrapped: bytes) -> bytes:
        """RSAES-OAEP with SHA-256."""

    def agree(self, point: bytes) -> bytes:
        """ECDH on P-256 with an uncompressed point."""


PSS_PADDING = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
OAEP_PADDING = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


def key_family(certificate: x509.Certificate) -> Literal["rsa", "p256"]:
    """Return the family of a certificate's key; `CmsError` if it is neither of the two allowed ones."""
    try:
        key = certificate.public_key()
    except Exception:
        raise CmsError("weak") from None
    if isinstance(key, rsa.RSAPublicKey) and LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS:
        return "rsa"
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "p256"
    raise CmsError("weak")


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, in hexadecimal; the agreement file pins certificates by it."""
    return certificate.fingerprint(hashes.SHA256()).hex()
