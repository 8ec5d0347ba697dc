"""A source's own CSV layout, mapped to a dataset's columns by a file in TOML (`--mapping`, §8).

    dataset = "notifications"
    data_after = "[data]"            # what stands before this line is a heading, not records
    ignored = ["備考"]                # columns of the source that are passed over, each named
    must_be_blank = ["個人番号"]      # the file is refused if one has a value
    blank = ["deleted_on"]           # columns of the dataset that the source does not have

    [columns]
    sex = "性別"
    name = { first = ["ローマ字", "氏名"] }                          # the first that is filled
    status_of_residence = { column = "資格", values = { "A" = "student" } }
    card_number = { column = "在留カード番号", optional = true }     # a file may lack it
    birth_date = { date = ["元号", "年", "月", "日"] }               # or three: year, month, day
    establishment_number = { join = ["安定所", "番号", "CD"] }       # also separator, prefix
    industry = { constant = "" }
    registered_on = { heading = "作成年月日" }   # from the lines before the data; several are joined

Every column of the source and of the dataset must be named once: nothing is passed over silently.
"""

import csv
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa

from renkei.agreement.datasets import DATASETS, Dataset
from renkei.agreement.errors import RenkeiError
from renkei.agreement.text import ERAS
from renkei.matching.reading.contents import Content
from renkei.matching.reading.headers import FORBIDDEN_BY_LAW, normalise, shown
from renkei.matching.reading.recognition import HEAD_BYTES, recognise, refuse_other_format
from renkei.matching.reading.refusals import refused

SHIPPED: Final = Path(__file__).with_name("layouts")
#: The codes of forms, from 明治 on.
_ERAS: Final = {str(code): era.name for code, era in enumerate(reversed(ERAS), start=1)}
_OPTIONS: Final = frozenset({"dataset", "data_after", "ignored", "must_be_blank", "blank", "columns"})
# The one option that says where a value comes from, and what may stand beside it.
_RULES: Final[Mapping[str, frozenset[str]]] = {
    "column": frozenset({"values", "optional"}),
    "first": frozenset({"optional"}),
    "join": frozenset({"separator", "prefix"}),
    "date": frozenset({"eras"}),
    "constant": frozenset(),
    "heading": frozenset(),
}
_DATE_PARTS: Final = (3, 4)


class UnusableLayout(RenkeiError):
    """A mapping file that cannot be used."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a column's value comes from: the kind of `_RULES`, the source's columns and the options."""

    kind: str
    sources: tuple[str, ...]
    options: Mapping[str, Any]

    @property
    def header(self) -> str:
        """The source's columns, for messages."""
        return " + ".join(self.sources)


@dataclass(frozen=True, slots=True)
class SourceLayout:
    """A mapping from a source's columns to those of a dataset."""

    name: str
    dataset: Dataset
    rules: Mapping[str, Rule]
    ignored: frozenset[str]
    must_be_blank: frozenset[str]
    data_after: str | None

    def opened(self, content: Content, encoding: str) -> tuple[Content, dict[str, str]]:
        """Return the content from its header on, and the fields of the lines before it by their names.

        Raises RefusedFile if the line `data_after` is missing, or the file is of another format.
        """
        if self.data_after is None:
            return content, {}
        head = content.head(HEAD_BYTES)
        if other := recognise(head, content.tail(HEAD_BYTES)):
            raise refuse_other_format(content.name, other, "CSV")
        lines = head.splitlines(keepends=True)
        texts = [line.decode(encoding, "replace").lstrip("\ufeff").strip() for line in lines]
        ends = [at for at, text in enumerate(texts) if text.rstrip(",").strip('"') == self.data_after]
        if not ends:
            raise refused(
                content.name,
                f"the line {self.data_after} of the layout {self.name} is missing. Choose the mapping that "
                "fits the file.",
                f"様式{self.name}の行{self.data_after}がありません。ファイルに合う対応表を指定してください。",
            )
        records = list(csv.reader(texts[: ends[0]]))
        heading: dict[str, str] = {}
        for names, values in pairwise(records):
            for name, value in zip(names, values, strict=False):
                heading.setdefault(normalise(name), value)
        start = sum(map(len, lines[: ends[0] + 1]))
        return replace(content, start=start, start_line=ends[0] + 2), heading

    def columns(self, headers: Sequence[str], heading: Mapping[str, str], where: str) -> dict[str, str]:
        """Return by column of the dataset the source's columns, in words.

        Raises RefusedFile if columns of the source are missing, unknown to the mapping or there twice.
        """
        found = [normalise(header) for header in headers]
        used = {normalise(one): one for rule in self.rules.values() for one in rule.sources}
        needed = {
            one
            for rule in self.rules.values()
            if rule.kind != "heading" and not rule.options.get("optional")
            for one in rule.sources
        }
        listed = {normalise(one) for one in (*used, *self.ignored, *self.must_be_blank)}
        unknown = [header for header, name in zip(headers, found, strict=True) if name not in listed]
        missing = [one for one in sorted(needed) if normalise(one) not in found]
        missing += [
            one
            for rule in self.rules.values()
            for one in rule.sources
            if rule.kind == "heading" and normalise(one) not in heading
        ]
        twice = sorted({used[name] for name in found if name in used and found.count(name) > 1})
        faults = (
            ("unknown columns", "知らない列", shown(unknown)),
            ("missing columns", "足りない列", missing),
            ("columns given twice", "重複する列", twice),
        )
        if any(columns for _, _, columns in faults):
            raise refused(
                where,
                f"it has not the layout {self.name}: "
                + "; ".join(f"{what}: {', '.join(columns)}" for what, _, columns in faults if columns)
                + ". Name every column of the file in the mapping.",
                f"様式{self.name}に合いません。"
                + "、".join(f"{what}: {', '.join(columns)}" for _, what, columns in faults if columns)
                + "。ファイルの列をすべて対応表に書いてください。",
            )
        return {name: rule.header for name, rule in self.rules.items()}

    def applied(self, batch: pa.RecordBatch, heading: Mapping[str, str], where: str) -> pa.RecordBatch:
        """Return the dataset's columns of a batch of the source's text.

        Raises RefusedFile if a column that must be blank has a value.
        """
        headers = [normalise(name) for name in batch.schema.names]
        table = pl.DataFrame(
            {
                name: pl.Series(column.cast(pa.string()))
                for name, column in zip(headers, batch.columns, strict=True)
            }
        )
        for name in sorted(self.must_be_blank):
            column = normalise(name)
            if column in headers and (table[column].fill_null("").str.strip_chars() != "").any():
                raise refused(
                    where,
                    f"the column {name} has values. They must not come in: empty it.",
                    f"列{name}に値があります。受け取れない項目です。空にしてください。",
                )
        absent = pl.lit(None, pl.String)
        values = [
            (_value(self.rules[name], headers, heading) if name in self.rules else absent).alias(name)
            for name in self.dataset.names
        ]
        # `with_columns`: a constant alone would be one row.
        mapped = table.with_columns(pl.lit(0).alias("")).with_columns(values).select(self.dataset.names)
        arrays = [mapped[name].to_arrow().cast(pa.string()) for name in self.dataset.names]
        return pa.RecordBatch.from_arrays(arrays, list(self.dataset.names))


def _value(rule: Rule, headers: Sequence[str], heading: Mapping[str, str]) -> pl.Expr:
    """Return the text of a column; null where everything that it is made of is blank."""
    if rule.kind == "constant":
        return pl.lit(rule.options["constant"] or None, pl.String)
    if rule.kind == "heading":
        return pl.lit("".join(heading[normalise(one)].strip() for one in rule.sources) or None, pl.String)
    parts = [_text(normalise(one)) for one in rule.sources if normalise(one) in headers]
    if not parts:
        return pl.lit(None, pl.String)
    if rule.kind == "first":
        return pl.coalesce(parts)
    if rule.kind == "column":
        return _recoded(parts[0], rule.options.get("values", {}))
    filled = pl.any_horizontal(part.is_not_null() for part in parts)
    texts = [part.fill_null("") for part in parts]
    if rule.kind == "join":
        joined = pl.concat_str(texts, separator=rule.options.get("separator", ""))
        return pl.when(filled).then(rule.options.get("prefix", "") + joined)
    # A part that is blank leaves a date that cannot be read, and is thereby named.
    era = [_recoded(texts[0], rule.options.get("eras", _ERAS))] if len(texts) == max(_DATE_PARTS) else []
    year, month, day = texts[-3:]
    return pl.when(filled).then(
        pl.concat_str([*era, year, pl.lit("年"), month, pl.lit("月"), day, pl.lit("日")])
    )


def _text(column: str) -> pl.Expr:
    stripped = pl.col(column).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _recoded(text: pl.Expr, values: Mapping[str, str]) -> pl.Expr:
    """Replace the codes of a table, in any width; what is not in it stays and is read as it is."""
    return text.str.normalize("NFKC").replace(dict(values)) if values else text


def load_layout(path: Path) -> SourceLayout:
    """Load a mapping: a TOML file, or the name of one that Renkei ships (`renki_10101`).

    Raises UnusableLayout for what is no mapping, and if a column of the dataset is not named.
    """
    shipped = SHIPPED / f"{path}.toml"
    file = shipped if not path.exists() and len(path.parts) == 1 and shipped.is_file() else path
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        names = ", ".join(sorted(one.stem for one in SHIPPED.glob("*.toml")))
        raise UnusableLayout(
            f"--mapping {path}: no readable TOML file. Renkei ships these mappings: {names}.",
            f"--mapping {path}: TOMLとして読めるファイルがありません。付属の対応表: {names}。",
        ) from None
    return _layout(found, file)


def _layout(found: Mapping[str, Any], file: Path) -> SourceLayout:
    def unusable(en: str, ja: str) -> UnusableLayout:
        return UnusableLayout(f"--mapping {file.name}: {en}", f"--mapping {file.name}: {ja}")

    if unknown := sorted(set(found) - _OPTIONS):
        raise unusable(f"unknown options: {', '.join(unknown)}.", f"知らない項目: {', '.join(unknown)}。")
    dataset = DATASETS.get(str(found.get("dataset")))
    if dataset is None:
        raise unusable(
            f"`dataset` must be one of {', '.join(DATASETS)}.",
            f"`dataset`は{'、'.join(DATASETS)}のいずれかです。",
        )
    rules = {}
    for name, value in found.get("columns", {}).items():
        rule = _rule(value)
        if rule is None:
            raise unusable(
                f"the rule of the column {name} has not one of the forms {', '.join(_RULES)}.",
                f"列{name}の書き方が{'、'.join(_RULES)}のいずれの形でもありません。",
            )
        rules[name] = rule
    named = [*rules, *found.get("blank", [])]
    wrong = sorted({name for name in named if name not in dataset.names or named.count(name) > 1})
    lacking = [name for name in dataset.names if name not in named]
    if wrong or lacking:
        columns = ", ".join([*wrong, *lacking])
        raise unusable(
            f"each column of {dataset.name} must be named once, in `columns` or in `blank`: {columns}.",
            f"{dataset.name}の各列を`columns`か`blank`に一度だけ書いてください: {columns}。",
        )
    used = {normalise(one) for rule in rules.values() for one in rule.sources}
    used |= {normalise(one) for one in found.get("ignored", [])}
    if forbidden := sorted(used & FORBIDDEN_BY_LAW):
        raise unusable(
            f"{', '.join(forbidden)} must not come in: name it in `must_be_blank`.",
            f"{'、'.join(forbidden)}は受け取れません。`must_be_blank`に書いてください。",
        )
    return SourceLayout(
        file.stem,
        dataset,
        rules,
        frozenset(found.get("ignored", [])),
        frozenset(found.get("must_be_blank", [])),
        found.get("data_after"),
    )


def _rule(value: Any) -> Rule | None:
    """Read the rule of a column; None if it has none of the forms."""
    options = {"column": value} if isinstance(value, str) else value
    kinds = [kind for kind in _RULES if isinstance(options, dict) and kind in options]
    if len(kinds) != 1 or not set(options) <= {*kinds, *_RULES[kinds[0]]}:
        return None
    (kind,) = kinds
    given = options[kind]
    if isinstance(given, str):
        if kind not in ("column", "constant", "heading"):
            return None
        return Rule(kind, () if kind == "constant" else (given,), options)
    if (
        kind in ("column", "constant")
        or not isinstance(given, list)
        or not given
        or not all(isinstance(one, str) for one in given)
    ):
        return None
    if kind == "date" and len(given) not in _DATE_PARTS:
        return None
    return Rule(kind, tuple(given), options)
