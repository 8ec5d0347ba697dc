"""The backup key: kept outside the node, since what it opens must be opened when the node is gone."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from renkei.exchange.keys import FileDecrypter, read_certificate
from renkei.node.errors import RestoreRefused


def read_key(key: Path, certificate: Path, passphrase: bytes) -> FileDecrypter:
    """Read an encrypted private key (PEM, PKCS#8; P-256 or RSA of 3072 bits) and its certificate.

    Raises `RestoreRefused` where the passphrase does not unlock it or the two do not belong together.
    """
    found = read_certificate(certificate.read_bytes())
    try:
        private = load_pem_private_key(key.read_bytes(), passphrase)
    except (ValueError, TypeError):  # TypeError: it is not encrypted
        private = None
    if isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) and (
        private.public_key() == found.public_key()
    ):
        return FileDecrypter(private, found)
    raise RestoreRefused(
        "The key cannot be unlocked, is not encrypted, or is not that of the certificate. "
        "See the passphrase, and which key the backup was sealed for.",
        "鍵を開けられないか、鍵が暗号化されていないか、証明書の鍵ではありません。"
        "パスフレーズと、バックアップに使った証明書を確認してください。",
    )
