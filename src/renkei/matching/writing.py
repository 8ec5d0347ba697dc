"""Writing files: all files of a run, or none (reconciliation §8)."""

import glob
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from renkei.agreement.datasets import DATASETS, SUSPECTED_OMISSIONS, Column, Kind, discrepancies
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.agreement.errors import RenkeiError
from renkei.matching.reconciliation import Reconciliation

_UNFINISHED = ".unfinished-"
SHEET_ROWS = 1 << 20
_FIRST_SHEET_YEAR = 1901
_WRITTEN = (*DATASETS.values(), SUSPECTED_OMISSIONS, discrepancies(DEFAULT_POLICY.disclosed_items))


class UnusableFile(RenkeiError):
    """A place or a format in which a file cannot be written; nothing was written."""


Writer = Callable[[Path], None]
Format = Literal["csv", "parquet", "xlsx"]


TABLES = ("annex2", "annex3", "matches", "rejects", "candidates")
SUMMARY = "summary.json"
FORMATS: tuple[Format, ...] = get_args(Format)
RESULT_FILES = (*(f"{table}.{form}" for table in TABLES for form in FORMATS), SUMMARY)
"""Every file that a reconciliation may write, whatever its format: an earlier run's are removed."""


def reconciliation_files(
    result: Reconciliation, ending: Format = "csv", summary: Mapping[str, Any] | None = None
) -> dict[str, Writer]:
    """Return a writer for each file of a reconciliation, by file name; `summary` is that of the counts."""
    tables = {
        "annex2": result.annex2,
        "annex3": result.annex3,
        "matches": result.matches,
        "rejects": result.rejects,
        **({} if result.candidates is None else {"candidates": result.candidates}),
    }
    told = json.dumps(summary or result.statistics.summary(), ensure_ascii=False, indent=2) + "\n"
    return {
        **{f"{name}.{ending}": table_writer(table) for name, table in tables.items()},
        SUMMARY: text_writer(told),
    }


def table_writer(table: pl.DataFrame) -> Writer:
    """Return a writer of a table of text: Parquet or a workbook by the file name, else CSV in UTF-8.

    Null is written as empty. Raises UnusableFile for a workbook without the extra `renkei[excel]`, or with
    more rows than a sheet can have.
    """

    def write(path: Path) -> None:
        if path.suffix.lower() == ".xlsx":
            _write_workbook(table, path)
        elif path.suffix.lower() == ".parquet":
            table.write_parquet(path, compression="zstd", statistics=False)
        else:
            table.write_csv(path)

    return write


def new_workbook(path: Path, **options: bool) -> Any:
    """Return a new xlsxwriter workbook whose texts stay texts. Raises UnusableFile without the extra."""
    try:
        import xlsxwriter
    except ImportError:
        raise UnusableFile(
            f"{path.name}: writing workbooks needs an extra. Install it with `pip install 'renkei[excel]'`.",
            f"{path.name}: Excelブックを書くには追加の部品が要ります。`pip install 'renkei[excel]'` で導入"
            "してください。",
        ) from None
    # Without strings_to_… a text that begins with "=" or "http" would become a formula or a link.
    texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return xlsxwriter.Workbook(path, texts | options)


def _write_workbook(table: pl.DataFrame, path: Path) -> None:
    """Write one sheet with Japanese labels: every cell text, so that no zero is lost, and dates as dates."""
    if table.height >= SHEET_ROWS:
        raise UnusableFile(
            f"{path.name}: {table.height} rows are more than a sheet can have. Use --format csv or parquet.",
            f"{path.name}: {table.height}行はシートに収まりません。--format csvかparquetにしてください。",
        )
    with new_workbook(path, constant_memory=True) as book:
        sheet = book.add_worksheet()
        plain = book.add_format({"num_format": "@"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        columns = _known_columns(table.columns)
        labels = sheet_labels(table.columns)
        dates = [name in columns and columns[name].kind is Kind.DATE for name in table.columns]
        sheet.write_row(0, 0, labels)
        sheet.freeze_panes(1, 0)
        for at, row in enumerate(table.iter_rows(), start=1):
            for place, cell in enumerate(row):
                if cell is None:
                    continue
                if dates[place] and (when := _day(cell)):
                    sheet.write_datetime(at, place, when, day)
                else:
                    sheet.write_string(at, place, str(cell), plain)


def _known_columns(names: Sequence[str]) -> dict[str, Column]:
    """Return the columns of the dataset whose names these are; a table may have others beside them."""
    of = max(_WRITTEN, key=lambda dataset: len({*dataset.names} & {*names}))
    return {column.name: column for column in of.columns}


def sheet_labels(names: Sequence[str]) -> list[str]:
    """Return the Japanese labels of a table's columns in a workbook; unknown columns keep their names."""
    columns = _known_columns(names)
    return [columns[name].label_ja if name in columns else name for name in names]


def _day(cell: str) -> datetime | None:
    # A sheet has no dates before 1900; such a date stays text.
    try:
        when = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return when if when.year >= _FIRST_SHEET_YEAR else None


def text_writer(text: str) -> Writer:
    """Return a writer of text in UTF-8."""

    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8")

    return write


def check_place(directory: Path, names: Iterable[str] = ()) -> None:
    """Prove that files of these names can be written into a directory, before any work; leaves nothing.

    Raises UnusableFile if not: the directory is a file, cannot be made or written to, or has a directory of
    the name of a file.
    """
    made: list[Path] = []
    try:
        for place in (*reversed(directory.parents), directory):
            if not place.exists():
                place.mkdir()
                made.append(place)
        with tempfile.TemporaryFile(dir=directory):
            pass
        for name in names:
            _refuse_directory(directory / name)
    except OSError as fault:
        raise UnusableFile(
            f"{directory}: no files can be written there ({fault.strerror}). Give another place.",
            f"{directory}: ここには書き出せません({fault.strerror})。別の場所を指定してください。",
        ) from None
    finally:
        for place in reversed(made):
            place.rmdir()


def _refuse_directory(path: Path) -> None:
    if path.is_dir():
        raise UnusableFile(
            f"{path}: is a directory where a file is to be written. Move it away.",
            f"{path}: ファイルを書く場所にディレクトリがあります。移動してください。",
        )


def write_atomic(directory: Path, files: Mapping[str, Writer], replaces: Collection[str] = ()) -> None:
    """Write files into a directory so that each appears complete, and none unless all could be written.

    1. Remove unfinished files of earlier runs that were killed: they hold personal data.
    2. Write all files into a directory beside or below it and sync them to disk.
    3. If the directory is new or empty, put the other one in its place: all files appear at once, even if the
       process is killed. Otherwise delete the old version of the last file, then those of the names
       `replaces` (what an earlier run left, in other formats too), and rename all new files into place in
       their order. So if the last file exists, all files exist and are of one run.

    Raises OSError if the file system fails, and UnusableFile if a directory has the name of a file; then
    nothing is written.
    """
    for name in (*files, *replaces):
        _refuse_directory(directory / name)
    is_new = not directory.exists()
    directory.mkdir(parents=True, exist_ok=True)
    remove_unfinished(directory)
    whole = _can_be_replaced(directory)
    unfinished = _unfinished(directory, beside=whole)
    unfinished.mkdir(mode=0o700)
    try:
        with ThreadPoolExecutor(len(files)) as threads:
            for written in [threads.submit(_written, unfinished / name, files[name]) for name in files]:
                written.result()
        if whole:
            unfinished.chmod(stat.S_IMODE(directory.stat().st_mode))
            unfinished.rename(directory)  # takes the place of an empty directory in one step
            _make_durable(directory.parent)
        else:
            _take_places(unfinished, directory, list(files), replaces)
        _make_durable(directory)
    except BaseException:
        if is_new:
            with suppress(OSError):  # not empty: somebody else wrote there
                directory.rmdir()
        raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _can_be_replaced(directory: Path) -> bool:
    """Say whether another directory can take its place: it is empty, and nobody works in it."""
    return (
        not any(directory.iterdir())
        and not directory.is_symlink()
        and not directory.is_mount()
        and directory.resolve() != Path.cwd()
        and os.access(directory.parent, os.W_OK | os.X_OK)
    )


def _unfinished(directory: Path, *, beside: bool) -> Path:
    name = f"{_UNFINISHED}{os.getpid()}"
    return directory.parent / f".{directory.name}{name}" if beside else directory / name


def _take_places(unfinished: Path, directory: Path, names: list[str], replaces: Collection[str]) -> None:
    for name in (names[-1], *replaces):
        (directory / name).unlink(missing_ok=True)
    for name in names:
        (unfinished / name).replace(directory / name)


def _written(path: Path, write: Writer) -> None:
    write(path)
    _make_durable(path)


def remove_unfinished(directory: Path) -> None:
    """Remove files that killed runs left behind; those of a running process stay."""
    beside = directory.parent.glob(f".{glob.escape(directory.name)}{_UNFINISHED}*")
    for left in (*directory.glob(f"{_UNFINISHED}*"), *beside):
        owner = left.name.rpartition(_UNFINISHED)[2]
        if not (owner.isdigit() and _may_run(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _may_run(process: str) -> bool:
    # Where there is no /proc (Windows, macOS), nothing tells whether a process runs: only our own files go.
    return Path(f"/proc/{process}").exists() if Path("/proc/self").exists() else process != str(os.getpid())


def _make_durable(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no directories; its file system keeps renamed files by itself
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
