"""Run a command as a process and measure time, processor time and memory.

Uses only the standard library and stays small: a child's peak memory starts from that of its parent.
"""

import os
import resource
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

GIB = 2**30
_PAGE = resource.getpagesize()


@dataclass(frozen=True)
class Bounds:
    """The limits of a run: seconds, and bytes of resident memory."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Run:
    """The measures of one run. `end`: done, too slow, too much memory or failed; `said`: its stdout."""

    wall: float
    cpu: float
    peak: int
    end: str
    said: str

    @property
    def done(self) -> bool:
        """Whether it ended by itself with success."""
        return self.end == "done"

    def figures(self) -> dict[str, Any]:
        """Return the measures without the output."""
        return {key: value for key, value in asdict(self).items() if key != "said"}


def available_memory() -> int:
    """Return the bytes that a new process may use without swapping."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def bounds(seconds: float, gib: float) -> Bounds:
    """Return the limits of runs: the given ones, or the available memory if that is less."""
    return Bounds(seconds, int(min(gib * GIB, available_memory() - GIB // 2)))


def run(command: Sequence[str], limits: Bounds) -> Run:
    """Run a command to its end or its limits. Peak memory includes mapped file pages, as in the kernel."""
    # A user's Python writes bytecode; if a setting forbids it, every run would include compiling.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    over: list[str] = []
    ended = threading.Event()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=said, stderr=complained, env=environment)
        watch = threading.Thread(target=_watch, args=(child.pid, limits, ended, over))
        watch.start()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        ended.set()
        watch.join()
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        complained.seek(0)
        words, complaints = said.read().decode(), complained.read().decode()
    if over:
        end = over[0]
    elif child.returncode == -signal.SIGKILL:
        end = "too much memory"  # only the kernel kills otherwise, when memory runs out
    elif child.returncode:
        end = "failed"
        print(f"--- {' '.join(command)} failed:\n{complaints[-2000:]}")
    else:
        end = "done"
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, end, words)


def _watch(pid: int, limits: Bounds, ended: threading.Event, over: list[str]) -> None:
    """Kill a child that exceeds a limit, and report which limit."""
    try:
        child = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        # If memory still runs out, the kernel should kill this process and not another one.
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
        until = time.monotonic() + limits.seconds
        while not ended.wait(0.1):
            resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
            if resident > limits.memory or time.monotonic() > until:
                over.append("too much memory" if resident > limits.memory else "too slow")
                signal.pidfd_send_signal(child, signal.SIGKILL)
                return
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return  # it ended by itself
    finally:
        os.close(child)


def median(runs: Sequence[Run]) -> Mapping[str, float] | None:
    """Return the medians of the runs that were done; None if there are none."""
    done = [one for one in runs if one.done]
    if not done:
        return None
    return {
        "wall": statistics.median(one.wall for one in done),
        "cpu": statistics.median(one.cpu for one in done),
        "peak": max(one.peak for one in done),
        "fastest": min(one.wall for one in done),
        "slowest": max(one.wall for one in done),
    }
