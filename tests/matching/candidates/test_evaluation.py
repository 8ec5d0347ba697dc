"""How good candidates are: figures reckoned by head, and the command on a world of known answers."""

import json
import re
from pathlib import Path
from subprocess import CompletedProcess

import polars as pl
import pytest

from cli import commands
from matching.candidates.conftest import Lost
from renkei.matching.candidates.evaluation import evaluate, render_evaluation, wilson

NOT_FOUND = pl.Series(["N1", "N2", "N3", "N4", "N5"])
CANDIDATES = pl.DataFrame(
    {
        "notification_id": ["N1", "N1", "N2", "N3"],
        "rank": [1, 2, 1, 1],
        "person_id": ["P1", "P9", "P8", "P7"],
        "probability": [0.97, 0.02, 0.96, 0.60],
    }
)
# N1 is P1, N2 is P2 (told wrongly), N3 is nobody, N4 is P4 (nobody told); of N5 nobody has decided.
LABELS = pl.DataFrame(
    {"notification_id": ["N1", "N2", "N3", "N4", "N9"], "person_id": ["P1", "P2", None, "P4", "P5"]}
)


def test_what_is_told_right_and_missed_is_counted():
    found = evaluate(NOT_FOUND, CANDIDATES, LABELS)
    at = {row["threshold"]: row for row in found.thresholds.to_dicts()}

    assert (found.decided, found.undecided, found.somebody, found.nobody, found.best_right) == (4, 1, 3, 1, 1)
    assert (at[0.95]["told"], at[0.95]["right"], at[0.95]["nobody_right"]) == (2, 1, 1)
    assert at[0.5]["nobody_right"] == 0
    assert at[0.95]["precision"] == 0.5
    assert at[0.95]["recall"] == pytest.approx(1 / 3)
    assert at[0.95]["f1"] == pytest.approx(0.4)
    assert at[0.999]["precision"] is None


def test_probabilities_are_held_against_what_came_true():
    found = evaluate(NOT_FOUND, CANDIDATES, LABELS)
    bins = {(row["least"], row["most"]): row for row in found.calibration.to_dicts()}

    assert set(bins) == {(0.0, 0.1), (0.6, 0.7), (0.9, 1.0)}
    assert bins[0.9, 1.0]["stated"] == pytest.approx(0.965)
    assert bins[0.9, 1.0]["right"] == 0.5
    assert found.calibration_error == pytest.approx((0.02 + 0.60 + 2 * 0.465) / 4)


@pytest.mark.parametrize(("right", "count", "interval"), [(8, 10, (0.490, 0.943)), (0, 10, (0.0, 0.278))])
def test_the_interval_is_wilsons(right: int, count: int, interval: tuple[float, float]):
    assert wilson(right, count) == pytest.approx(interval, abs=0.001)


def test_without_anything_to_judge_nothing_is_claimed():
    found = evaluate(pl.Series([], dtype=pl.String), CANDIDATES.clear(), LABELS)

    assert found.decided == 0
    assert found.thresholds["recall"].is_null().all()
    assert "–" in render_evaluation(found, "ja")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_stands_alone_and_names_nobody(language):
    page = render_evaluation(evaluate(NOT_FOUND, CANDIDATES, LABELS), language)

    assert f'<html lang="{language}">' in page
    assert "default-src 'none'" in page
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"\b[NP][1-9]\b", page)


@pytest.fixture(scope="module")
def result(lost: Lost, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("result")
    asked = ["--notifications", lost.directory / "annex1.csv", "--register", lost.directory]
    day = ["--as-of", "2026-04-01", "--candidates", "--quiet"]
    commands.run("reconcile", *asked, *day, "--out", out).check_returncode()
    return out


def run(*arguments: object) -> CompletedProcess[str]:
    return commands.run("evaluate", *arguments, "--lang", "en")


@pytest.mark.slow
def test_the_command_takes_the_simulations_key(lost: Lost, result: Path, tmp_path: Path):
    truth = lost.directory / "truth/notifications.csv"
    page = tmp_path / "candidates.html"
    said = run("--result", result, "--labels", truth, "--report", page, "--json")
    found = json.loads(said.stdout)

    assert said.returncode == 0, said.stderr
    assert found["undecided"] == 0
    assert found["best_right"] >= 0.99 * found["somebody"] > 500
    assert "<svg" in page.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "named"),
    [
        ("notification_id,person\nN1,P1\n", "person_id"),
        ("notification_id,person_id\nN1,P1\nN1,P2\n", "2 rows"),
        (None, "file not found"),
    ],
)
def test_labels_that_cannot_be_are_refused_and_no_value_is_repeated(result: Path, tmp_path, labels, named):
    file = tmp_path / "labels.csv"
    if labels is not None:
        file.write_text(labels)
    said = run("--result", result, "--labels", file)

    assert said.returncode == 2
    assert named in said.stderr
    assert "P1" not in said.stderr


@pytest.mark.slow
def test_a_result_without_candidates_is_refused(tmp_path: Path, lost: Lost):
    said = run("--result", tmp_path, "--labels", lost.directory / "truth/notifications.csv")

    assert said.returncode == 2
    assert "summary.json" in said.stderr


@pytest.mark.slow
def test_explain_says_whom_a_notification_may_mean_and_why(result: Path):
    best = pl.read_csv(result / "candidates.csv", infer_schema=False).row(0, named=True)
    asked = ("--notification", best["notification_id"], "--result", result, "--lang", "en")
    said = commands.run("explain", *asked)
    said.check_returncode()

    assert f"Candidate 1 (an estimate, probability {best['probability']})" in said.stdout
    assert best["card_number"] in said.stdout
    assert "Date of birth: " in said.stdout


@pytest.mark.slow
def test_parameters_are_learned_by_the_command_and_used_by_the_next(lost: Lost, tmp_path: Path):
    parameters = tmp_path / "parameters.toml"
    world = ["--notifications", lost.directory / "annex1.csv", "--register", lost.directory]
    about = ["--version", "t", "--learned-from", "a test", "--on", "2026-11-23", "--out", parameters]
    said = commands.run("learn", *world, *about, "--lang", "en")
    said.check_returncode()
    used = [
        "--candidate-parameters",
        parameters,
        "--as-of",
        "2026-04-01",
        "--out",
        tmp_path / "out",
        "--quiet",
    ]
    commands.run("reconcile", *world, *used).check_returncode()

    assert re.search(r"look_alike +\+\d+\.\d\d → \+\d+", said.stdout)
    assert 'version = "t"' in parameters.read_text("utf-8")
    assert (tmp_path / "out/candidates.csv").exists()
