"""The bytes of a file, wherever they come from: a path, a pipe or standard input, gzip or not."""

import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from renkei.matching.reading.refusals import RefusedFile, refused

STANDARD_INPUT = Path("-")
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that can be read several times, one reading after the other."""

    name: str
    """As messages name it."""
    path: Path
    spooled: "Spooled | None" = None
    """What came through a pipe, in a file without a name that is gone when nothing refers to it."""
    zipped: bool = False
    start: int = 0
    """Where the header begins, unpacked: a source's own layout may have lines before it."""
    start_line: int = 1

    def plain(self) -> BinaryIO:
        """Open the bytes as they lie there."""
        if self.spooled is None:
            return cast(BinaryIO, self.path.open("rb"))
        self.spooled.file.seek(0)
        return cast(BinaryIO, _Kept(self.spooled.file))

    def open(self) -> BinaryIO:
        """Open the bytes from `start` on, unpacked if the file is gzip."""
        file = self._unpacked()
        file.seek(self.start)
        return file

    def _unpacked(self) -> BinaryIO:
        if not self.zipped:
            return self.plain()
        from isal import igzip

        if self.spooled is None:
            return cast(BinaryIO, igzip.open(self.path, "rb"))  # type: ignore[no-untyped-call]
        return cast(BinaryIO, igzip.GzipFile(fileobj=self.plain()))  # type: ignore[no-untyped-call]

    def head(self, size: int) -> bytes:
        """Return the first bytes, unpacked. Raises RefusedFile for gzip that is none."""
        with reading_gzip(self.name), self.open() as file:
            return file.read(size)

    def tail(self, size: int) -> bytes:
        """Return the last bytes as they lie there."""
        with self.plain() as file:
            end = file.seek(0, 2)
            file.seek(max(end - size, 0))
            return file.read(size)


@contextmanager
def reading_gzip(name: str) -> Iterator[None]:
    """Refuse gzip that is damaged or cut short."""
    try:
        yield
    except Exception as fault:
        # By name: the library is loaded only for files that are gzip.
        if not isinstance(fault, EOFError) and type(fault).__name__ not in (
            "BadGzipFile",
            "IsalError",
            "error",
        ):
            raise
        raise refused(
            name,
            "gzip that is damaged or cut short. Send the file again.",
            "gzipが壊れているか、途中で切れています。もう一度送ってください。",
        ) from None


class Spooled:
    """A file without a name, which is closed, and thereby gone, when nothing refers to it any more."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __del__(self) -> None:
        self.file.close()


class _Kept:
    """A file that closing leaves open, because it exists nowhere else."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_Kept":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed = True


def open_content(path: Path) -> Content:
    """Open a file, a pipe, or standard input (`-`). Raises RefusedFile if there is none."""
    zipped = path.suffix.lower() == ".gz"
    if path == STANDARD_INPUT:
        return Content("-", path, _spool(sys.stdin.buffer))
    try:
        mode = path.stat().st_mode
    except OSError:
        mode = 0
    if stat.S_ISREG(mode):
        return Content(str(path), path, zipped=zipped)
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode):
        with path.open("rb") as pipe:
            return Content(str(path), path, _spool(pipe), zipped)
    raise RefusedFile(
        f"{path}: no such file. Check the path.",
        f"{path}: ファイルがありません。パスを確かめてください。",
    )


def _spool(pipe: BinaryIO) -> Spooled:
    spooled = Spooled(tempfile.TemporaryFile())  # noqa: SIM115 - closed by Spooled
    shutil.copyfileobj(pipe, spooled.file, _COPY_BYTES)
    return spooled
