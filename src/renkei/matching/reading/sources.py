"""A dataset's source: one file, several, or a directory of parts, read one after the other in batches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from renkei.agreement.datasets import NOTIFICATIONS, Dataset
from renkei.matching.reading.column_types import refuse_types
from renkei.matching.reading.contents import STANDARD_INPUT, Content, open_content
from renkei.matching.reading.csv_files import csv_batches, csv_headers
from renkei.matching.reading.headers import guess_dataset, match_columns
from renkei.matching.reading.parquet_files import parquet_batches, parquet_headers, parts_of
from renkei.matching.reading.recognition import recognise
from renkei.matching.reading.refusals import refused
from renkei.matching.reading.text_columns import text_batch

if TYPE_CHECKING:
    # It needs Polars, which reading does without.
    from renkei.matching.reading.source_layouts import SourceLayout

Encoding = Literal["utf-8", "cp932"]
Form = Literal["csv", "parquet", "workbook"]

# Large batches, because the distinct values of each batch are read again; its memory is reused by the next.
BATCH_ROWS = 500_000
_FILE, _HEADER_LINE = b"renkei.file", b"renkei.header_line"


@dataclass(frozen=True, slots=True)
class Part:
    """One file whose columns are known to be exactly those of a dataset."""

    content: Content
    dataset: Dataset
    columns: dict[str, str]
    """Column name of the dataset → header in the file."""
    headers: list[str]
    encoding: Encoding
    form: Form
    sheet: str | None = None
    layout: "SourceLayout | None" = None
    heading: Mapping[str, str] = field(default_factory=dict)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Return the records as the file has them."""
        if self.form == "parquet":
            return parquet_batches(self.content, self.dataset, self.columns, BATCH_ROWS)
        if self.form == "workbook":
            from renkei.matching.reading.workbooks import workbook_batches

            return workbook_batches(self.content, self.dataset, self.columns, self.sheet, BATCH_ROWS)
        if self.layout is not None:
            layout, heading, name = self.layout, self.heading, self.content.name
            raw = csv_batches(self.content, self.dataset, {}, self.headers, self.encoding)
            return (layout.applied(batch, heading, name) for batch in raw)
        return csv_batches(self.content, self.dataset, self.columns, self.headers, self.encoding)

    @property
    def columns_of_batches(self) -> dict[str, str]:
        """Column name of the dataset → column of the batches."""
        return self.columns if self.layout is None else {name: name for name in self.dataset.names}


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one dataset, with their columns checked."""

    dataset: Dataset
    parts: tuple[Part, ...]

    @property
    def path(self) -> Path:
        """The path of the only file, or of the first."""
        return self.parts[0].content.path

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the only file, or of the first: column name → header."""
        return self.parts[0].columns

    @property
    def is_one_parquet_file(self) -> bool:
        """Say whether another reader of Parquet can read the whole source by its path."""
        return len(self.parts) == 1 and self.parts[0].form == "parquet" and not self.parts[0].content.spooled

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Return the records in order, as `text_batch` shapes them; blank is null or "".

        If there are several files, each batch names its own (`place_of`). The first batch is read at once,
        each further one while the caller works on the previous one. Iterating raises RefusedFile if a file
        is not what its name says.
        """
        return _prefetched(self._batches())

    def prove(self) -> None:
        """Read everything and keep nothing, for another reader. Raises RefusedFile as `batches` does."""
        for _ in self.batches():
            pass

    def _batches(self) -> Iterator[pa.RecordBatch]:
        names = _file_names([part.content.path for part in self.parts])
        for part, name in zip(self.parts, names, strict=True):
            for batch in part.batches():
                if part.form == "parquet":
                    refuse_types(batch, self.dataset, part.columns, part.content.name)
                text = text_batch(batch, self.dataset, part.columns_of_batches)
                place = {_FILE: name.encode()} if len(self.parts) > 1 else {}
                if part.content.start_line > 1:
                    place[_HEADER_LINE] = str(part.content.start_line).encode()
                yield text.replace_schema_metadata(place) if place else text


def place_of(batch: pa.RecordBatch) -> tuple[str | None, int]:
    """Return the name of the batch's file, None if it is its dataset's only one, and its header's line."""
    metadata = batch.schema.metadata or {}
    name = metadata.get(_FILE)
    return None if name is None else name.decode(), int(metadata.get(_HEADER_LINE, 1))


def _file_names(paths: Sequence[Path]) -> list[str]:
    """Name files by their names alone, or by their paths if two have the same name."""
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _prefetched(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Decode the first batch now, and each next one while the caller works on the previous one."""
    thread = ThreadPoolExecutor(1)
    return _one_after_another(batches, thread, thread.submit(next, batches, None))


def _one_after_another(
    batches: Iterator[pa.RecordBatch], thread: ThreadPoolExecutor, pending: "Future[pa.RecordBatch | None]"
) -> Iterator[pa.RecordBatch]:
    with thread:
        while (batch := pending.result()) is not None:
            pending = thread.submit(next, batches, None)
            yield batch


def open_source(
    path: Path | Iterable[Path],
    dataset: Dataset,
    encoding: Encoding = "utf-8",
    *,
    sheet: str | None = None,
    layout: "SourceLayout | None" = None,
) -> Source:
    """Open one or several files of a dataset and check their columns.

    A path is a CSV file (also `.gz`), a Parquet file or a directory of Parquet parts, a workbook (`.xlsx`,
    its first sheet or `sheet`), a pipe, or `-` for standard input, whose format is recognised. Headers are
    column names or Japanese labels of the data dictionary. Raises RefusedFile for a file that cannot be
    opened, or if columns are unknown, missing or given twice (§1). With `layout` the files are CSV that has
    the source's own columns.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    files = [file for one in paths for file in (parts_of(one) if one.is_dir() else [one])]
    return Source(dataset, tuple(_open_part(file, dataset, encoding, sheet, layout) for file in files))


def dataset_of(path: Path, encoding: Encoding = "utf-8", *, sheet: str | None = None) -> Dataset:
    """Return the dataset whose columns a file's header is nearest to.

    A pipe can be read once only, so its dataset must be known. Raises RefusedFile for it, for a file that
    cannot be opened, and if the header has no column of any dataset.
    """
    file = next(iter(parts_of(path)), path) if path.is_dir() else path
    if not file.is_file() and (file == STANDARD_INPUT or file.exists()):
        raise refused(
            str(path),
            "what it holds cannot be guessed. Name the dataset with --dataset.",
            "データの種類を見出しから判断できません。--dataset で指定してください。",
        )
    content = open_content(file)
    # The dataset is needed only to recognise another delimiter; the columns of all of them are alike.
    return guess_dataset(_headers(content, _form(content), NOTIFICATIONS, encoding, sheet), content.name)


def _open_part(
    path: Path, dataset: Dataset, encoding: Encoding, sheet: str | None, layout: "SourceLayout | None"
) -> Part:
    content = open_content(path)
    form = _form(content)
    if content.spooled is not None and content.head(2) == b"\x1f\x8b":
        content = Content(content.name, content.path, content.spooled, zipped=True)
    if layout is not None:
        return _mapped_part(content, form, encoding, layout)
    headers = _headers(content, form, dataset, encoding, sheet)
    columns = match_columns(headers, dataset, content.name)
    return Part(content, dataset, columns, headers, encoding, form, sheet)


def _mapped_part(content: Content, form: Form, encoding: Encoding, layout: "SourceLayout") -> Part:
    if form != "csv":
        raise refused(
            content.name,
            "a mapping is for CSV only. Save the file as CSV.",
            "対応表が使えるのはCSVだけです。CSVで保存してください。",
        )
    content, heading = layout.opened(content, encoding)
    headers = csv_headers(content, layout.dataset, encoding)
    columns = layout.columns(headers, heading, content.name)
    return Part(content, layout.dataset, columns, headers, encoding, form, layout=layout, heading=heading)


def _headers(
    content: Content, form: Form, dataset: Dataset, encoding: Encoding, sheet: str | None
) -> list[str]:
    if form == "parquet":
        return parquet_headers(content)
    if form == "workbook":
        from renkei.matching.reading.workbooks import workbook_headers

        return workbook_headers(content, sheet)
    return csv_headers(content, dataset, encoding)


def _form(content: Content) -> Form:
    """Return the format that the name says; what has no name is recognised."""
    if content.spooled is not None:
        found = recognise(content.head(1 << 16), content.tail(1 << 16))
        if found is not None and found.name == "Parquet":
            return "parquet"
        return "workbook" if found is not None and found.name == "Excel workbook (.xlsx)" else "csv"
    endings: dict[str, Literal["parquet", "workbook"]] = {".parquet": "parquet", ".xlsx": "workbook"}
    return endings.get(content.path.suffix.lower(), "csv")
