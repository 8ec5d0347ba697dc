"""The distributed engine gives the bytes of the default one, on a real local Spark."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from reference.worlds import World, world
from renkei.agreement.datasets import DATASETS
from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.matching.candidates import default_parameters
from renkei.matching.outputs import reconciliation_files, write_whole
from renkei.matching.reading import RefusedFile, open_source
from renkei.matching.reconciliation import reconcile_batches
from renkei.matching.spark import reconcile_on_spark
from renkei.matching.spark_session import NoSpark, start

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves sockets for the collector to close.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
# A short run: what the just-in-time compiler would optimise is over before it has.
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
FILES = ("annex2.csv", "annex3.csv", "matches.csv", "rejects.csv", "summary.json")
AS_OF = date(2026, 4, 1)


@pytest.fixture(scope="module")
def session() -> Iterator[object]:
    started = start("local[2]", 4)
    yield started
    started.stop()


def several_worlds(seeds: range) -> dict[str, list[dict[str, str]]]:
    """The rows of many hostile worlds as one, with keys made different where worlds would share them."""
    tables: dict[str, list[dict[str, str]]] = {name: [] for name in DATASETS}
    for seed in seeds:
        drawn: World = world(seed)
        for name in DATASETS:
            for row in drawn.table(name):
                own = {
                    key: f"{seed}-{row[key]}"
                    for key in ("person_id", "notification_id", "permission_id")
                    if row.get(key, "").strip()
                }
                tables[name].append({**row, **own})
    return tables


def written(directory: Path, ending: str, seeds: range = range(40)) -> Path:
    """Four files of the worlds; shapes that the worlds' card numbers share stay shared, as numbers may be."""
    for name, rows in several_worlds(seeds).items():
        columns = dict.fromkeys(DATASETS[name].names, pl.String)
        table = pl.DataFrame([[row[column] for column in columns] for row in rows], columns, orient="row")
        path = directory / f"{name}.{ending}"
        table.write_csv(path) if ending == "csv" else table.write_parquet(path, row_group_size=100)
    return directory


def sources(directory: Path, ending: str):
    return {
        dataset: open_source(directory / f"{name}.{ending}", dataset) for name, dataset in DATASETS.items()
    }


@pytest.mark.parametrize(
    ("ending", "buckets", "candidates", "policy"),
    [
        ("parquet", 4, default_parameters(), DEFAULT_POLICY),
        ("csv", 3, None, DEFAULT_POLICY),
        ("parquet", 2, None, Policy(disclosed_items=("name", "sex"))),
    ],
)
def test_both_engines_write_the_same_bytes(
    session, tmp_path: Path, ending, buckets, candidates, policy
) -> None:
    files = sources(written(tmp_path, ending), ending)
    polars = reconcile_batches(
        lambda dataset: files[dataset].batches(), as_of=AS_OF, policy=policy, candidates=candidates
    )
    spark = reconcile_on_spark(
        files, session, as_of=AS_OF, policy=policy, candidates=candidates, buckets=buckets
    )
    write_whole(tmp_path / "polars", reconciliation_files(polars))
    write_whole(tmp_path / "spark", reconciliation_files(spark))

    assert polars.matches.height > 500
    assert polars.rejects.height > 50
    for name in FILES + (("candidates.csv",) if candidates else ()):
        assert (tmp_path / "spark" / name).read_bytes() == (tmp_path / "polars" / name).read_bytes(), name


def test_both_engines_read_times_alike(session, tmp_path: Path) -> None:
    directory = written(tmp_path, "parquet", range(5))
    permissions = pl.read_parquet(directory / "permissions.parquet")
    days = pl.datetime_range(AS_OF - timedelta(days=permissions.height - 1), AS_OF, "1d", eager=True)
    noon = pl.int_range(pl.len()) % 3 == 0
    times = pl.when(noon).then(days.dt.offset_by("12h")).otherwise(days.cast(pl.Datetime("us")))
    permissions.with_columns(permitted_on=times).write_parquet(directory / "permissions.parquet")
    files = sources(directory, "parquet")
    polars = reconcile_batches(lambda dataset: files[dataset].batches(), as_of=AS_OF)
    spark = reconcile_on_spark(files, session, as_of=AS_OF, policy=DEFAULT_POLICY, buckets=2)
    unreadable = polars.rejects.filter(pl.col("reasons").str.contains("unreadable:permitted_on"))

    assert unreadable.height == len(range(0, permissions.height, 3)) > 3
    assert polars.rejects.equals(spark.rejects)
    assert polars.annex3.equals(spark.annex3)


def test_a_file_that_breaks_half_way_is_refused_by_both(session, tmp_path: Path) -> None:
    directory = written(tmp_path, "csv", range(3))
    with (directory / "cards.csv").open("a") as file:
        file.write("a,b\n")

    with pytest.raises(RefusedFile, match=r"cards\.csv, record"):
        reconcile_on_spark(sources(directory, "csv"), session, as_of=AS_OF, policy=DEFAULT_POLICY, buckets=2)


def test_the_command_runs_on_spark_and_says_nothing_of_rows(tmp_path: Path) -> None:
    directory = written(tmp_path, "parquet", range(4))
    command = [
        sys.executable,
        "-m",
        "renkei",
        "reconcile",
        "--notifications",
        str(directory / "notifications.parquet"),
    ]
    command += ["--register", str(directory), "--as-of", "2026-04-01", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [
            *command,
            "--engine",
            "spark",
            "--spark-master",
            "local[2]",
            "--spark-buckets",
            "2",
            "--json",
            "--format",
            "parquet",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "NGUYEN" not in done.stderr + done.stdout
    assert pl.read_parquet(tmp_path / "out/matches.parquet").height


def test_without_pyspark_the_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)

    with pytest.raises(NoSpark, match="renkei\\[spark\\]"):
        start("local[1]", 1)


def test_without_java_the_engine_says_what_to_install() -> None:
    code = "from renkei.matching.spark_session import start; start('local[1]', 1)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "JAVA_HOME": "/nowhere", "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "NoSpark" in done.stderr
    assert "openjdk-17" in done.stderr
