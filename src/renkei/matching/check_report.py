"""The check of files before they are sent: every fault by row and column, and how to mend it (§1, §8).

The sentences name rows and columns and repeat no value. Only the workbook holds values: it is the file
itself again, with the faulty cells marked, for whoever made the file. A cell that must not be sent is left
empty there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from renkei.agreement.datasets import PERSONS, Dataset
from renkei.agreement.text import Lang, Words
from renkei.matching.accepted_forms import accepted_form
from renkei.matching.hash_index import HashIndex
from renkei.matching.labels import REJECT_REASONS, column_name
from renkei.matching.reading import Source
from renkei.matching.reading.sources import place_of
from renkei.matching.validation import RECEIVING, Action, Checked, check
from renkei.matching.writing import SHEET_ROWS, UnusableFile, new_workbook

FAULTS: Final = {
    "line": pl.UInt32,
    "file": pl.String,
    "row": pl.UInt32,
    "reason": pl.String,
    "column": pl.String,
    "action": pl.String,
}

# How to mend each fault: a sentence for each reason of REJECT_REASONS.
HOW_TO_MEND: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "missing": Words("記入してください: {form}。", "Fill it in: {form}."),
        "unreadable": Words("次のように書いてください: {form}。", "Write it so: {form}."),
        "duplicate": Words(
            "一つの識別番号に一行だけを残すか、番号を直してください。",
            "Keep one row for each identifier, or correct the identifier.",
        ),
        "superseded": Words("古い行を除いてください。", "Remove the earlier row."),
        "forbidden": Words(
            "永住者の行ではこの欄を空にし、届出義務のない在留資格の行は除いてください(`renkei prepare`が"
            "行います)。",
            "Leave it blank in the row of a permanent resident; remove a row whose status has no duty to "
            "notify (`renkei prepare` does both).",
        ),
        "unknown_person": Words(
            "この人の行を外国人(persons)のファイルに加えるか直すか、識別番号を直してください。",
            "Add the person's row to the file of persons, or mend it there, or correct the identifier.",
        ),
        "check_digit": Words("番号を元の資料で確かめてください。", "Compare the number with its source."),
    }
)
_WHAT_IT_COSTS: Final[Mapping[Action, Words]] = MappingProxyType(
    {
        "row": Words("この行は受け取られません。", "The row will not be taken."),
        "value": Words(
            "これだけでは行は拒まれず、この値なしで受け取られます。",
            "For this alone the row is not refused: it is taken without the value.",
        ),
    }
)
_KEPT: Final = Words(
    "これだけでは行も値も拒まれません。", "For this alone neither the row nor the value is refused."
)
_PERSON_COLUMN: Final = "person_id"


@dataclass(frozen=True, slots=True)
class Finding:
    """The faults of one dataset's files.

    `faults` (`FAULTS`, in order of rows and columns): `line` counts through all files, `row` within its file,
    the header being 1 (but for a source's own layout, see `places`); `reason` is a key of REJECT_REASONS.
    """

    source: Source
    read: int
    set_aside: int
    faults: pl.DataFrame

    @property
    def dataset(self) -> Dataset:
        """The dataset that was checked."""
        return self.source.dataset

    def header(self, column: str) -> str:
        """Return a column's header as the file has it."""
        return self.source.columns.get(column, column)


def check_sources(sources: Iterable[Source]) -> list[Finding]:
    """Check each dataset as its receiver does (§1), one source for each.

    Whether a person is unknown is checked only with persons among the sources. Raises RefusedFile if a file
    is refused whole.
    """
    known: HashIndex | None = None
    findings = []
    # Persons first, because the others refer to them.
    for source in sorted(sources, key=lambda one: one.dataset != PERSONS):
        refers = known is not None and _PERSON_COLUMN in source.dataset.names
        checked = check(
            source.batches(),
            source.dataset,
            keep=(source.dataset.identifier.name, *([_PERSON_COLUMN] if refers else [])),
            rules=RECEIVING,
            known_persons=(lambda index=known: index) if refers else None,  # type: ignore[misc]
        )
        if source.dataset == PERSONS:
            known = HashIndex(checked.rechunked().taken[_PERSON_COLUMN])
        findings.append(Finding(source, checked.read, checked.set_aside, _faults(checked, source)))
    return findings


def _faults(checked: Checked, source: Source) -> pl.DataFrame:
    order = {name: place for place, name in enumerate(source.dataset.names)}
    faults = checked.rejects.select("line", pl.col("reasons").str.split(";")).explode(
        "reasons", empty_as_null=False
    )
    parts = pl.col("reasons").str.split_exact(":", 1)
    named = faults.select(
        "line",
        reason=parts.struct.field("field_0"),
        column=parts.struct.field("field_1").fill_null(_PERSON_COLUMN),
    )
    actions = {
        (reason, column): RECEIVING.action(reason, source.dataset.column(column))
        for reason, column in named.select("reason", "column").unique().iter_rows()
    }
    places = checked.places.written(named["line"]).str.extract_groups(r"^(?:(?s:(?<file>.*)):)?(?<row>\d+)$")
    return (
        named.with_columns(
            file=places.struct.field("file").fill_null(str(source.path)),
            row=places.struct.field("row").cast(pl.UInt32),
            action=pl.struct("reason", "column").map_elements(
                lambda fault: actions[fault["reason"], fault["column"]], return_dtype=pl.String
            ),
        )
        .sort("line", pl.col("column").replace_strict(order, return_dtype=pl.UInt32), "reason")
        .select(list(FAULTS))
    )


def sentence(reason: str, column: str, dataset: Dataset, lang: Lang) -> str:
    """Say what is wrong, how to mend it and what it costs; without any value."""
    said = REJECT_REASONS[reason].sentence.say(lang).format(item=column_name(column, lang))
    about = dataset.column(column)
    form = accepted_form(about).say(lang)
    cost = _KEPT if reason == "check_digit" else _WHAT_IT_COSTS[RECEIVING.action(reason, about)]
    return ("" if lang == "ja" else " ").join(
        [said, HOW_TO_MEND[reason].say(lang).format(form=form), cost.say(lang)]
    )


def in_words(finding: Finding, lang: Lang, most: int | None = None) -> list[dict[str, Any]]:
    """Return faults, `most` of them, as `file`, `row`, `column`, `header`, `reason`, `action`, `sentence`."""
    faults = finding.faults if most is None else finding.faults.head(most)
    kinds = {
        (reason, column): {
            "header": finding.header(column),
            "sentence": sentence(reason, column, finding.dataset, lang),
        }
        for reason, column in faults.select("reason", "column").unique().iter_rows()
    }
    return [
        fault | kinds[fault["reason"], fault["column"]] for fault in faults.drop("line").iter_rows(named=True)
    ]


def write_workbook(findings: Sequence[Finding], path: Path, lang: Lang) -> None:
    """Write the files again as sheets with the faulty cells marked, and the faults as the last sheet.

    A mark has the sentence as its comment. Raises UnusableFile without the extra `renkei[excel]`, and for
    more rows than a sheet can have.
    """
    for finding in findings:
        if max(finding.read, finding.faults.height) >= SHEET_ROWS:
            raise UnusableFile(
                f"{path.name}: {finding.read} rows are more than a sheet can have. Use --json instead.",
                f"{path.name}: {finding.read}行はシートに収まりません。--jsonを使ってください。",
            )
    with new_workbook(path) as book:
        for finding in findings:
            _write_sheets(book, finding, lang)
        sheet = book.add_worksheet(_FAULTS_SHEET.say(lang))
        sheet.write_row(0, 0, [words.say(lang) for words in _FAULT_COLUMNS.values()])
        sheet.freeze_panes(1, 0)
        every = (fault for finding in findings for fault in in_words(finding, lang))
        for at, fault in enumerate(every, start=1):
            for place, name in enumerate(_FAULT_COLUMNS):
                sheet.write(at, place, fault[name])


_MOST_COMMENTS: Final = 5_000
_FAULTS_SHEET: Final = Words("誤りの一覧", "faults")
_FAULT_COLUMNS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "file": Words("ファイル", "file"),
        "row": Words("行", "row"),
        "header": Words("列", "column"),
        "sentence": Words("誤りと直し方", "what is wrong and how to mend it"),
    }
)


def _write_sheets(book: Any, finding: Finding, lang: Lang) -> None:
    plain = book.add_format({"num_format": "@"})
    marked = book.add_format({"num_format": "@", "bg_color": "#FFC7CE"})
    names = finding.dataset.names
    marks = _marks(finding, lang)
    comments = 0
    line, row, file, sheet = 2, 0, None, None
    for batch in finding.source.batches():
        name, _ = place_of(batch)
        if sheet is None or name != file:
            file, row = name, 1
            sheet = book.add_worksheet(_sheet_name(len(book.worksheets()), finding))
            sheet.write_row(0, 0, _headers(finding), plain)
            sheet.freeze_panes(1, 0)
        for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            faults = marks.get(line, {})
            for place, (name, cell) in enumerate(zip(names, cells, strict=True)):
                if name in faults:
                    words, withheld = faults[name]
                    sheet.write(row, place, "" if withheld else cell or "", marked)
                    if comments < _MOST_COMMENTS:
                        sheet.write_comment(row, place, words)
                        comments += 1
                elif cell:
                    sheet.write_string(row, place, cell, plain)
            line, row = line + 1, row + 1


def _headers(finding: Finding) -> list[str]:
    """Return the headers of a sheet; of a source's own layout, which the sheet has not, the labels."""
    if finding.source.parts[0].layout is None:
        return [finding.header(name) for name in finding.dataset.names]
    return [column.label_ja for column in finding.dataset.columns]


def _marks(finding: Finding, lang: Lang) -> dict[int, dict[str, tuple[str, bool]]]:
    """Return by line and column the words of the fault, and whether its cell must stay empty."""
    marks: dict[int, dict[str, tuple[str, bool]]] = {}
    faults = finding.faults
    for line, fault in zip(faults["line"], in_words(finding, lang), strict=True):
        cells = marks.setdefault(line, {})
        words, withheld = cells.get(fault["column"], ("", False))
        said = f"{words}\n{fault['sentence']}".strip()
        cells[fault["column"]] = (said, withheld or fault["reason"] == "forbidden")
    return marks


def _sheet_name(place: int, finding: Finding) -> str:
    return f"{place + 1} {finding.dataset.name}"
