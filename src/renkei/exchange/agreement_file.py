"""The signed agreement file: everything that two installations must have in common; nothing is negotiated.

Parties, services, algorithms, limits, calendar and pinned certificates, as JSON like a manifest, with one
detached signature of each party beside it: `agreement.json`, `agreement.json.mhlw.p7s`,
`agreement.json.isa.p7s`. The file pins the certificates that may sign it. Nothing else proves the first
version, so its fingerprint is compared over the telephone. Every later version must be signed with
certificates that the version before it pins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from renkei.exchange import certificates, cms
from renkei.exchange.archive import Limits
from renkei.exchange.errors import CmsError, ExchangeError, Misused
from renkei.exchange.manifest import (
    dump,
    load,
    read_day,
    read_digest,
    read_number,
    read_positive,
    read_time,
    read_word,
    sha256,
)

FORMAT: Final = "renkei-agreement/1"
USES: Final = ("tls", "signing", "decryption", "issuer")
# The only profile. The file contains it so that both parties have signed it.
ALGORITHMS: Final[dict[str, Any]] = {
    "content": "AES-256-GCM",
    "digest": "SHA-256",
    "key_transport": ["RSAES-OAEP-SHA-256", "ECDH-P-256-X963-SHA-256-AES-256-wrap"],
    "least_rsa_bits": certificates.LEAST_RSA_BITS,
    "signature": ["RSASSA-PSS-SHA-256", "ECDSA-P-256-SHA-256"],
}


@dataclass(frozen=True, slots=True)
class Pin:
    """One certificate and the period in which it may be used here; its own validity period applies too."""

    party: str
    use: str
    sha256: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Service:
    """What may be sent, by whom and for which purposes of clause 7."""

    senders: tuple[str, ...]
    purposes: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hour by which a delivery is due and the hour of the alarm; working days count unless closed."""

    closed_days: frozenset[date]
    due_hour: time
    alarm_hour: time


@dataclass(frozen=True, slots=True)
class AgreementFile:
    """One version, as both parties signed it. `parties`: code to name in Japanese and in English."""

    agreement: str
    version: int
    effective_from: date
    parties: Mapping[str, tuple[str, str]]
    services: Mapping[str, Service]
    limits: Limits
    clock_skew: timedelta
    taken_within: timedelta
    revocation_lists: bool
    calendar: Calendar
    pins: tuple[Pin, ...]
    sha256: str

    def pin(self, digest: str, party: str, use: str) -> Pin | None:
        """Return the pin of a certificate for that party and use, if there is one."""
        for pin in self.pins:
            if (pin.sha256, pin.party, pin.use) == (digest, party, use):
                return pin
        return None

    def current(self, party: str, use: str, now: datetime) -> list[Pin]:
        """Return the pins that are valid now, the one that ends last first."""
        valid = [
            pin for pin in self.pins if (pin.party, pin.use) == (party, use) and pin.starts <= now <= pin.ends
        ]
        return sorted(valid, key=lambda pin: pin.ends, reverse=True)

    def other(self, party: str) -> str:
        """Return the counterpart of a party."""
        return next(code for code in self.parties if code != party)


def read(data: bytes) -> AgreementFile:
    """Read an agreement file; `Misused` for anything else. Its signatures are not verified."""
    try:
        found = load(data, "agreement_unreadable", most=1024 * 1024)
        return _read(found, sha256(data))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, ExchangeError):
        raise Misused("agreement_unreadable") from None


def _read(found: dict[str, Any], digest: str) -> AgreementFile:
    if found["format"] != FORMAT or found["algorithms"] != ALGORITHMS or len(found["parties"]) != 2:
        raise ValueError
    limits, calendar = found["limits"], found["calendar"]
    agreement = AgreementFile(
        agreement=read_word(found["agreement"]),
        version=read_positive(found["version"]),
        effective_from=read_day(found["effective_from"]),
        parties={
            read_word(code): (str(names["ja"]), str(names["en"])) for code, names in found["parties"].items()
        },
        services={read_word(name): _service(row) for name, row in found["services"].items()},
        limits=Limits(**{name: read_positive(limits[name]) for name in Limits.__slots__}),
        clock_skew=timedelta(seconds=read_number(limits["clock_skew_seconds"])),
        taken_within=timedelta(days=read_positive(limits["taken_within_days"])),
        revocation_lists=_flag(found["revocation_lists"]),
        calendar=Calendar(
            closed_days=frozenset(map(read_day, calendar["closed_days"])),
            due_hour=time.fromisoformat(calendar["due_hour"]),
            alarm_hour=time.fromisoformat(calendar["alarm_hour"]),
        ),
        pins=tuple(_pin(row) for row in found["certificates"]),
        sha256=digest,
    )
    for pin in agreement.pins:
        if pin.party not in agreement.parties or pin.use not in USES or pin.starts >= pin.ends:
            raise ValueError
    return agreement


def _service(row: dict[str, Any]) -> Service:
    return Service(*(tuple(map(read_word, row[name])) for name in ("senders", "purposes", "kinds")))


def _pin(row: dict[str, Any]) -> Pin:
    return Pin(
        read_word(row["party"]),
        read_word(row["use"]),
        read_digest(row["sha256"]),
        read_time(row["from"]),
        read_time(row["until"]),
    )


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def sign(data: bytes, party: str, signer: certificates.Signer, at: datetime) -> bytes:
    """Return a party's signature of the agreement file; `Misused` if its certificate is not pinned there."""
    if not read(data).pin(certificates.fingerprint(signer.certificate), party, "signing"):
        raise Misused("certificate_wrong")
    return cms.sign(data, signer, at)


def verify(
    data: bytes, signatures: Mapping[str, bytes], before: AgreementFile | None = None
) -> AgreementFile:
    """Return the agreement file if both parties signed it with certificates that it pins for signing.

    If `before` is given, that version must pin the signing certificates, and the version number must be the
    next one. Raises `Misused` with `agreement_unsigned`, naming the party whose signature is wrong.
    """
    agreement = read(data)
    if before and (agreement.agreement, agreement.version) != (before.agreement, before.version + 1):
        raise Misused("agreement_unsigned", f"version {agreement.version}")
    for party in agreement.parties:
        try:
            signature = cms.verify(signatures[party], data)
        except (KeyError, CmsError):
            raise Misused("agreement_unsigned", party) from None
        pin = (before or agreement).pin(certificates.fingerprint(signature.certificate), party, "signing")
        if pin is None or not pin.starts <= signature.signed_at <= pin.ends:
            raise Misused("agreement_unsigned", party)
    return agreement


def write(found: dict[str, Any]) -> bytes:
    """Write the JSON that is to be signed, checking that it can be read back."""
    data = dump(found)
    read(data)
    return data
