"""Independent readers: `openssl` and a small Java program with BouncyCastle.

`make test` installs them (tools/setup.sh) and sets `RENKEI_OUTSIDE=required`. Without that, tests that need
a missing program are skipped with a message.
"""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.hazmat.primitives import serialization as form

from renkei.exchange.cover_sheet import FONTS
from renkei.exchange.keys import FileDecrypter, FileSigner

_JARS = [Path("/usr/share/java") / f"{name}.jar" for name in ("bcpkix", "bcprov", "bcutil")]
_SOURCE = Path(__file__).parent / "OutsideReader.java"


SIGN = ("cms", "-sign", "-binary", "-cades", "-nosmimecap", "-outform", "DER")
ENCRYPT = ("cms", "-encrypt", "-binary", "-outform", "DER")
VERIFY = ("cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any")


def openssl(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run openssl."""
    command = ["openssl", *(str(each) for each in arguments)]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert not check or ran.returncode == 0, ran.stderr.decode()
    return ran


def text_of_pdf(page: bytes) -> str:
    """Read the text of a page as any PDF reader does, from its embedded font."""
    if shutil.which("pdftotext") is None:
        missing("Debian's poppler-utils")
    if not any(Path(path).is_file() for path in FONTS):
        missing("Debian's fonts-ipaexfont-gothic")
    command = ["pdftotext", "-layout", "-", "-"]
    return subprocess.run(command, input=page, capture_output=True, check=True).stdout.decode()


def missing(what: str) -> NoReturn:
    """Skip a test because a program is missing, or fail it if the program is required."""
    if os.environ.get("RENKEI_OUTSIDE") == "required":
        pytest.fail(f"needs {what}")
    pytest.skip(f"needs {what}")


@cache
def _compiled(target: Path) -> Path:
    classpath = ":".join(map(str, _JARS))
    subprocess.run(["javac", "-cp", classpath, "-d", target, _SOURCE], check=True, capture_output=True)
    return target


def bouncy_castle(target: Path, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run the Java reader, compiled once into the target directory."""
    if shutil.which("javac") is None or not all(jar.exists() for jar in _JARS):
        missing("javac and Debian's libbcpkix-java")
    classpath = ":".join([str(_compiled(target)), *map(str, _JARS)])
    command = ["java", "-cp", classpath, "OutsideReader", *(str(each) for each in arguments)]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert not check or ran.returncode == 0, ran.stderr.decode()
    return ran


def write_pem(directory: Path, name: str, pair: FileSigner | FileDecrypter) -> None:
    """Write a certificate and its key as openssl wants them."""
    plain = form.NoEncryption()
    key = pair.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain)
    (directory / f"{name}.key").write_bytes(key)
    (directory / f"{name}.crt").write_bytes(pair.certificate.public_bytes(form.Encoding.PEM))
