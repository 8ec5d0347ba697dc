"""The whole world, drawn chunk by chunk and written as it is drawn."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.simulation.chunks import Chunk, Plan, draw_chunk
from renkei.simulation.days import Day, draw_days
from renkei.simulation.draws import Draws
from renkei.simulation.employers import Employers, draw_employers
from renkei.simulation.files import Format, TableFiles
from renkei.simulation.flaws import Flaw
from renkei.simulation.truth import NOTIFICATION_TRUTH, PERMISSION_TRUTH

_REGISTER = {dataset.name: dataset.names for dataset in (PERSONS, CARDS, PERMISSIONS)}
_EXTRACT = {NOTIFICATIONS.name: NOTIFICATIONS.names}
_TRUTH = {"notifications": NOTIFICATION_TRUTH, "permissions": PERMISSION_TRUTH}
_PARTIAL = ".unfinished"
_DAY = re.compile(r"day-\d+")

Progress = Callable[[str, int], None]


def _say_nothing(what: str, rows: int) -> None:
    del what, rows


def write_world(
    plan: Plan,
    flaws: Sequence[Flaw],
    directory: Path,
    form: Format = "csv",
    days: int = 0,
    progress: Progress = _say_nothing,
) -> dict[str, int]:
    """Draw the world and so many days after it, and write them into a directory.

    `persons`, `cards` and `permissions` are written as `form`, `notifications` as CSV and as `form`, the
    answer key into `truth/`, each day into `day-01/` and so on with a `truth/` of its own. A world that was
    there before is replaced once the new one is complete. Returns the rows of each table of the base world,
    and the days.
    """
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / _PARTIAL
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        employers = draw_employers(plan.notifications, Draws(plan.seed, "employers"))
        counts, first = _write_base(plan, flaws, employers, unfinished, form, progress)
        for number, day in enumerate(draw_days(plan, first, employers, flaws, days), start=1):
            _write_day(day, unfinished / f"day-{number:02d}", form)
            progress("days", 1)
        about = {"as_of": plan.as_of.isoformat(), "seed": plan.seed, "days": days, "rows": counts}
        (unfinished / "world.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        _move_into(unfinished, directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return counts | {"days": days}


def _write_base(
    plan: Plan, flaws: Sequence[Flaw], employers: Employers, directory: Path, form: Format, progress: Progress
) -> tuple[dict[str, int], Chunk]:
    said, known, first = [], [], None
    with (
        TableFiles(directory, _REGISTER, form) as register,
        TableFiles(directory / "truth", _TRUTH, form) as truth,
    ):
        for place in plan.chunks():
            chunk = draw_chunk(plan, employers, place, flaws)
            register.append(
                persons=chunk.cards.latest, cards=chunk.cards.linked, permissions=chunk.permissions.rows
            )
            truth.append(permissions=chunk.permission_truth)
            said.append(chunk.flawed.rows)
            known.append(chunk.notification_truth)
            first = first or chunk
            progress("persons", place[1])
        truth.append(notifications=pl.concat(known).sort("notification_id"))
    if first is None:
        raise ValueError("a world without residents")
    extract = _write_extract(pl.concat(said), directory, form)
    return register.counts | extract, first


def _write_extract(rows: pl.DataFrame, directory: Path, form: Format) -> dict[str, int]:
    """Write the ministry's extract, as CSV always; by identifier, a repeated one in the order of filing."""
    rows = rows.sort("notification_id", maintain_order=True)
    for one in dict.fromkeys(("csv", form)):
        with TableFiles(directory, _EXTRACT, one) as files:
            files.append(notifications=rows)
    return files.counts


def _write_day(day: Day, directory: Path, form: Format) -> None:
    with TableFiles(directory, _REGISTER, form) as register:
        register.append(persons=day.persons, cards=day.cards, permissions=day.permissions)
    with TableFiles(directory / "truth", _TRUTH, form) as truth:
        truth.append(notifications=day.notification_truth, permissions=day.permission_truth)
    counts = register.counts | _write_extract(day.notifications, directory, form)
    about = {"business_date": day.day.isoformat(), "rows": counts}
    (directory / "day.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _move_into(finished: Path, directory: Path) -> None:
    """Move a world into the directory, in place of one that was there before, whatever its form and days."""
    for stale in sorted(directory.iterdir()):
        if stale.is_dir() and (stale.name == "truth" or _DAY.fullmatch(stale.name)):
            shutil.rmtree(stale)
        elif stale.stem in (*_REGISTER, *_EXTRACT) and stale.suffix in (".csv", ".parquet"):
            stale.unlink()
    for entry in sorted(finished.iterdir()):
        entry.replace(directory / entry.name)
