"""Read deliveries: the list with gaps in the numbers, and one delivery with its proofs.

Nothing is decrypted here. Signatures are verified, which needs none of our private keys.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import F, QuerySet, Window
from django.db.models.functions import Lag

from renkei.exchange import cms, receipt
from renkei.exchange.errors import CmsError, ExchangeError
from renkei.exchange.files import DeliveryFiles, only_delivery
from renkei.exchange.manifest import Manifest, read
from renkei.exchange.receipt import Receipt
from renkei.exchange.trust import Terms
from renkei.node.deliveries import keystore
from renkei.node.deliveries.models import Delivery

#: The states of receipts and the folders in which inbox and outbox keep them beside the delivery.
_RECEIPTS = (
    ("received", "."),
    ("received", "received"),
    ("accepted", "opened"),
    ("accepted", "accepted"),
    ("refused", "refused"),
)


@dataclass(frozen=True, slots=True)
class Proof:
    """A signed document of a delivery: its manifest or a receipt; `fault` is blank if it is valid."""

    state: str
    signed_at: datetime | None
    fault: str
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing numbers, `first` to `last`; `void`: both parties have declared that they will never come."""

    first: int
    last: int
    void: bool


def listed(direction: str = "", service: str = "") -> QuerySet[Delivery]:
    """Return the deliveries, the newest first, each with `previous`: the number before it in its sequence."""
    numbered = Delivery.objects.annotate(
        previous=Window(
            Lag("sequence", default=0),
            partition_by=[F("direction"), F("service")],
            order_by=F("sequence").asc(),
        )
    )
    wanted = {name: text for name, text in (("direction", direction), ("service", service)) if text}
    return numbered.filter(**wanted).order_by("-business_day", "-id")


def gap_before(delivery: Delivery) -> Gap | None:
    """Return the numbers missing before one of `listed`."""
    first, last = delivery.previous + 1, delivery.sequence - 1  # type: ignore[attr-defined]
    if first > last:
        return None
    void = _box(delivery.direction) / delivery.service / "void"
    return Gap(first, last, all((void / f"{number:08d}").is_dir() for number in range(first, last + 1)))


def waiting() -> Iterator[tuple[str, int]]:
    """Yield service and number of deliveries that came before their predecessors and are not answered yet."""
    for place in sorted(_box(Delivery.Direction.IN).glob("*/waiting/[0-9]*")):
        yield place.parents[1].name, int(place.name)


def files_of(delivery: Delivery) -> DeliveryFiles:
    """Return the sealed files of a delivery. Raises ExchangeError if they are not there."""
    return only_delivery(_box(delivery.direction) / delivery.service / f"{delivery.sequence:08d}")


def proofs(delivery: Delivery) -> list[Proof]:
    """Verify manifest and receipts as of the time of each signature; empty if nothing is sealed yet."""
    try:
        files = files_of(delivery)
    except ExchangeError:
        return []
    terms = keystore.home().terms()
    data = files.manifest_bytes()
    manifest = read(data)
    return [_manifest(files, data, manifest, terms), *_receipts(files, data, manifest, terms)]


def papers(files: DeliveryFiles) -> Iterator[tuple[str, Path]]:
    """Yield what proves a delivery, by name: sealed file, manifest, signature, time-stamp and receipts."""
    for path in (files.manifest, files.signature, files.time_stamp, files.sealed):
        if path.is_file():
            yield path.name, path
    for _, path in _receipt_files(files):
        yield path.name, path
        yield f"{path.name}.p7s", path.with_name(f"{path.name}.p7s")


def _box(direction: str) -> Path:
    return settings.NODE.exchange / ("outbox" if direction == Delivery.Direction.OUT else "inbox")


def _receipt_files(files: DeliveryFiles) -> Iterator[tuple[str, Path]]:
    for state, folder in _RECEIPTS:
        path = files.directory / folder / f"{files.name}.{state}.json"
        if path.is_file():
            yield state, path


def _manifest(files: DeliveryFiles, data: bytes, manifest: Manifest, terms: Terms) -> Proof:
    try:
        signature = files.signature_bytes()
        at = cms.verify(signature, data).signed_at
        agreement = terms.version(manifest.agreement, manifest.agreement_version)
        terms.check_signed(data, signature, manifest.sender, at, agreement)
    except CmsError:
        return Proof("sealed", None, "signature_wrong")
    except ExchangeError as fault:
        return Proof("sealed", None, fault.code)
    return Proof("sealed", at, "")


def _receipts(files: DeliveryFiles, data: bytes, manifest: Manifest, terms: Terms) -> Iterator[Proof]:
    for state, path in _receipt_files(files):
        try:
            content, signature = path.read_bytes(), path.with_name(f"{path.name}.p7s").read_bytes()
            at = cms.verify(signature, content).signed_at
            found = receipt.verify(content, signature, data, manifest, terms, at).receipt
        except (CmsError, OSError):
            yield Proof(state, None, "signature_wrong")
        except ExchangeError as fault:
            yield Proof(state, None, fault.code)
        else:
            yield Proof(state, at, "", found)
