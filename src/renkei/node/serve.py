"""What a node keeps running: the carrier for the counterpart, the console for officers, and, where it is
asked for, the port for machines that watch.
"""

import signal
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from cheroot.wsgi import Server
from django.conf import settings

from renkei.node import checks, logs
from renkei.node.deliveries.carrier import service
from renkei.node.observing import service as observing
from renkei.node.wsgi import application

_log = structlog.get_logger()


def serve(clock: Callable[[], datetime]) -> None:
    """Serve until told to stop (SIGTERM, SIGINT); transfers under way are let finish for a moment.

    Raises `Unconfigured` where a system check finds an error.
    """
    checks.refuse_errors()
    servers = {"carrier": service.make(clock), "console": _console()}
    if settings.NODE.metrics.listen:
        servers["metrics"] = observing.make(clock)
    for server in servers.values():
        server.error_log = logs.of_server
    threads = {
        name: threading.Thread(target=_run, args=(name, server), name=name)
        for name, server in servers.items()
    }
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    for name, thread in threads.items():
        thread.start()
        _log.info("serving", what=name, address=":".join(map(str, servers[name].bind_addr)))
    while not over.wait(1) and all(thread.is_alive() for thread in threads.values()):
        pass
    for server in servers.values():
        server.stop()
    for thread in threads.values():
        thread.join()


def _console() -> Any:
    host, _, port = settings.NODE.console.listen.rpartition(":")
    return Server((host, int(port)), application, numthreads=settings.NODE.console.workers * 4)


def _run(name: str, server: Any) -> None:
    try:
        server.safe_start()
    except OSError as fault:
        _log.error("not_serving", what=name, trouble=type(fault).__name__, reason=fault.strerror)
