"""The sending side: upload a delivery's files one by one, resume interrupted ones, fetch its receipts."""

import base64
import http.client
import json
import ssl
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from renkei.exchange.errors import Refused
from renkei.exchange.files import DeliveryFiles
from renkei.node.deliveries import keystore
from renkei.node.deliveries.transport import tls
from renkei.node.deliveries.transport.protocol import Unreachable

_TUS: Final = {"Tus-Resumable": "1.0.0"}
_SECONDS: Final = 60
_PART: Final = 64 * 1024 * 1024  # bytes of one request; after a cut only what was not flushed is resent


class Client:
    """A client of the counterpart's carrier; it makes one connection for each call."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def send(self, files: DeliveryFiles) -> None:
        """Send a delivery: sealed file and signature first, the manifest last."""
        paths = [files.sealed, files.signature, *([files.time_stamp] if files.time_stamp.is_file() else [])]
        with self._connected() as connection:
            for path in (*paths, files.manifest):
                _upload(connection, path)

    def receipts(self, files: DeliveryFiles) -> list[tuple[bytes, bytes]]:
        """Return the receipts given so far, each with its signature."""
        with self._connected() as connection:
            status, _, body = _ask(connection, "GET", f"/receipts/{files.name}")
        if status == 404:
            return []
        if status != 200:
            raise Unreachable(f"http_{status}")
        try:
            found = json.loads(body)
            return [
                (base64.b64decode(each["receipt"]), base64.b64decode(each["signature"])) for each in found
            ]
        except (ValueError, KeyError, TypeError):
            raise Unreachable("answer_unreadable") from None

    def time_there(self) -> str:
        """Return the counterpart's time (the header Date, or blank). Raises Unreachable."""
        with self._connected() as connection:
            status, headers, _ = _ask(connection, "OPTIONS", "/uploads/")
        if status != 204:
            raise Unreachable(f"http_{status}")
        return headers.get("date", "")

    def _connected(self) -> "_Connected":
        where = urlsplit(settings.NODE.carrier.counterpart)
        context = tls.context(keystore.home(), self._now, server=False)
        return _Connected(
            HTTPSConnection(where.hostname or "", where.port, timeout=_SECONDS, context=context)
        )


class _Connected:
    """Closes the connection and turns every network fault into `Unreachable`."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def __enter__(self) -> HTTPConnection:
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: object) -> None:
        self._connection.close()
        if isinstance(fault, OSError | HTTPException | ssl.SSLError):
            raise Unreachable(type(fault).__name__) from None
        if isinstance(fault, KeyError | ValueError):
            raise Unreachable("answer_unreadable") from None


def _upload(connection: HTTPConnection, path: Path) -> None:
    """Upload one file, resuming where it stopped. Raises `Refused` with the counterpart's code."""
    length = path.stat().st_size
    name = base64.b64encode(path.name.encode()).decode()
    headers = {"Upload-Length": str(length), "Upload-Metadata": f"filename {name}"}
    status, found, body = _ask(connection, "POST", "/uploads/", headers)
    if status != 201:
        raise _fault(status, body)
    where, offset = found["location"], int(found["upload-offset"])
    with path.open("rb") as file:
        while True:
            file.seek(offset)
            part = min(_PART, length - offset)
            headers = {
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(part),
            }
            status, found, body = _ask(connection, "PATCH", where, headers, _Part(file, part))
            if status != 204:
                raise _fault(status, body)
            before, offset = offset, int(found["upload-offset"])
            if offset == length:
                return
            if not before < offset < length:  # against the protocol: without progress this would loop
                raise Unreachable("answer_unreadable")


class _Part:
    """A part of a file, read as it is sent."""

    def __init__(self, file: Any, length: int) -> None:
        self._file, self._left = file, length

    def read(self, size: int = -1) -> bytes:
        block: bytes = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(block)
        return block


def _ask(
    connection: HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: Any = None,
) -> tuple[int, dict[str, str], bytes]:
    connection.request(method, path, body=body, headers=_TUS | (headers or {}))
    answer: http.client.HTTPResponse = connection.getresponse()
    return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()


def _fault(status: int, body: bytes) -> Exception:
    try:
        found = json.loads(body)
        return Refused(str(found["code"]))
    except (ValueError, KeyError, TypeError):
        return Unreachable(f"http_{status}")
