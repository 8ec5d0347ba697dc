"""The server of the carrier's port: one process with a few threads."""

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
_SECONDS: Final = 60  # idle timeout of a connection, so that a stalled peer does not hold a thread for long
_HANDSHAKE: Final = 5.0  # seconds for the whole TLS handshake


class _Adapter(BuiltinSSLAdapter):
    """cheroot's adapter for our own TLS context, whose private key is never stored unencrypted."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context

    def wrap(self, sock: socket.socket) -> tuple[socket.socket, dict[str, Any]]:
        """Wrap a connection without the handshake yet: the accepting thread must not wait for a peer."""
        try:
            return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), {}
        except OSError as fault:
            raise FatalSSLAlert(*fault.args) from fault

    def get_environ(self, *connection: Any) -> dict[str, Any]:
        """Return the peer's certificate, as proved by the handshake."""
        der = connection[0].getpeercert(binary_form=True)
        return {"wsgi.url_scheme": "https", "SSL_CLIENT_CERT": ssl.DER_cert_to_PEM_cert(der) if der else ""}


class _Connection(HTTPConnection):
    """A connection that makes the TLS handshake in a worker thread, with a timeout."""

    def communicate(self) -> bool:
        """Answer a request, after the handshake if it is the first."""
        if not self.ssl_env:
            try:
                self.socket.settimeout(_HANDSHAKE)
                self.socket.do_handshake()
                self.socket.settimeout(self.server.timeout)
                self.ssl_env = self.server.ssl_adapter.get_environ(self.socket)
            except (OSError, ValueError):  # refused, silent or closed: not logged, anybody may connect
                return False
        answered: bool = super().communicate()  # type: ignore[no-untyped-call]
        return answered


def make(clock: Callable[[], datetime]) -> Server:
    """Return the server, not bound yet; first remove what a kill left partly done in the inbox."""
    incoming.sweep_all()
    host, _, port = settings.NODE.carrier.listen.rpartition(":")
    server = Server(
        (host, int(port)), Carrier(clock), numthreads=_THREADS, timeout=_SECONDS, request_queue_size=16
    )
    server.ConnectionClass = _Connection
    server.ssl_adapter = _Adapter(tls.context(keystore.home(), clock(), server=True))
    server.max_request_body_size = 0  # uploads are limited by the agreement, not here
    return server
