"""Reading files: CSV (RFC 4180) and Parquet, opened once, read in batches of text.

A file with a fault that concerns the whole file is refused as a whole, before any row is accepted. Refusals
name files, lines and columns, but no values, because values are personal data.

Nothing here needs Polars, so a file can be read while Polars is loading.
"""

import csv
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from renkei.agreement.datasets import Column, Dataset, Kind
from renkei.agreement.errors import RenkeiError

# Kinds with few distinct values, even in a register of millions: each distinct text is read once.
FEW_DISTINCT = frozenset(
    {
        Kind.DATE,
        Kind.PARTIAL_DATE,
        Kind.SEX,
        Kind.BOOLEAN,
        Kind.STATUS,
        Kind.NATIONALITY,
        Kind.GROUND,
    }
)

Encoding = Literal["utf-8", "cp932"]

# Large batches, because the distinct values of each batch are read again; its memory is reused by the next.
BATCH_ROWS = 500_000
_BLOCK_BYTES = 1 << 22
_BLOCKS = 8
_SCAN_BYTES = 1 << 20
_FEW = pa.dictionary(pa.int32(), pa.string())


class RefusedFile(RenkeiError):
    """A file that is refused as a whole: no row of it was accepted."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose columns are known to be exactly those of a dataset."""

    path: Path
    dataset: Dataset
    columns: dict[str, str]
    """Column name of the dataset → header in the file."""
    encoding: Encoding

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Return the records in order, as `text_batch` shapes them; blank is null or "".

        The first batch is read at once, each further one while the caller works on the previous one.
        Iterating raises RefusedFile if the file is not what its name says.
        """
        batches = _parquet_batches(self) if _is_parquet(self.path) else _csv_batches(self)
        return (text_batch(batch, self.dataset, self.columns) for batch in _prefetched(batches))


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


def text_batch(batch: pa.RecordBatch, dataset: Dataset, columns: dict[str, str]) -> pa.RecordBatch:
    """Return a batch with the dataset's column names, all text; `FEW_DISTINCT` kinds dictionary-encoded."""
    return pa.RecordBatch.from_arrays(
        [_as_text(batch.column(columns[column.name]), column) for column in dataset.columns],
        list(dataset.names),
    )


def _as_text(values: pa.Array, column: Column) -> pa.Array:
    few = column.kind in FEW_DISTINCT
    if values.type == (_FEW if few else pa.string()):
        return values
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    text = _days(values) if pa.types.is_timestamp(values.type) else values.cast(pa.string())
    return text.dictionary_encode() if few else text


def _days(times: pa.TimestampArray) -> pa.StringArray:
    """Write times as text; midnight, as many tools store a date, as the date alone."""
    # Few files have times, and loading this module takes as long as reading a small file.
    import pyarrow.compute as pc

    midnight = pc.equal(times, pc.floor_temporal(times, unit="day"))
    return pc.if_else(
        midnight, times.cast(pa.date32(), safe=False).cast(pa.string()), times.cast(pa.string())
    )


def open_source(path: Path, dataset: Dataset, encoding: Encoding = "utf-8") -> Source:
    """Open a file and check its columns.

    Headers are the column names or the Japanese labels of the data dictionary. Raises RefusedFile for a
    file that cannot be opened, or if columns are unknown, missing or given twice.
    """
    if not path.is_file():
        raise RefusedFile(
            f"{path}: no such file. Check the path.",
            f"{path}: ファイルがありません。パスを確かめてください。",
        )
    headers = _parquet_headers(path) if _is_parquet(path) else _csv_headers(path, encoding)
    return Source(path, dataset, match_columns(headers, dataset, str(path)), encoding)


def match_columns(headers: list[str], dataset: Dataset, where: str) -> dict[str, str]:
    """Match headers with a dataset's columns: column name → header. Raises RefusedFile, with the columns."""
    known = {column.name: column.name for column in dataset.columns}
    known |= {column.label_ja: column.name for column in dataset.columns}
    names = [known.get(header.strip()) for header in headers]
    # 個人番号 and other columns outside the agreement must not come in, even unread.
    unknown = [header for header, name in zip(headers, names, strict=True) if name is None]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    missing = [name for name in dataset.names if name not in names]
    faults = (
        ("unknown columns", "知らない列", unknown),
        ("missing columns", "足りない列", missing),
        ("columns given twice", "重複する列", twice),
    )
    if any(columns for _, _, columns in faults):
        raise RefusedFile(
            f"{where}: refused whole as {dataset.name}: "
            + "; ".join(f"{what}: {', '.join(columns)}" for what, _, columns in faults if columns)
            + ". Nothing was read. Send exactly the columns of the data dictionary.",
            f"{where}: {dataset.name}として受け取れません(全体を拒否)。"
            + "、".join(f"{what}: {', '.join(columns)}" for _, what, columns in faults if columns)
            + "。何も読み込んでいません。データ辞書の列だけを過不足なく含めてください。",
        )
    return {name: header for header, name in zip(headers, names, strict=True) if name}


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


# --- Parquet -----------------------------------------------------------------------------------------


@contextmanager
def _readable_parquet(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError):
        raise RefusedFile(
            f"{path}: not a readable Parquet file. Write it again, or send CSV.",
            f"{path}: Parquetとして読めません。書き出し直すか、CSVで提出してください。",
        ) from None


def _parquet_headers(path: Path) -> list[str]:
    with _readable_parquet(path):
        schema = pq.read_schema(path)
    odd = [field.name for field in schema if not _is_text_like(field.type)]
    if odd:
        raise RefusedFile(
            f"{path}: refused whole: columns of a type that is neither text, whole number, boolean, date nor "
            f"time without a zone: {', '.join(odd)}. Write them as text.",
            f"{path}: 全体を拒否。文字列・整数・真偽値・日付・時間帯のない日時のいずれでもない型の列: "
            f"{', '.join(odd)}。文字列で書き出してください。",
        )
    return list(schema.names)


def _is_text_like(dtype: pa.DataType) -> bool:
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    if pa.types.is_timestamp(dtype):
        # The day of a point in time depends on the place, and a file does not give the place.
        return dtype.tz is None
    kinds = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_date32, pa.types.is_null)
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(dtype) for is_kind in (*kinds, *texts))


def _parquet_batches(source: Source) -> Iterator[pa.RecordBatch]:
    few = [source.columns[column.name] for column in source.dataset.columns if column.kind in FEW_DISTINCT]
    with _readable_parquet(source.path):
        file = pq.ParquetFile(source.path, read_dictionary=few)
    with file:
        headers = list(source.columns.values())
        # Row group by row group: a batch across two groups would need a common dictionary. One thread per
        # file, because several files are read at once.
        for group in range(file.num_row_groups):
            batches = file.iter_batches(BATCH_ROWS, row_groups=[group], columns=headers, use_threads=False)
            while True:
                with _readable_parquet(source.path):
                    batch = next(batches, None)
                if batch is None:
                    break
                yield batch


# --- CSV ---------------------------------------------------------------------------------------------


def _csv_headers(path: Path, encoding: Encoding) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as text:
            return next(csv.reader(text, strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        raise _undecodable(path, encoding) from None


def _csv_batches(source: Source) -> Iterator[pa.RecordBatch]:
    _refuse_open_quotes(source.path)
    try:
        # Arrow finds no header in a file that ends after it; RFC 4180 does not require a last line break.
        if _is_header_alone(source):
            return
        blocks = iter(_csv_reader(source))
        # Blocks small enough to parse fast are joined into larger batches (see BATCH_ROWS).
        while together := list(islice(blocks, _BLOCKS)):
            table = pa.Table.from_batches(together).unify_dictionaries().combine_chunks()
            yield from table.to_batches()
    except UnicodeDecodeError:
        raise _undecodable(source.path, source.encoding) from None
    except pa.ArrowInvalid as fault:
        raise _broken_csv(source, str(fault)) from None


def _is_header_alone(source: Source) -> bool:
    with source.path.open(encoding=source.encoding, newline="") as text:
        try:
            return sum(1 for _ in islice(filter(None, csv.reader(text)), 2)) < 2
        except csv.Error:
            return False


def _csv_reader(source: Source, *, on_bad_row: object = None) -> pa_csv.CSVStreamingReader:
    types = {
        source.columns[column.name]: _FEW if column.kind in FEW_DISTINCT else pa.string()
        for column in source.dataset.columns
    }
    return pa_csv.open_csv(
        source.path,
        read_options=pa_csv.ReadOptions(
            encoding="utf8" if source.encoding == "utf-8" else source.encoding,
            block_size=_BLOCK_BYTES,
            # Arrow numbers rows only if a single thread reads them.
            use_threads=on_bad_row is None,
        ),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=on_bad_row),
        convert_options=pa_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
        ),
    )


def _refuse_open_quotes(path: Path) -> None:
    # After an open quotation mark a reader silently takes the rest of the file as one value.
    quotes = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_SCAN_BYTES):
            quotes += block.count(b'"')
    if quotes % 2:
        raise RefusedFile(
            f'{path}: refused whole: a quotation mark (") is opened and never closed, or stands alone in a '
            "field. Write the file again according to RFC 4180.",
            f'{path}: 全体を拒否。引用符(")が閉じていません。RFC 4180に従って書き出し直してください。',
        )


def _broken_csv(source: Source, fault: str) -> RefusedFile:
    """Say which line is broken. Arrow's own message repeats the row, so it is never passed on."""
    if "UTF8" in fault or "UTF-8" in fault:
        return _undecodable(source.path, source.encoding)
    bad: list[tuple[int | None, int, int]] = []

    def note(row: pa_csv.InvalidRow) -> str:
        bad.append((row.number, row.expected_columns, row.actual_columns))
        return "skip"

    try:
        for _ in _csv_reader(source, on_bad_row=note):
            if bad:
                break
    except pa.ArrowInvalid:
        pass
    if not bad:
        return RefusedFile(
            f"{source.path}: refused whole: not readable as CSV. Write it again according to RFC 4180.",
            f"{source.path}: 全体を拒否。CSVとして読めません。RFC 4180に従って書き出し直してください。",
        )
    number, expected, actual = bad[0]
    line = number if number is not None else "?"
    return RefusedFile(
        f"{source.path}, record {line}: refused whole: {actual} fields where the header has {expected}. "
        "A value with a comma, quotation mark or line break must be quoted.",
        f"{source.path} {line}件目(見出しを1とする): 全体を拒否。項目数が{actual}で、見出しの{expected}と"
        "合いません。コンマ・引用符・改行を含む値は引用符で囲んでください。",
    )


def _undecodable(path: Path, encoding: Encoding) -> RefusedFile:
    line = "?"
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                raw.decode(encoding)
            except UnicodeDecodeError:
                line = str(number)
                break
    other = "cp932" if encoding == "utf-8" else "utf-8"
    return RefusedFile(
        f"{path}, line {line}: refused whole: not {encoding}. Try --encoding {other}.",
        f"{path} {line}行目: 全体を拒否。{encoding}ではありません。--encoding {other} を試してください。",
    )
