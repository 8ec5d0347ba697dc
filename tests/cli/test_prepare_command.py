"""`renkei prepare`, through its real entry point."""

import json
from pathlib import Path

import polars as pl
import pytest
from builders import a_notification, a_tombstone, write_csv
from commands import MARK, names, run, table

from renkei.agreement.datasets import NOTIFICATIONS

COUNTS = {
    "read": 6, "rejected": 1, "no_card_number": 1, "not_notifiable": 1, "sent": 3, "notifications": 2,
    "deletions": 1, "withheld": 1,
}  # fmt: skip


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    table = [
        a_notification(notification_id="N1"),
        a_notification(notification_id="N2", status_of_residence="永住者", establishment_name=MARK),
        a_notification(notification_id="N3", card_number=""),
        a_notification(notification_id="N4", status_of_residence="特別永住者"),
        a_notification(notification_id="N5", name=MARK, registered_on="?"),
        a_tombstone(notification_id="N6"),
    ]
    return write_csv(tmp_path / "extract.csv", NOTIFICATIONS, table)


@pytest.mark.slow
def test_it_writes_annex_1_and_prints_its_counts(extract: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "annex1.csv"

    ran = run("prepare", "--notifications", str(extract), "--out", str(out), "--json")

    assert (ran.returncode, ran.stderr, json.loads(ran.stdout)) == (0, "", COUNTS)
    assert names(out.parent) == ["annex1.csv", "rejects.csv"]
    assert [row["notification_id"] for row in table(out)] == ["N1", "N2", "N6"]
    assert [row["reasons"] for row in table(out.parent / "rejects.csv")] == ["unreadable:registered_on"]
    assert MARK not in "".join(path.read_text("utf-8") for path in out.parent.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(("lang", "said"), [("ja", "届出(読込)"), ("en", "notifications read")])
def test_it_speaks_both_languages_and_writes_parquet(
    lang: str, said: str, extract: Path, tmp_path: Path
) -> None:
    out = tmp_path / "annex1.parquet"

    ran = run("prepare", "--notifications", str(extract), "--out", str(out), "--lang", lang)

    assert (ran.returncode, said in ran.stdout) == (0, True)
    assert pl.read_parquet(out)["notification_id"].to_list() == ["N1", "N2", "N6"]


@pytest.mark.slow
def test_a_file_that_is_refused_leaves_nothing(extract: Path, tmp_path: Path) -> None:
    extract.write_text(extract.read_text("utf-8").replace("sex", "個人番号", 1), encoding="utf-8")
    out = tmp_path / "out" / "annex1.csv"

    ran = run("prepare", "--notifications", str(extract), "--out", str(out))

    assert (ran.returncode, ran.stdout, names(out.parent)) == (2, "", [])
    assert "個人番号" in ran.stderr
    assert MARK not in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["annex1.txt", "annex1"])
def test_an_ending_that_cannot_be_written_is_refused(ending: str, extract: Path, tmp_path: Path) -> None:
    ran = run("prepare", "--notifications", str(extract), "--out", str(tmp_path / "out" / ending))

    assert (ran.returncode, names(tmp_path / "out")) == (2, [])


@pytest.mark.slow
def test_quiet_says_nothing(extract: Path, tmp_path: Path) -> None:
    ran = run("prepare", "--notifications", str(extract), "--out", str(tmp_path / "a.csv"), "--quiet")

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
