"""Steps on disk that survive a power cut: written, flushed, renamed, and the directory flushed.

A directory is filled under a name that starts with a dot and then renamed into place: it is there whole or
not at all. What a crash leaves under a dot is swept away by the next run. Every step that the disk refuses
raises `Unstored`, whose sentence is true: under its final name nothing has changed.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from renkei.exchange.errors import Unstored

PARTIAL = ".partial-"  # what such a name starts with; never a delivery's, a key's or a receipt's name


@contextmanager
def told() -> Iterator[None]:
    """Say in a sentence that the disk refused a step."""
    try:
        yield
    except OSError as fault:
        raise Unstored("disk", errno.errorcode.get(fault.errno or 0, "unknown")) from fault


def make_directory(path: Path) -> None:
    """Make a directory and its parents, for the owner alone, each made durable in its parent."""
    with told():
        missing = []
        while not path.exists():
            missing.append(path)
            path = path.parent
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
            flush_directory(each.parent)


def flush_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, data: bytes) -> None:
    """Write one file durably, whole or not at all; one that is there already is replaced."""
    partial = path.with_name(PARTIAL + path.name)
    with told():
        try:
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
            flush_directory(path.parent)
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def put(path: Path, data: bytes) -> None:
    """Write one new file of a directory that `building` gives: its name is durable when that one's is."""
    with told():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            flush(file)


@contextmanager
def building(final: Path) -> Iterator[Path]:
    """Give a directory to fill; leaving the block renames it to `final`, an error removes it.

    `final` must not exist, or FileExistsError says that somebody was first. The files in it must have been
    flushed by whoever wrote them.
    """
    partial = final.with_name(PARTIAL + final.name)
    with told():
        discard(partial)
        make_directory(final.parent)
        partial.mkdir(mode=0o700)
    try:
        yield partial
        if final.exists():
            raise FileExistsError(final.name)
        with told():
            flush_directory(partial)
            partial.rename(final)
            flush_directory(final.parent)
    except BaseException:
        discard(partial)
        raise


def discard(path: Path) -> None:
    """Remove a directory of ours, if it is there: out of sight at once, whatever happens then."""
    if path.exists():
        if not path.name.startswith(PARTIAL):
            path = path.rename(path.with_name(PARTIAL + path.name))
        shutil.rmtree(path)


def sweep(directory: Path) -> None:
    """Remove what a crash left unfinished below a directory."""
    if not directory.exists():
        return
    for left in list(directory.rglob(PARTIAL + "*")):
        if left.is_dir():
            discard(left)
        else:
            left.unlink(missing_ok=True)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold a directory for this process alone; others wait. The lock dies with its holder."""
    make_directory(directory)
    with told():
        handle = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Unnamed:
    """A file without a name until it is kept: if the process dies, its content goes with it.

    Uses Linux's O_TMPFILE; where a file system has none, a file under a dot name that `sweep` removes.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._final = directory / name
        self._partial: Path | None = None
        with told():
            try:
                handle = os.open(directory, os.O_TMPFILE | os.O_RDWR, 0o600)
            except OSError as fault:
                if fault.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                    raise
                self._partial = directory / (PARTIAL + name)
                handle = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file: BinaryIO = os.fdopen(handle, "wb", buffering=0)

    def write(self, block: bytes) -> None:
        """Append a block."""
        append(self._file, block)

    def keep(self) -> None:
        """Make it durable under its name."""
        with told():
            os.fsync(self._file.fileno())
            if self._partial:
                self._partial.rename(self._final)
            else:
                handle = self._file.fileno()
                # a directory handle, though not needed for an absolute path, makes Python follow the link
                os.link(f"/proc/self/fd/{handle}", self._final, src_dir_fd=handle, follow_symlinks=True)
            self._file.close()

    def drop(self) -> None:
        """Let go of it; what was not kept is gone."""
        self._file.close()
        if self._partial:
            self._partial.unlink(missing_ok=True)


def append(file: BinaryIO, block: bytes) -> None:
    """Write the whole block: an unbuffered file takes less than it is given when the disk is full."""
    with told():
        view = memoryview(block)
        while view:
            view = view[file.write(view) :]


def flush(file: BinaryIO) -> None:
    """Make what was written to an open file durable."""
    with told():
        file.flush()
        os.fsync(file.fileno())
