"""`renkei compare`: what differs between two runs, across formats and without a value of a person."""

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from builders import OTHER_CARD, a_card, a_notification, a_permission, a_person, write_csv, write_register
from commands import MARK, run, table

from renkei.agreement.datasets import NOTIFICATIONS

EXCEL = find_spec("xlsxwriter") is not None
FIRST = [
    a_notification(notification_id="N1"),
    a_notification(notification_id="N2", sex="2", name=MARK),
    a_notification(notification_id="N3", card_number="AB1"),
    a_notification(notification_id="N4"),
]
THEN = [
    a_notification(notification_id="N1", birth_date="1998-04-22"),
    a_notification(notification_id="N2", sex="2", name=MARK, birth_date="1998-04-22"),
    a_notification(notification_id="N4"),
    a_notification(notification_id="N5", card_number=OTHER_CARD, employment_start="2026-03-01"),
]
CHANGES = [
    ("matches", "N1", "changed", "outcome;mismatched_items;differences", "matched", "mismatched"),
    (
        "matches",
        "N2",
        "changed",
        "mismatched_items;differences;identity_conflict",
        "mismatched",
        "mismatched",
    ),
    ("matches", "N3", "gone", "", "not_found", ""),
    ("matches", "N5", "new", "", "", "matched"),
    ("annex2", "N1", "new", "", "", "mismatched"),
    ("annex2", "N2", "changed", "…", "mismatched", "mismatched"),
    ("annex2", "N3", "gone", "", "not_found", ""),
    ("annex3", "K1", "gone", "", "no_notification", ""),
]


def reconciled(directory: Path, out: str, rows: list[dict[str, str]], *options: str) -> str:
    write_csv(directory / "n.csv", NOTIFICATIONS, rows)
    files = ("--notifications", directory / "n.csv", "--register", directory / "register")
    asked = ("reconcile", *files, "--as-of", "2026-04-13", "--out", directory / out, "--quiet", *options)
    done = run(*map(str, asked))
    assert done.returncode == 0, done.stderr
    return str(directory / out)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Runs by name: of `FIRST`, of `THEN` in each format, of `THEN` under another policy."""
    directory = tmp_path_factory.mktemp("runs")
    write_register(
        directory / "register",
        {
            "persons": [a_person(), a_person(person_id="P2", card_number=OTHER_CARD)],
            "cards": [a_card(), a_card(card_number=OTHER_CARD, person_id="P2")],
            "permissions": [a_permission(person_id="P2")],
        },
    )
    policy = directory / "policy.toml"
    policy.write_text('disclosed_items = ["name"]\n')
    return {
        "first": reconciled(directory, "first", FIRST),
        "then": reconciled(directory, "then", THEN),
        "parquet": reconciled(directory, "parquet", THEN, "--format", "parquet"),
        "workbook": reconciled(directory, "workbook", THEN, *(("--format", "xlsx") if EXCEL else ())),
        "policy": reconciled(directory, "policy", THEN, "--policy", str(policy)),
    }


def compare(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("compare", *arguments)


@pytest.mark.parametrize("then", ["then", "parquet", "workbook"])
def test_each_change_is_told_with_its_columns_and_codes(
    then: str, results: dict[str, str], tmp_path: Path
) -> None:
    ran = compare(results["first"], results[then], "--json", "--out", str(tmp_path / "changes.csv"))
    found = json.loads(ran.stdout)
    told = [tuple(each[name] or "" for name in each) for each in found["changes"]]
    (annex2,) = (row for row in told if row[:3] == ("annex2", "N2", "changed"))

    assert (ran.returncode, ran.stderr) == (0, "")
    assert set(annex2[3].split(";")) >= {"linked_birth_date", "mismatched_items", "identity_caution"}
    assert [(*row[:3], "…", *row[4:]) if row == annex2 else row for row in told] == CHANGES
    assert [tuple(row.values()) for row in table(tmp_path / "changes.csv")] == told
    assert found["counts"] == {
        "matches": {"new": 1, "gone": 1, "changed": 2, "same": 1},
        "annex2": {"new": 1, "gone": 1, "changed": 1, "same": 0},
        "annex3": {"new": 0, "gone": 1, "changed": 0, "same": 0},
    }
    assert found["why"] == {"inputs": ["notifications"]}
    assert MARK not in ran.stdout + (tmp_path / "changes.csv").read_text("utf-8")


@pytest.mark.parametrize(("one", "other"), [("then", "parquet"), ("workbook", "then")])
def test_the_same_in_another_format_is_the_same(one: str, other: str, results: dict[str, str]) -> None:
    found = json.loads(compare(results[one], results[other], "--json").stdout)

    assert (found["changes"], found["why"]) == ([], {})
    assert found["counts"]["matches"] == {"new": 0, "gone": 0, "changed": 0, "same": 4}


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ja", ("決定事項: disclosed_items", "別紙2: 変更")),
        ("en", ("decisions: disclosed_items", "Annex 2: changed")),
    ],
)
def test_another_policy_is_told_as_the_reason(
    lang: str, words: tuple[str, ...], results: dict[str, str]
) -> None:
    found = json.loads(compare(results["then"], results["policy"], "--json").stdout)
    page = compare(results["then"], results["policy"], "--lang", lang).stdout

    assert found["why"]["policy"]["disclosed_items"]["after"] == ["name"]
    assert "inputs" not in found["why"]
    assert all(word in page for word in words)
    assert "policy_digest" not in page


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_is_no_result_is_refused_by_its_name(lang: str, results: dict[str, str], tmp_path: Path) -> None:
    ran = compare(results["then"], str(tmp_path / "nothing"), "--lang", lang)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "nothing" in ran.stderr
