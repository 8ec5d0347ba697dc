"""The servers of a node: the carrier for the counterpart, the console for officers, optional monitoring."""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import structlog
from cheroot.wsgi import Server
from django.conf import settings

from renkei.node import checks, logs
from renkei.node.deliveries.transport import service
from renkei.node.errors import Unconfigured
from renkei.node.operations import monitoring as observing
from renkei.node.wsgi import application

_log = structlog.get_logger()


def serve(clock: Callable[[], datetime]) -> None:
    """Serve until SIGTERM or SIGINT; running transfers get a moment to finish.

    Raises `Unconfigured` if a system check finds an error, or an address is not free.
    """
    checks.refuse_errors()
    servers = {"carrier": service.make(clock), "console": _console()}
    if settings.NODE.metrics.listen:
        servers["metrics"] = observing.make(clock)
    for server in servers.values():
        server.error_log = logs.of_server
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with ExitStack() as listening:
        for name, server in servers.items():
            _listen(name, server)
            listening.callback(server.stop)
        threads = [threading.Thread(target=server.serve, name=name) for name, server in servers.items()]
        for thread in threads:
            thread.start()
            _log.info("serving", what=thread.name, address=_address(servers[thread.name]))
        while not over.wait(1) and all(thread.is_alive() for thread in threads):
            pass
    for thread in threads:
        thread.join()


def _console() -> Any:
    host, _, port = settings.NODE.console.listen.rpartition(":")
    return Server((host, int(port)), application, numthreads=settings.NODE.console.workers * 4)


def _listen(name: str, server: Any) -> None:
    address = _address(server)
    try:
        server.prepare()
    except OSError as fault:
        _log.error("not_serving", what=name, trouble=type(fault).__name__)
        raise Unconfigured(
            f"Cannot listen on {address}. Stop the program that uses it, or set another address in "
            f"renkei.toml ([{name}] listen).",
            f"{address} で待ち受けられません。そのアドレスを使っているものを終了するか、renkei.tomlの"
            f"[{name}] listenに別のアドレスを書いてください。",
        ) from fault


def _address(server: Any) -> str:
    return ":".join(map(str, server.bind_addr))
