"""How long is ISA's day, from received file to sealed answer, when the register is 100 times as big?

The same 20,000 changes with registers of 80 thousand, 800 thousand and 8 million cards, each in a separate
database that was filled and matched before. The sizes take turns. For comparison, `renkei reconcile` runs on
the rows that the largest day matched, as files.

    uv run python benchmarks/day.py --database postgres://user@host/database [--largest RESIDENTS …]

The databases day_RESIDENTS on the same server are dropped and created.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
from pathlib import Path

from _databases import beside, make_anew
from _measure import Bounds, Run, bounds, median, run
from _results import Target, publish, table, targets_table
from _worlds import FULL_NOTIFICATIONS, FULL_RESIDENTS, RENKEI, RESULTS, arguments, draw

NODE = str(Path(__file__).with_name("_day_node.py"))
PARTS = (100, 10, 1)
SPREAD, SECONDS, CHANGES = 1.5, 30, 20_000
PACKAGES = ("renkei", "django", "polars", "psycopg", "cryptography")


def node(words: list[str], database: str, limits: Bounds) -> Run:
    """Run ISA's node as a separate process."""
    os.environ["RENKEI_DATABASE_URL"] = database
    ran = run([sys.executable, NODE, *words], limits)
    if not ran.done:
        sys.exit(f"{words[0]}: {ran.end}")
    return ran


def fill(options: argparse.Namespace, part: int, rounds: int, limits: Bounds) -> tuple[Path, str, int]:
    """Yield a node of one size: its directory, its database, the number of cards; kept if requested."""
    residents = options.largest // part
    world = draw(options.data, residents, FULL_NOTIFICATIONS * residents // FULL_RESIDENTS, limits)
    directory, name = options.data / f"day-{residents}", f"day_{residents}"
    database = beside(options.database, name)
    if not options.keep:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        make_anew(options.database, name, limits)
        node(["fill", str(directory), str(world.directory), str(rounds)], database, limits)
    return directory, database, world.drawn["simulate"]["rows"]["cards"]


def bare(directory: Path, number: int, limits: Bounds) -> Run:
    """Run the file command on the rows that a day matched."""
    scope, out = directory / f"day-{number}" / "scope", directory / "out"
    day = f"2026-04-{number + 1:02}"
    files = ["--notifications", str(scope / "notifications.csv"), "--register", str(scope)]
    ran = run([RENKEI, "reconcile", *files, "--as-of", day, "--out", str(out)], limits)
    shutil.rmtree(out, ignore_errors=True)
    return ran


def main() -> None:
    """Fill the nodes, run days in turn, print and store their times."""
    parser = arguments(__doc__.splitlines()[0])
    parser.set_defaults(rounds=4)
    parser.add_argument("--database", required=True, help="URL of a PostgreSQL database on the server to use")
    parser.add_argument("--largest", type=int, default=FULL_RESIDENTS, help="residents of the largest size")
    parser.add_argument(
        "--keep", type=int, default=0, metavar="DAY", help="go on with nodes filled before, from this day"
    )
    options = parser.parse_args()
    limits = bounds(options.seconds, options.gib)
    days = options.rounds + 1
    nodes = {part: fill(options, part, days, limits) for part in PARTS}

    said: dict[int, list[dict[str, object]]] = {part: [] for part in PARTS}
    commands: list[Run] = []
    peaks: list[int] = []
    first = options.keep or 1
    for number in range(first, first + days):
        for part, (directory, database, cards) in nodes.items():
            ran = node(["live", str(directory), str(number)], database, limits)
            words = json.loads(ran.said)
            wall, cpu = sum(words["seconds"].values()), sum(words["processor"].values())
            print(f"day {number} {cards:10,} cards {wall:6.1f} s, {cpu:6.1f} s of processor", flush=True)
            if number > first:  # the first is a warm-up: files, bytecode and pages come into memory
                said[part].append(words)
                peaks.append(ran.peak)
        if number > first:
            commands.append(bare(nodes[PARTS[-1]][0], number, limits))

    def middle(part: int, what: str, *steps: str) -> float:
        return statistics.median(
            sum(words[what][step] for step in steps or words[what]) for words in said[part]
        )

    steps = list(said[PARTS[0]][0]["seconds"])
    rows = [
        [
            f"{nodes[part][2]:,}",
            *(f"{middle(part, 'seconds', step):.2f} s" for step in steps),
            f"{middle(part, 'seconds'):.1f} s",
            f"{middle(part, 'processor'):.1f} s",
            f"{said[part][-1]['matched']['looked_at']:,}",
        ]
        for part in PARTS
    ]
    largest, smallest = PARTS[-1], PARTS[0]
    spread = {what: middle(largest, what) / middle(smallest, what) for what in ("seconds", "processor")}
    command = median(commands)
    if command is None:
        sys.exit("renkei reconcile did not come to its end")
    ratio = middle(largest, "seconds", "match") / command["wall"]
    ratio_cpu = middle(largest, "processor", "match") / command["cpu"]
    targets = [
        Target(
            f"the largest within {SPREAD}× of the smallest",
            f"{spread['seconds']:.2f}×",
            spread["seconds"] <= SPREAD,
        ),
        Target("the same by processor time", f"{spread['processor']:.2f}×", spread["processor"] <= SPREAD),
        Target(
            f"the largest in under {SECONDS} s",
            f"{middle(largest, 'seconds'):.1f} s",
            middle(largest, "seconds") < SECONDS,
        ),
    ]
    full = options.largest == FULL_RESIDENTS
    publish(
        "day",
        f"ISA's day of {CHANGES:,} changes, by size of the register",
        [
            f"{said[largest][0]['server']}, on the same machine. Medians of {options.rounds} days, the sizes "
            "by turns. Processor time is the node's and that of the server's process that works for it. A "
            "day looks at more notifications the more of them there are about the people it changes.",
            table(
                ("cards", *steps, "the day", "processor", "looked at"),
                rows,
            ),
            f"The matching of the largest day takes {ratio:.2f}× the time of `renkei reconcile` on the same "
            f"rows as files ({command['wall']:.1f} s, its start included), {ratio_cpu:.2f}× its processor "
            f"time ({command['cpu']:.1f} s). Peak memory of the node: {max(peaks) / 2**30:.2f} GiB.",
            targets_table(targets),
        ],
        {
            "rounds": options.rounds,
            "days": {str(nodes[part][2]): words for part, words in said.items()},
            "reconcile": [ran.figures() for ran in commands],
            "spread": spread,
            "ratio": {"wall": ratio, "processor": ratio_cpu},
            "targets": [{"promise": t.promise, "figure": t.figure, "verdict": t.word} for t in targets],
        },
        PACKAGES,
        options.results or (RESULTS if full else None),
    )


if __name__ == "__main__":
    main()
