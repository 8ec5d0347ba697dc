"""Every code an exchange can answer with: the step it belongs to, and what an officer is told."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Notice:
    """One code. `step` is the opening step of the package format, 0 for what is no opening."""

    code: str
    step: int
    retry: bool
    alarm: bool
    en: str
    ja: str
    next_en: str
    next_ja: str


def _notice(row: dict[str, str]) -> Notice:
    return Notice(
        code=row["code"],
        step=int(row["step"]),
        retry=row["retry"] == "retry",
        alarm=row["alarm"] == "alarm",
        en=row["en"],
        ja=row["ja"],
        next_en=row["next_en"],
        next_ja=row["next_ja"],
    )


def _notices() -> dict[str, Notice]:
    table = Path(__file__).with_name("tables") / "refusals.csv"
    rows = csv.DictReader(table.read_text("utf-8").splitlines())
    return {row["code"]: _notice(row) for row in rows}


NOTICES: Mapping[str, Notice] = MappingProxyType(_notices())
