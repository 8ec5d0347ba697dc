"""The files of one delivery in a directory: found by their names; small files are read whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from renkei.exchange import durable
from renkei.exchange.errors import Refused
from renkei.exchange.manifest import MOST_BYTES

_NOT_MANIFESTS = (".received.json", ".accepted.json", ".refused.json", ".media.json", ".void.json")
_MOST_SIGNATURE = 64 * 1024


@dataclass(frozen=True, slots=True)
class DeliveryFiles:
    """The directory of a delivery, and the name that its files share."""

    directory: Path
    name: str

    @property
    def manifest(self) -> Path:  # noqa: D102
        return self.directory / f"{self.name}.json"

    @property
    def signature(self) -> Path:  # noqa: D102
        return self.directory / f"{self.name}.json.p7s"

    @property
    def sealed(self) -> Path:  # noqa: D102
        return self.directory / f"{self.name}.cms"

    @property
    def erased(self) -> Path:
        """The mark that replaces a sealed file after its retention period (`erase_sealed`)."""
        return self.directory / f"{self.name}.cms.erased"

    @property
    def time_stamp(self) -> Path:
        """The optional RFC 3161 time-stamp (`renkei.exchange.cms`)."""
        return self.directory / f"{self.name}.json.tsr"

    def manifest_bytes(self) -> bytes:
        """Read the manifest, at most one byte more than allowed; `Refused` if it is missing."""
        return read_small(self.manifest, MOST_BYTES, "manifest_missing")

    def signature_bytes(self) -> bytes:
        """Read the signature in the same way."""
        return read_small(self.signature, _MOST_SIGNATURE, "signature_missing")

    def erase_sealed(self) -> None:
        """Erase the sealed file. Manifest, signature and receipts stay, so the chain can still be verified.

        A mark distinguishes an erased file from a lost one.
        """
        durable.write(self.erased, b"")
        self.sealed.unlink(missing_ok=True)
        durable.flush_directory(self.directory)


def read_small(path: Path, most: int, missing: str) -> bytes:
    """Read a small file, at most one byte more than allowed; `Refused` with the code if it is missing."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise Refused(missing, path.name) from None


def deliveries_in(directory: Path) -> Iterator[DeliveryFiles]:
    """Yield every delivery of a directory that has a manifest, ordered by name."""
    for path in sorted(directory.glob("*.json")):
        if not path.name.endswith(_NOT_MANIFESTS) and not path.name.startswith("."):
            yield DeliveryFiles(directory, path.name.removesuffix(".json"))


def only_delivery(directory: Path) -> DeliveryFiles:
    """Return the only delivery of a directory; `Refused` if there is none or more than one."""
    found = list(deliveries_in(directory))
    if len(found) != 1:
        raise Refused("manifest_missing", f"{directory.name}: {len(found)}")
    return found[0]
