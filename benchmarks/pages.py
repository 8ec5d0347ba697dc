"""How fast are the consoles' pages, with ten officers at each and half a million cases?

Uses the two nodes of `backfill.py --keep`: 2.3 million notifications, and the cases from ISA's answer. Each
console is served in one process, the officers are in another, one agency after the other: first with time to
look at each page, as people do, then as fast as possible.

    uv run python benchmarks/backfill.py --database URL --keep
    uv run python benchmarks/pages.py [--officers 10 --seconds 120 --think 2]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from _results import HERE, RESULTS, Target, publish, table, targets_table
from renkei.cli.rehearsal import Served

P95, WEIGHT = 0.2, 150_000
SAMPLES = 40
PACKAGES = ("renkei", "django", "cheroot", "psycopg")


def of_node(environment: dict[str, str], script: str, *words: str, said: str = "") -> Any:
    """Run one of our scripts for a node; return its output."""
    ran = subprocess.run(
        [sys.executable, str(HERE / script), *words],
        env=os.environ | environment,
        input=said,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def at_95(figures: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(figures, n=20)[-1] if len(figures) > 1 else figures[0]


def rows_of(party: str, said: dict[str, Any]) -> list[list[Any]]:
    """One row for each page: agency, page, how many, median, 95th, most, bytes as sent with its pictures."""
    by_page = defaultdict(list)
    for name, took, sent, status in said["answers"]:
        if status != 200:
            sys.exit(f"{party} {name}: answered {status}")
        by_page[name].append((took, sent))
    rows = []
    for name, found in sorted(by_page.items()):
        took = [each[0] for each in found]
        weight = max(sent for _, sent in found) + said["pictures"][name]
        rows.append([party, name, len(found), statistics.median(took), at_95(took), max(took), weight])
    return rows


def main() -> None:
    """Serve, let the officers open pages, judge, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--officers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--think", type=float, default=2, help="seconds that an officer looks at a page")
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "renkei-benchmarks")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    environments = json.loads((options.data / "backfill" / "environments.json").read_text())
    os.environ.pop("RENKEI_DATABASE_URL", None)
    rows, rates, all_counts, answers, besides, server = [], {}, {}, {}, 0, ""
    for party, environment in environments.items():
        said = of_node(environment, "_pages_node.py", str(options.officers), str(SAMPLES))
        all_counts[party], server = said["counts"], said["server"]
        serving = Served(os.environ | environment).ready()
        try:
            looking = json.dumps(said)
            # One warm-up over all pages: in practice the server has read its data before.
            of_node(environment, "_pages_officers.py", "20", "0", said=looking)
            calm = of_node(
                environment, "_pages_officers.py", str(options.seconds), str(options.think), said=looking
            )
            rush = of_node(environment, "_pages_officers.py", str(options.seconds / 4), "0", said=looking)
        finally:
            serving.stop()
        rows += rows_of(party, calm)
        rates[party] = {"calm": calm["rate"], "most": rush["rate"]}
        rates[party]["p95 at most"] = at_95([each[1] for each in rush["answers"]])
        answers[party], besides = calm["answers"], max(besides, calm["besides"])
        print(f"{party}: {calm['rate']:.1f} pages a second, at most {rush['rate']:.1f}", flush=True)
    slowest = max(rows, key=lambda row: row[4])
    heaviest = max(rows, key=lambda row: row[6])
    together = {party: at_95([each[1] for each in found]) for party, found in answers.items()}
    targets = [
        Target(
            f"every page's 95th percentile ≤ {P95 * 1000:.0f} ms",
            f"{slowest[4] * 1000:.0f} ms ({slowest[0]} {slowest[1]})",
            slowest[4] <= P95,
        ),
        Target(
            "all pages together",
            ", ".join(f"{party} {p95 * 1000:.0f} ms" for party, p95 in together.items()),
            max(together.values()) <= P95,
        ),
        Target(
            f"the heaviest page ≤ {WEIGHT // 1000} kB with styles, script and pictures, without fonts",
            f"{(heaviest[6] + besides) / 1000:.0f} kB ({heaviest[0]} {heaviest[1]})",
            heaviest[6] + besides <= WEIGHT,
        ),
    ]
    shown = [
        [
            f"{party.upper()} {name}",
            str(count),
            *(f"{each * 1000:.0f} ms" for each in times),
            f"{size / 1000:.1f} kB",
        ]
        for party, name, count, *times, size in rows
    ]
    counts = "; ".join(
        f"{party.upper()} {each['notifications']:,} notifications, "
        f"{each['cases']:,} cases, {each['entries']:,} entries in the trail"
        for party, each in all_counts.items()
    )
    publish(
        "pages",
        f"The consoles' pages with {options.officers} officers",
        [
            f"{server}, the console and its officers on the same two cores. {counts}. Every officer opens "
            f"pages at random, every page as often as every other, and looks {options.think:g} s on average "
            f"before the next; {options.seconds:g} s.",
            targets_table(targets),
            table(("page", "opened", "median", "95th", "most", "largest"), shown),
            f"Styles, script and icon, loaded once: {besides / 1000:.0f} kB. "
            + " ".join(
                f"{party.upper()}: {rate['calm']:.1f} pages a second; without looking at any "
                f"{rate['most']:.1f}, and a 95th percentile of {rate['p95 at most'] * 1000:.0f} ms."
                for party, rate in rates.items()
            ),
        ],
        {"rows": rows, "rates": rates, "counts": all_counts, "besides": besides},
        PACKAGES,
        options.results,
    )


if __name__ == "__main__":
    main()
