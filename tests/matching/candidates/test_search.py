"""Candidates of a simulated world whose answers are known, and what they may change."""

import json
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cli.commands import run
from matching.candidates.conftest import Lost
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.agreement.omissions import PROBABLY_NOTIFIED
from renkei.matching.candidates import CANDIDATES, default_parameters, find
from renkei.matching.omissions import PROBABLE, judge_permissions
from renkei.matching.organisations import ORGANISATIONS

THRESHOLD = DEFAULT_POLICY.candidate_threshold


@pytest.fixture(scope="module")
def found(lost: Lost) -> pl.DataFrame:
    return find(lost.notifications, lost.cards)


@pytest.fixture(scope="module")
def judged(lost: Lost, found: pl.DataFrame) -> pl.DataFrame:
    """The best candidate of each notification beside the person it truly means (null: nobody)."""
    truth = lost.truth.select("notification_id", "flaws", truly="person_id")
    best = found.filter(pl.col("rank") == 1)
    return (
        lost.notifications.select("notification_id")
        .join(truth, on="notification_id")
        .join(best, on="notification_id", how="left")
        .with_columns(right=(pl.col("person_id") == pl.col("truly")).fill_null(False))
    )


@pytest.mark.slow
def test_the_right_person_is_the_best_candidate(judged: pl.DataFrame):
    somebody = judged.filter(pl.col("truly").is_not_null())

    assert somebody.height > 500
    assert somebody["right"].mean() >= 0.995


def test_whoever_is_above_the_threshold_is_the_right_person(judged: pl.DataFrame):
    said = judged.filter(pl.col("probability") >= THRESHOLD)

    assert said.height > 500
    assert said["right"].mean() >= 0.995


def test_for_workers_in_no_register_nobody_is_the_answer(judged: pl.DataFrame):
    nobody = judged.filter(pl.col("truly").is_null())

    assert nobody.height > 50
    assert (nobody["probability"].fill_null(0) < THRESHOLD).mean() >= 0.98


def test_without_any_number_names_and_dates_do(lost: Lost, judged: pl.DataFrame):
    blank = lost.notifications.with_columns(card_number=pl.lit("", dtype=pl.String))
    found = find(blank, lost.cards).filter(pl.col("rank") == 1)
    both = judged.select("notification_id", "truly").join(found, on="notification_id", how="left")
    somebody = both.filter(pl.col("truly").is_not_null())

    assert (somebody["person_id"] == somebody["truly"]).fill_null(False).mean() >= 0.98


@pytest.mark.slow
def test_the_order_of_rows_does_not_matter(lost: Lost, found: pl.DataFrame):
    shuffled = find(
        lost.notifications.sample(fraction=1, shuffle=True, seed=1),
        lost.cards.sample(fraction=1, shuffle=True, seed=2),
    )

    assert_frame_equal(shuffled, found)


def test_a_notification_has_at_most_three_candidates_whose_probabilities_fit_a_whole(found: pl.DataFrame):
    each = found.group_by("notification_id").agg(
        ranks=pl.col("rank"), total=pl.col("probability").sum() + pl.col("nobody").first()
    )

    assert list(found.columns) == list(CANDIDATES)
    assert all(ranks == list(range(1, len(ranks) + 1)) for ranks in each["ranks"].to_list())
    assert each["ranks"].list.len().max() <= 3
    assert each["total"].max() <= 1 + 1e-5


def test_the_evidence_adds_up_to_the_probability(found: pl.DataFrame, lost: Lost):
    parameters = default_parameters()
    people = lost.cards["person_id"].n_unique()
    alone = found.filter(pl.len().over("notification_id") == 1).head(200)
    for evidence, probability in alone.select("evidence", "probability").iter_rows():
        bits = sum(float(each.rsplit(":", 1)[1]) for each in evidence.split(";"))
        odds = 2**bits * parameters.prior / people / (1 - parameters.prior)

        assert odds / (1 + odds) == pytest.approx(probability, abs=0.02)


@pytest.mark.slow
def test_nobody_to_look_for_and_nobody_to_find_are_no_fault(lost: Lost):
    assert find(lost.notifications.clear(), lost.cards).height == 0
    assert find(lost.notifications, lost.cards.clear()).height == 0


# --- what candidates may change ------------------------------------------------------------------------

PERMITTED = date(2026, 1, 10)
NO_NOTIFICATIONS = {
    **PROBABLE,
    "outcome": pl.String,
    "identity_conflict": pl.Boolean,
    "issued_on": pl.Date,
}


def permissions() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "permission_id": ["Q1", "Q2"],
            "person": pl.Series([0, 1], dtype=pl.UInt32),
            "contract_confirmed": True,
            "status_of_residence": "engineer_humanities_intl",
            "work_designated": False,
            "permitted_on": PERMITTED,
            "ground": "coe",
            "contract_starts_on": pl.Series([None, None], dtype=pl.Date),
            "previous_status": pl.Series([None, None], dtype=pl.String),
            **{name: pl.Series([None, None], dtype=pl.String) for names in ORGANISATIONS for name in names},
        }
    )


def reasons(*probable: tuple) -> dict[str, tuple[str, str | None]]:
    """Of each candidate: the person's row, the notification, the probability and the start."""
    columns = ["person", "notification_id", "probability", "employment_start", "registered_on"]
    rows = [dict(zip(columns, (*one, date(2026, 2, 1)), strict=True)) for one in probable]
    told = judge_permissions(
        permissions(),
        pl.DataFrame(schema=NO_NOTIFICATIONS),
        as_of=date(2026, 4, 1),
        policy=DEFAULT_POLICY,
        probable=pl.DataFrame(rows, schema=PROBABLE),
    )
    return {
        row["permission_id"]: (row["reason"], row["notification_id"]) for row in told.suspected.to_dicts()
    }


def test_a_suspicion_says_that_somebody_probably_notified():
    assert reasons((0, "N1", 0.99, PERMITTED)) == {
        "Q1": (PROBABLY_NOTIFIED, "N1"),
        "Q2": ("no_notification", None),
    }


def test_of_several_the_most_probable_is_named():
    assert reasons((0, "N2", 0.96, None), (0, "N1", 0.99, None))["Q1"] == (PROBABLY_NOTIFIED, "N1")


def test_what_would_be_no_credit_under_the_right_number_is_no_reason():
    before = PERMITTED - timedelta(days=1)

    assert reasons((0, "N1", 0.99, before))["Q1"] == ("no_notification", None)


@pytest.mark.slow
def test_the_command_writes_candidates_apart_and_names_them_in_annex_3_alone(lost: Lost, tmp_path):
    place = lost.directory
    asked = ["reconcile", "--notifications", place / "annex1.csv", "--register", place]
    asked += ["--as-of", "2026-04-01", "--json"]
    with_, without = tmp_path / "with", tmp_path / "without"
    said = run(*asked, "--out", with_, "--candidates")
    said.check_returncode()
    run(*asked, "--out", without).check_returncode()
    annex3, plain = (pl.read_csv(out / "annex3.csv", infer_schema=False) for out in (with_, without))
    explained = annex3.filter(pl.col("reason") == PROBABLY_NOTIFIED)
    candidates = pl.read_csv(with_ / "candidates.csv", infer_schema=False)
    above = candidates.filter((pl.col("rank") == "1") & (pl.col("probability").cast(pl.Float64) >= THRESHOLD))

    assert list(candidates.columns) == list(CANDIDATES)
    assert explained.height == json.loads(said.stdout)["annex3"][PROBABLY_NOTIFIED] > 20
    assert set(explained["notification_id"]) <= set(above["notification_id"])
    # The same people are suspected; what is said of the others, and the other annex, stay as they were.
    assert annex3["permission_id"].equals(plain["permission_id"])
    others = annex3.filter(pl.col("reason") != PROBABLY_NOTIFIED)
    assert others.equals(plain.join(others, on="permission_id", how="semi", maintain_order="left"))
    assert (with_ / "annex2.csv").read_bytes() == (without / "annex2.csv").read_bytes()
    assert not (without / "candidates.csv").exists()


@pytest.mark.slow
def test_a_run_without_candidates_leaves_no_older_ones_beside_it(lost: Lost, tmp_path):
    place = lost.directory
    asked = ["reconcile", "--notifications", place / "annex1.csv", "--register", place, "--quiet"]
    asked += ["--as-of", "2026-04-01", "--out", tmp_path / "out"]
    run(*asked, "--candidates").check_returncode()
    run(*asked).check_returncode()

    assert not (tmp_path / "out/candidates.csv").exists()
