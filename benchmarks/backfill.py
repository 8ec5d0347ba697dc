"""How long does the first delivery take between two nodes, if it contains all rows?

Two nodes with separate databases and server processes. ISA's register is imported before. Then the time is
measured: MHLW imports its whole extract, selects, seals and sends it over TLS; ISA receives, opens, matches
and answers; MHLW opens the answer and creates its cases. Every command is a separate process, as with
timers.

    uv run python benchmarks/backfill.py --database postgres://user@host/database [--residents N …]

The databases backfill_isa and backfill_mhlw on the same server are dropped and created, and dropped at the
end unless --keep is given.
"""

import json
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

from _databases import drop, make_anew
from _measure import GIB, Bounds, Run, bounds, run
from _results import Target, publish, table, targets_table
from _worlds import AS_OF, RENKEI, World, arguments, draw, results_directory
from renkei.cli.rehearsal import Served

NODE = str(Path(__file__).with_name("_backfill_node.py"))
SECONDS, MEMORY = 600, 4
ENVIRONMENTS = "environments.json"
NAMES = {"isa": "backfill_isa", "mhlw": "backfill_mhlw"}
#: The order of cycles: MHLW sends, ISA answers, MHLW imports the answer, ISA gets the receipt.
TURNS = ("mhlw", "isa", "mhlw", "isa")
PACKAGES = ("renkei", "django", "polars", "psycopg", "cryptography")


class Node:
    """One node: its environment, and the peak memory of its processes."""

    def __init__(self, party: str, environment: dict[str, str], limits: Bounds) -> None:
        self.party, self.environment, self.limits = party, environment, limits
        self.command_peak = self.serving_peak = 0

    def run(self, *command: str) -> Run:
        """Run one of the node's commands to its end."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            ran = run(command, self.limits)
        finally:
            os.environ.clear()
            os.environ.update(before)
        if not ran.done:
            sys.exit(f"{self.party}: {' '.join(command[1:3])}: {ran.end}")
        self.command_peak = max(self.command_peak, ran.peak)
        return ran

    @contextmanager
    def serving(self):
        """Serve during the block, and note the peak memory."""
        process = Served(os.environ | self.environment, [RENKEI, "serve"]).ready()
        try:
            yield
            self.serving_peak = sum(_high_water(pid) for pid in _family(process.pid))
        finally:
            process.stop()

    @property
    def peak(self) -> int:
        """Peak memory in bytes: one command at a time beside the server."""
        return self.command_peak + self.serving_peak


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _high_water(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def fill(node: Node, world: World) -> dict[str, float]:
    """Import ISA's register, as an operator would; return seconds by dataset."""
    took = {}
    for dataset in ("persons", "cards", "permissions"):
        file = str(world.directory / f"{dataset}.parquet")
        took[dataset] = node.run(RENKEI, "import", file, "--dataset", dataset, "--mode", "full").wall
        print(f"isa  {dataset:24} {took[dataset]:7.1f} s (before the clock)", flush=True)
    node.command_peak = 0
    return took


def main() -> None:
    """Make two nodes, send the first delivery and its answer, print and store the times."""
    parser = arguments(__doc__.splitlines()[0])
    parser.set_defaults(seconds=3600)
    parser.add_argument("--database", required=True, help="URL of a PostgreSQL database on the server to use")
    parser.add_argument("--keep", action="store_true", help="leave both databases and directories")
    options = parser.parse_args()
    limits = bounds(options.seconds, options.gib)
    world = draw(options.data, options.residents, options.notifications, limits)
    directory = options.data / "backfill"
    shutil.rmtree(directory, ignore_errors=True)
    urls = {party: make_anew(options.database, name, limits) for party, name in NAMES.items()}
    # Each node's configuration names its database: the environment must not override it.
    os.environ.pop("RENKEI_DATABASE_URL", None)
    made = run([sys.executable, NODE, "make", str(directory), urls["isa"], urls["mhlw"]], limits)
    if not made.done:
        sys.exit(f"make: {made.end}")
    # pages.py starts the nodes again if they are kept.
    (directory / ENVIRONMENTS).write_text(made.said)
    nodes = {party: Node(party, environment, limits) for party, environment in json.loads(made.said).items()}
    for node in nodes.values():
        node.run(RENKEI, "migrate")
    filled = fill(nodes["isa"], world)

    steps: list[dict[str, object]] = []
    commands: list[dict[str, object]] = []

    def note(party: str, what: str, ran: Run) -> None:
        commands.append({"party": party, "command": what, **ran.figures()})

    with nodes["isa"].serving(), nodes["mhlw"].serving():
        extract = str(world.directory / "annex1.csv")
        took = nodes["mhlw"].run(
            RENKEI, "import", extract, "--dataset", "notifications", "--mode", "full", "--json"
        )
        note("mhlw", "import", took)
        read = json.loads(took.said)["read"]
        print(f"mhlw import                   {took.wall:7.1f} s", flush=True)
        for party in TURNS:
            ran = nodes[party].run(sys.executable, NODE, "cycle", AS_OF)
            note(party, "cycle", ran)
            said = json.loads(ran.said)
            for name, step in said["steps"].items():
                steps.append({"party": party, "step": name, **step})
                print(f"{party:4} {name:24} {step['seconds']:7.1f} s {step['state']}", flush=True)
            stopped = [name for name, step in said["steps"].items() if step["trouble"]]
            if stopped:
                sys.exit(f"{party}: {stopped[0]} stopped: {said['steps'][stopped[0]]['trouble']}")
    # The last cycle is ISA's and only gets the receipt of its answer: MHLW has its cases before.
    seconds = sum(float(each["wall"]) for each in commands[:-1])
    opened = [
        each for each in steps if (each["party"], each["step"], each["state"]) == ("mhlw", "open", "done")
    ]
    closed = {each["party"] for each in steps if (each["step"], each["state"]) == ("close", "done")}
    if not opened or closed != set(NAMES):
        sys.exit("the day did not come to its end on both sides")
    if not options.keep:
        shutil.rmtree(directory)
        for name in NAMES.values():
            drop(options.database, name, limits)

    rows = [
        [
            each["party"].upper(),
            each["command"],
            f"{each['wall']:.1f} s",
            f"{each['cpu']:.1f} s",
            f"{each['peak'] / GIB:.2f} GiB",
        ]
        for each in commands
    ]
    by_step = [
        [f"{each['party'].upper()} {each['step']}", f"{each['seconds']:.1f} s", f"{each['processor']:.1f} s"]
        for each in steps
        if each["seconds"] >= 0.05
    ]
    peak = max(node.peak for node in nodes.values()) / GIB
    targets = [
        Target(f"in under {SECONDS // 60} minutes", f"{seconds:.0f} s", seconds < SECONDS),
        Target(f"under {MEMORY} GiB for each node", f"{peak:.2f} GiB", peak < MEMORY),
    ]
    load = os.getloadavg()
    cards = world.drawn["simulate"]["rows"]["cards"]
    publish(
        "backfill",
        f"{read:,} notifications as the first delivery between two nodes",
        [
            f"{said['server']}, on the same machine, its memory not counted; load average at the end "
            f"{load[0]:.1f}. ISA's register of {cards:,} cards was taken in "
            f"before ({sum(filled.values()):.0f} s).",
            table(("node", "command", "wall", "processor, node", "peak memory"), rows),
            "Where it goes, steps of less than 0.05 s left out. Processor time is the node's and that of the "
            "server's process that works for it, without its parallel workers.",
            table(("step", "wall", "processor"), by_step),
            "Memory of a node: the largest of its commands and what serves beside it: "
            + ", ".join(
                f"{party.upper()} {node.command_peak / GIB:.2f} + {node.serving_peak / GIB:.2f} GiB"
                for party, node in nodes.items()
            )
            + ".",
            targets_table(targets),
        ],
        {
            "world": world.drawn,
            "filled": filled,
            "load_average": load,
            "seconds": seconds,
            "commands": commands,
            "steps": steps,
            "memory": {
                party: {"command": node.command_peak, "serving": node.serving_peak}
                for party, node in nodes.items()
            },
            "targets": [{"promise": t.promise, "figure": t.figure, "verdict": t.word} for t in targets],
        },
        PACKAGES,
        results_directory(options),
    )


if __name__ == "__main__":
    main()
