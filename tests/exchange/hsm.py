"""Keys in a token: SoftHSM, used through PKCS#11 with OpenSC's `pkcs11-tool`.

Debian: softhsm2, opensc. The private keys are created in the token and never leave it.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec

from exchange.outside import missing

_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
PIN = "123456"


@dataclass(frozen=True)
class Token:
    """One token in its own directory."""

    directory: Path

    def run(self, *arguments: object) -> None:
        """Run pkcs11-tool, logged in."""
        command = ["pkcs11-tool", "--module", module(), "--login", "--pin", PIN]
        environment = {**os.environ, "SOFTHSM2_CONF": str(self.directory / "conf")}
        ran = subprocess.run(
            [*command, *map(str, arguments)], env=environment, capture_output=True, check=False
        )
        assert ran.returncode == 0, ran.stderr.decode()

    def make(self, number: str, usage: str) -> ec.EllipticCurvePublicKey:
        """Make a P-256 key and return its public half."""
        self.run("--keypairgen", "--key-type", "EC:prime256v1", "--id", number, usage)
        public = self.directory / f"{number}.pub"
        self.run("--read-object", "--type", "pubkey", "--id", number, "--output-file", public)
        return form.load_der_public_key(public.read_bytes())

    def use(self, number: str, operation: str, mechanism: str, data: bytes, *more: str) -> bytes:
        """Let the token use a key."""
        source, target = self.directory / "in", self.directory / "out"
        source.write_bytes(data)
        target.unlink(missing_ok=True)
        files = ("--input-file", source, "--output-file", target)
        self.run(f"--{operation}", "--mechanism", mechanism, "--id", number, *files, *more)
        return target.read_bytes()


def module() -> str:
    """Return where SoftHSM's library is."""
    return next(path for path in _MODULES if Path(path).exists())


def a_token(directory: Path) -> Token:
    """Set up a token."""
    if shutil.which("pkcs11-tool") is None or not any(Path(path).exists() for path in _MODULES):
        missing("Debian's softhsm2 and opensc")
    (directory / "tokens").mkdir(parents=True)
    (directory / "conf").write_text(f"directories.tokendir = {directory}/tokens\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(directory / "conf")}
    pins = ["--so-pin", "12345678", "--pin", PIN]
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "renkei", *pins],
        env=environment,
        check=True,
        capture_output=True,
    )
    return Token(directory)


@dataclass(frozen=True)
class TokenSigner:
    """A `renkei.exchange.certificates.Signer` with its key in the token."""

    token: Token
    certificate: x509.Certificate

    def sign(self, data: bytes) -> bytes:
        digest = sha256(data).digest()
        return self.token.use("01", "sign", "ECDSA", digest, "--signature-format", "openssl")


@dataclass(frozen=True)
class TokenDecrypter:
    """A `renkei.exchange.certificates.Decrypter` with its key in the token."""

    token: Token
    certificate: x509.Certificate

    def decrypt(self, wrapped: bytes) -> bytes:
        raise AssertionError("this key is on a curve")

    def agree(self, point: bytes) -> bytes:
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        encoded = other.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
        return self.token.use("02", "derive", "ECDH1-DERIVE", encoded)
