"""Writing the world's tables, chunk by chunk, in a thread beside the drawing of the next."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

Format = Literal["csv", "parquet"]


class TableFile:
    """One table on disk that grows by frames of the same columns, all of them text."""

    def __init__(self, directory: Path, name: str, columns: tuple[str, ...], form: Format) -> None:
        self.path = directory / f"{name}.{form}"
        self.rows = 0
        self._columns = columns
        self._csv: IO[bytes] | None = None
        self._parquet: pq.ParquetWriter | None = None
        if form == "csv":
            self._csv = self.path.open("wb")
            self._csv.write((",".join(columns) + "\r\n").encode())
        else:
            self._parquet = pq.ParquetWriter(
                self.path,
                pa.schema([(column, pa.string()) for column in columns]),
                compression="zstd",
                use_dictionary=True,
            )

    def append(self, frame: pl.DataFrame) -> None:
        """Write the rows of a frame after those before."""
        frame = frame.select(self._columns)
        self.rows += frame.height
        if self._csv is not None:
            frame.write_csv(self._csv, include_header=False, line_terminator="\r\n")
        elif self._parquet is not None:
            self._parquet.write_table(
                frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._parquet.schema)
            )

    def close(self) -> None:
        """Finish the file."""
        if self._csv is not None:
            self._csv.close()
        if self._parquet is not None:
            self._parquet.close()


class TableFiles:
    """Several tables of one directory, written in order by one thread of their own."""

    def __init__(self, directory: Path, columns: dict[str, tuple[str, ...]], form: Format) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._files = {name: TableFile(directory, name, names, form) for name, names in columns.items()}
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._pending: list[Future[None]] = []

    def append(self, **frames: pl.DataFrame) -> None:
        """Take frames to be written; waits where more than one round is still under way."""
        while len(self._pending) > len(frames):
            self._pending.pop(0).result()
        for name, frame in frames.items():
            self._pending.append(self._thread.submit(self._files[name].append, frame))

    def __enter__(self) -> "TableFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)
        for file in self._files.values():
            file.close()
        if kind is None:
            for pending in self._pending:
                pending.result()

    @property
    def counts(self) -> dict[str, int]:
        """The rows written of each table."""
        return {name: file.rows for name, file in self._files.items()}
