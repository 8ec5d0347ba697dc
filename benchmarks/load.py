"""How long does a node need to import a whole extract, and ISA to import it as one delivery (PostgreSQL)?

Each run is a separate process with empty tables: a file is read, checked, imported, marked for sending or
matching, and committed. For comparison, PostgreSQL's own COPY of the same file into the same table,
unchecked.

    uv run python benchmarks/load.py --database postgres://user@host/empty_database [--residents N …]

The server must be on this machine: its processor time is read from /proc; on a busy machine it says more than
seconds. The tables of the named database are dropped and created for each run.
"""

import json
import os
import sys
from pathlib import Path

from _measure import GIB, Run, bounds, median, run
from _results import Target, publish, table, targets_table
from _worlds import World, arguments, draw, results_directory

SECONDS = 120
MEMORY = 1.5
PACKAGES = ("renkei", "django", "polars", "psycopg", "pyarrow")

# One run, in a separate process: empty the tables first, then measure.
_START = """
import json, os, sys, time, pathlib, datetime
from dataclasses import replace
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
settings.NODE = replace(settings.NODE, party=sys.argv[1], directory=pathlib.Path(sys.argv[3]))
with connection.cursor() as cursor:
    cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
call_command("migrate", verbosity=0)
now = datetime.datetime(2026, 4, 1, 6, tzinfo=datetime.UTC)
path = pathlib.Path(sys.argv[2])
def server_cpu():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        words = pathlib.Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:13])) / os.sysconf("SC_CLK_TCK")
used = server_cpu()
start = time.perf_counter()
"""
_END = """
with connection.cursor() as cursor:
    cursor.execute("SELECT version()")
    server = cursor.fetchone()[0].split(" on ")[0]
seconds = time.perf_counter() - start
used = server_cpu() - used
print(json.dumps({"seconds": seconds, "counts": counts, "server": server, "server_cpu": used}))
"""
_WORK = {
    "MHLW takes in the extract": (
        "mhlw",
        """
from renkei.node.records.imports import import_file
counts = import_file(path, "notifications", "full", now=now).counts
""",
    ),
    "ISA takes in the delivery": (
        "isa",
        """
from renkei.node.records.annex1 import import_annex1
with transaction.atomic():
    counts = dict(import_annex1(1, path.parent, now=now))
""",
    ),
    "COPY alone, unchecked": (
        "mhlw",
        """
with transaction.atomic(), connection.cursor() as cursor, path.open("rb") as file:
    names = file.readline().decode().strip()
    with cursor.copy(f"COPY records_notification ({names}) FROM STDIN (FORMAT csv)") as copy:
        while block := file.read(1 << 20):
            copy.write(block)
    counts = {"new": cursor.rowcount}
""",
    ),
}


def load(world: World, what: str, limits: object, directory: Path) -> tuple[Run, dict[str, object]]:
    """Load the world's notifications once in the named way."""
    party, work = _WORK[what]
    command = [
        sys.executable,
        "-c",
        _START + work + _END,
        party,
        str(directory / "notifications.csv"),
        str(directory),
    ]
    ran = run(command, limits)
    return ran, json.loads(ran.said) if ran.done else {}


def main() -> None:
    """Load in turn, print and store the times."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--database", required=True, help="URL of a PostgreSQL database to be overwritten")
    options = parser.parse_args()
    os.environ |= {"RENKEI_DATABASE_URL": options.database, "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}
    os.environ.pop("RENKEI_NODE", None)
    limits = bounds(options.seconds, options.gib)
    world = draw(options.data, options.residents, options.notifications, limits)
    directory = world.directory / "load"
    directory.mkdir(exist_ok=True)
    link = directory / "notifications.csv"
    link.unlink(missing_ok=True)
    link.symlink_to(world.directory / "annex1.csv")

    runs: dict[str, list[Run]] = {what: [] for what in _WORK}
    said: dict[str, list[dict[str, object]]] = {what: [] for what in _WORK}
    for number in range(options.rounds):
        for what in _WORK:
            ran, words = load(world, what, limits, directory)
            if not ran.done:
                sys.exit(f"{what}: {ran.end}")
            runs[what].append(ran)
            said[what].append(words)
            print(
                f"round {number + 1} {what:28} {words['seconds']:7.1f} s {ran.peak / GIB:5.2f} GiB",
                flush=True,
            )

    seconds = {what: sorted(float(words["seconds"]) for words in those) for what, those in said.items()}
    middle = {what: those[len(those) // 2] for what, those in seconds.items()}
    peaks = {what: max(ran.peak for ran in those) / GIB for what, those in runs.items()}
    rows = [
        [
            what,
            f"{middle[what]:.1f} s",
            f"{seconds[what][0]:.1f}–{seconds[what][-1]:.1f} s",
            f"{median(runs[what])['cpu']:.1f} s",
            f"{sorted(float(words['server_cpu']) for words in said[what])[len(said[what]) // 2]:.1f} s",
            f"{peaks[what]:.2f} GiB",
            f"{said[what][0]['counts'].get('new', 0):,}",
        ]
        for what in _WORK
    ]
    first, second, _ = _WORK
    targets = [
        Target(
            f"the ministry's extract in under {SECONDS} s", f"{middle[first]:.1f} s", middle[first] < SECONDS
        ),
        Target(f"the delivery in under {SECONDS} s", f"{middle[second]:.1f} s", middle[second] < SECONDS),
        Target(
            f"either in at most {MEMORY} GiB of the node's memory",
            f"{max(peaks[first], peaks[second]):.2f} GiB",
            max(peaks[first], peaks[second]) <= MEMORY,
        ),
    ]
    publish(
        "load",
        "Loading a ministry's notifications into PostgreSQL",
        [
            f"{said[first][0]['server']}, on the same machine, settings as installed unless said otherwise.",
            table(("what", "median", "range", "CPU, node", "CPU, server", "peak memory, node", "rows"), rows),
            targets_table(targets),
        ],
        {
            "rounds": options.rounds,
            "world": world.drawn,
            "runs": {
                what: [ran.figures() | words for ran, words in zip(runs[what], said[what], strict=True)]
                for what in _WORK
            },
            "targets": [{"promise": t.promise, "figure": t.figure, "verdict": t.word} for t in targets],
        },
        PACKAGES,
        results_directory(options),
    )


if __name__ == "__main__":
    main()
