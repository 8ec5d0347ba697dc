"""TLS between the nodes: only version 1.3, and only the counterpart's pinned certificates."""

import functools
import hashlib
import ssl
import tempfile
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from renkei.exchange.certificates import fingerprint
from renkei.exchange.errors import Misused
from renkei.exchange.home import Home


def context(home: Home, now: datetime, *, server: bool) -> ssl.SSLContext:
    """Return a context that presents our certificate and accepts only the counterpart's.

    Raises `Misused` with `key_missing` if a certificate is not stored here.
    """
    terms = home.terms()
    pinned = _pinned(home, terms.counterpart, now)
    key, certificate = _own(home, terms.party, now)
    return _context(
        server,
        "".join(map(_pem, pinned)),
        _pem(certificate),
        key,
        hashlib.sha256(key.read_bytes()).digest(),
        settings.KEY_PASSPHRASE,
    )


@functools.lru_cache(maxsize=4)
def _context(
    server: bool, pinned: str, certificate: str, key: Path, _digest: bytes, passphrase: bytes
) -> ssl.SSLContext:
    """Cache the context while certificates and key stay the same: unlocking the key (scrypt) is slow."""
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    found.minimum_version = ssl.TLSVersion.TLSv1_3
    found.check_hostname = False  # the certificate itself is pinned, whatever its address
    found.verify_mode = ssl.CERT_REQUIRED
    # Trust only the pinned certificates loaded here, not their issuer.
    found.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    found.load_verify_locations(cadata=pinned)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        # The ssl module reads only from a file. A certificate is not secret.
        file.write(certificate)
        file.flush()
        found.load_cert_chain(file.name, key, passphrase)
    return found


def is_pinned(der: bytes | None, home: Home, now: datetime) -> bool:
    """Whether a peer's certificate is the counterpart's and currently pinned; checked for every request."""
    if not der:
        return False
    terms = home.terms()
    digest = fingerprint(x509.load_der_x509_certificate(der))
    return digest in {pin.sha256 for pin in terms.agreement.current(terms.counterpart, "tls", now)}


def _pinned(home: Home, party: str, now: datetime) -> list[x509.Certificate]:
    terms = home.terms()
    wanted = {pin.sha256 for pin in terms.agreement.current(party, "tls", now)}
    found = [each for each in terms.certificates if fingerprint(each) in wanted]
    if not found:
        raise Misused("key_missing", f"{party} tls")
    return found


def _own(home: Home, party: str, now: datetime) -> tuple[Path, x509.Certificate]:
    wanted = [pin.sha256 for pin in home.terms().agreement.current(party, "tls", now)]
    for entry in home.keys.own("tls"):
        if entry.certificate and entry.sha256 in wanted:
            return entry.directory / "key.pem", entry.certificate
    raise Misused("key_missing", f"{party} tls")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
