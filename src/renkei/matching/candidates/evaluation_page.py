"""The evaluation of candidates as one self-contained HTML page, in the form of the report."""

from collections.abc import Iterable

from renkei.agreement.text import Lang, Words
from renkei.matching.candidates.evaluation import Evaluation
from renkei.matching.page import Bar, Section, Table, bar_chart, render_page

_TITLE = Words("候補者の評価", "Candidates, evaluated")
_ABOUT = Words(
    "答えの分かっている届出について、候補者がどれだけ正しかったか。件数だけを示し、誰も特定しない。",
    "How often candidates were right where the answer is known. Counts only; nobody is named.",
)
_GUESS = Words(
    "候補者は推定であり、本人であると認定するものではない。",
    "A candidate is a guess and no finding that it is the person.",
)
_WORLD = Words(
    "確率は、学習に用いた記録と同じような届出についてのみ当たる。",
    "A probability holds for notifications such as those it was learned from.",
)
_FOOTER = Words(
    "Renkei が作成。外部への通信は行わない。", "Made by Renkei. This page asks nothing of any network."
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
    "Precision: of those told, the share that is right. Recall: of those in the register, the share told.",
)
_RECALL_CHART = Words("再現率(しきい値ごと)", "Recall by threshold")
_HEADS = (
    Words("しきい値", "threshold"),
    Words("提示", "told"),
    Words("本人", "right"),
    Words("適合率", "precision"),
    Words("再現率", "recall"),
    Words("F1", "F1"),
    Words("該当なしを正しく判定", "nobody, rightly"),
)
_CALIBRATION = Words("示した確率と実際の割合", "Stated and true")
_CALIBRATION_NOTE = Words(
    "示した確率の区間ごとに、本人だった割合。括弧内は95%信頼区間(ウィルソン)。",
    "The share that was right, by the probability stated; in brackets the 95 % interval (Wilson).",
)
_CALIBRATION_CHART = Words("本人だった割合(示した確率ごと)", "Share that was right, by stated probability")
_CALIBRATION_HEADS = (
    Words("示した確率", "stated between"), Words("候補者", "candidates"), Words("平均", "mean stated"),
    Words("本人の割合", "right"), Words("95%信頼区間", "95 % interval"),
)  # fmt: skip


def render_evaluation(found: Evaluation, lang: Lang) -> str:
    """Render an evaluation as one HTML page that asks nothing of any network."""
    figures = [
        (_DECIDED.say(lang), f"{found.decided:,}"),
        (_SOMEBODY.say(lang), f"{found.somebody:,}"),
        (_BEST.say(lang), f"{found.best_right:,}"),
        (_UNDECIDED.say(lang), f"{found.undecided:,}"),
        (_ERROR.say(lang), _share(found.calibration_error)),
    ]
    sections = (_thresholds(found, lang), _calibration(found, lang))
    words = {
        "title": _TITLE, "as_of": _ABOUT, "as_table": _AS_TABLE, "footer": _FOOTER, "no_accusation": _GUESS,
        "identity_caution": _WORLD,
    }  # fmt: skip
    return render_page(lang, "", figures, sections, {name: each.say(lang) for name, each in words.items()})


def _thresholds(found: Evaluation, lang: Lang) -> Section:
    rows = [
        (
            f"{row['threshold']:g}", f"{row['told']:,}", f"{row['right']:,}", _share(row["precision"]),
            _share(row["recall"]), _share(row["f1"]), f"{row['nobody_right']:,} / {found.nobody:,}",
        )
        for row in found.thresholds.to_dicts()
    ]  # fmt: skip
    bars = [
        Bar(f"{row['threshold']:g}", row["recall"] or 0.0, _share(row["recall"]))
        for row in found.thresholds.to_dicts()
    ]
    chart = bar_chart("thresholds", _RECALL_CHART.say(lang), bars, None, lang, largest=1.0)
    table = Table(_RECALL.say(lang), _said(_HEADS, lang), rows)
    return Section(_RECALL.say(lang), [_RECALL_NOTE.say(lang)], charts=[chart], tables=[table])


def _calibration(found: Evaluation, lang: Lang) -> Section:
    bins = found.calibration.to_dicts()
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
    table = Table(_CALIBRATION.say(lang), _said(_CALIBRATION_HEADS, lang), rows)
    return Section(_CALIBRATION.say(lang), [_CALIBRATION_NOTE.say(lang)], charts=[chart], tables=[table])


def _said(words: Iterable[Words], lang: Lang) -> list[str]:
    return [each.say(lang) for each in words]


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
