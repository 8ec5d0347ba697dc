"""How good candidates are, held against answers that are known: the simulation's key, or officers' decisions.

Counts only: nothing here names a notification or a person.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import polars as pl

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_SURE = 1.96  # standard deviations within which 95 % lie


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How candidates did.

    `decided`: notifications not found whose answer is known, `undecided` those whose is not; `somebody` and
    `nobody` of the decided: a person of the register is the answer, or none is. `best_right`: the most
    probable candidate is that person. `thresholds`: threshold, told (candidates at or above it), right,
    nobody_right (of `nobody`: nobody was told), precision, recall, f1 (null where nothing was told).
    `calibration`: least, most, candidates (of every rank), stated (mean probability), right (share), low and
    high (Wilson's interval, 95 %); bins without candidates are left out. `calibration_error`: the mean
    distance of stated and right, each bin by its candidates.
    """

    decided: int
    undecided: int
    somebody: int
    nobody: int
    best_right: int
    thresholds: pl.DataFrame
    calibration: pl.DataFrame
    calibration_error: float

    def summary(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "decided": self.decided,
            "undecided": self.undecided,
            "somebody": self.somebody,
            "nobody": self.nobody,
            "best_right": self.best_right,
            "thresholds": self.thresholds.to_dicts(),
            "calibration": self.calibration.to_dicts(),
            "calibration_error": self.calibration_error,
        }


def evaluate(not_found: pl.Series, candidates: pl.DataFrame, labels: pl.DataFrame) -> Evaluation:
    """Hold candidates against labels.

    `not_found`: identifiers of the notifications that were not found. `candidates`: notification_id, rank,
    person_id, probability (Float64), as `find` writes them. `labels`: notification_id, each once, and
    person_id, null where nobody of the register is meant.
    """
    known = (
        not_found.alias("notification_id")
        .to_frame()
        .join(labels.select("notification_id", answer="person_id"), on="notification_id")
    )
    told = candidates.select("notification_id", "rank", "person_id", "probability").join(
        known, on="notification_id"
    )
    told = told.with_columns(right=(pl.col("person_id") == pl.col("answer")).fill_null(False))
    best = told.filter(pl.col("rank") == 1)
    somebody = known.height - known["answer"].null_count()
    calibration = _calibration(told)
    return Evaluation(
        decided=known.height,
        undecided=len(not_found) - known.height,
        somebody=somebody,
        nobody=known.height - somebody,
        best_right=int(best["right"].sum()),
        thresholds=pl.DataFrame([_at(best, each, somebody, known.height) for each in THRESHOLDS]),
        calibration=calibration,
        calibration_error=_error(calibration),
    )


def _at(best: pl.DataFrame, threshold: float, somebody: int, decided: int) -> dict[str, float | int | None]:
    told = best.filter(pl.col("probability") >= threshold)
    right = int(told["right"].sum())
    nobody_told = told.filter(pl.col("answer").is_null()).height
    precision = right / told.height if told.height else None
    recall = right / somebody if somebody else None
    f1 = None
    if precision is not None and recall is not None:
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {
        "threshold": threshold,
        "told": told.height,
        "right": right,
        "nobody_right": decided - somebody - nobody_told,
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def _calibration(told: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for least, most in pairwise(BINS):
        upper = pl.col("probability") <= most if most == BINS[-1] else pl.col("probability") < most
        within = told.filter((pl.col("probability") >= least) & upper)
        if within.height:
            right = int(within["right"].sum())
            low, high = wilson(right, within.height)
            stated = float(within["probability"].sum()) / within.height
            rows.append((least, most, within.height, stated, right / within.height, low, high))
    shares = ("stated", "right", "low", "high")
    schema = {"least": pl.Float64, "most": pl.Float64, "candidates": pl.UInt32} | dict.fromkeys(
        shares, pl.Float64
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the interval in which the true share lies with 95 % (Wilson 1927), of `right` among `count`."""
    share, spread = right / count, _SURE**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = _SURE / (1 + spread) * sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def _error(calibration: pl.DataFrame) -> float:
    distance = (calibration["stated"] - calibration["right"]).abs() * calibration["candidates"]
    return float(distance.sum()) / max(int(calibration["candidates"].sum()), 1)
