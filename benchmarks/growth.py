"""Does the time per notification stay the same as the files grow? The whole command at 1/8, 1/4, 1/2 and 1.

Residents, cards and permissions grow as well. The sizes take turns, round by round. The fixed cost of a
command (Python, packages, code tables) is measured separately, with a world of a few people.

    uv run python benchmarks/growth.py [--residents N --notifications N]
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from _measure import GIB, Bounds, Run, bounds, median, run
from _results import Target, publish, table, targets_table
from _worlds import World, arguments, draw, reconcile_command, results_directory

PARTS = ((1, 8), (1, 4), (1, 2), (1, 1))
SPREAD = 1.3
PACKAGES = ("renkei", "polars", "pyarrow")
HANDFUL = "a handful"


def take_turns(
    worlds: Mapping[str, World], rounds: int, limits: Bounds, scratch: Path
) -> dict[str, list[Run]]:
    """Run every size in turn, round by round; the first round is a warm-up and not counted."""
    runs: dict[str, list[Run]] = {name: [] for name in worlds}
    for number in range(rounds + 1):
        for name, world in worlds.items():
            out = scratch / "out"
            ran = run(reconcile_command(world, out), limits)
            shutil.rmtree(out, ignore_errors=True)
            if number:
                runs[name].append(ran)
            where = f"round {number}" if number else "warm-up"
            print(f"{where:8} {name:10} {ran.wall:8.2f} s {ran.peak / GIB:6.2f} GiB  {ran.end}", flush=True)
    return runs


def sent(world: World) -> int:
    """Return the number of notifications in Annex 1."""
    return int(world.drawn["prepare"]["rows"]["sent"])


def flat(promise: str, per_notification: Sequence[float]) -> Target:
    """Compare the highest time with the lowest; times of zero or less mean that the files are too small."""
    if min(per_notification) <= 0:
        return Target(promise, "files too small to tell", None)
    spread = max(per_notification) / min(per_notification)
    return Target(promise, f"{spread:.2f}×", spread <= SPREAD)


def main() -> None:
    """Draw or find the worlds, run the sizes in turn, print how constant the time is."""
    options = arguments(__doc__.splitlines()[0]).parse_args()
    limits = bounds(options.seconds, options.gib)
    sizes = {
        f"{part}/{of}" if of > 1 else "1": (
            options.residents * part // of,
            options.notifications * part // of,
        )
        for part, of in PARTS
    }
    worlds = {HANDFUL: draw(options.data, 100, 50, limits)}
    worlds |= {name: draw(options.data, *size, limits) for name, size in sizes.items()}
    scratch = Path(tempfile.mkdtemp(prefix="renkei-benchmark-", dir=options.data))
    try:
        runs = take_turns(worlds, options.rounds, limits, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)

    medians = {name: median(those) for name, those in runs.items()}
    if any(middle is None for middle in medians.values()):
        raise SystemExit(
            "not every size came to its end: " + ", ".join(n for n, m in medians.items() if m is None)
        )
    start = medians[HANDFUL]["wall"]
    whole = {name: medians[name]["wall"] / sent(worlds[name]) * 1e6 for name in sizes}
    net = {name: (medians[name]["wall"] - start) / sent(worlds[name]) * 1e6 for name in sizes}
    rows = [
        [
            name,
            f"{whole[name]:.2f} µs",
            f"{net[name]:.2f} µs",
            f"{sent(worlds[name]):,}",
            f"{medians[name]['wall']:.2f} s",
            f"{medians[name]['cpu']:.1f} s",
            f"{medians[name]['peak'] / GIB:.2f} GiB",
        ]
        for name in sizes
    ]
    kept = [
        flat(f"time per notification flat within {SPREAD}×, the whole command", [*whole.values()]),
        flat(f"the same without the start of the command ({start:.2f} s)", [*net.values()]),
    ]
    header = (
        "size",
        "per notification",
        "without the start",
        "notifications",
        "median wall",
        "CPU",
        "peak memory",
    )
    publish(
        "growth",
        "Growth: time per notification at 1/8, 1/4, 1/2 and 1",
        [
            f"Size 1: {options.residents:,} residents and {options.notifications:,} notifications drawn.",
            table(header, rows),
            targets_table(kept),
        ],
        {
            "rounds": options.rounds,
            "worlds": {name: world.drawn for name, world in worlds.items()},
            "runs": {name: [ran.figures() for ran in those] for name, those in runs.items()},
            "medians": medians,
            "microseconds_per_notification": {"whole": whole, "without_start": net},
            "targets": [{"promise": t.promise, "figure": t.figure, "verdict": t.word} for t in kept],
        },
        PACKAGES,
        results_directory(options),
    )


if __name__ == "__main__":
    main()
