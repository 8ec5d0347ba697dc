"""What a test says to ISA's carrier as MHLW, over real TLS; the rows that it sends; what is left then."""

import base64
import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl

from node.records.made_up import frame, notification
from renkei.agreement.datasets import NOTIFICATIONS
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.home import Home
from renkei.node.audit.models import Entry
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport import tls
from renkei.node.deliveries.transport.client import Client, _Connected
from renkei.node.deliveries.transport.protocol import Unreachable

DAY = date(2026, 4, 1)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def rows(*numbers: int) -> dict[str, pl.DataFrame]:
    return {"notifications": frame(NOTIFICATIONS, map(notification, numbers))}


def as_mhlw(pair) -> ssl.SSLContext:
    return tls.context(Home(pair.nodes["mhlw"] / "exchange"), now(), server=False)


class FromMhlw(Client):
    """MHLW's client while the settings are ISA's."""

    def __init__(self, pair):
        super().__init__(now())
        self._pair = pair

    def _connected(self):
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._pair.ports["isa"], timeout=60, context=as_mhlw(self._pair)
        )
        return _Connected(connection)


def request(pair, method, path, headers=None, body=None):
    connection = http.client.HTTPSConnection(
        "127.0.0.1", pair.ports["isa"], timeout=60, context=as_mhlw(pair)
    )
    connection.request(method, path, body=body, headers={"Tus-Resumable": "1.0.0"} | (headers or {}))
    answer = connection.getresponse()
    found = answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def begin(pair, name: str, length: int) -> str:
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    status, headers, _ = request(
        pair, "POST", "/uploads/", {"Upload-Length": str(length), "Upload-Metadata": metadata}
    )
    assert status == 201
    return headers["location"]


def patch(pair, where: str, offset: int, data: bytes, **more: str):
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return request(pair, "PATCH", where, headers | more, data)


def received() -> list[int]:
    """The numbers that the database knows, each of which the trail must name once."""
    known = Delivery.objects.filter(state=Delivery.State.RECEIVED).order_by("sequence")
    found = list(known.values_list("sequence", flat=True))
    named = Entry.objects.filter(verb="DELIVERY_RECEIVED").values_list("subject", flat=True)

    assert sorted(named) == sorted(f"annex1 {number}" for number in found)
    return found


def left(pair) -> list[str]:
    """What still lies among ISA's uploads."""
    place = pair.nodes["isa"] / "exchange/uploads"
    return sorted(path.name for path in place.rglob("*") if path.is_file() and path.name != ".lock")


def until_sent(client: FromMhlw, files: DeliveryFiles, tries: int = 60) -> int:
    """Send until it is over; returns how often the network failed."""
    for failed in range(tries):
        try:
            client.send(files)
        except Unreachable:
            time.sleep(0.05)
        else:
            return failed
    raise AssertionError("never over")


class Cutter:
    """A TCP proxy that cuts each connection after so many bytes; `passed` counts what the client sent."""

    def __init__(self, target: int, limits: Iterator[int]) -> None:
        self._target, self._limits = target, limits
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.passed = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            limit = next(self._limits)
            with client, socket.create_connection(("127.0.0.1", self._target)) as server:
                while limit > 0:
                    ready, _, _ = select.select([client, server], [], [], 30)
                    for each in ready:
                        data = each.recv(min(limit, 1500))
                        limit = limit - len(data) if data else 0
                        self.passed += len(data) if each is client else 0
                        (server if each is client else client).sendall(data)

    def close(self) -> None:
        self._socket.close()


class Through(FromMhlw):
    """MHLW's client, led through a proxy."""

    def __init__(self, pair, port: int) -> None:
        super().__init__(pair)
        self._pair = replace(pair, ports={**pair.ports, "isa": port})
