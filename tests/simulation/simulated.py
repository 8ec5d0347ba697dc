"""What the tests of the simulation call a world."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from renkei.simulation import Plan

PLAN = Plan(residents=30_000, notifications=20_000, seed=20260401, as_of=date(2026, 4, 1))
DAYS = 3


@dataclass(frozen=True)
class World:
    """A world on disk, its tables as written."""

    directory: Path

    def table(self, name: str, part: str = "") -> pl.DataFrame:
        return pl.read_csv(self.directory / part / f"{name}.csv", infer_schema=False)
