"""Simulate a power cut: a child process counts its durable disk calls and is killed at the n-th.

After a power cut, bytes that were not flushed are undefined. So every file with an unfinished name is
truncated to its half afterwards, and a test fails if code trusts such a file.
"""

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from renkei.exchange.durable import PARTIAL
from renkei.exchange.errors import Unstored

STEPS = ("fsync", "rename", "replace", "link", "mkdir", "rmdir", "unlink")
MOST = 200


def in_a_child(act: Callable[[], object]) -> int:
    """Fork, act, and return the child's status: 0, 3 for `Unstored` with its code, -9 for killed."""
    return ended(start(act))


def start(act: Callable[[], object]) -> int:
    """Fork and act; return the child's number."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except Unstored as fault:
            os._exit(3 if fault.code == "disk" else 1)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die(act: Callable[[], object], at: int, when: str, directory: Path) -> bool:
    """Act in a child that dies at a step; return whether it died (False: it ended before)."""

    def dying() -> None:
        count(at, when)
        act()

    how = in_a_child(dying)
    assert how in (0, -9)
    lose_what_was_not_flushed(directory)
    return how == -9


def deaths(act: Callable[[], object], directory: Path, *whens: str) -> Iterator[str]:
    """Die at each step in turn, before and after it, and finally at none.

    The caller checks the state after each death and reverts what came into force.
    """
    for when in whens or ("before", "after"):
        for at in range(1, MOST):
            died = die(act, at, when, directory)
            yield f"{when} step {at}"
            if not died:
                assert at > 2, "it must have died at several steps"
                break


def count(at: int, when: str) -> None:
    """Kill this process before or after the n-th of the steps."""
    done = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **options: object) -> object:
            nonlocal done
            done += 1
            if done == at and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            found = real(*arguments, **options)
            if done == at and when == "after":
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return step

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))


def lose_what_was_not_flushed(directory: Path) -> None:
    for path in directory.rglob("*"):
        unfinished = any(part.startswith(PARTIAL) for part in path.relative_to(directory).parts)
        if unfinished and path.is_file():
            os.truncate(path, path.stat().st_size // 2)
