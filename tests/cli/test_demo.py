"""`renkei demo` through the real entry point, whole and from the wheel too, and the evaluation it prints."""

import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from cli import installed
from renkei.simulation.evaluation import evaluate

RENKEI = Path(sys.executable).with_name("renkei")


LEFT = re.compile(
    r"Of (\d+) suspected omissions, .*Without the (\d+) where .* and the (\d+) with .*, (\d+) are left; "
    r"(\d+) of them are true omissions \(precision ([\d.]+)%\)",
    re.DOTALL,
)


def demonstrate(out: Path, *options: str) -> str:
    done = subprocess.run(
        [RENKEI, "demo", "--out", out, "--lang", "en", *options], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_a_small_demonstration_leaves_what_it_says_and_explains_its_case(tmp_path):
    printed = demonstrate(tmp_path / "demo", "--no-nodes", "--residents", "2000", "--notifications", "1500")
    case = re.search(r"renkei (explain --notification \S+ --result) (.+)", printed)
    assert case is not None
    explained = subprocess.run(
        [RENKEI, *case.group(1).split(), case.group(2)], capture_output=True, text=True, check=False
    )

    assert "name_typo" in printed
    told, continuing, probable, left, true, share = LEFT.search(printed).groups()
    assert int(left) == int(told) - int(continuing) - int(probable)
    assert float(share) == pytest.approx(100 * int(true) / int(left), abs=0.05)
    assert [
        name
        for name in ("report.html", "result", "annex1.csv", "world/truth")
        if not (tmp_path / "demo" / name).exists()
    ] == []
    assert explained.returncode == 0


# A hundred seconds of a processor; test_installed.py runs a small demonstration from the wheel.
@pytest.mark.long
def test_the_demonstration_of_the_readme_from_the_wheel_tells_the_truth_and_plays_its_five_days(tmp_path):
    there = installed.install(tmp_path / "venv", installed.wheel(tmp_path / "wheel"), "node")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = installed.run(there / "renkei", "demo", "--out", "demo", "--lang", "en", where=elsewhere)
    printed = done.stdout

    assert (done.returncode, done.stderr) == (0, "")
    played = re.findall(r"^(2026-04-\d\d) *$", printed, re.MULTILINE)
    assert played == ["2026-04-01", "2026-04-02", "2026-04-03", "2026-04-06", "2026-04-07"]
    assert printed.count("Nothing needs attention.") == 2
    right, all_of_them = re.search(r"with the expected outcome: ([\d,]+) of ([\d,]+)", printed).groups()
    assert int(right.replace(",", "")) >= 0.999 * int(all_of_them.replace(",", ""))
    assert [
        name
        for name in ("report.html", "result", "annex1.csv", "world/truth", "nodes/mhlw", "nodes/isa/node.db")
        if not (elsewhere / "demo" / name).exists()
    ] == []


def key(*rows: tuple[str, str, str, str | None, str | None]) -> pl.DataFrame:
    names = ["notification_id", "flaws", "expected_outcome", "expected_reasons", "expected_differences"]
    return pl.DataFrame(list(rows), schema=dict.fromkeys(names, pl.String), orient="row")


def told(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    names = ["notification_id", "outcome", "differences"]
    return pl.DataFrame(list(rows), schema=dict.fromkeys(names, pl.String), orient="row")


def test_recall_and_precision_are_counted_by_flaw():
    truth = key(
        ("N1", "sex_wrong", "mismatched", None, "sex:different"),
        ("N2", "sex_wrong", "mismatched", None, "sex:different"),
        ("N3", "name_order", "matched", None, None),
        ("N4", "number_o_for_0", "not_found", "malformed", None),
        ("N5", "status_missing", "rejected", "missing:status_of_residence", None),
    )
    matches = told(
        ("N1", "mismatched", "sex:different"),
        ("N2", "matched", None),
        ("N3", "mismatched", "sex:different"),
        ("N4", "not_found", "card_number:malformed"),
    )
    permissions = pl.DataFrame(
        {
            "permission_id": ["K1", "K2", "K3"],
            "truly_omitted": ["true", "false", "true"],
            "expected_reason": ["no_notification", None, None],
            "expected_explanation": [None, None, None],
        },
        schema_overrides={"expected_explanation": pl.String},
    )
    annex3 = pl.DataFrame(
        {
            "permission_id": ["K1", "K2"],
            "reason": ["no_notification"] * 2,
            "explanation": [None, "cancelled"],
        }
    )
    result = evaluate(truth, permissions, matches, annex3)
    flaws = {
        flaw: (rows, recall, precision) for flaw, _, rows, recall, precision in result.by_flaw.iter_rows()
    }

    assert (result.notifications, result.as_expected) == (5, 3)
    assert flaws["sex_wrong"] == (2, 0.5, 0.5)
    assert flaws["name_order"] == (1, 0.0, None)
    assert flaws["number_o_for_0"] == (1, 1.0, 1.0)
    assert flaws["status_missing"] == (1, 1.0, None)
    assert flaws["birth_era_misread"] == (0, None, None)
    assert result.omissions.rows() == [
        ("no_notification", None, 1, 1, 1, 1),
        ("no_notification", "cancelled", 0, 1, 0, 0),
    ]
    assert (result.truly_omitted, result.suspected, result.truly_suspected) == (2, 2, 1)


def suspicion(reason: str | None, explanation: str | None, with_candidates: str | None) -> dict[str, object]:
    return {
        "truly_omitted": "true" if reason == "no_notification" else "false",
        "expected_reason": reason,
        "expected_explanation": explanation,
        "expected_with_candidates": with_candidates,
    }


def test_continuing_employments_and_probable_notifications_stand_apart_from_what_is_left():
    early = "start_before_permission"
    truth = pl.DataFrame(
        [
            {"permission_id": "K1"} | suspicion(early, "continues", early),
            {"permission_id": "K2"} | suspicion(early, "ended_before", "unmatched_notification"),
            {"permission_id": "K3"} | suspicion(early, "ended_before", early),
            {"permission_id": "K4"} | suspicion("no_notification", None, "no_notification"),
            {"permission_id": "K5"} | suspicion(None, None, None),
        ]
    )
    annex3 = pl.DataFrame(
        {
            "permission_id": ["K1", "K2", "K3", "K4"],
            "reason": [early, "unmatched_notification", early, "no_notification"],
            "explanation": ["continues", None, "ended_before", None],
        }
    )
    result = evaluate(key(), truth, told(), annex3, candidates=True)

    assert (result.suspected, result.continuing, result.probable) == (4, 1, 1)
    assert (result.left, result.truly_left) == (2, 1)
    assert (result.omissions["told"] == result.omissions["right"]).all()
