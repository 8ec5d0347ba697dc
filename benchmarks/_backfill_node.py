"""One of the two nodes of the benchmark `backfill`, in a separate process.

    python _backfill_node.py make DIR ISA_URL MHLW_URL   both nodes' directories, keys and agreement
    python _backfill_node.py cycle DAY                   `renkei cycle run --today DAY`, every step timed

`cycle` prints JSON: for each step its state, counts, seconds and processor time (of this process and of the
database server's process for it), and the server's name. RENKEI_NODE and RENKEI_KEY_PASSPHRASE name the node.
"""

import json
import os
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

from _databases import server


def make(directory: Path, databases: dict[str, str]) -> None:
    """Make two nodes that know each other; prints the environment that each needs."""
    from renkei.node.rehearsal import rehearse

    made = rehearse(directory, datetime.now(UTC).replace(microsecond=0), databases)
    print(json.dumps({party: made.environment(party) for party in made.nodes}))


def cycle(today: date) -> None:
    """Run the cycle once, as the timer does, and time each step."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "renkei.node.settings"
    django.setup()
    from dataclasses import replace

    from django.conf import settings
    from django.db import connection

    from renkei.node.cycle import runner as running
    from renkei.node.cycle.steps_by_party import DAY

    connection.ensure_connection()
    server_process = Path(f"/proc/{connection.connection.info.backend_pid}/stat")

    def spent() -> float:
        user, system = server_process.read_text().rsplit(")", 1)[1].split()[11:13]
        return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    took: dict[str, dict[str, float]] = {}

    def timed(row):
        def work(context):
            wall, cpu = time.perf_counter(), spent()
            try:
                return row.work(context)
            finally:
                took[row.name] = {"seconds": time.perf_counter() - wall, "processor": spent() - cpu}

        return replace(row, work=work)

    running.DAY = {settings.NODE.party: tuple(timed(row) for row in DAY[settings.NODE.party])}
    worked = running.run(today, datetime.now(UTC))
    steps = {
        step.name: {
            "state": step.state,
            "trouble": step.trouble,
            "counts": step.counts,
            **took[step.name],
        }
        for step in worked
    }
    with connection.cursor() as cursor:
        print(json.dumps({"steps": steps, "server": server(cursor)}))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", place, isa, mhlw]:
            make(Path(place), {"isa": isa, "mhlw": mhlw})
        case ["cycle", day]:
            cycle(date.fromisoformat(day))
        case _:
            raise SystemExit(__doc__)
