"""The place of a record is that in its own file."""

from pathlib import Path

import polars as pl
from builders import RENKI_ROW, a_notification, renki

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.matching.places import Places
from renkei.matching.reading import open_source
from renkei.matching.reading.source_layouts import load_layout


def places(*files: Path, mapping: str | None = None) -> Places:
    noted, line = Places(), 2
    layout = None if mapping is None else load_layout(Path(mapping))
    for batch in open_source(files, NOTIFICATIONS, layout=layout).batches():
        noted.note(line, batch)
        line += batch.num_rows
    return noted


def test_with_several_files_the_name_stands_before_the_line(tmp_path: Path) -> None:
    one, two = tmp_path / "1.parquet", tmp_path / "2.parquet"
    pl.DataFrame([a_notification()] * 2).write_parquet(one)
    pl.DataFrame([a_notification()] * 3).write_parquet(two, row_group_size=1)
    lines = pl.Series("line", [6, 2, 3, 4], dtype=pl.UInt32)

    assert places(one, two).written(lines).to_list() == [
        "2.parquet:4",
        "1.parquet:2",
        "1.parquet:3",
        "2.parquet:2",
    ]
    assert places(two).written(lines).to_list() == ["6", "2", "3", "4"]


def test_files_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    files = [tmp_path / place / "n.parquet" for place in "ab"]
    for file in files:
        file.parent.mkdir()
        pl.DataFrame([a_notification()]).write_parquet(file)

    assert places(*files).written(pl.Series([3])).to_list() == [f"{files[1]}:2"]


def test_lines_before_the_header_of_each_file_count(tmp_path: Path) -> None:
    one, two = tmp_path / "1.csv", tmp_path / "2.csv"
    lines = renki("10101", RENKI_ROW, RENKI_ROW)
    one.write_text("\n".join(lines), encoding="utf-8")
    two.write_text("\n".join(["", "", *lines]), encoding="utf-8")
    asked = pl.Series("line", [2, 5, 3], dtype=pl.UInt32)

    assert places(one, two, mapping="renki_10101").written(asked).to_list() == [
        "1.csv:10",
        "2.csv:13",
        "1.csv:11",
    ]
    assert places(two, mapping="renki_10101").written(asked[:1]).to_list() == ["12"]
