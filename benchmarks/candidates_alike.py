"""Candidates where everybody is alike: time and memory as the identical people on both sides are doubled.

N notifications and N persons have the same name, birth date, sex, nationality, status and expiry, and other
numbers. Compared pair by pair, four times the work for twice the people. Each size is a process of its own.

    uv run python benchmarks/candidates_alike.py [--people N]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import date

import polars as pl

DOUBLINGS = 3
KIB_PER_GIB = 2**20
ALIKE = {
    "name": "NGUYEN VAN ANH", "birth_date": 19980401, "sex": 1, "nationality": "VNM",
    "status_of_residence": "ssw_1", "stay_expires_on": date(2027, 9, 30), "extra_activity_permission": False,
}  # fmt: skip
# Twice the people may take at most so much: less than the fourfold of all pairs.
SPREAD = 2.5


def search(people: int) -> dict[str, float]:
    """Search candidates for so many people; wall seconds, peak GiB and pairs compared."""
    from renkei.agreement.datasets import CARDS, NOTIFICATIONS
    from renkei.matching.candidates.search import find_and_count
    from renkei.matching.validation import empty

    def rows(dataset, letters: str, step: int, **fields: str | None) -> pl.DataFrame:
        place = pl.int_range(people, dtype=pl.Int64)
        digits = ((place * 1_234_567_891 + step) % 10**8).cast(pl.String).str.zfill(8)
        number = pl.concat_str(pl.lit(letters), digits, pl.lit(letters)).alias("card_number")
        identifier = "person_id" if dataset is CARDS else "notification_id"
        named = pl.concat_str(pl.lit("X"), place.cast(pl.String).str.zfill(9)).alias(identifier)
        kinds = empty(dataset).schema
        alike = [pl.lit(value).cast(kinds[name]).alias(name) for name, value in (ALIKE | fields).items()]
        return pl.select(number, named, *alike)

    cards = rows(CARDS, "AB", 0, kanji_name=None)
    notifications = rows(NOTIFICATIONS, "YZ", 50_000_000)
    began = time.perf_counter()
    found = find_and_count(notifications, cards)
    return {
        "seconds": time.perf_counter() - began,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_GIB,
        "pairs": found.compared,
    }


def main() -> None:
    """Run the sizes one after another and print what each costs, and the ratio to half of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=2_000, help="the smallest size")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(search(options.one)))
        return
    before, kept = None, True
    print("people  seconds  ratio  peak GiB  pairs")
    for doubling in range(DOUBLINGS + 1):
        size = options.people * 2**doubling
        command = [sys.executable, __file__, "--one", str(size)]
        done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        ratio = done["seconds"] / before if before else None
        kept &= ratio is None or ratio <= SPREAD
        shown = f"{ratio:5.2f}" if ratio else "     "
        print(f"{size:6} {done['seconds']:8.2f}  {shown}  {done['gib']:8.2f}  {done['pairs']:,}", flush=True)
        before = done["seconds"]
    print(f"twice the people take at most {SPREAD}× the time: {'kept' if kept else 'not kept'}")


if __name__ == "__main__":
    main()
