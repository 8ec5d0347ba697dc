"""The name comparison against rapidfuzz's plain ratio, in pairs per second, on the same pairs in one run.

A ratio is the similarity of two strings; `compare_names` decides whether two spellings name one person, and
why. The simulation draws the names; a share of them is written with the variations of forms and clerks.

    uv run python benchmarks/names.py [--pairs N]
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from _results import RESULTS, publish, table
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.matching.names import compare_names
from renkei.simulation.draws import Draws
from renkei.simulation.names import draw_names
from renkei.simulation.tables import nationality_codes

FULL_PAIRS = 1_000_000
SEED = 1
PACKAGES = ("renkei", "polars", "rapidfuzz", "numpy")

# Nationalities by their share of notified workers (2025-10, rounded), with Germans for the umlauts.
NATIONALITIES = {
    "VNM": 24,
    "CHN": 17,
    "PHL": 10,
    "NPL": 9,
    "IDN": 9,
    "MMR": 6,
    "BRA": 5,
    "KOR": 3,
    "TWN": 2,
    "DEU": 1,
}
WITH_KANJI = ("CHN", "KOR", "TWN")

_NAME, _WORDS = pl.col("latin"), pl.col("latin").str.split(" ")

# How the card's name is varied, and in what percentage of the pairs. The shares are assumed: no
# figures are published. In a reconciliation equal pairs never reach the comparison.
KINDS: Mapping[str, tuple[int, pl.Expr]] = {
    "equal": (70, _NAME),
    "case": (6, _NAME.str.to_titlecase()),
    "order": (6, _WORDS.list.reverse().list.join(" ")),
    "hyphen": (3, _NAME.str.replace(r" (\S+)$", "-$1")),
    "diacritics": (4, pl.col("passport")),
    "kanji": (2, pl.col("kanji")),
    "kanji variant": (2, pl.col("kanji_variant")),
    "partial": (
        3,
        pl.when(_WORDS.list.len() > 1)
        .then(_WORDS.list.head(_WORDS.list.len() - 1).list.join(" "))
        .otherwise(_NAME),
    ),
    "truncated": (1, _NAME.str.slice(0, 12)),
    "different": (3, _NAME.shift(1, fill_value="ANOTHER PERSON")),
}
NEEDS_KANJI = ("kanji", "kanji variant")


def draw_pairs(size: int) -> pl.DataFrame:
    """Draw pairs: columns `kind`, `reported`, `held`, `held_kanji`."""
    draws = Draws(SEED, "benchmark", "names")
    codes = list(nationality_codes())
    shares = [share for share, _ in KINDS.values()]
    kinds = pl.Series("kind", list(KINDS)).gather(draws.among(shares, size))
    numbers = np.array([codes.index(code) for code in NATIONALITIES])
    nationality = numbers[draws.among([*NATIONALITIES.values()], size)]
    cjk = np.array([codes.index(code) for code in WITH_KANJI])
    nationality = np.where(kinds.is_in(NEEDS_KANJI).to_numpy(), cjk[draws.below(len(cjk), size)], nationality)
    people = draw_names(nationality, draws.between(1, 2, size), draws)
    writings = ("latin", "passport", "kanji", "kanji_variant")
    rows = pl.DataFrame({writing: people.written(writing) for writing in writings}).with_columns(kinds)
    reported = pl.coalesce(pl.when(pl.col("kind") == kind).then(how) for kind, (_, how) in KINDS.items())
    return rows.select("kind", reported=reported, held="latin", held_kanji=pl.col("kanji").replace("", None))


def contestants(pairs: pl.DataFrame) -> dict[str, Callable[[], object]]:
    """Return the timed functions, each with its best form of data: a table for ours, lists for rapidfuzz."""
    table_of_pairs = pairs.drop("kind")
    reported, held = pairs["reported"].to_list(), pairs["held"].to_list()
    ratio = fuzz.ratio
    return {
        "compare_names": lambda: compare_names(table_of_pairs, DEFAULT_POLICY),
        "cpdist, all cores": lambda: process.cpdist(reported, held, scorer=ratio, workers=-1),
        "cpdist, one core": lambda: process.cpdist(reported, held, scorer=ratio, workers=1),
        "loop": lambda: [ratio(one, other) for one, other in zip(reported, held, strict=True)],
    }


def take_turns(pairs: pl.DataFrame, rounds: int) -> dict[str, list[float]]:
    """Time all in turn, round by round; the first round is a warm-up and not counted."""
    seconds: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for name, work in contestants(pairs).items():
            start = time.perf_counter()
            work()
            taken = time.perf_counter() - start
            if number:
                seconds.setdefault(name, []).append(taken)
    return seconds


def rates(pairs: pl.DataFrame, seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return pairs per second, by the median round."""
    return {name: pairs.height / statistics.median(taken) for name, taken in seconds.items()}


def row(kind: str, pairs: pl.DataFrame, speed: Mapping[str, float]) -> list[str]:
    """One line of the table: ratios of our speed to each way of rapidfuzz, then pairs per second."""
    ours, *theirs = speed.values()
    return [
        kind,
        *(f"{ours / other:.3f}×" for other in theirs),
        *(f"{one / 1e6:.2f} M/s" for one in speed.values()),
        f"{pairs.height:,}",
    ]


def said(pairs: pl.DataFrame) -> dict[str, str]:
    """Return the results of compare_names by kind, most frequent first, to check the drawn pairs."""
    causes = pairs.select("kind").with_columns(compare_names(pairs.drop("kind"), DEFAULT_POLICY)["cause"])
    counts = causes.group_by("kind", "cause").len().sort("len", descending=True)
    words = {}
    for kind in KINDS:
        of_kind = counts.filter(pl.col("kind") == kind)
        total = of_kind["len"].sum()
        words[kind] = ", ".join(
            f"{cause} {n / total:.0%}" for cause, n in of_kind.select("cause", "len").rows()[:3]
        )
    return words


def main() -> None:
    """Draw the pairs, time all on the mix and on each kind alone, print the results."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=FULL_PAIRS)
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds, after one to warm up")
    parser.add_argument(
        "--results", type=Path, default=None, help="where results are kept; default: results/ at full size"
    )
    options = parser.parse_args()

    mix = draw_pairs(options.pairs)
    measured = {"the mix": (mix, take_turns(mix, options.rounds))}
    for kind in KINDS:
        alone = mix.filter(pl.col("kind") == kind)
        alone = pl.concat(
            [alone] * max(1, options.pairs // 10 // max(1, alone.height))
        )  # small sets are not significant
        measured[kind] = (alone, take_turns(alone, options.rounds))
    speeds = {kind: rates(pairs, seconds) for kind, (pairs, seconds) in measured.items()}
    verdicts = said(mix)

    ways = list(speeds["the mix"])
    header = ("pairs", *(f"to {way}" for way in ways[1:]), *ways, "pairs timed")
    publish(
        "names",
        "Names: compare_names against rapidfuzz's plain ratio",
        [
            "Our speed as a multiple of rapidfuzz's plain ratio, then pairs per second.",
            table(header, [row(kind, pairs, speeds[kind]) for kind, (pairs, _) in measured.items()]),
            "What `compare_names` said:",
            table(
                ("kind", "share of the mix", "causes"),
                [(k, f"{KINDS[k][0]} %", v) for k, v in verdicts.items()],
            ),
        ],
        {
            "pairs": options.pairs,
            "rounds": options.rounds,
            "shares": {kind: share for kind, (share, _) in KINDS.items()},
            "pairs_per_second": speeds,
            "seconds": {kind: seconds for kind, (_, seconds) in measured.items()},
            "causes": verdicts,
        },
        PACKAGES,
        options.results or (RESULTS if options.pairs == FULL_PAIRS else None),
    )


if __name__ == "__main__":
    main()
