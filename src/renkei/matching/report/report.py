"""The report: one self-contained HTML page made of counts alone.

It is rendered from `Statistics`, which have no personal data; tables by nationality and status pass through
`disclosure_control`.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from renkei.agreement.causes import CAUSES
from renkei.agreement.datasets import NOTIFICATIONS
from renkei.agreement.omissions import EXPLANATIONS, GROUNDS, REASONS
from renkei.agreement.outcomes import LIVE, OUTCOMES, REPORTED
from renkei.agreement.text import Lang, Words, day_in_words
from renkei.matching.labels import (
    DATASET_NAMES,
    FLAGS,
    IDENTITY_CAUTION,
    NO_ACCUSATION,
    NO_FINDING,
    REJECT_REASONS,
    column_name,
    nationality_name,
    status_name,
)
from renkei.matching.report import labels
from renkei.matching.report.disclosure_control import SMALLEST_CELL, protect
from renkei.matching.report.html import Bar, Chart, Section, Table, bar_chart, render_page
from renkei.matching.report.statistics import Statistics

_MOST_ROWS = 12


def render_report(statistics: Statistics, lang: Lang, *, fewest: int = SMALLEST_CELL) -> str:
    """Render the report of a reconciliation as one HTML page.

    `fewest`: the smallest count by nationality or status that is shown (1 shows all).
    """
    day = day_in_words(statistics.as_of.isoformat(), lang)
    counts = statistics.datasets["notifications"]
    figures = [
        (labels.READ.say(lang), _number(counts["read"])),
        *((OUTCOMES[outcome].name.say(lang), _number(counts[outcome])) for outcome in LIVE),
        (labels.SUSPECTED.say(lang), _number(_rows(statistics.omissions))),
    ]
    sections = (
        _counts(statistics, lang),
        _outcomes(statistics, lang),
        _items(statistics, lang),
        _groups(statistics, lang, fewest),
        _omissions(statistics, lang),
        _rejects(statistics, lang),
    )
    words = {
        "title": labels.TITLE.say(lang),
        "as_of": labels.AS_OF.say(lang).format(day=day),
        "as_table": labels.AS_TABLE.say(lang),
        "footer": labels.FOOTER.say(lang),
        "no_accusation": NO_ACCUSATION.say(lang),
        "identity_caution": IDENTITY_CAUTION.say(lang),
    }
    return render_page(lang, day, figures, sections, words)


# --- sections


def _counts(statistics: Statistics, lang: Lang) -> Section:
    rows = [
        (DATASET_NAMES[name].say(lang), *(_number(counts[key]) for key in ("read", "taken", "rejected")))
        for name, counts in statistics.datasets.items()
    ]
    heads = [head.say(lang) for head in labels.DATASET_HEADS]
    table = Table(labels.ROWS_OF.say(lang), heads, rows)
    return Section(labels.COUNTS.say(lang), [labels.COUNTS_NOTE.say(lang)], tables=[table])


def _outcomes(statistics: Statistics, lang: Lang) -> Section:
    counts = statistics.datasets["notifications"]
    outcomes = {meaning.name.say(lang): counts[outcome] for outcome, meaning in OUTCOMES.items()}
    live = sum(counts[outcome] for outcome in LIVE)
    table = statistics.outcomes
    flags = {meaning.name.say(lang): _rows(table.filter(pl.col(flag))) for flag, meaning in FLAGS.items()}
    charts = [
        _simple("outcomes", labels.OUTCOME_TAKEN, outcomes, counts["taken"], lang, foot=True),
        _simple("flags", labels.FLAGGED, flags, live, lang, foot=False),
    ]
    return Section(labels.OUTCOME.say(lang), [labels.FLAGGED_NOTE.say(lang)], charts)


def _items(statistics: Statistics, lang: Lang) -> Section:
    groups: dict[str, dict[str, int]] = {}
    order = NOTIFICATIONS.names
    for item, cause, rows in sorted(
        statistics.differences.iter_rows(), key=lambda row: (order.index(row[0]), -row[2], row[1])
    ):
        groups.setdefault(column_name(item, lang), {})[CAUSES[cause].name.say(lang)] = rows
    counts = statistics.datasets["notifications"]
    whole = sum(counts[outcome] for outcome in REPORTED)
    return _grouped(
        "items",
        (labels.ITEMS, labels.ITEMS_NOTE.say(lang), labels.ITEMS_CHART),
        groups,
        lang,
        (labels.ITEM, labels.CAUSE),
        whole,
    )


def _omissions(statistics: Statistics, lang: Lang) -> Section:
    counts = statistics.omissions.group_by("ground", "reason", "explanation").agg(pl.col("rows").sum())
    found = {tuple(key): rows for *key, rows in counts.iter_rows()}
    why = [(reason, explanation) for reason in REASONS for explanation in (*EXPLANATIONS, None)]
    groups = {
        Words(ground.name_ja, ground.name_en).say(lang): {
            labels.reason(*one, lang): found[code, *one] for one in why if (code, *one) in found
        }
        for code, ground in GROUNDS.items()
        if any(key[0] == code for key in found)
    }
    words = (labels.OMISSIONS, "", labels.OMISSIONS_CHART)
    return _grouped(
        "omissions", words, groups, lang, (labels.GROUND, labels.REASON), None, NO_FINDING.say(lang)
    )


def _rejects(statistics: Statistics, lang: Lang) -> Section:
    groups: dict[str, dict[str, int]] = {}
    order = list(DATASET_NAMES)
    for dataset, reason, rows in sorted(
        statistics.rejects.iter_rows(), key=lambda row: (order.index(row[0]), -row[2], row[1])
    ):
        kind, _, column = reason.partition(":")
        label = REJECT_REASONS[kind].name.say(lang)
        label += f": {column_name(column, lang)}" if column else ""
        groups.setdefault(DATASET_NAMES[dataset].say(lang), {})[label] = rows
    rejected = sum(counts["rejected"] for counts in statistics.datasets.values())
    note = labels.REJECTED_NOTE.say(lang).format(rows=_number(rejected)) if rejected else ""
    words = (labels.REJECTED, note, labels.REJECTED_CHART)
    return _grouped("rejects", words, groups, lang, (labels.DATASET, labels.REASON), None)


def _groups(statistics: Statistics, lang: Lang, fewest: int) -> Section:
    live = statistics.outcomes.filter(pl.col("outcome").is_in(LIVE))
    sides = (
        ("nationality", labels.BY_NATIONALITY, nationality_name),
        ("status_of_residence", labels.BY_STATUS, status_name),
    )
    charts = []
    for column, title, name in sides:
        counted = live.group_by(column).agg(
            pl.col("rows").filter(pl.col("outcome") == outcome).sum().cast(pl.Int64).alias(outcome)
            for outcome in LIVE
        )
        shown = protect(counted, fewest=fewest, most_rows=_MOST_ROWS)
        rows = [(name(key, lang), cells) for key, cells in shown.rows]
        if sum(shown.rest):
            rows.append((labels.OTHERS.say(lang).format(merged=shown.merged), shown.rest))
        charts.append(_shares(column, title, rows, lang))
    notes = [labels.GROUPS_NOTE.say(lang)]
    if fewest > 1:
        notes.append(labels.SMALL_NOTE.say(lang).format(fewest=fewest))
    return Section(labels.GROUPS.say(lang), notes, charts if _rows(live) else ())


# --- charts


def _simple(
    ident: str, title: Words, counts: Mapping[str, int], whole: int, lang: Lang, *, foot: bool
) -> Chart:
    bars = [Bar(label, rows, _with_share(rows, whole)) for label, rows in counts.items()]
    heads = [title.say(lang), labels.ROWS.say(lang), labels.SHARE_OF_ALL.say(lang)]
    rows = [(label, _number(count), _share(count, whole)) for label, count in counts.items()]
    total = (labels.TOTAL.say(lang), _number(whole), _share(whole, whole)) if foot else ()
    return bar_chart(
        ident, title.say(lang), bars, Table(title.say(lang), heads, rows, total, folded=True), lang
    )


def _grouped(
    ident: str,
    words: tuple[Words, str, Words],
    groups: Mapping[str, Mapping[str, int]],
    lang: Lang,
    heads: tuple[Words, Words],
    whole: int | None,
    care: str = "",
) -> Section:
    heading, note, title = words
    notes = [note] if note else []
    if not groups:
        return Section(heading.say(lang), [labels.NONE.say(lang)], care=care)
    largest = max(count for counts in groups.values() for count in counts.values())
    charts: list[Chart] = []
    rows: list[tuple[str, str]] = []
    for group, counts in groups.items():
        title_of_group = labels.ITEM_TOTAL.say(lang).format(item=group, rows=_number(sum(counts.values())))
        bars = [
            Bar(label, count, _with_share(count, whole) if whole else _number(count))
            for label, count in counts.items()
        ]
        # One scale for all groups, so that bars of different charts can be compared.
        charts.append(
            bar_chart(f"{ident}-{len(charts) + 1}", title_of_group, bars, None, lang, largest=largest)
        )
        rows += [(f"{group}: {label}", _number(count)) for label, count in counts.items()]
    total = sum(count for counts in groups.values() for count in counts.values())
    head = f"{heads[0].say(lang)}: {heads[1].say(lang)}"
    foot = (labels.TOTAL.say(lang), _number(total))
    table = Table(title.say(lang), (head, labels.ROWS.say(lang)), rows, foot, folded=True)
    return Section(heading.say(lang), notes, charts, [table], care)


def _shares(ident: str, title: Words, rows: Sequence[tuple[str, tuple[int, ...]]], lang: Lang) -> Chart:
    place = LIVE.index("mismatched")
    all_cells = tuple(sum(cells) for cells in zip(*(cells for _, cells in rows), strict=True)) or (0, 0, 0)
    bars = [
        Bar(
            label,
            cells[place] / sum(cells),
            labels.OF.say(lang).format(share=_share(cells[place], sum(cells)), rows=_number(sum(cells))),
        )
        for label, cells in rows
    ]
    heads = [
        labels.GROUP_HEADS[ident].say(lang),
        labels.LIVE.say(lang),
        *(OUTCOMES[outcome].name.say(lang) for outcome in LIVE),
        labels.SHARE.say(lang),
    ]
    lines = [
        (label, *(_number(cell) for cell in (sum(cells), *cells)), _share(cells[place], sum(cells)))
        for label, cells in (*rows, (labels.ALL.say(lang), all_cells))
    ]
    table = Table(title.say(lang), heads, lines[:-1], lines[-1], folded=True)
    mean = all_cells[place] / sum(all_cells) if sum(all_cells) else None
    return bar_chart(ident, title.say(lang), bars, table, lang, mean=mean)


# --- numbers


def _rows(counts: pl.DataFrame) -> int:
    return int(counts["rows"].sum())


def _number(count: int) -> str:
    return f"{count:,}"


def _share(count: int, whole: int) -> str:
    return f"{count / whole:.1%}" if whole else "–"


def _with_share(count: int, whole: int) -> str:
    return f"{_number(count)} ({_share(count, whole)})"
