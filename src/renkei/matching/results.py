"""What a reconciliation wrote: its tables, in whatever format, and the summary of the run (§8)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from renkei.agreement.datasets import (
    NOTIFICATIONS,
    SUSPECTED_OMISSIONS,
    discrepancies,
)
from renkei.agreement.decisions import Policy, PolicyError
from renkei.agreement.errors import RenkeiError
from renkei.matching.outcomes import MATCHES
from renkei.matching.validation import REJECTS
from renkei.matching.writing import FORMATS, SUMMARY, Format, sheet_labels


class UnusableOutput(RenkeiError):
    """The directory does not hold the complete output of a reconciliation."""


@dataclass(frozen=True, slots=True)
class Result:
    """A directory that `renkei reconcile` wrote: `summary` is summary.json, `policy` its decisions."""

    directory: Path
    form: Format
    as_of: date
    policy: Policy
    summary: Mapping[str, Any]

    def has(self, table: str) -> bool:
        """Say whether the run wrote this table; candidates are only there if they were searched for."""
        return self._path(table).exists()

    def scan(self, table: str) -> pl.LazyFrame:
        """Return a table as text, blank as null. Raises UnusableOutput if it is missing.

        Collecting it may raise an error of Polars if it is not as the run wrote it; `read` does not.
        """
        path = self._path(table)
        try:
            if self.form == "parquet":
                return pl.scan_parquet(path).select(pl.all().cast(pl.String))
            if self.form == "xlsx":
                return self._sheet(path, table).lazy()
            # Everything is text: an identifier that consists of digits is not a number.
            return pl.scan_csv(path, infer_schema=False)
        except (OSError, pl.exceptions.PolarsError):
            raise unusable(self.directory, path.name) from None

    def read(self, table: str, **equal: str) -> pl.DataFrame:
        """Return the rows of a table whose columns have these values. Raises UnusableOutput."""
        rows = self.scan(table)
        for column, value in equal.items():
            rows = rows.filter(pl.col(column) == value)
        try:
            return rows.collect()
        except (OSError, pl.exceptions.PolarsError):
            raise unusable(self.directory, self._path(table).name) from None

    def _path(self, table: str) -> Path:
        return self.directory / f"{table}.{self.form}"

    def _sheet(self, path: Path, table: str) -> pl.DataFrame:
        try:
            sheet = pl.read_excel(path, engine="calamine", infer_schema_length=0, drop_empty_rows=False)
        except ModuleNotFoundError:
            raise UnusableOutput(
                f"{path}: reading workbooks needs an extra: `pip install 'renkei[excel]'`.",
                f"{path}: Excelブックを読むには追加の部品が要ります: `pip install 'renkei[excel]'`",
            ) from None
        except Exception:  # of fastexcel; its text may quote a cell
            raise unusable(self.directory, path.name) from None
        for names in self._columns(table):
            if sheet_labels(names) == sheet.columns:
                sheet.columns = list(names)
        days = pl.all().cast(pl.String).str.strip_suffix(" 00:00:00")
        return sheet.select(days)

    def _columns(self, table: str) -> tuple[tuple[str, ...], ...]:
        """Return the columns that a table may have."""
        of = {
            "matches": (tuple(MATCHES),),
            "rejects": (tuple(REJECTS),),
            "annex2": (discrepancies(self.policy.disclosed_items).names,),
            "annex3": (SUSPECTED_OMISSIONS.names,),
        }
        if table == "candidates":
            from renkei.matching.candidates import CANDIDATES  # few runs have candidates

            return (tuple(CANDIDATES),)
        return of[table]


def open_result(directory: Path) -> Result:
    """Open what a run wrote. Raises UnusableOutput if it is not complete, or of two formats at once."""
    summary = read_summary(directory)
    try:
        as_of = date.fromisoformat(summary["as_of"])
        policy = Policy(**summary["policy"])
    except (ValueError, KeyError, TypeError, PolicyError):
        raise unusable(directory, SUMMARY) from None
    forms = [form for form in FORMATS if (directory / f"matches.{form}").is_file()]
    if len(forms) > 1:
        raise UnusableOutput(
            f"{directory}: holds matches in {' and '.join(forms)}: of which run, nobody can say. Run `renkei "
            "reconcile` again.",
            f"{directory}: matchesが{'と'.join(forms)}の両方にあり、どの実行のものか分かりません。"
            "renkei reconcileを実行し直してください。",
        )
    if not forms:
        raise unusable(directory, "matches.csv")
    return Result(directory, forms[0], as_of, policy, summary)


def read_summary(directory: Path) -> Mapping[str, Any]:
    """Return the summary of a run. Raises UnusableOutput.

    It is written last: if it exists, all files do.
    """
    try:
        summary = json.loads((directory / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise unusable(directory, SUMMARY) from None
    if not isinstance(summary, dict):
        raise unusable(directory, SUMMARY)
    return summary


def last_said(directory: Path) -> dict[str, int]:
    """Return the rows that an earlier run read, by dataset; of a day's changes not its notifications."""
    summary = read_summary(directory)
    try:
        rows = {name: int(counts["read"]) for name, counts in summary["datasets"].items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise unusable(directory, SUMMARY) from None
    if summary.get("notifications_are") == "changes":
        del rows[NOTIFICATIONS.name]
    return rows


def unusable(directory: Path, file: str) -> UnusableOutput:
    """Return the refusal of a directory whose file is missing or not as a run writes it."""
    return UnusableOutput(
        f"{directory / file}: missing, or not as `renkei reconcile` writes it. Give the directory that "
        "it wrote with --out.",
        f"{directory / file}: ファイルがないか、renkei reconcileの書いたものではありません。"
        "--outで出力したディレクトリを指定してください。",
    )
