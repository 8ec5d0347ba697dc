"""A pipeline of two threads for two cores: one reads and checks, the other compresses and encrypts.

zlib, hashlib and the ciphers release the interpreter lock while they work. The queue between the threads has
at most a few blocks, so memory stays bounded for any size.
"""

import queue
import threading
from collections.abc import Callable, Iterator

_BLOCKS = 4
_END = None


class Outlet:
    """A thread that processes the blocks put in. Its exceptions are raised again in `put` and `close`."""

    def __init__(self, work: Callable[[Iterator[bytes]], None]) -> None:
        self._queue: queue.Queue[bytes | None] = queue.Queue(_BLOCKS)
        self._fault: BaseException | None = None
        self._stopped = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def put(self, block: bytes) -> None:
        """Pass one block to the thread; waits while the queue is full."""
        if self._fault:
            raise self._fault
        self._queue.put(block)

    def close(self) -> None:
        """End the input and wait until the thread is done."""
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
            while not self._ended:  # keep the queue moving until the feeding thread notices the fault
                self._ended = self._queue.get() is _END

    def _taken(self) -> Iterator[bytes]:
        while (block := self._queue.get()) is not _END:
            yield block
        self._ended = True
        if self._stopped:
            raise InterruptedError


def read_ahead(source: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the blocks of a source that runs in its own thread, a few blocks ahead.

    Exceptions of the source are raised here. Closing this iterator stops the source.
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
