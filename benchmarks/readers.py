"""Readers of CSV on the notifications at full size: Arrow and Polars alone, and with the proofs of §1.

    uv run python benchmarks/readers.py [--residents N --notifications N]

The result belongs to docs/decisions/0019-arrow-stays-the-csv-reader.md.
"""

import os
import sys
from functools import partial
from pathlib import Path

from _measure import bounds, median
from _results import HERE, publish
from _turns import take_turns, turns_table
from _worlds import arguments, draw, results_directory

# As the command line sets them for its own process.
SETTINGS = {
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:5000,muzzy_decay_ms:5000",
    "ARROW_DEFAULT_MEMORY_POOL": "jemalloc",
}
WAYS = {
    "renkei": "as it is: scan, UTF-8, Arrow piece by piece, form for the checks",
    "renkei-polars": "the same with Polars piece by piece",
    "scan": "scan and UTF-8 alone, no values",
    "arrow": "Arrow alone, streaming, no proofs, nothing kept",
    "arrow-table": "Arrow alone, a whole table, no proofs",
    "polars": "Polars alone, streaming, a whole frame, no proofs",
}


def command(way: str, file: Path, out: Path) -> list[str]:
    """Return the command line of one way; nothing is written."""
    return [sys.executable, str(HERE / "contestants" / "read_csv.py"), way, str(file)]


def main() -> None:
    """Draw or find the files, let all ways take turns, print the results."""
    options = arguments(__doc__.splitlines()[0]).parse_args()
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    limits = bounds(options.seconds, options.gib)
    world = draw(options.data, options.residents, options.notifications, limits)
    file = world.directory / "annex1.csv"
    commands = {said: partial(command, way, file) for way, said in WAYS.items()}
    runs = take_turns(commands, options.rounds, limits, options.data)
    rows = {ran.said.strip() for those in runs.values() for ran in those}
    publish(
        "readers",
        "Readers of CSV: with and without the proofs of the specification",
        [
            f"annex1.csv: {file.stat().st_size / 2**20:,.0f} MiB; rows read: {', '.join(sorted(rows))}.",
            turns_table(runs),
            "CPU and wall time include the start of Python and of the library.",
        ],
        {
            "runs": {name: [ran.figures() for ran in those] for name, those in runs.items()},
            "medians": {name: median(those) for name, those in runs.items()},
        },
        ("polars", "pyarrow"),
        results_directory(options),
    )


if __name__ == "__main__":
    main()
