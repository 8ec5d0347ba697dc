"""Arguments that several commands share, and their checks."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from renkei.agreement.datasets import Dataset
from renkei.agreement.decisions import DEFAULT_POLICY, Policy, load_policy
from renkei.agreement.errors import RenkeiError

EncodingOption = Annotated[
    Literal["utf-8", "cp932"],
    typer.Option("--encoding", help="Encoding of CSV files: utf-8 (BOM or none) or cp932."),
]
ConfirmedOption = Annotated[
    str | None,
    typer.Option(
        "--confirmed", metavar="REASON", help="Why to go on although the input seems implausible (status 3)."
    ),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy", metavar="FILE", help="TOML: decisions instead of defaults, and who confirmed them."
    ),
]


# A register's file of a dataset; without an ending, a directory of Parquet parts.
REGISTER_ENDINGS = (".csv", ".parquet", ".xlsx", ".csv.gz", "")


ResultOption = Annotated[
    Path, typer.Option("--result", metavar="DIR", help="The directory that reconcile wrote with --out.")
]


class UnusableArguments(RenkeiError):
    """Arguments that cannot be used; nothing was read or written."""


def read_day(text: str) -> date:
    """Read a day given as an argument. Raises UnusableArguments."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnusableArguments(
            f"--as-of {text}: not a date. Write it as 2026-04-01.",
            f"--as-of {text}: 日付ではありません。2026-04-01のように書いてください。",
        ) from None


def read_policy(path: Path | None) -> Policy:
    """Read the decisions of a file, or return the defaults without one. Raises PolicyError."""
    return DEFAULT_POLICY if path is None else load_policy(path)


def register_file(directory: Path, dataset: Dataset) -> Path:
    """Return a dataset's file in a register directory. Raises UnusableArguments if there is none, or two."""
    candidates = [directory / f"{dataset.name}{ending}" for ending in REGISTER_ENDINGS]
    present = [
        path for path in candidates if path.is_file() or (path.is_dir() and path.suffix in ("", ".parquet"))
    ]
    if len(present) == 1:
        return present[0]
    names = ", ".join(path.name for path in candidates)
    if present:
        names = ", ".join(path.name for path in present)
        raise UnusableArguments(
            f"{directory}: both {names} exist. Keep one of them.",
            f"{directory}: {names}があります。一つだけにしてください。",
        )
    raise UnusableArguments(
        f"{directory}: neither of {names} exists.", f"{directory}: {names}のいずれもありません。"
    )


def table_ending(path: Path, option: str) -> None:
    """Check that the name of a table to be written is of CSV or Parquet. Raises UnusableArguments."""
    if path.suffix.lower() not in (".csv", ".parquet", ".xlsx"):
        raise UnusableArguments(
            f"{option} {path}: must end in .csv, .parquet or .xlsx.",
            f"{option} {path}: .csv、.parquet、.xlsxのいずれかで終わる名前にしてください。",
        )


def page_ending(path: Path, option: str) -> None:
    """Check that the name of a page to be written is of HTML. Raises UnusableArguments."""
    if path.suffix.lower() != ".html":
        raise UnusableArguments(
            f"{option} {path}: must end in .html.", f"{option} {path}: .htmlで終わる名前にしてください。"
        )


def read_reason(confirmed: str | None, option: str = "--confirmed") -> str | None:
    """Check that a confirmation gives a reason. Raises UnusableArguments."""
    if confirmed is not None and not confirmed.strip():
        raise UnusableArguments(
            f"{option}: give the reason why the input is right.",
            f"{option}: 入力が正しいとする理由を書いてください。",
        )
    return confirmed
