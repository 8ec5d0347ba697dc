"""Parquet: one file, checked against its own metadata; a file that contradicts itself is refused (§1)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from renkei.agreement.datasets import Dataset
from renkei.matching.reading.contents import Content
from renkei.matching.reading.headers import shown
from renkei.matching.reading.recognition import HEAD_BYTES, recognise, refuse_other_format
from renkei.matching.reading.refusals import RefusedFile, refused
from renkei.matching.reading.text_columns import FEW_DISTINCT
from renkei.matching.reading.utf8 import holds_utf8

# Encodings from which Arrow can keep the dictionary of the file; the others are read as plain text.
_WITH_DICTIONARY = frozenset({"PLAIN", "RLE", "BIT_PACKED", "PLAIN_DICTIONARY", "RLE_DICTIONARY"})
_MAGIC = b"PAR1"


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:  # what Arrow gives as Python text is the names; values stay in arrays
        raise refused(
            name,
            "the name of a column is not UTF-8. Write it again with names in UTF-8.",
            "列名がUTF-8ではありません。UTF-8で書き出し直してください。",
        ) from None
    except (pa.ArrowException, OSError, OverflowError, EOFError):
        # Arrow's messages may repeat values, so they are never passed on.
        raise refused(
            name,
            "not a readable Parquet file: it is damaged or contradicts itself. Write it again, or send CSV.",
            "Parquetとして読めません(壊れているか、内容が矛盾しています)。書き出し直すか、CSVで提出してください。",
        ) from None


@contextmanager
def _file(content: Content, few: list[str] | None = None) -> Iterator[pq.ParquetFile]:
    with _readable(content.name):
        # Arrow reads a path with several reads at once; a pipe's spooled bytes it reads as a file.
        source = content.path if content.spooled is None else content.plain()
        file = pq.ParquetFile(source, read_dictionary=few, page_checksum_verification=True)
    with file:
        yield file


def parquet_headers(content: Content) -> list[str]:
    """Return the column names. Raises RefusedFile for what is no Parquet or has columns of other types."""
    head, tail = content.head(HEAD_BYTES), content.tail(HEAD_BYTES)
    if not head.startswith(_MAGIC):
        found = recognise(head, tail)
        if found is not None:
            raise refuse_other_format(content.name, found, "Parquet")
        is_text = bool(head) and b"\0" not in head and b"," in head
        raise refused(
            content.name,
            "not Parquet"
            + (
                ": it looks like CSV. Give it a name that ends in .csv."
                if is_text
                else ". Write it again, or send CSV."
            ),
            "Parquetではありません。"
            + (
                "CSVのようです。名前を.csvにしてください。"
                if is_text
                else "書き出し直すか、CSVで提出してください。"
            ),
        )
    with _file(content) as file, _readable(content.name):
        schema = file.schema_arrow
        names = list(schema.names)
        int96 = _int96(file)
        odd = [field.name for field in schema if not _is_text_like(field.type) or field.name in int96]
    if odd:
        columns = ", ".join(shown(odd))
        raise refused(
            content.name,
            "columns of a type that is neither text (UTF-8), whole number, boolean, date nor time without a "
            f"zone: {columns}. Write them as text.",
            f"文字列(UTF-8)・整数・真偽値・日付・時間帯のない日時のいずれでもない型の列: {columns}。"
            "文字列で書き出してください。",
        )
    return names


def _int96(file: pq.ParquetFile) -> set[str]:
    """Return the columns of the old type of times, INT96.

    It does not say whether its times are of a zone (Spark's are, Impala's not), and Arrow reads those after
    2262 as other days.
    """
    columns = (file.schema.column(place) for place in range(len(file.schema)))
    return {column.path for column in columns if column.physical_type == "INT96"}


def _is_text_like(dtype: pa.DataType) -> bool:
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    if pa.types.is_timestamp(dtype):
        # The day of a point in time depends on the place, and a file does not give the place.
        return dtype.tz is None
    kinds = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_date32, pa.types.is_null)
    return _is_text(dtype) or any(is_kind(dtype) for is_kind in kinds)


def _is_text(dtype: pa.DataType) -> bool:
    return any(
        is_kind(dtype) for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def parquet_batches(
    content: Content, dataset: Dataset, columns: Mapping[str, str], batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches. Raises RefusedFile where the file contradicts itself or is not UTF-8."""
    few = [columns[one.name] for one in dataset.columns if one.kind in FEW_DISTINCT and one.name in columns]
    headers = list(columns.values())
    with _file(content) as file, _readable(content.name):
        few = _keep_dictionaries(file.metadata, few)
        _refuse_contradictions(file.metadata, content.name)
    with _file(content, few) as file:
        # Row group by row group: a batch across two groups would need a common dictionary. One thread per
        # file, because several files are read at once.
        for group in range(file.num_row_groups):
            with _readable(content.name):
                wanted = file.metadata.row_group(group).num_rows
                batches = file.iter_batches(
                    batch_rows, row_groups=[group], columns=headers, use_threads=False
                )
            read = 0
            while True:
                with _readable(content.name):
                    batch = next(batches, None)
                if batch is None:
                    break
                _refuse_other_bytes(batch, content.name)
                read += batch.num_rows
                yield batch
            if read != wanted:
                raise _contradiction(content.name)


def _keep_dictionaries(metadata: pq.FileMetaData, few: list[str]) -> list[str]:
    kept = set(few)
    for group in range(metadata.num_row_groups):
        chunks = metadata.row_group(group)
        for place in range(chunks.num_columns):
            chunk = chunks.column(place)
            if not _WITH_DICTIONARY.issuperset(chunk.encodings):
                kept.discard(chunk.path_in_schema)
    return sorted(kept)


def _refuse_contradictions(metadata: pq.FileMetaData, name: str) -> None:
    """Refuse a file whose counts do not agree: the footer's, the row groups' and the column chunks'."""
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    if metadata.num_rows != sum(group.num_rows for group in groups):
        raise _contradiction(name)
    for group in groups:
        for place in range(group.num_columns):
            if group.column(place).num_values != group.num_rows:
                raise _contradiction(name)


def _contradiction(name: str) -> RefusedFile:
    return refused(
        name,
        "a column holds another number of values than the file has rows. It is damaged: write it again.",
        "列の値の数がファイルの行数と合いません。壊れています。書き出し直してください。",
    )


def _refuse_other_bytes(batch: pa.RecordBatch, name: str) -> None:
    bad = [
        header
        for header, column in zip(batch.schema.names, batch.columns, strict=True)
        if not _proved(column)
    ]
    if bad:
        columns = ", ".join(bad)
        raise refused(
            name,
            f"text that is not UTF-8 in the columns {columns}. Write it again in UTF-8.",
            f"UTF-8ではない文字列の列: {columns}。UTF-8で書き出し直してください。",
        )


def _proved(column: pa.Array) -> bool:
    values = column.dictionary if pa.types.is_dictionary(column.type) else column
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.binary_view()).cast(pa.binary()).view(pa.string())
    return not _is_text(values.type) or holds_utf8(values)


def parts_of(directory: Path) -> list[Path]:
    """Return the Parquet parts of a directory, by name. Raises RefusedFile if something else is in it.

    What begins with `_` or `.` is what engines write beside their parts (`_SUCCESS`).
    """
    entries = sorted(directory.iterdir())
    if any(entry.name == "_temporary" for entry in entries):
        raise refused(
            str(directory),
            "it is still being written (_temporary). Wait until it is complete.",
            "まだ書き込み中です(_temporaryがあります)。完了を待ってください。",
        )
    parts = [entry for entry in entries if not entry.name.startswith(("_", "."))]
    others = [part.name for part in parts if part.suffix.lower() != ".parquet" or not part.is_file()]
    if others or not parts:
        what = ", ".join(others[:5])
        raise refused(
            str(directory),
            "a directory must hold Parquet parts and nothing else"
            + (f": {what}. Move these away." if others else ", and there is none. Check the path."),
            "ディレクトリにはParquetの部分ファイルだけを置いてください。"
            + (f"他のもの: {what}。" if others else "一つもありません。パスを確かめてください。"),
        )
    return parts
