"""The whole world, drawn chunk by chunk; a thread writes each chunk while the next one is drawn."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.simulation.chunks import Chunk, Plan, draw_chunk
from renkei.simulation.days import Day, draw_days
from renkei.simulation.draws import Draws
from renkei.simulation.employers import Employers, draw_employers
from renkei.simulation.flaws import Flaw
from renkei.simulation.truth import NOTIFICATION_TRUTH, PERMISSION_TRUTH

Format = Literal["csv", "parquet"]


class TableFile:
    """One table on disk to which frames of the same text columns are appended."""

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
        """Append the rows of a frame."""
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
    """Several tables of one directory, written in order by a thread of their own."""

    def __init__(self, directory: Path, columns: dict[str, tuple[str, ...]], form: Format) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._files = {name: TableFile(directory, name, names, form) for name, names in columns.items()}
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._pending: list[Future[None]] = []

    def append(self, **frames: pl.DataFrame) -> None:
        """Add frames to write; waits if more than one round is still being written."""
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
        """The number of rows written, by table."""
        return {name: file.rows for name, file in self._files.items()}


_REGISTER = {dataset.name: dataset.names for dataset in (PERSONS, CARDS, PERMISSIONS)}
_EXTRACT = {NOTIFICATIONS.name: NOTIFICATIONS.names}
_TRUTH = {"notifications": NOTIFICATION_TRUTH, "permissions": PERMISSION_TRUTH}
_PARTIAL = ".unfinished"
_DAY = re.compile(r"day-\d+")

Progress = Callable[[str, int], None]


def _no_progress(what: str, rows: int) -> None:
    del what, rows


def write_world(
    plan: Plan,
    flaws: Sequence[Flaw],
    directory: Path,
    form: Format = "csv",
    days: int = 0,
    progress: Progress = _no_progress,
) -> dict[str, int]:
    """Draw the world and a number of days after it, and write them into a directory.

    `persons`, `cards` and `permissions` are written as `form`, `notifications` as CSV and as `form`, the
    answer key into `truth/`, each day into `day-01/` and so on with its own `truth/`. An existing world is
    replaced when the new one is complete. Returns the number of rows of each table of the base world, and
    the days.
    """
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / _PARTIAL
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        employers = draw_employers(plan.notifications, Draws(plan.seed, "employers"))
        counts, first = _write_base(plan, flaws, employers, unfinished, form, progress)
        for number, day in enumerate(draw_days(plan, first, employers, flaws, days), start=1):
            _write_day(day, unfinished / f"day-{number:02d}", form)
            progress("days", 1)
        about = {"as_of": plan.as_of.isoformat(), "seed": plan.seed, "days": days, "rows": counts}
        (unfinished / "world.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        _move_into(unfinished, directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return counts | {"days": days}


def _write_base(
    plan: Plan, flaws: Sequence[Flaw], employers: Employers, directory: Path, form: Format, progress: Progress
) -> tuple[dict[str, int], Chunk]:
    extract, truths, first = [], [], None
    with (
        TableFiles(directory, _REGISTER, form) as register,
        TableFiles(directory / "truth", _TRUTH, form) as truth,
    ):
        for place in plan.chunks():
            chunk = draw_chunk(plan, employers, place, flaws)
            register.append(
                persons=chunk.cards.latest, cards=chunk.cards.linked, permissions=chunk.permissions.rows
            )
            truth.append(permissions=chunk.permission_truth)
            extract.append(chunk.flawed.rows)
            truths.append(chunk.notification_truth)
            first = first or chunk
            progress("persons", place[1])
        truth.append(notifications=pl.concat(truths).sort("notification_id"))
    if first is None:
        raise ValueError("a world without residents")
    return register.counts | _write_extract(pl.concat(extract), directory, form), first


def _write_extract(rows: pl.DataFrame, directory: Path, form: Format) -> dict[str, int]:
    """Write the ministry's extract, always as CSV too; by identifier, then in the order of filing."""
    rows = rows.sort("notification_id", maintain_order=True)
    for one in dict.fromkeys(("csv", form)):
        with TableFiles(directory, _EXTRACT, one) as files:
            files.append(notifications=rows)
    return files.counts


def _write_day(day: Day, directory: Path, form: Format) -> None:
    with TableFiles(directory, _REGISTER, form) as register:
        register.append(persons=day.persons, cards=day.cards, permissions=day.permissions)
    with TableFiles(directory / "truth", _TRUTH, form) as truth:
        truth.append(notifications=day.notification_truth, permissions=day.permission_truth)
    counts = register.counts | _write_extract(day.notifications, directory, form)
    about = {"business_date": day.day.isoformat(), "rows": counts}
    (directory / "day.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _move_into(finished: Path, directory: Path) -> None:
    """Move a world into the directory and remove an earlier one, whatever its form and days."""
    for stale in sorted(directory.iterdir()):
        if stale.is_dir() and (stale.name == "truth" or _DAY.fullmatch(stale.name)):
            shutil.rmtree(stale)
        elif stale.stem in (*_REGISTER, *_EXTRACT) and stale.suffix in (".csv", ".parquet"):
            stale.unlink()
    for entry in sorted(finished.iterdir()):
        entry.replace(directory / entry.name)
