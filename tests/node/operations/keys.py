"""A backup key of the test's own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from renkei.exchange.keys import FileDecrypter
from renkei.node.operations.restore import read_key

PASSPHRASE = b"a passphrase for tests"


@dataclass(frozen=True)
class BackupKey:
    """Where a backup key, its certificate and its passphrase lie."""

    private: Path
    certificate: Path
    passphrase: Path

    def read(self) -> FileDecrypter:
        return read_key(self.private, self.certificate, PASSPHRASE)


def make(directory: Path, number: int | None = None) -> BackupKey:
    """Make a backup key as docs/operations.md does with `openssl req -x509`.

    With a number, always the same key under the same name and serial number: it opens what was sealed for it
    before, and protects nothing.
    """
    made = BackupKey(directory / "backup.key", directory / "backup.pem", directory / "passphrase")
    curve = ec.SECP256R1()
    key = ec.derive_private_key(number, curve) if number else ec.generate_private_key(curve)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "renkei-backup")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(number or x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    encrypted = serialization.BestAvailableEncryption(PASSPHRASE)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    made.private.write_bytes(key.private_bytes(pem, pkcs8, encrypted))
    made.certificate.write_bytes(certificate.public_bytes(pem))
    made.passphrase.touch(0o600)
    made.passphrase.write_bytes(PASSPHRASE + b"\n")
    return made
