"""The input files: synthetic, drawn once by `renkei simulate` and cached for the next run."""

import argparse
import hashlib
import importlib.util
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _measure import Bounds, Run, run
from _results import RESULTS

# `renkei prepare` leaves out about three per cent (no card number, outside the duty): 2.3 million remain.
FULL_RESIDENTS, FULL_NOTIFICATIONS = 4_000_000, 2_370_000
AS_OF = "2026-04-01"
SEED = 1
RENKEI = str(Path(sys.executable).with_name("renkei"))


@dataclass(frozen=True)
class World:
    """A directory with annex1.csv and persons, cards and permissions as Parquet, and its facts."""

    directory: Path
    drawn: dict[str, Any]


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every benchmark on files."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add("--residents", type=int, default=FULL_RESIDENTS, help="people in the register")
    add("--notifications", type=int, default=FULL_NOTIFICATIONS, help="notifications drawn about them")
    add("--rounds", type=int, default=5, help="measured rounds, after one to warm up")
    add(
        "--data",
        type=Path,
        default=Path(tempfile.gettempdir()) / "renkei-benchmarks",
        help="where files are drawn and kept",
    )
    add("--seconds", type=float, default=900, help="a run that takes longer is stopped, and said to be")
    add("--gib", type=float, default=22, help="a run that needs more memory is stopped, and said to be")
    add("--results", type=Path, default=None, help="where results are kept; default: results/ at full size")
    return parser


def results_directory(options: argparse.Namespace) -> Path | None:
    """Return where results go: only runs of the full size replace the results of the repository."""
    full = (options.residents, options.notifications) == (FULL_RESIDENTS, FULL_NOTIFICATIONS)
    return options.results or (RESULTS if full and not getattr(options, "files", None) else None)


def draw(data: Path, residents: int, notifications: int, limits: Bounds) -> World:
    """Return the world of a size, from the cache or newly drawn; an incomplete one is never used."""
    place = data / f"{residents}-{notifications}-{SEED}"
    known = place / "drawn.json"
    drawn_by = _fingerprint()
    if known.exists():
        drawn = json.loads(known.read_text("utf-8"))
        if drawn["drawn_by"] == drawn_by:
            return World(place, drawn)
        shutil.rmtree(place)
    partial = place.with_name(place.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    print(f"drawing {residents:,} residents and {notifications:,} notifications …", flush=True)
    size = ["--residents", str(residents), "--notifications", str(notifications)]
    world = ["--seed", str(SEED), "--as-of", AS_OF, "--format", "parquet", "--out", str(partial)]
    simulated = _done(run([RENKEI, "simulate", *size, *world, "--json"], limits), "simulate")
    extract = partial / "notifications.csv"
    files = ["--notifications", str(extract), "--out", str(partial / "annex1.csv")]
    prepared = _done(run([RENKEI, "prepare", *files, "--json"], limits), "prepare")
    drawn = {
        "drawn_by": drawn_by,
        "residents": residents,
        "notifications": notifications,
        "seed": SEED,
        "simulate": {**simulated.figures(), "rows": json.loads(simulated.said)},
        "prepare": {**prepared.figures(), "rows": json.loads(prepared.said)},
    }
    for left in (extract, partial / "notifications.parquet", partial / "rejects.csv"):
        left.unlink(missing_ok=True)
    shutil.rmtree(partial / "truth", ignore_errors=True)
    (partial / "drawn.json").write_text(json.dumps(drawn, indent=1), "utf-8")
    partial.rename(place)
    return World(place, drawn)


def _fingerprint() -> str:
    """Return a hash of the simulation's source: worlds of another version are not used from the cache."""
    # Found, not imported: the package would enlarge this process (_measure.py says why it must be small).
    spec = importlib.util.find_spec("renkei")
    source = Path(spec.submodule_search_locations[0]) / "simulation" if spec else Path()
    files = sorted(path for path in source.rglob("*") if path.suffix in {".py", ".csv"})
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _done(ran: Run, what: str) -> Run:
    if not ran.done:
        sys.exit(f"renkei {what}: {ran.end}")
    return ran


def reconcile_command(world: World, out: Path) -> list[str]:
    """Return the whole command, as a user runs it."""
    files = ["--notifications", str(world.directory / "annex1.csv"), "--register", str(world.directory)]
    return [RENKEI, "reconcile", *files, "--as-of", AS_OF, "--out", str(out)]


def rows_read(summary: dict[str, Any]) -> dict[str, int]:
    """Return the rows of each file, as counted in summary.json."""
    return {name: counts["read"] for name, counts in summary["datasets"].items()}
