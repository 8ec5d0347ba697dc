"""Two agencies with an agreement: certificates, agreement file, outboxes and inboxes, a day's rows."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from material import NOW, YEAR, Authority, a_decrypter, a_signer, authority

from renkei.exchange import agreement_file
from renkei.exchange.agreement_file import ALGORITHMS, AgreementFile
from renkei.exchange.certificates import fingerprint
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.inbox import Inbox
from renkei.exchange.keys import FileDecrypter, FileSigner
from renkei.exchange.outbox import Made, Order, Outbox
from renkei.exchange.schemas import NOTIFICATIONS_TABLE
from renkei.exchange.trust import Terms

TRAIL = "ab" * 32
HEADER = ",".join(NOTIFICATIONS_TABLE.names) + "\n"


def a_row(number: int = 1, **values: str) -> str:
    """Return one made-up notification in the form of the wire."""
    found = dict.fromkeys(NOTIFICATIONS_TABLE.names, "") | {
        "notification_id": f"N{number:09d}",
        "name": "試験 太郎",
        "status_of_residence": "engineer_humanities",
        "stay_expires_on": "2027-03-31",
        "birth_date": "1990-01-00",
        "sex": "1",
        "nationality": "VNM",
        "card_number": f"AB{number % 10**8:08d}CD",
        "establishment_name": "株式会社試験",
        "employment_start": "2026-04-01",
        "registered_on": "2026-04-01",
    }
    return ",".join((found | values).values()) + "\n"


def a_file(directory: Path, rows: list[str], header: str = HEADER, name: str = "notifications.csv") -> Path:
    path = directory / name
    path.write_text(header + "".join(rows), encoding="utf-8")
    return path


def pin(party: str, use: str, certificate: x509.Certificate, **window: datetime) -> dict[str, Any]:
    starts = window.get("starts", NOW - YEAR)
    ends = window.get("ends", NOW + YEAR)
    return {
        "party": party,
        "use": use,
        "sha256": fingerprint(certificate),
        "from": f"{starts:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
    }


def agreement_json(pins: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    both, purposes = ["isa", "mhlw"], ["residence", "labour_market"]
    found: dict[str, Any] = {
        "format": "renkei-agreement/1",
        "agreement": "jp-isa-mhlw-2021-03-18",
        "version": 1,
        "effective_from": "2021-03-22",
        "algorithms": ALGORITHMS,
        "parties": {
            "isa": {"ja": "出入国在留管理庁", "en": "Immigration Services Agency"},
            "mhlw": {"ja": "厚生労働省", "en": "Ministry of Health, Labour and Welfare"},
        },
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
        "calendar": {"closed_days": ["2026-04-29"], "due_hour": "17:00", "alarm_hour": "18:00"},
        "revocation_lists": False,
        "certificates": pins,
    }
    return found | changes


@dataclass
class Agency:
    """One side."""

    party: str
    signer: FileSigner
    decrypter: FileDecrypter
    home: Path
    terms: Terms = field(init=False)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.home / "outbox", self.terms)

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.home / "inbox", self.terms, self.signer, TRAIL)


@dataclass
class World:
    """Both sides and the authority that issued their certificates."""

    directory: Path
    ca: Authority
    mhlw: Agency
    isa: Agency
    agreement: AgreementFile
    agreement_bytes: bytes

    def agree(self, found: dict[str, Any], *more: x509.Certificate) -> None:
        """Put another agreement file into force on both sides."""
        self.agreement_bytes = agreement_file.write(found)
        self.agreement = agreement_file.read(self.agreement_bytes)
        for side in (self.mhlw, self.isa):
            side.terms = Terms(side.party, (self.agreement,), (self.ca.certificate, *more))

    def revoke(self, *certificates: x509.Certificate) -> None:
        for side in (self.mhlw, self.isa):
            crl = self.ca.revoke(*certificates)
            side.terms = Terms(side.party, side.terms.agreements, side.terms.certificates, (crl,))

    def pins(self, **window: datetime) -> list[dict[str, Any]]:
        return [
            pin(side.party, use, certificate, **window)
            for side in (self.mhlw, self.isa)
            for use, certificate in (
                ("signing", side.signer.certificate),
                ("decryption", side.decrypter.certificate),
                ("issuer", self.ca.certificate),
            )
        ]

    def order(self, **order: Any) -> Order:
        asked = {
            "service": "annex1",
            "purpose": "residence",
            "kind": "data",
            "business_day": date(2026, 4, 1),
            "trail_head": TRAIL,
        }
        return Order(**(asked | order))

    def both(self) -> tuple[FileSigner, x509.Certificate]:
        """Return the signer of Annex 1 and the recipient's certificate."""
        return self.mhlw.signer, self.isa.decrypter.certificate

    def send(self, rows: list[str] | None = None, *, now: datetime = NOW, **order: Any) -> Made:
        """Make the next delivery of Annex 1."""
        rows = [a_row(1), a_row(2)] if rows is None else rows
        if rows:
            order = {"sources": {"notifications": a_file(self.directory, rows)}} | order
        else:
            order = {"sources": {}, "kind": "empty"} | order
        return self.mhlw.outbox.make(self.order(**order), *self.both(), now)

    def deliver(self, made: Made, now: datetime = NOW) -> Any:
        """Receive and open a delivery."""
        taken = self.isa.inbox.take(made.files, now)
        if taken.receipt is None:
            return taken
        return self.isa.inbox.open("annex1", made.manifest.sequence, [self.isa.decrypter], now)


def a_world(directory: Path, family: str = "p256", **window: datetime) -> World:
    ca = authority()
    sides = {}
    for party in ("mhlw", "isa"):
        home = directory / party
        home.mkdir()
        signer = a_signer(f"{party} signing", ca, family, **window)
        decrypter = a_decrypter(f"{party} decryption", ca, family, **window)
        sides[party] = Agency(party, signer, decrypter, home)
    world = World(directory, ca, sides["mhlw"], sides["isa"], None, b"")  # type: ignore[arg-type]
    world.agree(agreement_json(world.pins(**window)))
    return world


def copied(files: DeliveryFiles, directory: Path) -> DeliveryFiles:
    """Copy the three files of a delivery, as by medium or network."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in (files.manifest, files.signature, files.sealed):
        (directory / path.name).write_bytes(path.read_bytes())
    return DeliveryFiles(directory, files.name)


def plain_text_in(directory: Path, word: str = "試験") -> list[Path]:
    """Return every file below a directory that contains the word; no failure may leave one."""
    wanted = word.encode()
    return [path for path in directory.rglob("*") if path.is_file() and wanted in path.read_bytes()]


DAY = timedelta(days=1)
