"""The whole of `renkei reconcile` compared with a lower limit, and with peers' join and comparison.

Every contestant is a separate process with the same files; they take turns, round by round. The measured time
is what a user waits for: from the start of the process to its end.

    uv run python benchmarks/reconcile.py [--residents N --notifications N] [--files DIR] [--before RENKEI]

With --before, the command of another commit's checkout (its .venv/bin/renkei) is the only other contestant.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _measure import GIB, Bounds, Run, bounds, median, run
from _results import HERE, Target, commit_of, publish, table, targets_table
from _turns import smallest, turns_table
from _turns import take_turns as take_turns_with_before
from _worlds import World, arguments, draw, reconcile_command, results_directory, rows_read

LIMIT_TIMES, MEMORY_GIB = 3.0, 6.0
# A change may cost the whole command at most a tenth.
BEFORE_TIMES = 1.1
PACKAGES = ("renkei", "polars", "duckdb", "pandas", "pyarrow", "recordlinkage", "splink")


@dataclass(frozen=True)
class Contestant:
    """One contestant: its name, its part (limit, ours or peer), its script; ours has none.

    `scope`: `whole` reads the four files completely, as the command must to check them; `columns` reads only
    the compared columns, and neither persons nor permissions.
    """

    name: str
    part: str
    script: str = ""
    scope: str = "whole"

    def command(self, world: World, out: Path) -> list[str]:
        """Return the command line; `out` is a new path for its output."""
        if not self.script:
            return reconcile_command(world, out)
        target = [str(out)] if self.part == "limit" else []
        script = str(HERE / "contestants" / self.script)
        return [sys.executable, script, self.scope, str(world.directory), *target]


SCOPES = {"whole": "the four files whole", "columns": "only the columns compared"}
CONTESTANTS = (
    *(
        Contestant(f"limit: {name}, {words}", "limit", script, scope)
        for scope, words in SCOPES.items()
        for name, script in (("Polars", "limit_polars.py"), ("DuckDB", "limit_duckdb.py"))
    ),
    Contestant("renkei reconcile, all of it", "ours"),
    *(
        Contestant(f"peer: {name}, {words}", "peer", script, scope)
        for scope, words in SCOPES.items()
        for name, script in (
            ("pandas", "peer_pandas.py"),
            ("recordlinkage", "peer_recordlinkage.py"),
            ("Splink", "peer_splink.py"),
        )
    ),
)
OURS = next(one for one in CONTESTANTS if one.part == "ours")


@dataclass
class Seen:
    """Results beside the figures: differing pairs by contestant, and the command's own counts."""

    differing: dict[str, int]
    summary: dict[str, Any]


def take_turns(
    world: World, rounds: int, peer_rounds: int, limits: Bounds
) -> tuple[dict[str, list[Run]], Seen]:
    """Run all in turn, round by round; the first round is a warm-up and not counted."""
    runs: dict[str, list[Run]] = {one.name: [] for one in CONTESTANTS}
    seen, out_of_race = Seen({}, {}), set[str]()
    scratch = Path(tempfile.mkdtemp(prefix="renkei-benchmark-", dir=world.directory.parent))
    try:
        for number in range(rounds + 1):
            for one in CONTESTANTS:
                if one.name in out_of_race or (one.part == "peer" and number > peer_rounds):
                    continue
                out = scratch / "out"
                ran = run(one.command(world, out), limits)
                if number == 0 and ran.done:
                    _note(one, ran, out, seen)
                if number or not ran.done:
                    runs[one.name].append(ran)
                if not ran.done:
                    out_of_race.add(one.name)
                shutil.rmtree(out, ignore_errors=True) if out.is_dir() else out.unlink(missing_ok=True)
                where = f"round {number}" if number else "warm-up"
                print(
                    f"{where:8} {one.name:48} {ran.wall:8.2f} s {ran.peak / GIB:6.2f} GiB  {ran.end}",
                    flush=True,
                )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return runs, seen


def _note(one: Contestant, ran: Run, out: Path, seen: Seen) -> None:
    if one.part == "ours":
        seen.summary = json.loads((out / "summary.json").read_text("utf-8"))
        seen.differing[one.name] = seen.summary["datasets"]["notifications"]["mismatched"]
    elif one.part == "limit":
        with out.open("rb") as written:
            lines = sum(block.count(b"\n") for block in iter(lambda: written.read(2**20), b""))
        seen.differing[one.name] = lines - 1
    else:
        seen.differing[one.name] = int(ran.said.split()[-1])


def figures_table(runs: Mapping[str, Sequence[Run]], limits: Bounds, differing: Mapping[str, int]) -> str:
    """One line for each contestant, ratios first."""
    fastest = _limit(runs)
    rows = []
    for one in CONTESTANTS:
        middle, count = median(runs[one.name]), differing.get(one.name)
        if middle is None:
            end = runs[one.name][-1].end if runs[one.name] else "not run"
            bound = f"{limits.seconds:.0f} s" if end == "too slow" else f"{limits.memory / GIB:.1f} GiB"
            rows.append(
                [one.name, f"did not finish: {end}" + (f" (bound: {bound})" if "too" in end else "")]
                + ["—"] * 6
            )
            continue
        rows.append(
            [
                one.name,
                f"{middle['wall'] / fastest:.2f}×" if fastest else "—",
                f"{middle['wall']:.2f} s",
                f"{middle['fastest']:.2f}–{middle['slowest']:.2f} s",
                f"{middle['cpu']:.1f} s",
                f"{middle['peak'] / GIB:.2f} GiB",
                f"{count:,}" if count is not None else "—",
                str(len(runs[one.name])),
            ]
        )
    header = (
        "",
        "to the faster limit on whole files",
        "median wall",
        "range",
        "CPU",
        "peak memory",
        "pairs that differ",
        "runs",
    )
    return table(header, rows)


def _limit(runs: Mapping[str, Sequence[Run]], scope: str = "whole") -> float | None:
    walls = [
        middle["wall"]
        for one in CONTESTANTS
        if one.part == "limit" and one.scope == scope and (middle := median(runs[one.name]))
    ]
    return min(walls, default=None)


def targets(runs: Mapping[str, Sequence[Run]]) -> list[Target]:
    """Return the targets of the whole command, and whether they are met."""
    ours, limit = median(runs[OURS.name]), _limit(runs)
    if ours is None or limit is None:
        return [Target("the command and a limit come to their end", "they did not", False)]
    found = [
        *(
            Target(
                f"wall ≤ {LIMIT_TIMES:g}× the faster limit that reads {words}",
                f"{ours['wall'] / fastest:.2f}×",
                ours["wall"] <= LIMIT_TIMES * fastest,
            )
            for scope, words in SCOPES.items()
            if (fastest := _limit(runs, scope))
        ),
        Target(
            f"peak memory ≤ {MEMORY_GIB:g} GiB",
            f"{ours['peak'] / GIB:.2f} GiB",
            ours["peak"] <= MEMORY_GIB * GIB,
        ),
    ]
    for one in CONTESTANTS:
        if one.part == "peer":
            theirs, name = median(runs[one.name]), one.name.removeprefix("peer: ")
            if theirs:
                figure, met = f"{theirs['wall'] / ours['wall']:.2f}× as fast", ours["wall"] < theirs["wall"]
            else:
                ends = {ran.end for ran in runs[one.name]}
                figure = f"{name}: {', '.join(sorted(ends)) or 'not run'}"
                met = True if ends & {"too slow", "too much memory"} else None
            found.append(Target(f"faster than {name}", figure, met))
    return found


def files_line(world: World, seen: Seen) -> str:
    """Describe what was compared."""
    rows = (
        ", ".join(f"{count:,} {name}" for name, count in rows_read(seen.summary).items())
        if seen.summary
        else "?"
    )
    sizes = ", ".join(
        f"{name} {(world.directory / name).stat().st_size / 2**20:,.0f} MiB"
        for name in ("annex1.csv", "persons.parquet", "cards.parquet", "permissions.parquet")
    )
    line = f"Rows: {rows}.\nFiles: {sizes}."
    if "simulate" in world.drawn:
        for step in ("simulate", "prepare"):
            took = world.drawn[step]
            line += (
                f"\n`renkei {step}` took {took['wall']:.0f} s and {took['peak'] / GIB:.2f} GiB to make them."
            )
    return line


def compare_before(world: World, options: argparse.Namespace, limits: Bounds) -> None:
    """Compare with the command of another checkout, by processor time, and print the results."""
    before, now = "renkei reconcile, before", OURS.name
    there = str(options.before)
    commands = {
        before: lambda out: [there, *reconcile_command(world, out)[1:]],
        now: lambda out: reconcile_command(world, out),
    }
    runs = take_turns_with_before(commands, options.rounds, limits, options.data)
    commit = commit_of(options.before.resolve().parent)
    then, ours = smallest(runs[before]), smallest(runs[now])
    ratio = ours / then if then and ours else None
    target = Target(
        f"smallest CPU ≤ {BEFORE_TIMES:g}× that of before",
        f"{ratio:.2f}×" if ratio else "they did not end",
        ratio is not None and ratio <= BEFORE_TIMES,
    )
    publish(
        "reconcile-before",
        "Reconcile: the whole command against an earlier commit",
        [
            f"Before: commit {commit}. {files_line(world, Seen({}, {}))}",
            turns_table(runs),
            targets_table([target]),
        ],
        {
            "before": commit,
            "drawn": world.drawn,
            "runs": {name: [ran.figures() for ran in those] for name, those in runs.items()},
            "medians": {name: median(those) for name, those in runs.items()},
            "targets": [{"promise": target.promise, "figure": target.figure, "verdict": target.word}],
        },
        ("renkei", "polars", "pyarrow"),
        results_directory(options),
    )


def main() -> None:
    """Draw or find the files, run all contestants, print the results."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument(
        "--peer-rounds", type=int, default=3, help="of these rounds the peers run only the first"
    )
    parser.add_argument(
        "--files", type=Path, help="files of your own: annex1.csv and the register as Parquet"
    )
    parser.add_argument(
        "--before", type=Path, help="compare only with this renkei, of another commit's checkout"
    )
    options: argparse.Namespace = parser.parse_args()
    limits = bounds(options.seconds, options.gib)
    if options.files:
        world = World(options.files, {})
        options.data.mkdir(parents=True, exist_ok=True)
    else:
        world = draw(options.data, options.residents, options.notifications, limits)
    if options.before:
        compare_before(world, options, limits)
        return
    runs, seen = take_turns(world, options.rounds, options.peer_rounds, limits)
    kept = targets(runs)
    publish(
        "reconcile",
        "Reconcile: the whole command against the least, and against peers",
        [
            files_line(world, seen),
            figures_table(runs, limits, seen.differing),
            targets_table(kept),
            "Limits and peers compare seven columns as they stand and check nothing; peers do not even write."
            " To them a pair differs where letters differ, to Renkei where facts do: see ../README.md.",
        ],
        {
            "rows": rows_read(seen.summary) if seen.summary else {},
            "drawn": world.drawn,
            "rounds": options.rounds,
            "differing": seen.differing,
            "runs": {name: [ran.figures() for ran in those] for name, those in runs.items()},
            "medians": {name: median(those) for name, those in runs.items()},
            "targets": [{"promise": t.promise, "figure": t.figure, "verdict": t.word} for t in kept],
        },
        PACKAGES,
        results_directory(options),
    )


if __name__ == "__main__":
    main()
