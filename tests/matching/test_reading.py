"""Reading files: what is read, and what is refused as a whole (§1)."""

import csv
import gzip
import io
import os
import threading
import unicodedata
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import Row, a_notification, a_permission

from renkei.agreement.datasets import NOTIFICATIONS, PERMISSIONS, Dataset
from renkei.matching import RefusedFile
from renkei.matching.reading import csv_files, csv_scan, open_source, sources

MARK = "ヒミツ"  # a value that may stand in no refusal


def read_file(path: Path, dataset: Dataset = NOTIFICATIONS, encoding: str = "utf-8") -> list[Row]:
    batches = open_source(path, dataset, encoding).batches()  # type: ignore[arg-type]
    return [
        {name: value or "" for name, value in row.items()} for batch in batches for row in batch.to_pylist()
    ]


def refusal(path: Path, dataset: Dataset = NOTIFICATIONS, encoding: str = "utf-8") -> RefusedFile:
    """The refusal of a file; it names the file and no value."""
    with pytest.raises(RefusedFile) as caught:
        read_file(path, dataset, encoding)
    said = caught.value
    for sentence in (said.en, said.ja, str(said)):
        assert str(path) in sentence
        assert MARK not in sentence
    assert caught.value.__cause__ is None
    return said


def as_csv(
    *table: Row, header: list[str] | None = None, end: str = "\r\n", quote: int = csv.QUOTE_MINIMAL
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=quote)  # type: ignore[arg-type]
    writer.writerow(header or list(NOTIFICATIONS.names))
    writer.writerows(row.values() for row in table)
    return text.getvalue()


def a_file(directory: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = directory / "extract.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


ROWS = [
    a_notification(notification_id="N1", name="髙橋 花子", address="東京都見本区1-2-3"),
    a_notification(notification_id="N2", name='O"NEILL, JOHN', address="見本市\n見本町\r\n1"),
    a_notification(notification_id="N3", name="李　明"),
]

SHAPES = {
    "utf-8": as_csv(*ROWS).encode(),
    "utf-8 with a byte order mark": as_csv(*ROWS).encode("utf-8-sig"),
    "line feeds alone": as_csv(*ROWS, end="\n").encode(),
    "everything quoted": as_csv(*ROWS, quote=csv.QUOTE_ALL).encode(),
    "everything quoted, with a byte order mark": as_csv(*ROWS, quote=csv.QUOTE_ALL).encode("utf-8-sig"),
    "no line end at the end": as_csv(*ROWS).rstrip().encode(),
    "Japanese labels": as_csv(*ROWS, header=[column.label_ja for column in NOTIFICATIONS.columns]).encode(),
    "labels and names": as_csv(
        *ROWS,
        header=[
            column.label_ja if place % 2 else column.name
            for place, column in enumerate(NOTIFICATIONS.columns)
        ],
    ).encode(),
    "white space around headers": as_csv(
        *ROWS, header=[f" {name}　" for name in NOTIFICATIONS.names]
    ).encode(),
    "blank lines at the end": (as_csv(*ROWS) + "\r\n\r\n").encode(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_csv_file_is_read_whatever_its_shape(shape: str, tmp_path: Path) -> None:
    assert read_file(a_file(tmp_path, SHAPES[shape])) == ROWS


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    header = list(reversed(NOTIFICATIONS.names))
    table = [{name: row[name] for name in header} for row in ROWS]

    assert read_file(a_file(tmp_path, as_csv(*table, header=header))) == ROWS


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_cp932_is_read_when_asked_for(end: str, tmp_path: Path) -> None:
    path = a_file(
        tmp_path, as_csv(*ROWS, end=end, header=[c.label_ja for c in NOTIFICATIONS.columns]), "cp932"
    )

    assert read_file(path, encoding="cp932") == ROWS


@pytest.mark.parametrize("rows_of_a_batch", [1, 2, 3, 1000])
def test_rows_do_not_depend_on_batches(
    rows_of_a_batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_of_a_batch)
    monkeypatch.setattr(csv_scan, "BLOCK_BYTES", 600)
    monkeypatch.setattr(csv_files, "PIECES_OF_A_BATCH", 2)
    table = [
        a_notification(notification_id=f"N{n}", name="あ" * (n % 7 + 1), address="x\ny" * (n % 3))
        for n in range(50)
    ]
    as_text, as_parquet = a_file(tmp_path, as_csv(*table)), tmp_path / "extract.parquet"
    pl.DataFrame(table).write_parquet(as_parquet, row_group_size=7)

    assert read_file(as_text) == table
    assert read_file(as_parquet) == table


@pytest.mark.parametrize("ending", ["\r\n", "", "\n"])
def test_a_file_of_a_header_alone_has_no_rows(ending: str, tmp_path: Path) -> None:
    assert read_file(a_file(tmp_path, ",".join(NOTIFICATIONS.names) + ending)) == []


# --- Parquet -----------------------------------------------------------------------------------------


def test_parquet_of_text_is_read_as_csv_is(tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    pl.DataFrame(ROWS).write_parquet(path)

    assert read_file(path) == ROWS


def test_parquet_with_japanese_labels(tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    labels = {column.name: column.label_ja for column in NOTIFICATIONS.columns}
    pl.DataFrame(ROWS).rename(labels).write_parquet(path)

    assert read_file(path) == ROWS


def test_blank_in_parquet_is_null_or_empty_text(tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    table = pl.DataFrame([ROWS[0], ROWS[0]]).with_columns(address=pl.Series([None, ""], dtype=pl.String))
    table.write_parquet(path)

    assert [row["address"] for row in read_file(path)] == ["", ""]


def test_typed_parquet_is_read_as_its_canonical_text(tmp_path: Path) -> None:
    path = tmp_path / "permissions.parquet"
    text = a_permission(permitted_on="2026-02-10", organisation_corporate_number="8700110005901")
    typed = pl.DataFrame([text | {"contract_confirmed": True, "work_designated": None}]).with_columns(
        pl.lit(date(2026, 2, 10)).alias("permitted_on"),
        pl.lit(8700110005901).alias("organisation_corporate_number"),
        pl.col("work_designated").cast(pl.Boolean),
        pl.col("ground").cast(pl.Categorical),
        pl.lit(None).alias("dispatch_name"),
    )
    typed.write_parquet(path)

    assert read_file(path, PERMISSIONS) == [text]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_time_is_its_day_at_midnight_and_as_written_otherwise(unit: str, tmp_path: Path) -> None:
    path = tmp_path / "permissions.parquet"
    times = pl.Series(["2026-02-10 00:00:00", "2026-02-10 00:00:01", "1969-07-20 00:00:00", None])
    rows = pl.DataFrame([a_permission(permission_id=f"K{number}") for number in range(4)])
    rows.with_columns(permitted_on=times.str.to_datetime(time_unit=unit)).write_parquet(path)
    read = [row["permitted_on"] for row in read_file(path, PERMISSIONS)]

    assert [read[0], *read[2:]] == ["2026-02-10", "1969-07-20", ""]
    assert read[1].startswith("2026-02-10 00:00:01")


def test_a_type_that_cannot_be_read_is_refused_by_column(tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    table = pl.DataFrame(ROWS).with_columns(pl.lit(1.5).alias("sex"), pl.lit(b"x").alias("industry"))
    table.write_parquet(path)

    assert "sex, industry" in refusal(path).en


@pytest.mark.parametrize("content", [b"", b"PAR1", MARK.encode() * 10], ids=["empty", "begun", "text"])
def test_what_is_no_parquet_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    path.write_bytes(content)

    assert "Parquet" in refusal(path).en


def test_parquet_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    pl.DataFrame(ROWS).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])

    refusal(path)


# --- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["my_number", "個人番号", "マイナンバー", "memo"])
def test_an_unknown_column_is_named_and_its_values_are_nowhere(name: str, tmp_path: Path) -> None:
    table = [row | {name: MARK} for row in ROWS]
    path = a_file(tmp_path, as_csv(*table, header=[*NOTIFICATIONS.names, name]))
    parquet = tmp_path / "extract.parquet"
    pl.DataFrame(table).write_parquet(parquet)

    for said in (refusal(path), refusal(parquet)):
        assert f"unknown columns: {name}" in said.en
        assert f"知らない列: {name}" in said.ja


def test_all_missing_and_unknown_columns_are_named(tmp_path: Path) -> None:
    header = [*NOTIFICATIONS.names[2:], "a", "b"]

    said = refusal(a_file(tmp_path, ",".join(header) + "\n"))

    for name in ("notification_id, name", "a, b"):
        assert name in said.en
        assert name in said.ja


@pytest.mark.parametrize("again", ["name", "氏名"])
def test_a_column_given_twice_is_refused(again: str, tmp_path: Path) -> None:
    said = refusal(a_file(tmp_path, as_csv(header=[*NOTIFICATIONS.names, again])))

    assert "twice: name" in said.en


def test_an_optional_column_must_be_there_too(tmp_path: Path) -> None:
    header = [name for name in NOTIFICATIONS.names if name != "address"]

    assert "missing columns: address" in refusal(a_file(tmp_path, ",".join(header))).en


def test_an_empty_file_lacks_all_columns(tmp_path: Path) -> None:
    assert "notification_id" in refusal(a_file(tmp_path, "")).en


@pytest.mark.parametrize(
    ("broken", "record"),
    [
        ([0], 2),
        ([2], 4),
        ([1, 2], 3),
    ],
)
@pytest.mark.parametrize("more", [True, False], ids=["a field too many", "a field too few"])
def test_a_ragged_row_is_refused_by_its_record(
    broken: list[int], record: int, more: bool, tmp_path: Path
) -> None:
    lines = as_csv(*(row | {"address": ""} for row in ROWS)).splitlines()
    for place in broken:
        lines[place + 1] = lines[place + 1] + f",{MARK}" if more else f"{MARK},{MARK}"
    said = refusal(a_file(tmp_path, "\r\n".join(lines) + "\r\n"))

    assert f"record {record}:" in said.en
    assert f"{record}件目" in said.ja


@pytest.mark.parametrize(
    ("encoding", "wrong", "other"), [("utf-8", "cp932", "cp932"), ("cp932", "utf-8", "utf-8")]
)
def test_undecodable_bytes_are_refused_by_their_line(
    encoding: str, wrong: str, other: str, tmp_path: Path
) -> None:
    lines = as_csv(*(a_notification(notification_id=f"N{n}") for n in range(5))).encode().splitlines(True)
    lines[3] = lines[3].replace(b"NGUYEN", f"{MARK}㍻".encode(wrong) + b"\xff\xfe")
    path = a_file(tmp_path, b"".join(lines))

    said = refusal(path, encoding=encoding)

    assert "line 4" in said.en
    assert "4行目" in said.ja
    assert f"--encoding {other}" in said.en


def test_a_quotation_mark_left_open_is_refused(tmp_path: Path) -> None:
    lines = as_csv(*(row | {"address": "", "name": MARK} for row in ROWS)).splitlines()
    lines[2] = lines[2].replace(MARK, f'"{MARK}')

    assert "quotation mark" in refusal(a_file(tmp_path, "\r\n".join(lines))).en


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path / "extract.csv")

    assert "no such file" in said.en
    assert "ファイルがありません" in said.ja


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    refusal(tmp_path)


def test_only_the_columns_of_the_dataset_are_asked_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    pq.write_table(pa.table({name: [""] for name in NOTIFICATIONS.names}), path)

    assert read_file(path) == [dict.fromkeys(NOTIFICATIONS.names, "")]


# --- RFC 4180, in pairs: what is refused, and its neighbour that is taken ------------------------------


def lines_of(*names: str, end: str = "\r\n") -> list[str]:
    """The lines of a file whose rows have these names (as written) and nothing quoted otherwise."""
    rows = [a_notification(notification_id=f"N{n}", name="@", address="") for n in range(len(names))]
    lines = as_csv(*rows).splitlines()
    return [lines[0], *(line.replace("@", name) for line, name in zip(lines[1:], names, strict=True))]


# What stands in the name's field of the second of three rows; the words of the refusal; a valid neighbour
# and how it is read.
FIELDS = {
    "a quotation never closed": (f'"{MARK}', "never closed", f'"{MARK}"', MARK),
    "text after the closing mark": (f'"{MARK}"X', "after a closing", f'"{MARK}""X"', f'{MARK}"X'),
    "a mark inside an unquoted field": (f'{MARK}"X', "inside a field", f'"{MARK}""X"', f'{MARK}"X'),
    "white space before the mark": (f' "{MARK}"', "inside a field", f'" {MARK}"', f" {MARK}"),
    "white space after the mark": (f'"{MARK}" ', "after a closing", f'"{MARK} "', f"{MARK} "),
    "three marks": (f'"""{MARK}', "never closed", f'"""{MARK}"', f'"{MARK}'),
    "a lone carriage return": (f"{MARK}\rX", "carriage return", f'"{MARK}\rX"', f"{MARK}\rX"),
    "a NUL character": (f"{MARK}\0", "NUL", f"{MARK}\x01", f"{MARK}\x01"),
    "a field too many": (f"{MARK},X", "fields where", f'"{MARK},X"', f"{MARK},X"),
    "a line feed unquoted": (f"{MARK}\nX", "fields where", f'"{MARK}\nX"', f"{MARK}\nX"),
    "only white space quoted wrongly": (f'{MARK}""', "inside a field", '""""', '"'),
}


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("block", [300, 1 << 22])
@pytest.mark.parametrize("kind", FIELDS)
def test_what_is_no_rfc_4180_is_refused_by_record_and_its_neighbour_taken(
    kind: str, block: int, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_scan, "BLOCK_BYTES", block)
    wrong, words, right, value = FIELDS[kind]

    said = refusal(a_file(tmp_path, end.join(lines_of("A", wrong, "B")) + end))
    taken = read_file(a_file(tmp_path, end.join(lines_of("A", right, "B")) + end))

    assert words in said.en
    assert "record 3:" in said.en
    assert "3件目" in said.ja
    assert [row["name"] for row in taken] == ["A", value, "B"]


def test_two_stray_marks_swallow_no_row(tmp_path: Path) -> None:
    said = refusal(a_file(tmp_path, "\n".join(lines_of(f'"{MARK}', f'"{MARK}', "C"))))

    assert "record 2:" in said.en


@pytest.mark.parametrize(
    ("header", "words"),
    [('"notification_id"x', "after a closing"), ('notification"_id', "inside a field")],
)
def test_a_quotation_fault_in_the_header_is_called_one(header: str, words: str, tmp_path: Path) -> None:
    said = refusal(a_file(tmp_path, as_csv(*ROWS).replace("notification_id", header, 1)))

    assert words in said.en
    assert "line 1" in said.en
    assert "cp932" not in said.en.lower()


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_lines_with_nothing_in_them_are_no_records(end: str, tmp_path: Path) -> None:
    lines = lines_of("A", "B", "C")
    spread = end + end.join([lines[0], "", lines[1], lines[2], "", "", lines[3]]) + end + end

    assert [row["name"] for row in read_file(a_file(tmp_path, spread))] == ["A", "B", "C"]
    ragged = spread.replace(lines[3], lines[3] + ",")
    assert "record 4:" in refusal(a_file(tmp_path, ragged)).en


def test_line_ends_may_be_mixed_and_fields_long(tmp_path: Path) -> None:
    lines = lines_of("A", "あ" * 200_000, f'"{"x" * 300_000}"')

    read = read_file(a_file(tmp_path, lines[0] + "\n" + lines[1] + "\r\n" + lines[2] + "\n" + lines[3]))

    assert [len(row["name"]) for row in read] == [1, 200_000, 300_000]


def test_a_file_of_carriage_returns_alone_is_refused(tmp_path: Path) -> None:
    assert "carriage return" in refusal(a_file(tmp_path, "\r".join(lines_of("A", "B")))).en


# --- what a file really is ---------------------------------------------------------------------------

KANA = as_csv(a_notification(name="ﾃｩ", address="")).encode("cp932")  # valid UTF-8 by accident
OTHERWISE = {
    "UTF-16 with a mark": (as_csv(*ROWS).encode("utf-16"), "utf-8", "UTF-16"),
    "UTF-16 without one": (as_csv(*ROWS).encode("utf-16-le"), "utf-8", "UTF-16"),
    "UTF-16, other end first": (as_csv(*ROWS).encode("utf-16-be"), "utf-8", "UTF-16"),
    "gzip": (gzip.compress(as_csv(*ROWS).encode()), "utf-8", "gzip"),
    "ZIP": (b"PK\x03\x04" + bytes(40), "utf-8", "ZIP"),
    "workbook": (b"PK\x03\x04" + bytes(40) + b"xl/workbook.xml", "utf-8", ".xlsx"),
    "old workbook": (b"\xd0\xcf\x11\xe0" + bytes(40), "utf-8", ".xls"),
    "Parquet": (b"PAR1" + bytes(40) + b"PAR1", "utf-8", "Parquet"),
    "semicolons": (as_csv().replace(",", ";").encode(), "utf-8", "semicolon"),
    "tabs": (as_csv().replace(",", "\t").encode(), "utf-8", "tab"),
    "CP932 as UTF-8": (as_csv(*ROWS).encode("cp932"), "utf-8", "CP932"),
    "UTF-8 as CP932": (as_csv(a_notification(name="José")).encode(), "cp932", "UTF-8"),
    "Japanese UTF-8 as CP932": (as_csv(*ROWS).encode(), "cp932", "UTF-8"),
    "UTF-8 with a mark as CP932": (as_csv().encode("utf-8-sig"), "cp932", "UTF-8"),
}


@pytest.mark.parametrize("kind", OTHERWISE)
def test_what_a_file_really_is_is_named(kind: str, tmp_path: Path) -> None:
    content, encoding, name = OTHERWISE[kind]
    said = refusal(a_file(tmp_path, content), encoding=encoding)

    assert name in said.en
    assert name in said.ja or name in ("semicolon", "tab")


def test_half_width_kana_alone_stays_cp932(tmp_path: Path) -> None:
    assert read_file(a_file(tmp_path, KANA), encoding="cp932")[0]["name"] == "ﾃｩ"


@pytest.mark.parametrize(
    ("raw", "character"), [(b"\x81\x5c", "\u2015"), (b"\x81\x65", "\u2018"), (b"\x81\x60", "\uff5e")]
)
def test_cp932_is_read_as_windows_maps_it(raw: bytes, character: str, tmp_path: Path) -> None:
    content = as_csv(a_notification(name="@", address="")).encode().replace(b"@", b"A" + raw + b"B")

    assert read_file(a_file(tmp_path, content), encoding="cp932")[0]["name"] == f"A{character}B"


def test_csv_called_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    path.write_text(as_csv(*ROWS), encoding="utf-8")

    assert "CSV" in refusal(path).en


# --- headers -----------------------------------------------------------------------------------------


def test_a_header_may_be_of_any_normalisation_and_width_with_invisible_characters(tmp_path: Path) -> None:
    ways = (
        lambda label: unicodedata.normalize("NFD", label),
        lambda label: unicodedata.normalize("NFKC", label),
        lambda label: "\u200b" + label + "\ufe00",
        lambda label: label.upper(),
    )
    header = [ways[n % 4](column.label_ja) for n, column in enumerate(NOTIFICATIONS.columns)]
    wide = ["".join(chr(ord(c) + 0xFEE0) for c in name) for name in NOTIFICATIONS.names]

    assert read_file(a_file(tmp_path, as_csv(*ROWS, header=header))) == ROWS
    assert read_file(a_file(tmp_path, as_csv(*ROWS, header=wide))) == ROWS


@pytest.mark.parametrize("name", [MARK, "tanaka", "山田太郎", "TRAN THI HOA"])
def test_a_file_without_a_header_shows_no_person(name: str, tmp_path: Path) -> None:
    row = a_notification(name=name, card_number="AB00000001CD", birth_date="1990-05-06")
    said = refusal(a_file(tmp_path, as_csv(header=list(row.values()))))

    for value in (name, "AB00000001CD", "1990-05-06"):
        assert value not in said.en + said.ja
    assert "notification_id" in said.en


def test_at_most_five_unknown_columns_are_named_and_no_value_among_them(tmp_path: Path) -> None:
    unknown = ["memo", "個人番号", "AB12345678CD", "TRAN THI HOA", "c", "d", "e", "f"]
    said = refusal(a_file(tmp_path, as_csv(header=[*NOTIFICATIONS.names, *unknown])))

    assert "memo, 個人番号, c, d, e, (+3)" in said.en


# --- several files, gzip, pipes ----------------------------------------------------------------------


def test_several_files_are_read_one_after_the_other_and_batches_name_theirs(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.parquet"
    first.write_text(as_csv(*ROWS[:2]), encoding="utf-8")
    pl.DataFrame(ROWS[2:]).write_parquet(second)

    batches = list(open_source([first, second], NOTIFICATIONS).batches())

    assert [(sources.place_of(batch)[0], batch.num_rows) for batch in batches] == [
        ("a.csv", 2),
        ("b.parquet", 1),
    ]
    assert sources.place_of(next(open_source(first, NOTIFICATIONS).batches())) == (None, 1)


def test_gzip_is_read_and_refused_where_it_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "extract.csv.gz"
    path.write_bytes(gzip.compress(as_csv(*ROWS).encode()))
    assert read_file(path) == ROWS

    path.write_bytes(path.read_bytes()[:-12])
    assert "gzip" in refusal(path).en


def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(as_csv(*ROWS), encoding="utf-8"))
    writer.start()

    assert read_file(pipe) == ROWS
    writer.join()
    assert list(tmp_path.iterdir()) == [pipe]


# --- Parquet held against itself ---------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "dictionary"])
def test_every_encoding_of_strings_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    how = (
        {"use_dictionary": True}
        if encoding == "dictionary"
        else {"use_dictionary": False, "column_encoding": encoding}
    )
    pq.write_table(pa.Table.from_pylist(ROWS), path, **how)

    assert read_file(path) == ROWS


@pytest.mark.parametrize(
    "dtype", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_every_type_of_text_is_read(dtype: pa.DataType, tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    table = pa.Table.from_pylist(ROWS)
    pq.write_table(table.cast(pa.schema([(name, dtype) for name in table.schema.names])), path)

    assert read_file(path) == ROWS


@pytest.mark.parametrize("column", ["name", "sex", "card_number"])
@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("good", [True, False])
def test_text_that_is_not_utf8_is_refused_by_column(
    column: str, dictionary: bool, good: bool, tmp_path: Path
) -> None:
    path = tmp_path / "extract.parquet"
    raw = [row[column].encode() for row in ROWS]
    raw[1:] = ["髙".encode()] * 2 if good else ["髙".encode()[:1], "髙".encode()[1:]]
    text = pa.Array.from_buffers(pa.string(), len(raw), pa.array(raw, pa.binary()).buffers())
    table = pa.Table.from_pylist(ROWS)
    table = table.set_column(table.schema.get_field_index(column), column, text)
    pq.write_table(table, path, use_dictionary=dictionary)

    if good:
        assert read_file(path)[2][column] == "髙"
    else:
        assert f"columns {column}." in refusal(path).en


def test_a_damaged_page_is_refused_where_there_is_a_checksum(tmp_path: Path) -> None:
    path = tmp_path / "extract.parquet"
    rows = [a_notification(notification_id=f"N{n}", name="ZZZZ") for n in range(9)]
    pq.write_table(
        pa.Table.from_pylist(rows),
        path,
        write_page_checksum=True,
        use_dictionary=False,
        write_statistics=False,
        compression="none",
    )
    assert read_file(path) == rows
    path.write_bytes(path.read_bytes().replace(b"ZZZZ", b"ZZZY", 1))

    assert "Parquet" in refusal(path).en


def test_a_directory_of_parts_is_read_by_name_and_nothing_else_may_lie_there(tmp_path: Path) -> None:
    place = tmp_path / "notifications"
    place.mkdir()
    for number, row in enumerate(ROWS):
        pl.DataFrame([row]).write_parquet(place / f"part-{number}.parquet")
    (place / "_SUCCESS").touch()
    assert read_file(place) == ROWS

    (place / "part-3.csv").touch()
    assert "part-3.csv" in refusal(place).en
    (place / "part-3.csv").rename(place / "_temporary")
    assert "still being written" in refusal(place).en
