"""Keys and certificates of the profile: the two families allowed, and what a key must be able to do."""

from typing import Final, Literal, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from renkei.exchange.errors import CmsError

LEAST_RSA_BITS: Final = 3072
MOST_RSA_BITS: Final = 8192


class Signer(Protocol):
    """A signing key with its certificate: a file, or whatever stands for a token (decision 0008)."""

    @property
    def certificate(self) -> x509.Certificate: ...  # noqa: D102
    def sign(self, data: bytes) -> bytes:
        """Sign with RSASSA-PSS (SHA-256, 32-byte salt) or ECDSA (SHA-256), as the certificate's key is."""


class Decrypter(Protocol):
    """A decryption key with its certificate: a file, or whatever stands for a token (decision 0008)."""

    @property
    def certificate(self) -> x509.Certificate: ...  # noqa: D102
    def decrypt(self, wrapped: bytes) -> bytes:
        """RSAES-OAEP with SHA-256."""

    def agree(self, point: bytes) -> bytes:
        """ECDH on P-256 with an uncompressed point."""


PSS_PADDING = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
OAEP_PADDING = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


def key_family(certificate: x509.Certificate) -> Literal["rsa", "p256"]:
    """Say which of the two allowed families a certificate's key is of; `CmsError` for anything else."""
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
    """SHA-256 of the certificate, in hexadecimal: what the agreement pins."""
    return certificate.fingerprint(hashes.SHA256()).hex()
