"""Mappings of a source's own layout, through a real source; the rows are synthetic."""

from pathlib import Path

import pytest
from builders import RENKI_ROW, renki

from renkei.agreement.datasets import PERSONS
from renkei.matching.reading import RefusedFile, Source, open_source
from renkei.matching.reading.source_layouts import SHIPPED, UnusableLayout, load_layout

OWN = """
dataset = "persons"
ignored = ["備考"]
must_be_blank = ["個人番号"]
blank = ["kanji_name", "stay_expires_on", "postal_code", "extra_activity_permission"]
[columns]
person_id = "番号"
card_number = { join = ["記号", "数字", "末尾"] }
name = { first = ["ローマ字", "氏名"] }
status_of_residence = { column = "資格", values = { "A" = "student" } }
birth_date = { date = ["元号", "年", "月", "日"] }
sex = "性別"
nationality = { constant = "VNM" }
address = { column = "住所", optional = true }
"""
HEADER = "番号,記号,数字,末尾,ローマ字,氏名,資格,元号,年,月,日,性別,備考,個人番号"
ROW = "P1,AB,12345678,CD,NGUYEN VAN ANH,,A,5,3,1,1,1,x,"
IN_THE_DATASET = {
    "person_id": "P1", "card_number": "AB12345678CD", "name": "NGUYEN VAN ANH",
    "status_of_residence": "student", "birth_date": "令和3年1月1日", "sex": "1", "nationality": "VNM",
}  # fmt: skip


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def opened(tmp_path: Path, mapping: Path, *lines: str) -> Source:
    file = tmp_path / "own.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    layout = load_layout(mapping)
    return open_source(file, layout.dataset, layout=layout)


def read(source: Source) -> list[dict[str, str]]:
    rows = [row for batch in source.batches() for row in batch.to_pylist()]
    return [{name: value for name, value in row.items() if value} for row in rows]


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        (ROW, {}),
        (ROW.replace("NGUYEN VAN ANH,", ",グエン"), {"name": "グエン"}),
        (ROW.replace(",A,", ",Ａ,"), {}),
        (ROW.replace(",A,", ",永住者,"), {"status_of_residence": "永住者"}),
        (ROW.replace(",5,3,1,1,", ",昭和,60,4,12,"), {"birth_date": "昭和60年4月12日"}),
        # A date that lacks a part stays a value, so that it is named as unreadable.
        (ROW.replace(",5,3,1,1,", ",5,3,,1,"), {"birth_date": "令和3年月1日"}),
        (ROW.replace(",5,3,1,1,", ",,,,,"), {"birth_date": None}),
        (ROW.replace("AB,12345678,CD", ",,"), {"card_number": None}),
    ],
)
def test_rows_become_rows_of_the_dataset(row: str, changed: dict, mapping: Path, tmp_path: Path) -> None:
    expected = {name: value for name, value in (IN_THE_DATASET | changed).items() if value}

    assert read(opened(tmp_path, mapping, HEADER, row)) == [expected]


def test_an_optional_column_is_read_where_it_is(mapping: Path, tmp_path: Path) -> None:
    (row,) = read(opened(tmp_path, mapping, f"{HEADER},住所", f"{ROW},東京都"))

    assert row["address"] == "東京都"


@pytest.mark.parametrize(
    ("header", "row", "named"),
    [
        (f"{HEADER},余り", f"{ROW},x", "余り"),
        (HEADER.replace(",性別", ""), ROW.replace(",1,x", ",x"), "性別"),
        (HEADER.replace("備考", "性別"), ROW, "性別"),
        (HEADER, f"{ROW}123456789012", "個人番号"),
    ],
    ids=["unknown", "missing", "twice", "must be blank"],
)
def test_a_file_of_another_layout_is_refused_whole(
    header: str, row: str, named: str, mapping: Path, tmp_path: Path
) -> None:
    with pytest.raises(RefusedFile) as refusal:
        read(opened(tmp_path, mapping, header, row))

    assert named in refusal.value.en
    assert named in refusal.value.ja
    assert "123456789012" not in refusal.value.en + refusal.value.ja


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('dataset = "persons"', 'dataset = "people"', "notifications"),
        ('sex = "性別"', "", "sex"),
        ('sex = "性別"', 'sex = "性別"\nsexes = "性別"', "sexes"),
        ('sex = "性別"', 'sex = { columns = "性別" }', "sex"),
        ('"元号", "年", ', "", "birth_date"),
        ('ignored = ["備考"]', 'ignored = ["備考", "個人番号"]', "個人番号"),
        ('ignored = ["備考"]', 'ignore = ["備考"]', "ignore"),
        ("[columns]", "[columns", "TOML"),
    ],
)
def test_a_mapping_that_is_none_is_refused_by_name(old: str, new: str, named: str, mapping: Path) -> None:
    assert old in OWN
    mapping.write_text(OWN.replace(old, new), encoding="utf-8")

    with pytest.raises(UnusableLayout) as refusal:
        load_layout(mapping)

    assert named in refusal.value.en
    assert named in refusal.value.ja


def test_a_mapping_without_faults_is_taken(mapping: Path) -> None:
    assert load_layout(mapping).dataset == PERSONS


@pytest.mark.parametrize("form", ["10101", "10191"])
def test_the_shipped_layouts_read_rows_of_renki(form: str, tmp_path: Path) -> None:
    (row,) = read(opened(tmp_path, Path(f"renki_{form}"), *renki(form, RENKI_ROW)))

    assert row == {
        "notification_id": f"{form}-1301-123456-7",
        "name": "NGUYEN VAN ANH",
        "status_of_residence": "17",
        "stay_expires_on": "2027年9月30日",
        "birth_date": "平成10年4月21日",
        "sex": "1",
        "nationality": "ベトナム",
        "extra_activity_permission": "2",
        "establishment_number": "13016543210",
        "establishment_postal_code": "1000001",
        "establishment_address": "東京都千代田区見本1-1",
        "establishment_phone": "03-0000-0000",
        "employment_start": "令和8年4月1日",
        "registered_on": "20260410",
    }


@pytest.mark.parametrize(("number", "taken"), [("", True), ("123456789012", False)])
def test_renki_with_a_my_number_is_refused(number: str, taken: bool, tmp_path: Path) -> None:
    source = opened(tmp_path, Path("renki_10101"), *renki("10101", RENKI_ROW | {"個人番号": number}))

    if taken:
        assert len(read(source)) == 1
        return
    with pytest.raises(RefusedFile, match="個人番号"):
        read(source)


def test_a_file_of_another_format_is_named_for_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("\n".join(renki("10101", RENKI_ROW)), encoding="utf-16")
    layout = load_layout(Path("renki_10101"))

    with pytest.raises(RefusedFile, match="UTF-16"):
        open_source(file, layout.dataset, layout=layout)


def test_every_shipped_mapping_loads() -> None:
    assert [load_layout(path).name for path in sorted(SHIPPED.glob("*.toml"))] == [
        "renki_10101",
        "renki_10191",
    ]
