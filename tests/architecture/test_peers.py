"""`tools/peers.py`, on a checkout of each suite that this test makes: two or three rows of its shape."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import peers


def csv_spectrum(place: Path) -> None:
    for folder in ("csvs", "json"):
        (place / folder).mkdir()
    files = {
        "quoted": ('a,b\n"x, ""y""\nz",\n', [{"a": 'x, "y"\nz', "b": ""}]),
        "stray": ('a,b\nx"y,z\n', [{"a": 'x"y', "b": "z"}]),
        "other": ("a,b\n1,2\n", [{"a": "1", "b": "3"}]),
    }
    for name, (text, rows) in files.items():
        (place / "csvs" / f"{name}.csv").write_text(text, encoding="utf-8")
        (place / "json" / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")


def parquet_testing(place: Path) -> None:
    (place / "data").mkdir()
    (place / "bad_data").mkdir()
    text, real = pa.table({"a": ["x", None], "b": [1, 2]}), pa.table({"a": [1.5]})
    pq.write_table(
        text, place / "data/same.parquet", use_dictionary=False, column_encoding={"b": "DELTA_BINARY_PACKED"}
    )
    (place / "data/same_expect.csv").write_text("a,b\nx,1\n,2\n", encoding="utf-8")
    pq.write_table(text, place / "data/other.parquet")
    (place / "data/other_expect.csv").write_text("a,b\nx,1\n,3\n", encoding="utf-8")
    pq.write_table(real, place / "data/real.parquet")
    pq.write_table(text, place / "data/not-corrupt-at-all.parquet")
    (place / "bad_data/cut.parquet").write_bytes((place / "data/same.parquet").read_bytes()[:-20])


def cp932(place: Path) -> None:
    # 亜; 高 in its second form, which CP932 has from IBM; the third is wrong: it is the ideographic space.
    lines = ["# a comment", "", "1410\t0x4E9C\t亜", "11091\t0x9AD9\t髙", "0\t0x3001\t、"]
    (place / "index-jis0208.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write(file: Path, rows: list[dict[str, str]]) -> None:
    file.parent.mkdir(parents=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def nomenklatura(place: Path) -> None:
    pairs = [
        ("Person", "Anna Sample", "SAMPLE, Anna", "true"),
        ("Person", "Anna Sampel", "Anna Sample", "true"),
        ("Person", "Anna Sample", "Berta Example", "true"),
        ("Person", "Anna Sample", "Berta Example", "false"),
        ("Person", "Anna Sample", "Sample Anna", "false"),
        ("Company", "Sample Ltd", "Sample Limited", "true"),
    ]
    names = ("schema", "name1", "name2", "is_match")
    rows = [dict(zip(names, pair, strict=True)) for pair in pairs]
    write(place / "contrib/name_bench/cases.csv", rows)


def geolonia(place: Path) -> None:
    addresses = [
        ("東京都千代田区見本１丁目２番３号", "東京都", "千代田区", "見本一丁目", "2-3", ""),
        ("千代田区見本１丁目２番", "東京都", "千代田区", "見本一丁目", "2", ""),
        ("千代田区見本３丁目", "東京都", "千代田区", "手本三丁目", "", ""),
        ("どこか", "", "", "", "", "どこか"),
    ]
    names = ("住所", "都道府県", "市区町村", "町字", "番地号", "その他")
    write(place / "test/addresses/addresses.csv", [dict(zip(names, row, strict=True)) for row in addresses])


def ja_timex(place: Path) -> None:
    (place / "tests").mkdir()
    said = {
        "2026年4月1日": "2026-04-01", "西暦2026/4/1": "2026-04-01", "2026/4/2": "2026-04-01",
        "2026年4月": "2026-04-XX", "20260401": "P20260401D",
    }  # fmt: skip
    lines = [f'    assert t.parse("{text}").value == "{value}"' for text, value in said.items()]
    (place / "tests/test_any.py").write_text("\n".join(["def test_any(t):", *lines]), encoding="utf-8")


@pytest.mark.parametrize(
    ("option", "make", "expected"),
    [
        # number, agreed, refused with a reason, otherwise: one row for each check
        ("csv-spectrum", csv_spectrum, [(3, 1, 1, 1)]),
        ("parquet-testing", parquet_testing, [(3, 1, 1, 1), (2, 1, 0, 1)]),
        ("cp932", cp932, [(3, 2, 0, 1), (2, 2, 0, 0)]),
        ("nomenklatura", nomenklatura, [(3, 1, 1, 1), (2, 1, 0, 1)]),
        ("geolonia", geolonia, [(3, 2, 0, 1), (3, 2, 0, 1)]),
        ("ja-timex", ja_timex, [(3, 1, 1, 1), (2, 1, 0, 1)]),
    ],
)
def test_each_suite_is_run_and_counted(option, make, expected, tmp_path: Path, capsys) -> None:
    make(tmp_path)

    assert peers.main([f"--{option}", str(tmp_path), "--list"]) == 0

    table, _, listed = capsys.readouterr().out.partition("\n\n")
    _, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines())
    assert [tuple(map(int, row[4:8])) for row in rows] == expected
    assert len(listed.splitlines()) == sum(otherwise for *_, otherwise in expected)


def test_what_is_not_given_is_not_run(capsys) -> None:
    assert peers.main([]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_docs_have_a_row_for_each_check() -> None:
    page = (Path(__file__).parents[2] / "docs/matching.md").read_text(encoding="utf-8")

    for check in peers.CHECKS:
        assert f"| {check.suite} | " in page
        assert f" | {check.licence} | {check.cases} | " in page
