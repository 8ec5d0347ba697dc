"""Two threads in a row: one reads and checks, the other compresses and encrypts, so that two cores work.

zlib, hashlib and the ciphers let go of the interpreter while they work; between the threads lie at most a few
blocks, so that memory stays bounded whatever the size.
"""

import queue
import threading
from collections.abc import Callable, Iterator

_BLOCKS = 4
_END = None


class Outlet:
    """A thread that works off what is put in. Whatever it raises is raised where it is fed."""

    def __init__(self, work: Callable[[Iterator[bytes]], None]) -> None:
        self._queue: queue.Queue[bytes | None] = queue.Queue(_BLOCKS)
        self._fault: BaseException | None = None
        self._stopped = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def put(self, block: bytes) -> None:
        """Hand over one block; waits while the other side is behind."""
        if self._fault:
            raise self._fault
        self._queue.put(block)

    def close(self) -> None:
        """Say that this was all and wait until it is done."""
        self._queue.put(_END)
        self._thread.join()
        if self._fault:
            raise self._fault

    def abort(self) -> None:
        """Stop without finishing."""
        self._stopped = True
        if self._thread.is_alive():
            self._queue.put(_END)
            self._thread.join()

    def _run(self, work: Callable[[Iterator[bytes]], None]) -> None:
        try:
            work(self._taken())
        except BaseException as fault:
            self._fault = fault
            while not self._ended:  # let the feeding side go on until it hears of the fault
                self._ended = self._queue.get() is _END

    def _taken(self) -> Iterator[bytes]:
        while (block := self._queue.get()) is not _END:
            yield block
        self._ended = True
        if self._stopped:
            raise InterruptedError


def read_ahead(source: Iterator[bytes]) -> Iterator[bytes]:
    """Give the blocks of a source that works in a thread of its own, a few blocks ahead.

    Whatever the source raises is raised here. Closing this iterator stops the source.
    """
    blocks: queue.Queue[bytes | BaseException | None] = queue.Queue(_BLOCKS)
    stopped = threading.Event()

    def run() -> None:
        try:
            for block in source:
                if stopped.is_set():
                    return
                blocks.put(block)
            blocks.put(_END)
        except BaseException as fault:
            blocks.put(fault)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while (block := blocks.get()) is not _END:
            if isinstance(block, BaseException):
                raise block
            yield block
    finally:
        stopped.set()
        while thread.is_alive():
            try:
                blocks.get(timeout=0.01)
            except queue.Empty:
                continue
        thread.join()
