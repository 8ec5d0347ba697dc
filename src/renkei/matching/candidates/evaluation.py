"""The evaluation of candidates against known answers: the simulation's key, or officers' decisions.

`evaluate` counts; `render_evaluation` writes the counts as one self-contained HTML page in the form of the
report. Counts only: nothing here names a notification or a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import polars as pl

from renkei.agreement.text import Lang, Words
from renkei.matching.report.html import Bar, Section, Table, bar_chart, render_page

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_Z_95 = 1.96  # 95 % lie within so many standard deviations


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The quality of candidates.

    `decided`: notifications not found with a known answer, `undecided`: those without. Of the decided,
    `somebody`: the answer is a person of the register, `nobody`: it is none. `best_right`: the most probable
    candidate is that person. `thresholds`: threshold, told (candidates at or above it), right, nobody_right
    (of `nobody`: no candidate was given), precision, recall, f1 (null if no candidate was given).
    `calibration`: least, most, candidates (of every rank), stated (mean probability), right (share), low and
    high (Wilson's interval, 95 %); bins without candidates are left out. `calibration_error`: the mean
    distance of stated and right, weighted by the candidates of each bin.
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
    """Compare candidates with labels.

    `not_found`: identifiers of the notifications that were not found. `candidates`: notification_id, rank,
    person_id, probability (Float64), as `find` writes them. `labels`: notification_id, each once, and
    person_id, null if it means nobody in the register.
    """
    known = (
        not_found.alias("notification_id")
        .to_frame()
        .join(labels.select("notification_id", answer="person_id"), on="notification_id")
    )
    judged = candidates.select("notification_id", "rank", "person_id", "probability").join(
        known, on="notification_id"
    )
    judged = judged.with_columns(right=(pl.col("person_id") == pl.col("answer")).fill_null(False))
    best = judged.filter(pl.col("rank") == 1)
    somebody = known.height - known["answer"].null_count()
    calibration = _calibration(judged)
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
    given = best.filter(pl.col("probability") >= threshold)
    right = int(given["right"].sum())
    wrongly_given = given.filter(pl.col("answer").is_null()).height
    precision = right / given.height if given.height else None
    recall = right / somebody if somebody else None
    f1 = None
    if precision is not None and recall is not None:
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {
        "threshold": threshold,
        "told": given.height,
        "right": right,
        "nobody_right": decided - somebody - wrongly_given,
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def _calibration(judged: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for least, most in pairwise(BINS):
        upper = pl.col("probability") <= most if most == BINS[-1] else pl.col("probability") < most
        within = judged.filter((pl.col("probability") >= least) & upper)
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
    """Return the 95 % interval of the true share (Wilson 1927), for `right` among `count`."""
    share, spread = right / count, _Z_95**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = _Z_95 / (1 + spread) * sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def _error(calibration: pl.DataFrame) -> float:
    distance = (calibration["stated"] - calibration["right"]).abs() * calibration["candidates"]
    return float(distance.sum()) / max(int(calibration["candidates"].sum()), 1)


# --- the page ----------------------------------------------------------------------------------------

_TITLE = Words("候補者の評価", "Evaluation of candidates")
_ABOUT = Words(
    "答えの分かっている届出について、候補者がどれだけ正しかったか。件数だけを示し、誰も特定しない。",
    "How often candidates were right if the answer is known. Counts only; nobody is named.",
)
_ESTIMATE = Words(
    "候補者は推定であり、本人であると認定するものではない。",
    "A candidate is an estimate and no finding that it is the person.",
)
_WORLD = Words(
    "確率は、学習に用いた記録と同じような届出についてのみ当たる。",
    "A probability holds for notifications such as those it was learned from.",
)
_FOOTER = Words(
    "Renkei が作成。外部への通信は行わない。", "Made by Renkei. This page loads nothing from any network."
)
_AS_TABLE = Words("表で見る", "as a table")
_DECIDED = Words("答えの分かっている届出", "notifications with a known answer")
_UNDECIDED = Words("答えのない届出", "without a known answer")
_SOMEBODY = Words("うち在留管理情報にある人", "of these: somebody in the register")
_BEST = Words("第1候補が本人", "the first candidate is the person")
_ERROR = Words("確率のずれ(平均)", "calibration error (mean)")
_RECALL = Words("しきい値ごとの正しさ", "Right by threshold")
_RECALL_NOTE = Words(
    "適合率は示した候補者のうち本人の割合、再現率は在留管理情報にある人のうち示せた割合。",
    "Precision: the share of given candidates that are right. Recall: the share of persons in the register "
    "who were given.",
)
_RECALL_CHART = Words("再現率(しきい値ごと)", "Recall by threshold")
_HEADS = (
    Words("しきい値", "threshold"),
    Words("提示", "given"),
    Words("本人", "right"),
    Words("適合率", "precision"),
    Words("再現率", "recall"),
    Words("F1", "F1"),
    Words("該当なしを正しく判定", "nobody, correctly"),
)
_CALIBRATION = Words("示した確率と実際の割合", "Stated probability and actual share")
_CALIBRATION_NOTE = Words(
    "示した確率の区間ごとに、本人だった割合。括弧内は95%信頼区間(ウィルソン)。",
    "The share that was right, by the probability stated; in brackets the 95 % interval (Wilson).",
)
_CALIBRATION_CHART = Words("本人だった割合(示した確率ごと)", "Share that was right, by stated probability")
_CALIBRATION_HEADS = (
    Words("示した確率", "stated between"), Words("候補者", "candidates"), Words("平均", "mean stated"),
    Words("本人の割合", "right"), Words("95%信頼区間", "95 % interval"),
)  # fmt: skip


def render_evaluation(evaluation: Evaluation, lang: Lang) -> str:
    """Render an evaluation as one HTML page that loads nothing from any network."""
    figures = [
        (_DECIDED.say(lang), f"{evaluation.decided:,}"),
        (_SOMEBODY.say(lang), f"{evaluation.somebody:,}"),
        (_BEST.say(lang), f"{evaluation.best_right:,}"),
        (_UNDECIDED.say(lang), f"{evaluation.undecided:,}"),
        (_ERROR.say(lang), _share(evaluation.calibration_error)),
    ]
    sections = (_thresholds(evaluation, lang), _calibration_section(evaluation, lang))
    words = {
        "title": _TITLE, "as_of": _ABOUT, "as_table": _AS_TABLE, "footer": _FOOTER,
        "no_accusation": _ESTIMATE, "identity_caution": _WORLD,
    }  # fmt: skip
    return render_page(lang, "", figures, sections, {name: each.say(lang) for name, each in words.items()})


def _thresholds(evaluation: Evaluation, lang: Lang) -> Section:
    rows = [
        (
            f"{row['threshold']:g}", f"{row['told']:,}", f"{row['right']:,}", _share(row["precision"]),
            _share(row["recall"]), _share(row["f1"]), f"{row['nobody_right']:,} / {evaluation.nobody:,}",
        )
        for row in evaluation.thresholds.to_dicts()
    ]  # fmt: skip
    bars = [
        Bar(f"{row['threshold']:g}", row["recall"] or 0.0, _share(row["recall"]))
        for row in evaluation.thresholds.to_dicts()
    ]
    chart = bar_chart("thresholds", _RECALL_CHART.say(lang), bars, None, lang, largest=1.0)
    table = Table(_RECALL.say(lang), _in_language(_HEADS, lang), rows)
    return Section(_RECALL.say(lang), [_RECALL_NOTE.say(lang)], charts=[chart], tables=[table])


def _calibration_section(evaluation: Evaluation, lang: Lang) -> Section:
    bins = evaluation.calibration.to_dicts()
    names = [f"{row['least']:g}–{row['most']:g}" for row in bins]
    rows = [
        (
            name, f"{row['candidates']:,}", _share(row["stated"]), _share(row["right"]),
            f"{_share(row['low'])} – {_share(row['high'])}",
        )
        for name, row in zip(names, bins, strict=True)
    ]  # fmt: skip
    bars = [Bar(name, row["right"], _share(row["right"])) for name, row in zip(names, bins, strict=True)]
    chart = bar_chart("calibration", _CALIBRATION_CHART.say(lang), bars, None, lang, largest=1.0)
    table = Table(_CALIBRATION.say(lang), _in_language(_CALIBRATION_HEADS, lang), rows)
    return Section(_CALIBRATION.say(lang), [_CALIBRATION_NOTE.say(lang)], charts=[chart], tables=[table])


def _in_language(words: Iterable[Words], lang: Lang) -> list[str]:
    return [each.say(lang) for each in words]


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
