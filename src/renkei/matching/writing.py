"""Writing files: all files of a run, or none (reconciliation §8)."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import polars as pl

from renkei.matching.reconciliation import Reconciliation

_UNFINISHED = ".unfinished-"

Writer = Callable[[Path], None]


def reconciliation_files(
    result: Reconciliation, ending: Literal["csv", "parquet"] = "csv"
) -> dict[str, Writer]:
    """Return a writer for each file of a reconciliation, by file name."""
    tables = {
        "annex2": result.annex2,
        "annex3": result.annex3,
        "matches": result.matches,
        "rejects": result.rejects,
        **({} if result.candidates is None else {"candidates": result.candidates}),
    }
    summary = json.dumps(result.statistics.summary(), ensure_ascii=False, indent=2) + "\n"
    return {
        **{f"{name}.{ending}": table_writer(table) for name, table in tables.items()},
        "summary.json": text_writer(summary),
    }


def table_writer(table: pl.DataFrame) -> Writer:
    """Return a writer of a table of text: Parquet by the file name, else CSV in UTF-8, null as empty."""

    def write(path: Path) -> None:
        if path.suffix.lower() == ".parquet":
            table.write_parquet(path, compression="zstd", statistics=False)
        else:
            table.write_csv(path)

    return write


def text_writer(text: str) -> Writer:
    """Return a writer of text in UTF-8."""

    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8")

    return write


def write_atomic(directory: Path, files: Mapping[str, Writer]) -> None:
    """Write files into a directory so that each appears complete, and none unless all could be written.

    1. Remove unfinished files of earlier runs that were killed: they hold personal data.
    2. Write all files into a subdirectory and sync them to disk.
    3. Delete the old version of the last file, and rename all new files into place in their order. So if the
       last file exists, all files exist and are of one run.

    Raises OSError if the file system fails.
    """
    directory.mkdir(parents=True, exist_ok=True)
    remove_unfinished(directory)
    unfinished = directory / f"{_UNFINISHED}{os.getpid()}"
    unfinished.mkdir(mode=0o700)
    try:
        with ThreadPoolExecutor(len(files)) as threads:
            for written in [threads.submit(_written, unfinished / name, files[name]) for name in files]:
                written.result()
        (directory / list(files)[-1]).unlink(missing_ok=True)
        for name in files:
            (unfinished / name).replace(directory / name)
        _make_durable(directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _written(path: Path, write: Writer) -> None:
    write(path)
    _make_durable(path)


def remove_unfinished(directory: Path) -> None:
    """Remove files that killed runs left behind; those of a running process stay."""
    for left in directory.glob(f"{_UNFINISHED}*"):
        owner = left.name.removeprefix(_UNFINISHED)
        if not (owner.isdigit() and Path(f"/proc/{owner}").exists()):
            shutil.rmtree(left, ignore_errors=True)


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
