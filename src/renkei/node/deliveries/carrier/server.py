"""The receiving end: tus 1.0 (core, creation, checksum) for uploads, and receipts to be fetched.

    OPTIONS /uploads/             what is understood
    POST    /uploads/             begin (Upload-Length; Upload-Metadata: filename)
    HEAD    /uploads/ID           how far it has come
    PATCH   /uploads/ID           go on from there
    GET     /receipts/NAME        the receipts given for a delivery, as JSON

When the files of a delivery are all there, it is taken in before the last of them is answered.
"""

import base64
import binascii
import hashlib
import json
import re
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
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
from renkei.node.deliveries import boxes, receiving
from renkei.node.deliveries.carrier import tls
from renkei.node.deliveries.carrier.uploads import Gone, Misplaced, Upload, Uploads

_TUS: Final = "1.0.0"
_UPLOAD: Final = re.compile(r"/uploads/([0-9a-f]{32})")
_RECEIPTS: Final = re.compile(r"/receipts/([a-z0-9][a-z0-9-]{0,80})")
_MOST_CHECKED: Final = 64 * 1024 * 1024  # bytes of a request with a checksum: judged before it is kept
_CHECKSUM_WRONG: Final = 460
_log = structlog.get_logger()

Environ = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """What is answered."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Carrier:
    """The WSGI application of the carrier's port. `clock` tells this moment."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._uploads = Uploads(settings.NODE.exchange / "uploads")
        self._uploads.sweep()

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request of the counterpart, and of nobody else."""
        try:
            answer = self._answer(environ)
        except ExchangeError as fault:
            _log.warning("carrier_refused", trouble=fault.code)
            answer = _refused(fault)
        except DatabaseError as fault:
            # Whatever came is durable; asked again, the carrier goes on from there.
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
        if not tls.is_pinned(_peer(environ), boxes.home(), now):
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
        """Take a delivery in once its three files are there; whatever it comes to, the uploads are over.

        A full disk or a database that is down ends nothing: the bytes stay, and the sender comes again.
        """
        with self._uploads.taking() as directory:
            uploads = self._uploads.together(delivery)
            names = {upload.name for upload in uploads}
            if not {f"{delivery}.json", f"{delivery}.json.p7s", f"{delivery}.cms"} <= names:
                if any(_is_here(upload.data) for upload in uploads):  # somebody else brought it meanwhile
                    self._uploads.drop(self._uploads.of(delivery))
                return
            place = directory / f"{durable.PARTIAL}{delivery}"
            durable.discard(place)
            place.mkdir(mode=0o700)
            try:
                for upload in uploads:
                    (place / upload.name).hardlink_to(upload.data)
                receiving.take(DeliveryFiles(place, delivery), now)
            except Refused:
                self._uploads.drop(uploads)
                raise
            else:
                self._uploads.drop(uploads)
            finally:
                durable.discard(place)


def _service_and_number(delivery: str) -> tuple[str, str]:
    """Read a delivery's name: SENDER-RECEIVER-SERVICE-NUMBER, the service with a hyphen of its own or not."""
    parts = delivery.split("-")
    return "-".join(parts[2:-1]), parts[-1]


def _is_here(path: Path) -> bool:
    """Whether a file is the manifest of a delivery that was taken in already."""
    service, number = _service_and_number(path.stem)
    kept = settings.NODE.exchange / "inbox" / service / number / path.name
    return path.suffix == ".json" and kept.is_file() and kept.read_bytes() == path.read_bytes()


def _receipts(delivery: str, now: datetime) -> Answer:
    """Every receipt that was given for a delivery: the same stored bytes whenever it is asked."""
    service, number = _service_and_number(delivery)
    if not number.isdigit():
        return Answer(404)
    try:
        found = boxes.inbox(now).receipts(service, int(number))
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
    return boxes.home().terms().agreement.limits.sealed_bytes


def _peer(environ: Environ) -> bytes | None:
    pem = environ.get("SSL_CLIENT_CERT")
    if not pem:
        return None
    return ssl.PEM_cert_to_DER_cert(pem)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def _file_name(metadata: str) -> str:
    """Read `filename` of tus's Upload-Metadata: pairs joined by commas, values in base64."""
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                break
    raise ValueError("filename")


def _checked(source: IO[bytes], length: int, claimed: str) -> IO[bytes] | Answer:
    """Judge a request's checksum before any of it is kept (tus extension checksum)."""
    algorithm, _, digest = claimed.partition(" ")
    if algorithm != "sha256" or length > _MOST_CHECKED:
        return Answer(400)
    data = source.read(length)
    wanted = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return BytesIO(data) if wanted == digest else Answer(_CHECKSUM_WRONG)
