"""The carrier's port: one process, a few threads, until it is told to stop."""

import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from cheroot.errors import FatalSSLAlert
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from django.conf import settings

from renkei.node.deliveries import incoming, keystore
from renkei.node.deliveries.transport import tls
from renkei.node.deliveries.transport.server import Carrier

_THREADS: Final = 16
_SECONDS: Final = 60  # of silence before a connection is given up: a stalled peer holds no thread for long
_GREETING: Final = 5.0  # seconds in all that whoever knocks has to prove who it is


class _Adapter(BuiltinSSLAdapter):
    """cheroot's adapter around a context that is made here, whose key never lies in the clear."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context

    def wrap(self, sock: socket.socket) -> tuple[socket.socket, dict[str, Any]]:
        """Wrap a connection, without greeting yet: the one thread that accepts must wait for nobody."""
        try:
            return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), {}
        except OSError as fault:
            raise FatalSSLAlert(*fault.args) from fault

    def get_environ(self, *connection: Any) -> dict[str, Any]:
        """Say who the peer is: the certificate that the handshake proved."""
        der = connection[0].getpeercert(binary_form=True)
        return {"wsgi.url_scheme": "https", "SSL_CLIENT_CERT": ssl.DER_cert_to_PEM_cert(der) if der else ""}


class _Connection(HTTPConnection):
    """A connection that greets in a thread of its own, within a few seconds or not at all."""

    def communicate(self) -> bool:
        """Answer a request, after the handshake if it is the first."""
        if not self.ssl_env:
            try:
                self.socket.settimeout(_GREETING)
                self.socket.do_handshake()
                self.socket.settimeout(self.server.timeout)
                self.ssl_env = self.server.ssl_adapter.get_environ(self.socket)
            except (OSError, ValueError):  # refused, silent, or gone: strangers are not worth a log line
                return False
        answered: bool = super().communicate()  # type: ignore[no-untyped-call]
        return answered


def make(clock: Callable[[], datetime]) -> Server:
    """Return the server, bound to nothing yet; what a death left half done in the inbox is put right."""
    incoming.sweep_all()
    host, _, port = settings.NODE.carrier.listen.rpartition(":")
    server = Server(
        (host, int(port)), Carrier(clock), numthreads=_THREADS, timeout=_SECONDS, request_queue_size=16
    )
    server.ConnectionClass = _Connection
    server.ssl_adapter = _Adapter(tls.context(keystore.home(), clock(), server=True))
    server.max_request_body_size = 0  # uploads are limited by the agreement, not here
    return server
