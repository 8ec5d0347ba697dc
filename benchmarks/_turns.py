"""Commands that take turns on the same files, compared with the first by their processor time."""

import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from _measure import GIB, Bounds, Run, median, run
from _results import table


def take_turns(
    commands: Mapping[str, Callable[[Path], Sequence[str]]], rounds: int, limits: Bounds, place: Path
) -> dict[str, list[Run]]:
    """Run all in turn after a round to warm up; every other round in the opposite order.

    Each command is made from a new path for its output, which is removed afterwards.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    scratch = Path(tempfile.mkdtemp(prefix="renkei-benchmark-", dir=place))
    try:
        for number in range(rounds + 1):
            for name in [*commands][:: -1 if number % 2 else 1]:
                out = scratch / "out"
                ran = run(commands[name](out), limits)
                if number:
                    runs[name].append(ran)
                shutil.rmtree(out, ignore_errors=True)
                print(
                    f"round {number}  {name:48} {ran.cpu:8.2f} s CPU {ran.wall:8.2f} s  {ran.end}", flush=True
                )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return runs


def smallest(runs: Sequence[Run]) -> float | None:
    """Return the smallest processor time: other work on the machine only ever adds to it."""
    return min((one.cpu for one in runs if one.done), default=None)


def turns_table(runs: Mapping[str, Sequence[Run]]) -> str:
    """One line for each command; ratios to the first."""
    first = next(iter(runs.values()))
    base, base_median = smallest(first), median(first)
    rows = []
    for name, those in runs.items():
        least, middle = smallest(those), median(those)
        if least is None or middle is None or base is None or base_median is None:
            rows.append([name, "did not finish", *["—"] * 7])
            continue
        rows.append(
            [
                name,
                f"{least / base:.2f}×",
                f"{middle['cpu'] / base_median['cpu']:.2f}×",
                f"{least:.1f} s",
                f"{statistics.median(one.cpu for one in those if one.done):.1f} s",
                f"{middle['wall']:.1f} s",
                f"{middle['fastest']:.1f}–{middle['slowest']:.1f} s",
                f"{middle['peak'] / GIB:.2f} GiB",
                str(len(those)),
            ]
        )
    header = (
        "",
        "smallest CPU to the first",
        "median CPU to the first",
        "smallest CPU",
        "median CPU",
        "median wall",
        "range",
        "peak memory",
        "runs",
    )
    return table(header, rows)
