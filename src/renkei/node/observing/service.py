"""The port for machines that watch: `/metrics`, `/healthz`, `/readyz`; of its own, so that none of them is
ever where officers or the counterpart are.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from cheroot.wsgi import Server
from django.conf import settings
from django.db import connection
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from renkei.node.observing import health
from renkei.node.observing.metrics import NodeCollector

Answer = tuple[HTTPStatus, str, bytes]


class Observed:
    """The WSGI application. `clock` tells this moment."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._pages: dict[str, Callable[[], Answer]] = {
            "/metrics": self._metrics,
            "/healthz": lambda: (HTTPStatus.OK, "application/json", b'{"alive": true}\n'),
            "/readyz": _ready,
        }
        self._clock = clock

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request; anything else is not found."""
        page = self._pages.get(environ["PATH_INFO"])
        try:
            status, kind, body = page() if page else (HTTPStatus.NOT_FOUND, "text/plain", b"")
        except Exception:  # the database is down, say: /readyz tells, and no text of a fault leaves
            status, kind, body = HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b""
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _metrics(self) -> Answer:
        registry = CollectorRegistry()
        registry.register(NodeCollector(self._clock()))
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)


def _ready() -> Answer:
    parts = health.ready()
    status = HTTPStatus.OK if all(parts.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    return status, "application/json", json.dumps(parts).encode() + b"\n"


class _OfOwnThread:
    """An application in threads of a server, each of which would keep a connection to the database."""

    def __init__(self, application: Observed) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        try:
            return self._application(environ, start_response)
        finally:
            connection.close()


def make(clock: Callable[[], datetime]) -> Server:
    """Return the server, bound to nothing yet."""
    host, _, port = settings.NODE.metrics.listen.rpartition(":")
    return Server((host, int(port)), _OfOwnThread(Observed(clock)), numthreads=2)
