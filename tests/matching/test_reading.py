"""Reading files: what is read, and what is refused as a whole (§1)."""

import csv
import io
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import Row, a_notification, a_permission

from renkei.agreement.datasets import NOTIFICATIONS, PERMISSIONS, Dataset
from renkei.matching import RefusedFile, reading
from renkei.matching.reading import open_source

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
    monkeypatch.setattr(reading, "BATCH_ROWS", rows_of_a_batch)
    monkeypatch.setattr(reading, "_BLOCK_BYTES", 600)
    monkeypatch.setattr(reading, "_BLOCKS", 2)
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


def test_a_time_of_a_zone_is_refused_by_column(tmp_path: Path) -> None:
    path = tmp_path / "permissions.parquet"
    zoned = pl.lit("2026-02-10").str.to_datetime("%Y-%m-%d").dt.replace_time_zone("Asia/Tokyo")
    pl.DataFrame([a_permission()]).with_columns(permitted_on=zoned).write_parquet(path)

    assert "permitted_on" in refusal(path, PERMISSIONS).en


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
