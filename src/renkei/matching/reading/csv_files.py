"""CSV: the header, and the records in batches (RFC 4180, strictly: see `csv_scan`)."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

import pyarrow as pa
import pyarrow.csv as pa_csv

from renkei.agreement.datasets import Dataset
from renkei.matching.reading.contents import Content, reading_gzip
from renkei.matching.reading.csv_scan import Piece, pieces
from renkei.matching.reading.recognition import (
    HEAD_BYTES,
    is_certainly_utf8,
    recognise,
    refuse_encoding,
    refuse_other_delimiter,
    refuse_other_format,
    utf8_as_cp932,
)
from renkei.matching.reading.refusals import refused, refused_at
from renkei.matching.reading.text_columns import FEW, FEW_DISTINCT
from renkei.matching.reading.utf8 import is_utf8

# Pieces small enough to parse fast are joined into larger batches (see `BATCH_ROWS`).
PIECES_OF_A_BATCH = 8
_MARK = b"\xef\xbb\xbf"
_FIELD = re.compile(r'(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))')


def csv_headers(content: Content, dataset: Dataset, encoding: str) -> list[str]:
    """Return the fields of the header. Raises RefusedFile if the file is no CSV in that encoding."""
    if found := recognise(content.head(HEAD_BYTES), content.tail(HEAD_BYTES)):
        raise refuse_other_format(content.name, found, "CSV")
    header = next((piece for piece in _pieces(content, encoding) if piece.records), None)
    if header is None:
        return []
    record = _first_record(header)
    fields = [
        (quoted or plain).replace('""', '"') if quoted else plain
        for quoted, plain in _FIELD.findall(record.decode().strip("\r\n"))
    ]
    refuse_other_delimiter(content.name, fields, dataset)
    return fields


def csv_batches(
    content: Content, dataset: Dataset, columns: Mapping[str, str], headers: list[str], encoding: str
) -> Iterator[pa.RecordBatch]:
    """Yield the records after the header. Iterating raises RefusedFile for a file that is broken."""
    few = {columns[one.name] for one in dataset.columns if one.kind in FEW_DISTINCT and one.name in columns}
    types = {header: FEW if header in few else pa.string() for header in headers}
    tables = (
        _parsed(piece, headers, types, content.name)
        for piece in _without_header(_pieces(content, encoding))
        if piece.records
    )
    while together := list(islice(tables, PIECES_OF_A_BATCH)):
        yield from pa.concat_tables(together).unify_dictionaries().combine_chunks().to_batches()


def _without_header(all_pieces: Iterator[Piece]) -> Iterator[Piece]:
    for piece in all_pieces:
        if piece.records == 0:
            continue
        header = len(_first_record(piece))
        lines = piece.data.count(b"\n", 0, header)
        yield Piece(
            piece.data[header:],
            piece.record + 1,
            piece.line + lines,
            piece.records - 1,
            piece.lines,
            piece.quoted,
        )
        break
    yield from all_pieces


def _first_record(piece: Piece) -> bytes:
    """Return the bytes from the beginning up to the end of the first record with something in it."""
    blank = len(piece.data) - len(piece.data.lstrip(b"\r\n"))
    return piece.data[:blank] + piece.record_bytes(blank)


def _pieces(content: Content, encoding: str) -> Iterator[Piece]:
    """Yield pieces that are proved to be of the encoding, in UTF-8 whatever it was."""
    decoded = _as_utf8 if encoding == "utf-8" else _from_cp932
    with reading_gzip(content.name), content.open() as file:
        if file.read(len(_MARK)) != _MARK:
            file.seek(content.start)
        elif encoding != "utf-8":
            raise utf8_as_cp932(content.name, 1, 1)
        yield from decoded(pieces(file, content.name, content.start_line), content.name)


def _as_utf8(raw: Iterator[Piece], name: str) -> Iterator[Piece]:
    for piece in raw:
        if not is_utf8(piece.data):
            try:
                piece.data.decode()
            except UnicodeDecodeError as fault:
                bad = piece.record_bytes(fault.start)
                raise refuse_encoding(name, *piece.place(fault.start), bad, "utf-8") from None
        yield piece


def _from_cp932(raw: Iterator[Piece], name: str) -> Iterator[Piece]:
    # UTF-8 often decodes as CP932 without an error, as other characters. What is valid UTF-8 to its end and
    # cannot have been meant otherwise is UTF-8.
    first: tuple[int, int] | None = None
    may_be_utf8 = True
    for piece in raw:
        if may_be_utf8 and not piece.data.isascii():
            may_be_utf8 = is_utf8(piece.data)
            if may_be_utf8 and first is None and is_certainly_utf8(piece.data):
                first = piece.place(next(i for i, byte in enumerate(piece.data) if byte >= 0x80))
        try:
            text = piece.data.decode("cp932")
        except UnicodeDecodeError as fault:
            bad = piece.record_bytes(fault.start)
            raise refuse_encoding(name, *piece.place(fault.start), bad, "cp932") from None
        yield Piece(text.encode(), piece.record, piece.line, piece.records, piece.lines, piece.quoted)
    if may_be_utf8 and first is not None:
        raise utf8_as_cp932(name, *first)


def _parsed(piece: Piece, headers: list[str], types: Mapping[str, pa.DataType], name: str) -> pa.Table:
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(piece.data),
            read_options=pa_csv.ReadOptions(
                column_names=headers, use_threads=False, block_size=len(piece.data) + 1
            ),
            parse_options=pa_csv.ParseOptions(newlines_in_values=piece.quoted),
            convert_options=pa_csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                check_utf8=False,  # proved above
            ),
        )
    except pa.ArrowException:
        table = None  # Arrow's message repeats the row, so it is never passed on
    if table is not None and table.num_rows == piece.records:
        return table
    if ragged := piece.ragged(len(headers)):
        offset, fields = ragged
        raise refused_at(
            name,
            *piece.place(offset),
            f"{fields} fields where the header has {len(headers)}. "
            "A value with a comma, quotation mark or line break must be quoted.",
            f"項目数が{fields}で、見出しの{len(headers)}と合いません。"
            "コンマ・引用符・改行を含む値は引用符で囲んでください。",
        ) from None
    raise refused(
        name,
        "not readable as CSV. Write it again according to RFC 4180.",
        "CSVとして読めません。RFC 4180に従って書き出し直してください。",
    ) from None
