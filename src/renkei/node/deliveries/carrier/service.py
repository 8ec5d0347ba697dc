"""The carrier's port: one process, a few threads, until it is told to stop."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from django.conf import settings

from renkei.node.deliveries import boxes
from renkei.node.deliveries.carrier import tls
from renkei.node.deliveries.carrier.server import Carrier

_THREADS: Final = 4
_SECONDS: Final = 60  # of silence before a connection is given up: a stalled peer holds no thread for long


class _Adapter(BuiltinSSLAdapter):
    """cheroot's adapter around a context that is made here, whose key never lies in the clear."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context

    def get_environ(self, *connection: Any) -> dict[str, Any]:
        """Say who the peer is: the certificate that the handshake proved."""
        der = connection[0].getpeercert(binary_form=True)
        return {"wsgi.url_scheme": "https", "SSL_CLIENT_CERT": ssl.DER_cert_to_PEM_cert(der) if der else ""}


def make(clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Server:
    """Return the server, bound to nothing yet."""
    host, _, port = settings.NODE.carrier.listen.rpartition(":")
    server = Server(
        (host, int(port)), Carrier(clock), numthreads=_THREADS, timeout=_SECONDS, request_queue_size=16
    )
    server.ssl_adapter = _Adapter(tls.context(boxes.home(), clock(), server=True))
    server.max_request_body_size = 0  # uploads are limited by the agreement, not here
    return server
