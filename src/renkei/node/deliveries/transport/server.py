"""The receiving side: uploads by tus 1.0 (core, creation, checksum), and receipts to fetch.

    OPTIONS /uploads/             the version and extensions supported
    POST    /uploads/             create an upload (Upload-Length; Upload-Metadata: filename)
    HEAD    /uploads/ID           the current offset
    PATCH   /uploads/ID           append from the offset
    GET     /receipts/NAME        the receipts given for a delivery, as JSON

Incomplete uploads are durable on disk (`Uploads`), so that an interrupted transfer resumes. When all files of
a delivery are there, the delivery is received before the last request is answered (`Carrier`).
"""

import base64
import binascii
import fcntl
import hashlib
import json
import os
import re
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from renkei.exchange import durable
from renkei.exchange.errors import ExchangeError, Misused, Refused, Unstored
from renkei.exchange.files import DeliveryFiles
from renkei.node.deliveries import incoming, keystore
from renkei.node.deliveries.transport import tls

# --- uploads on disk ----------------------------------------------------------------------------------------

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,80}\.(?:json|json\.p7s|json\.tsr|cms)")
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{32}")
_BLOCK: Final = 256 * 1024
_KEPT_FOR: Final = timedelta(days=2)
_FLUSH_EVERY: Final = 16 * 1024 * 1024


class Misplaced(Exception):
    """The bytes do not start at the upload's current offset."""


class Gone(Exception):
    """The upload no longer exists: its delivery was received, or it expired."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file being uploaded: the sender's `name` of it, and its `length` in bytes."""

    directory: Path
    name: str
    length: int

    @property
    def identifier(self) -> str:
        """The upload's identifier in its URL."""
        return self.directory.name

    @property
    def data(self) -> Path:
        """The file of the bytes received so far."""
        return self.directory / self.name

    @property
    def offset(self) -> int:
        """The number of bytes received so far."""
        return self.data.stat().st_size

    @property
    def changed_at(self) -> datetime:
        """When the last bytes were received."""
        return datetime.fromtimestamp(self.data.stat().st_mtime, UTC)

    @property
    def complete(self) -> bool:
        """Whether all bytes have been received."""
        return self.offset == self.length

    def append(self, source: IO[bytes], offset: int, length: int) -> int:
        """Append the body of a request at `offset`; returns the new offset.

        One request at a time; others wait for the lock. If the connection breaks, the bytes received until
        then are kept. Raises `Misplaced`, `Gone`, and `Unstored` for a full disk; the bytes that fitted are
        kept then, too.
        """
        try:
            handle = os.open(self.data, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            raise Gone from None
        with os.fdopen(handle, "ab", buffering=0) as file:
            fcntl.flock(handle, fcntl.LOCK_EX)
            found = os.fstat(handle)
            if found.st_nlink == 0:  # received while we waited for the lock: these bytes would be lost
                raise Gone
            if found.st_size != offset or offset + length > self.length:
                raise Misplaced
            since, left = 0, length
            try:
                while left and (block := source.read(min(_BLOCK, left))):
                    durable.append(file, block)
                    left -= len(block)
                    since += len(block)
                    if since >= _FLUSH_EVERY:
                        durable.flush(file)
                        since = 0
            finally:
                durable.flush(file)
            return os.fstat(handle).st_size


class Uploads:
    """The directory of incomplete uploads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def create(self, name: str, length: int) -> Upload:
        """Create an upload, or return the existing one for the same name and length, which then resumes.

        An upload of the same name but another length is dropped: its sender starts again. Raises ValueError
        for an invalid name, `Unstored`.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(name)
        final = self._directory / hashlib.sha256(f"{length} {name}".encode()).hexdigest()[:32]
        with durable.alone(self._directory):
            self.drop([each for each in self.all() if each.name == name and each.length != length])
            if not final.is_dir():
                with durable.building(final) as partial:
                    durable.put(
                        partial / "upload.json", json.dumps({"name": name, "length": length}).encode()
                    )
                    durable.put(partial / name, b"")
        return Upload(final, name, length)

    @contextmanager
    def taking(self) -> Iterator[Path]:
        """Yield the directory in which a complete delivery is put together, under a lock."""
        place = self._directory / "taking"
        with durable.alone(place):
            yield place

    def sweep(self) -> None:
        """Remove partial files left by a kill; only before requests are served, which have such files too."""
        with self.taking(), durable.alone(self._directory):
            durable.sweep(self._directory)

    def find(self, identifier: str) -> Upload | None:
        """Return an upload by the identifier in its URL."""
        if not _IDENTIFIER.fullmatch(identifier):
            return None
        try:
            found = json.loads((self._directory / identifier / "upload.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Upload(self._directory / identifier, found["name"], found["length"])

    def all(self) -> list[Upload]:
        """Return every upload."""
        if not self._directory.is_dir():
            return []
        found = (self.find(path.name) for path in sorted(self._directory.iterdir()))
        return [upload for upload in found if upload]

    def of(self, delivery: str) -> list[Upload]:
        """Return the uploads that belong to a delivery, by its name."""
        return [upload for upload in self.all() if upload.name.split(".")[0] == delivery]

    def together(self, delivery: str) -> list[Upload]:
        """Return the complete uploads that belong to a delivery."""
        return [upload for upload in self.of(delivery) if upload.complete]

    def drop(self, uploads: list[Upload]) -> None:
        """Delete uploads."""
        for upload in uploads:
            durable.discard(upload.directory)

    def expire(self, now: datetime) -> None:
        """Delete uploads without new bytes for two days."""
        with durable.alone(self._directory):
            self.drop([each for each in self.all() if now - each.changed_at > _KEPT_FOR])


# --- the WSGI application -----------------------------------------------------------------------------------

_TUS: Final = "1.0.0"
_UPLOAD: Final = re.compile(r"/uploads/([0-9a-f]{32})")
_RECEIPTS: Final = re.compile(r"/receipts/([a-z0-9][a-z0-9-]{0,80})")
_MOST_CHECKED: Final = 64 * 1024 * 1024  # bytes of a request with a checksum: verified in memory first
_CHECKSUM_WRONG: Final = 460
_log = structlog.get_logger()

Environ = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """The response to a request."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Carrier:
    """The WSGI application of the carrier's port. `clock` returns the current time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._uploads = Uploads(settings.NODE.exchange / "uploads")
        self._uploads.sweep()

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request; anybody but the counterpart gets 403."""
        try:
            answer = self._answer(environ)
        except ExchangeError as fault:
            _log.warning("carrier_refused", trouble=fault.code)
            answer = _refused(fault)
        except DatabaseError as fault:
            # The bytes received are durable; when the sender tries again, the carrier resumes from them.
            _log.error("carrier_without_database", trouble=type(fault).__name__)
            answer = Answer(503)
        finally:
            connection.close()  # requests are few, and an idle thread need not hold one
        headers = {
            "Tus-Resumable": _TUS,
            "Cache-Control": "no-store",
            "Content-Length": str(len(answer.body)),
        }
        headers |= answer.headers
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = "Checksum Mismatch"
        start_response(f"{answer.status} {phrase}", list(headers.items()))
        return [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        now = self._clock()
        if not tls.is_pinned(_peer(environ), keystore.home(), now):
            return Answer(403)
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method == "GET" and (found := _RECEIPTS.fullmatch(path)):
            return _receipts(found[1], now)
        if method == "OPTIONS":
            return Answer(204, _capabilities())
        if environ.get("HTTP_TUS_RESUMABLE") != _TUS:
            return Answer(412, {"Tus-Version": _TUS})
        if path.rstrip("/") == "/uploads" and method == "POST":
            return self._create(environ, now)
        found = _UPLOAD.fullmatch(path)
        upload = self._uploads.find(found[1]) if found else None
        if upload is None:
            return Answer(404)
        if method == "HEAD":
            return Answer(200, {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length)})
        return self._go_on(upload, environ, now) if method == "PATCH" else Answer(405)

    def _create(self, environ: Environ, now: datetime) -> Answer:
        self._uploads.expire(now)
        length = _number(environ.get("HTTP_UPLOAD_LENGTH"))
        if length is None:
            return Answer(400)
        if length > _most():
            return Answer(413)
        try:
            upload = self._uploads.create(_file_name(environ.get("HTTP_UPLOAD_METADATA", "")), length)
        except ValueError:
            return Answer(400)
        location = f"/uploads/{upload.identifier}"
        return Answer(201, {"Location": location, "Upload-Offset": str(upload.offset)})

    def _go_on(self, upload: Upload, environ: Environ, now: datetime) -> Answer:
        if environ.get("CONTENT_TYPE") != "application/offset+octet-stream":
            return Answer(415)
        offset, length = _number(environ.get("HTTP_UPLOAD_OFFSET")), _number(environ.get("CONTENT_LENGTH"))
        if offset is None or length is None:
            return Answer(400)
        source: IO[bytes] = environ["wsgi.input"]
        if claimed := environ.get("HTTP_UPLOAD_CHECKSUM"):
            checked = _checked(source, length, claimed)
            if isinstance(checked, Answer):
                return checked
            source = checked
        try:
            reached = upload.append(source, offset, length)
        except Misplaced:
            return Answer(409)
        except Gone:
            return Answer(410)
        if reached == upload.length:
            self._take(upload.name.split(".")[0], now)
        return Answer(204, {"Upload-Offset": str(reached)})

    def _take(self, delivery: str, now: datetime) -> None:
        """Receive a delivery once its three files are there; then delete the uploads, even if it was refused.

        After a full disk or a database fault the bytes stay, and the sender tries again.
        """
        with self._uploads.taking() as directory:
            uploads = self._uploads.together(delivery)
            names = {upload.name for upload in uploads}
            if not {f"{delivery}.json", f"{delivery}.json.p7s", f"{delivery}.cms"} <= names:
                if any(_is_here(upload.data) for upload in uploads):  # another upload brought it first
                    self._uploads.drop(self._uploads.of(delivery))
                return
            place = directory / f"{durable.PARTIAL}{delivery}"
            durable.discard(place)
            place.mkdir(mode=0o700)
            try:
                for upload in uploads:
                    (place / upload.name).hardlink_to(upload.data)
                incoming.receive(DeliveryFiles(place, delivery), now)
            except Refused:
                self._uploads.drop(uploads)
                raise
            else:
                self._uploads.drop(uploads)
            finally:
                durable.discard(place)


def _service_and_number(delivery: str) -> tuple[str, str]:
    """Split a delivery's name SENDER-RECEIVER-SERVICE-NUMBER; the service itself may have a hyphen."""
    parts = delivery.split("-")
    return "-".join(parts[2:-1]), parts[-1]


def _is_here(path: Path) -> bool:
    """Whether a file is the manifest of a delivery that was already received."""
    service, number = _service_and_number(path.stem)
    kept = settings.NODE.exchange / "inbox" / service / number / path.name
    return path.suffix == ".json" and kept.is_file() and kept.read_bytes() == path.read_bytes()


def _receipts(delivery: str, now: datetime) -> Answer:
    """Return every receipt given for a delivery; the stored bytes are the same each time."""
    service, number = _service_and_number(delivery)
    if not number.isdigit():
        return Answer(404)
    try:
        found = keystore.inbox(now).receipts(service, int(number))
    except Misused:
        return Answer(404)
    body = [
        {
            "receipt": base64.b64encode(each.data).decode(),
            "signature": base64.b64encode(each.signature).decode(),
        }
        for each in found
    ]
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


def _refused(fault: ExchangeError) -> Answer:
    status = 507 if isinstance(fault, Unstored) else 422
    body = json.dumps({"code": fault.code, "retry": fault.retry}).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)


def _capabilities() -> dict[str, str]:
    return {
        "Tus-Version": _TUS,
        "Tus-Extension": "creation,checksum",
        "Tus-Max-Size": str(_most()),
        "Tus-Checksum-Algorithm": "sha256",
    }


def _most() -> int:
    return keystore.home().terms().agreement.limits.sealed_bytes


def _peer(environ: Environ) -> bytes | None:
    pem = environ.get("SSL_CLIENT_CERT")
    if not pem:
        return None
    return ssl.PEM_cert_to_DER_cert(pem)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def _file_name(metadata: str) -> str:
    """Return `filename` of tus's Upload-Metadata: pairs separated by commas, values in base64."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                break
    raise ValueError("filename")


def _checked(source: IO[bytes], length: int, claimed: str) -> IO[bytes] | Answer:
    """Verify a request's checksum before any of it is stored (tus extension checksum)."""
    algorithm, _, digest = claimed.partition(" ")
    if algorithm != "sha256" or length > _MOST_CHECKED:
        return Answer(400)
    data = source.read(length)
    wanted = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return BytesIO(data) if wanted == digest else Answer(_CHECKSUM_WRONG)
