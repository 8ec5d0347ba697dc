"""`renkei explain` and `renkei reconcile --report`, through the real entry point."""

import json
from pathlib import Path

import pytest
from commands import run

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset

RECORD = {
    "name": "MARKED NAME",
    "status_of_residence": "student",
    "birth_date": "1998-04-01",
    "sex": "1",
    "nationality": "VNM",
}
CARD = {"card_number": "AB12345678CD", "person_id": "P1"}


def write(path: Path, dataset: Dataset, *rows: dict[str, str]) -> Path:
    lines = [",".join(row.get(name, "") for name in dataset.names) for row in rows]
    path.write_text("\n".join([",".join(dataset.names), *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """A world of one worker: what `reconcile` is called with, without --out."""
    world = tmp_path_factory.mktemp("world")
    sent = {"notification_id": "N1", "registered_on": "2026-04-01", **RECORD, "sex": "2"}
    write(world / "notifications.csv", NOTIFICATIONS, sent | {"card_number": CARD["card_number"]})
    write(world / "persons.csv", PERSONS, RECORD | CARD)
    write(world / "cards.csv", CARDS, RECORD | CARD | {"issued_on": "2024-10-01"})
    permission = {"permission_id": "K1", "person_id": "P1", "ground": "coe", "permitted_on": "2025-04-01"}
    permission |= {"status_of_residence": "professor", "contract_confirmed": "1", "organisation_name": "X"}
    write(world / "permissions.csv", PERMISSIONS, permission | {"permitted_on": "2025-04-01"})
    return [
        *("reconcile", "--notifications", world / "notifications.csv", "--register", world),
        *("--as-of", "2026-04-13", "--quiet"),
    ]


@pytest.fixture(scope="module")
def out(arguments: list[object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("out") / "result"
    done = run(*arguments, "--out", directory)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return directory


@pytest.mark.slow
def test_a_case_is_told_in_the_users_language(out):
    english = run("explain", "--notification", "N1", "--result", out)
    japanese = run("explain", "--notification", "N1", "--result", out, lang="ja_JP.UTF-8")

    assert english.stdout.startswith("Notification N1\n\nOutcome\n  - mismatched\n")
    assert japanese.stdout.startswith("届出 N1\n\n突合結果\n  - 不一致\n")
    assert english.returncode == japanese.returncode == 0


def test_a_case_as_json_holds_the_facts_and_the_sentences(out):
    case = json.loads(
        run("explain", "--notification", "N1", "--result", out, "--json", "--lang", "ja").stdout
    )

    assert (case["notification"], case["as_of"], case["outcome"]) == ("N1", "2026-04-13", "mismatched")
    assert case["differences"] == [{"item": "sex", "cause": "different", "linked": "1", "latest": "1"}]
    assert [section["heading"] for section in case["sections"]] == [
        "突合結果",
        "異なる項目",
        "注意",
        "この先",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Give either"),
        (("--notification", "N1", "--permission", "K1"), "Give either"),
        (("--notification", "MARKED"), "no notification with this identifier"),
        (("--permission", "MARKED"), "no suspected omission of this permission"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_status_2(out, options, words):
    refused = run("explain", *options, "--result", out)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert words in refused.stderr
    assert "MARKED" not in refused.stderr


@pytest.mark.slow
def test_a_directory_without_an_output_is_refused_by_file(tmp_path):
    refused = run("explain", "--notification", "N1", "--result", tmp_path, "--lang", "ja")

    assert refused.returncode == 2
    assert "summary.json: ファイルがないか" in refused.stderr.replace("\n", "")


@pytest.mark.slow
def test_the_report_is_written_beside_the_output(arguments, tmp_path):
    page = tmp_path / "pages/report.html"
    done = run(*arguments, "--out", tmp_path / "result", "--report", page, "--lang", "ja")
    source = page.read_text(encoding="utf-8")

    assert done.returncode == 0
    assert source.startswith('<!DOCTYPE html>\n<html lang="ja">')
    assert "MARKED" not in source
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]


@pytest.mark.slow
def test_the_report_may_lie_in_the_output_directory(arguments, tmp_path):
    done = run(*arguments, "--out", tmp_path / "result", "--report", tmp_path / "result/report.html")

    assert done.returncode == 0
    assert {path.name for path in (tmp_path / "result").iterdir()} == {
        *("annex2.csv", "annex3.csv", "matches.csv", "rejects.csv", "summary.json", "report.html")
    }


def test_a_report_of_another_kind_is_refused_before_anything_is_written(arguments, tmp_path):
    refused = run(*arguments, "--out", tmp_path / "result", "--report", tmp_path / "report.pdf")

    assert refused.returncode == 2
    assert "must end in .html" in refused.stderr
    assert list(tmp_path.iterdir()) == []
