"""Who works on a step: the database decides, by compare-and-set, and a dead worker's claim lapses."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db import connection
from django.utils import timezone

from renkei.node.cycle.models import Step

LEASE: Final = timedelta(minutes=2)
_HEARTBEAT: Final = LEASE.total_seconds() / 4


class Lost(Exception):
    """The step is in another worker's hands by now; what this one did for it must not stand."""


def worker_name() -> str:
    """Name this process for good: host, number and the moment it began, since numbers come again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def claim(step: Step, worker: str) -> bool:
    """Take a step that waits, stopped, or whose worker is gone, unless someone else was faster."""
    now = timezone.now()
    free = Step.objects.filter(pk=step.pk).exclude(state__in=(Step.State.DONE, Step.State.RUNNING))
    abandoned = Step.objects.filter(pk=step.pk, state=Step.State.RUNNING, worker=step.worker)
    gone = _is_gone(step.worker)
    if gone is None:
        abandoned = abandoned.filter(leased_until__lt=now)
    elif not gone:
        abandoned = abandoned.none()
    taken = {
        "state": Step.State.RUNNING,
        "worker": worker,
        "leased_until": now + LEASE,
        "attempts": step.attempts + 1,
        "started_at": step.started_at or now,
        "trouble": "",
    }
    if free.update(**taken) == 1 or abandoned.update(**taken) == 1:
        step.refresh_from_db()
        return True
    return False


def release(step: Step, worker: str, state: Step.State, **fields: object) -> None:
    """Leave a step in its next state. Raises Lost where another worker has taken it over."""
    mine = Step.objects.filter(pk=step.pk, state=Step.State.RUNNING, worker=worker)
    if mine.update(state=state, worker="", leased_until=None, **fields) != 1:
        raise Lost
    step.refresh_from_db()


@contextmanager
def heartbeat(step: Step, worker: str) -> Iterator[None]:
    """Renew the lease while the work lasts, for workers on other machines, which cannot see this one live.

    SQLite has none: its one file lies on this machine.
    """
    if connection.vendor == "sqlite":
        yield
        return
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_HEARTBEAT):
            Step.objects.filter(pk=step.pk, worker=worker).update(leased_until=timezone.now() + LEASE)
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _is_gone(worker: str) -> bool | None:
    """Whether a worker of this very machine is no longer there; None for another's, of which nobody knows."""
    host, _, rest = worker.partition(":")
    if host != socket.gethostname():
        return None
    number, _, began = rest.partition(":")
    return _began(int(number)) != began


def _began(process: int) -> str:
    """When a process began, in the kernel's ticks; blank where there is none."""
    try:
        # The name in brackets may hold anything; the fields that follow it are fixed (proc(5)).
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""
