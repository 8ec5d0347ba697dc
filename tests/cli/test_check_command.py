"""`renkei check`, through its real entry point."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import fastexcel
import polars as pl
import pytest
from builders import a_card, a_notification, a_permission, a_person, write_csv
from commands import MARK, names, run

from renkei.agreement.datasets import CARDS, DATASETS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.matching.reading.source_layouts import load_layout

BUILDERS = {
    NOTIFICATIONS: a_notification, PERSONS: a_person, CARDS: a_card, PERMISSIONS: a_permission,
}  # fmt: skip
FAULT = ("row", "column", "reason", "action")

# Runs the command where nothing works that only Linux has: modules, calls, and files of /proc and /sys.
WITHOUT_LINUX = """
import os, sys
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
for name in ("memfd_create", "O_TMPFILE", "sched_getaffinity", "getuid", "geteuid", "fork"):
    if hasattr(os, name):
        delattr(os, name)
def no_proc(event, arguments):
    if event == "open" and str(arguments[0]).startswith(("/proc", "/sys", "/dev")):
        raise FileNotFoundError(str(arguments[0]))
sys.addaudithook(no_proc)
sys.argv = ["renkei", *sys.argv[1:]]
from renkei.cli import main
main()
"""


def faults(*arguments: str) -> list[tuple[object, ...]]:
    ran = run("check", *arguments, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    return [tuple(fault[key] for key in FAULT) for part in json.loads(ran.stdout) for fault in part["faults"]]


def column_letter(place: int) -> str:
    return chr(ord("A") + place)


def marked_cells(workbook: Path) -> set[str]:
    """The cells of the first sheet with a comment; they alone have another format than the rest."""
    with ZipFile(workbook) as parts:
        commented = set(re.findall(r'<comment ref="(\w+)"', parts.read("xl/comments1.xml").decode()))
        cells = re.findall(r'<c r="(\w+)" s="(\d+)"', parts.read("xl/worksheets/sheet1.xml").decode())
    plain = cells[0][1]
    assert {place for place, style in cells if style != plain} == commented
    return commented


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    table = [
        a_notification(notification_id="N1"),
        a_notification(notification_id="N2", sex=MARK),
        a_notification(notification_id="N3", status_of_residence="永住者", establishment_name=MARK),
        a_notification(notification_id="N1", name=""),
    ]
    return write_csv(tmp_path / "extract.csv", NOTIFICATIONS, table)


EXPECTED = [
    (3, "sex", "unreadable", "value"),
    (4, "establishment_name", "forbidden", "row"),
    (5, "notification_id", "duplicate", "row"),
    (5, "name", "missing", "value"),
]


@pytest.mark.slow
def test_every_fault_is_named_by_row_and_column(faulty: Path) -> None:
    assert faults(str(faulty)) == EXPECTED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("ja", "3行目、列「sex」: 項目「性別」を読み取れません。"),
        ("en", "row 3, column “sex”: The item “sex” cannot be read"),
    ],
)
def test_it_speaks_both_languages_and_repeats_no_value(lang: str, said: str, faulty: Path) -> None:
    ran = run("check", str(faulty), "--lang", lang)

    assert (ran.returncode, ran.stderr, said in ran.stdout) == (0, "", True)
    assert MARK not in ran.stdout


@pytest.mark.slow
@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
def test_the_dataset_is_known_by_its_header(dataset, tmp_path: Path) -> None:
    labels = dict(zip(dataset.names, (column.label_ja for column in dataset.columns), strict=True))
    file = tmp_path / "table.parquet"
    pl.DataFrame([BUILDERS[dataset]()]).rename(labels).write_parquet(file)

    ran = run("check", str(file), "--json")

    (part,) = json.loads(ran.stdout)
    assert (part["dataset"], part["read"], part["set_aside"], part["faults"]) == (dataset.name, 1, 0, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("with_persons", "expected"), [(False, []), (True, [(3, "person_id", "unknown_person", "row")])]
)
def test_persons_are_known_only_with_their_file(with_persons: bool, expected: list, tmp_path: Path) -> None:
    cards = write_csv(
        tmp_path / "c.csv", CARDS, [a_card(), a_card(card_number="EF87654321GH", person_id="P9")]
    )
    persons = write_csv(tmp_path / "p.csv", PERSONS, [a_person()])

    assert faults(str(cards), *([str(persons)] if with_persons else [])) == expected


@pytest.mark.slow
def test_an_identifier_in_two_files_is_a_duplicate(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_csv(tmp_path / name, NOTIFICATIONS, [a_notification(notification_id="N1")])

    ran = run("check", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), "--json")

    (fault,) = json.loads(ran.stdout)[0]["faults"]
    assert (fault["file"], fault["row"], fault["reason"]) == ("b.csv", 2, "duplicate")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{MARK},{MARK}\n1,2\n", "no header of any dataset"),
        ("notification_id,個人番号\nN1,1\n", "個人番号"),
        (None, "no such file"),
    ],
)
def test_a_file_that_is_refused_whole_ends_with_2(text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    if text is not None:
        file.write_text(text, encoding="utf-8")

    ran = run("check", str(file), "--out", str(tmp_path / "out" / "x.xlsx"))

    assert (ran.returncode, ran.stdout, names(tmp_path / "out")) == (2, "", [])
    assert said in ran.stderr
    assert MARK not in ran.stderr


@pytest.mark.slow
def test_standard_input_needs_the_name_of_its_dataset(faulty: Path) -> None:
    def piped(*more: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "renkei", "check", "-", "--json", *more]
        return subprocess.run(command, input=faulty.read_bytes(), capture_output=True, check=False)

    refused, taken = piped(), piped("--dataset", "notifications")

    assert (refused.returncode, b"--dataset" in refused.stderr) == (2, True)
    assert (taken.returncode, json.loads(taken.stdout)[0]["read"]) == (0, 4)


@pytest.mark.slow
def test_the_workbook_marks_the_cells_and_can_be_mended_and_checked_again(
    faulty: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out" / "marked.xlsx"

    ran = run("check", str(faulty), "--out", str(out), "--quiet", "--lang", "en")

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    places = {f"{column_letter(NOTIFICATIONS.names.index(column))}{row}" for row, column, *_ in EXPECTED}
    assert marked_cells(out) == places
    book = fastexcel.read_excel(out)
    sheet = book.load_sheet(0, dtypes="string").to_polars()
    assert sheet["sex"][1] == MARK
    # What must not be sent is not written again: without it, the row can be taken.
    assert sheet["establishment_name"][2] is None
    listed = book.load_sheet(1).to_polars()
    assert listed["row"].to_list() == [row for row, *_ in EXPECTED]
    assert faults(str(out)) == [fault for fault in EXPECTED if fault[2] != "forbidden"]


@pytest.mark.slow
@pytest.mark.parametrize("out", ["marked.csv", "extract.csv"])
def test_a_place_that_cannot_be_written_to_is_refused(out: str, faulty: Path, tmp_path: Path) -> None:
    before = faulty.read_bytes()

    ran = run("check", str(faulty), "--out", str(tmp_path / out))

    assert (ran.returncode, ran.stdout, faulty.read_bytes()) == (2, "", before)


@pytest.mark.slow
def test_a_checked_workbook_is_never_overwritten(faulty: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    run("check", str(faulty), "--out", str(book))
    before = book.read_bytes()

    ran = run("check", str(book), "--out", str(book))

    assert (ran.returncode, book.read_bytes()) == (2, before)


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--json"], ["--out", "marked.xlsx"]], ids=["text", "json", "workbook"])
def test_it_runs_where_nothing_is_that_only_linux_has(more: list[str], faulty: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_LINUX, "check", str(faulty), "--lang", "ja", *more],
        cwd=tmp_path,
        # As in a pipe of a Windows that has no Japanese.
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.slow
def test_a_mapping_reads_a_sources_own_layout_and_names_its_columns_and_rows(tmp_path: Path) -> None:
    layout = load_layout(Path("renki_10101"))
    columns = [one for rule in layout.rules.values() if rule.kind != "heading" for one in rule.sources]
    values = {
        "被保険者番号4桁": "1301", "被保険者氏名": MARK, "在留資格コード": "17", "性別": "8",
        "生年月日（元号）": "4", "生年月日（年）": "10", "生年月日（月）": "13", "生年月日（日）": "21",
        "国籍・地域": "ベトナム", "在留カード番号": "AB12345678CD",
    }  # fmt: skip
    file = tmp_path / "renki.csv"
    heading = [
        "作成年月日,事業所所在地,電話番号,親番号（郵便番号）,子番号（郵便番号）",
        "20260410,,,,",
        "[data]",
    ]
    lines = [*heading, ",".join(columns), ",".join(values.get(column, "") for column in columns)]
    file.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")

    ran = run("check", str(file), "--mapping", "renki_10101", "--json")

    (part,) = json.loads(ran.stdout)
    assert (part["dataset"], part["read"], part["set_aside"]) == ("notifications", 1, 0)
    assert [(fault["row"], fault["header"], fault["reason"]) for fault in part["faults"]] == [
        (5, "生年月日（元号） + 生年月日（年） + 生年月日（月） + 生年月日（日）", "unreadable"),
        (5, "性別", "unreadable"),
    ]
    assert MARK not in ran.stdout
