"""Two nodes for the demonstration and for tests, with keys, a test certification authority and an agreement.

They must carry only synthetic data: the authority's key is discarded, and nobody vouches for it.
"""

import atexit
import errno
import json
import secrets
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from renkei.agreement.parties import PARTIES
from renkei.exchange import agreement_file
from renkei.exchange.agreement_file import ALGORITHMS
from renkei.exchange.certificates import fingerprint
from renkei.exchange.home import Home
from renkei.exchange.keys import FileSigner, Use
from renkei.node.config import FILE

_USES: Final[tuple[Use, ...]] = ("tls", "signing", "decryption")
_YEAR: Final = timedelta(days=365)
#: Below the ephemeral ports of Linux (from 32768), one of which an outgoing connection might take first.
_PORTS: Final = range(20_000, 32_000)
_AT_ONCE: Final = 100  # ports for each process


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Both nodes' directories by party, the passphrase of their keys, and the ports of either.

    `ports` are the carriers', `consoles` the consoles'.
    """

    nodes: Mapping[str, Path]
    passphrase: bytes
    ports: Mapping[str, int]
    consoles: Mapping[str, int]

    def environment(self, party: str) -> dict[str, str]:
        """Return what a process of that node needs in its environment."""
        return {"RENKEI_NODE": str(self.nodes[party]), "RENKEI_KEY_PASSPHRASE": self.passphrase.decode()}


def rehearse(
    directory: Path,
    now: datetime,
    databases: Mapping[str, str] | None = None,
    valid_for: timedelta = _YEAR,
) -> Rehearsal:
    """Create two nodes that know each other in a directory, each ready to `migrate`.

    Certificates and pins end `valid_for` after `now`.
    """
    passphrase = secrets.token_urlsafe(18).encode()
    free = free_ports(2 * len(PARTIES))
    ports, consoles = (dict(zip(PARTIES, free[place::2], strict=True)) for place in (0, 1))
    nodes = {party: directory / party for party in PARTIES}
    homes = {party: Home(node / "exchange") for party, node in nodes.items()}
    authority = _Authority(now, now + valid_for)
    pins: list[dict[str, Any]] = []
    for party, home in homes.items():
        nodes[party].mkdir(parents=True)
        home.settle(party)
    for party, home in homes.items():
        for use in _USES:
            entry = home.keys.make(use, "p256", passphrase)
            request = home.keys.request(entry, party, "Rehearsal", passphrase)
            certificate = authority.certify(request)
            for each in homes.values():
                each.keys.import_certificate(certificate.public_bytes(serialization.Encoding.PEM))
            pins.append(_pin(party, use, certificate))
        pins.append(_pin(party, "issuer", authority.certificate))
        for each in homes.values():
            each.keys.import_certificate(authority.certificate.public_bytes(serialization.Encoding.PEM))
    data = agreement_file.write(_agreement(pins))
    signatures = {
        party: agreement_file.sign(data, party, _signer(home, passphrase), now)
        for party, home in homes.items()
    }
    for home in homes.values():
        home.adopt(data, signatures)
    for party, node in nodes.items():
        _configure(node, party, ports, consoles, (databases or {}).get(party))
    return Rehearsal(nodes, passphrase, ports, consoles)


def _configure(
    node: Path, party: str, ports: Mapping[str, int], consoles: Mapping[str, int], database: str | None
) -> None:
    other = next(code for code in PARTIES if code != party)
    lines = [
        f"party = {json.dumps(party)}",
        *([f"database = {json.dumps(database)}"] if database else []),
        "[carrier]",
        f'listen = "127.0.0.1:{ports[party]}"',
        f'counterpart = "https://127.0.0.1:{ports[other]}"',
        "[console]",
        f'listen = "127.0.0.1:{consoles[party]}"',
    ]
    (node / FILE).write_text("\n".join(lines) + "\n", "utf-8")


def _signer(home: Home, passphrase: bytes) -> FileSigner:
    entry = home.keys.own("signing")[0]
    return home.keys.signer(entry.sha256 or "", passphrase)


def _pin(party: str, use: str, certificate: x509.Certificate) -> dict[str, Any]:
    return {
        "party": party,
        "use": use,
        "sha256": fingerprint(certificate),
        "from": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    }


def _agreement(pins: list[dict[str, Any]]) -> dict[str, Any]:
    both, purposes = sorted(PARTIES), ["labour_market", "residence"]
    return {
        "format": "renkei-agreement/1",
        "agreement": "jp-isa-mhlw-2021-03-18",
        "version": 1,
        "effective_from": "2021-03-22",
        "algorithms": ALGORITHMS,
        "parties": {code: {"ja": party.name_ja, "en": party.name_en} for code, party in PARTIES.items()},
        "services": {
            "annex1": {"senders": ["mhlw"], "purposes": purposes, "kinds": ["data", "empty"]},
            "annex2-3": {"senders": ["isa"], "purposes": purposes, "kinds": ["data", "empty"]},
            "incident": {"senders": both, "purposes": purposes, "kinds": ["incident"]},
            "receipt": {"senders": both, "purposes": purposes, "kinds": ["data"]},
        },
        "limits": {
            "sealed_bytes": 4 * 2**30,
            "unpacked_bytes": 8 * 2**30 - 1,
            "ratio": 100,
            "files": 8,
            "clock_skew_seconds": 300,
            "taken_within_days": 30,
        },
        "calendar": {"closed_days": [], "due_hour": "17:00", "alarm_hour": "18:00"},
        "revocation_lists": False,
        "certificates": pins,
    }


class _Authority:
    """A certification authority that exists only in this process."""

    def __init__(self, now: datetime, until: datetime) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._now, self._until = now, until
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Renkei rehearsal authority")])
        self.certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def certify(self, request: bytes) -> x509.Certificate:
        """Issue the certificate for a signing request, with the extensions that it asks for."""
        asked = x509.load_pem_x509_csr(request)
        builder = self._builder(asked.subject, asked.public_key())
        for extension in asked.extensions:
            builder = builder.add_extension(extension.value, critical=extension.critical)
        return builder.sign(self._key, hashes.SHA256())

    def _builder(self, subject: x509.Name, key: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=1))
            .not_valid_after(self._until)
        )


def free_ports(count: int) -> list[int]:
    """Return different free ports of this machine that no other process gets from here.

    Raises OSError if none is left.
    """
    found: list[int] = []
    for port in islice(_own_ports(), _AT_ONCE):
        if _is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(errno.EADDRINUSE, "no free ports")


@cache
def _own_ports() -> Iterator[int]:
    """Reserve a range of ports for this process and yield them in turn, because they are used only later.

    The first port of the range stays open while the process lives, so that other processes see the claim.
    """
    for first in _PORTS[::_AT_ONCE]:
        try:
            claim = socket.create_server(("127.0.0.1", first))
        except OSError:
            continue
        atexit.register(claim.close)
        return cycle(range(first + 1, first + _AT_ONCE))
    raise OSError(errno.EADDRINUSE, "no free ports")


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
