"""Disk operations that survive a power cut: write, flush, rename, then flush the directory.

A directory is filled under a name that starts with a dot and then renamed to its final name, so it exists
completely or not at all. The next run removes what a crash leaves under a name with a dot. Every operation
that the disk refuses raises `Unstored`; then nothing has changed under the final name.
"""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from renkei.exchange.errors import Unstored

_BLOCK = 128 * 1024
PARTIAL = ".partial-"  # prefix of unfinished names; no delivery, key or receipt has such a name


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn an OSError of the disk into `Unstored`."""
    try:
        yield
    except OSError as fault:
        raise Unstored("disk", errno.errorcode.get(fault.errno or 0, "unknown")) from fault


def make_directory(path: Path) -> None:
    """Make a directory and its missing parents, readable by the owner only, each durable in its parent."""
    with disk_errors():
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
    """Write one file durably, completely or not at all; an existing file is replaced."""
    partial = path.with_name(PARTIAL + path.name)
    with disk_errors():
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
    """Write one new file into a directory of `building`: its name becomes durable with the directory."""
    with disk_errors():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            flush(file)


@contextmanager
def building(final: Path) -> Iterator[Path]:
    """Yield a directory to fill; at the end of the block it is renamed to `final`, after an error removed.

    `final` must not exist; FileExistsError means that another process was first. Whoever writes the files in
    it must flush them.
    """
    partial = final.with_name(PARTIAL + final.name)
    with disk_errors():
        discard(partial)
        make_directory(final.parent)
        partial.mkdir(mode=0o700)
    try:
        yield partial
        if final.exists():
            raise FileExistsError(final.name)
        with disk_errors():
            flush_directory(partial)
            partial.rename(final)
            flush_directory(final.parent)
    except BaseException:
        discard(partial)
        raise


def discard(path: Path) -> None:
    """Remove a directory of ours if it exists. It is renamed first, so its name is free at once."""
    if path.exists():
        if not path.name.startswith(PARTIAL):
            path = path.rename(path.with_name(PARTIAL + path.name))
        shutil.rmtree(path)


def sweep(directory: Path) -> None:
    """Remove the unfinished files and directories that a crash left below a directory."""
    if not directory.exists():
        return
    for left in list(directory.rglob(PARTIAL + "*")):
        if left.is_dir():
            discard(left)
        else:
            left.unlink(missing_ok=True)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Lock a directory exclusively; other processes wait. The lock ends with the process that holds it."""
    make_directory(directory)
    with disk_errors():
        handle = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Unnamed:
    """A file that has no name until `keep`: if the process dies, its content disappears.

    Uses Linux's O_TMPFILE. On a file system without it, uses a file under an unfinished name, which `sweep`
    removes.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._final = directory / name
        self._partial: Path | None = None
        with disk_errors():
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

    def measured(self) -> tuple[int, str]:
        """Return its size and SHA-256 so far."""
        digest, place, handle = hashlib.sha256(), 0, self._file.fileno()
        with disk_errors():
            while block := os.pread(handle, _BLOCK, place):
                digest.update(block)
                place += len(block)
        return place, digest.hexdigest()

    def keep(self) -> None:
        """Make the file durable under its name."""
        with disk_errors():
            os.fsync(self._file.fileno())
            if self._partial:
                self._partial.rename(self._final)
            else:
                handle = self._file.fileno()
                # an absolute path needs no src_dir_fd, but without it Python does not follow the link
                os.link(f"/proc/self/fd/{handle}", self._final, src_dir_fd=handle, follow_symlinks=True)
            self._file.close()

    def drop(self) -> None:
        """Close the file; if it was not kept, its content is deleted."""
        self._file.close()
        if self._partial:
            self._partial.unlink(missing_ok=True)


def append(file: BinaryIO, block: bytes) -> None:
    """Write the whole block: an unbuffered write may write only a part of it when the disk is full."""
    with disk_errors():
        view = memoryview(block)
        while view:
            view = view[file.write(view) :]


def flush(file: BinaryIO) -> None:
    """Make what was written to an open file durable."""
    with disk_errors():
        file.flush()
        os.fsync(file.fileno())
