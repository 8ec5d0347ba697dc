"""The distributed engine gives exactly the result of the default one, on a real local Spark."""

import os
import socket
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
from renkei.matching.reading import RefusedFile, open_source
from renkei.matching.reconciliation import reconcile_batches
from renkei.matching.spark.engine import reconcile_on_spark
from renkei.matching.spark.failures import NoSpark, SparkFailed
from renkei.matching.spark.memory import driver_memory
from renkei.matching.spark.session import start, why_not_finished
from renkei.matching.writing import reconciliation_files, write_atomic

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves sockets open until garbage collection.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
# A short run: what the just-in-time compiler would optimise is over before it has.
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
FILES = ("annex2.csv", "annex3.csv", "matches.csv", "rejects.csv", "summary.json")
AS_OF = date(2026, 4, 1)


MIB = 1024**2


@pytest.fixture(scope="module", autouse=True)
def another_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """As `python3` on the PATH a Python that has no renkei, as most machines have it; and nothing is set."""
    directory = tmp_path_factory.mktemp("another")
    python = directory / "python3"
    python.symlink_to(Path(sys.executable).resolve())  # without the folder of a venv around it
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(directory), prepend=os.pathsep)
        for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON", "PYTHONPATH", "SPARK_DRIVER_MEMORY"):
            patch.delenv(name, raising=False)
        yield python


@pytest.fixture(scope="module")
def session(another_python: Path) -> Iterator[object]:
    memory = driver_memory()
    started = start("local[2]", 4)
    heap = started.sparkContext._jvm.java.lang.Runtime.getRuntime().maxMemory() // MIB
    # A collector keeps some of it as room to move in.
    assert memory is None or memory * 0.9 < heap <= memory
    yield started
    started.stop()


HOSTILE = "most rows of these worlds are odd"


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


def written(directory: Path, ending: str, seeds: range = range(50)) -> Path:
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
        lambda dataset: files[dataset].batches(),
        as_of=AS_OF,
        policy=policy,
        candidates=candidates,
        confirmed=HOSTILE,
    )
    spark = reconcile_on_spark(
        files,
        session,
        as_of=AS_OF,
        policy=policy,
        candidates=candidates,
        buckets=buckets,
        confirmed=HOSTILE,
    )
    write_atomic(tmp_path / "polars", reconciliation_files(polars))
    write_atomic(tmp_path / "spark", reconciliation_files(spark))

    assert spark.implausible == polars.implausible != ()
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
    polars = reconcile_batches(lambda dataset: files[dataset].batches(), as_of=AS_OF, confirmed=HOSTILE)
    spark = reconcile_on_spark(
        files, session, as_of=AS_OF, policy=DEFAULT_POLICY, buckets=2, confirmed=HOSTILE
    )
    unreadable = polars.rejects.filter(pl.col("reasons").str.contains("unreadable:permitted_on"))

    assert unreadable.height == len(range(0, permissions.height, 3)) > 3
    assert polars.rejects.equals(spark.rejects)
    assert polars.annex3.equals(spark.annex3)


def test_a_file_that_breaks_half_way_is_refused_by_both(session, tmp_path: Path) -> None:
    directory = written(tmp_path, "csv", range(3))
    with (directory / "cards.csv").open("a") as file:
        file.write("a,b\n")

    with pytest.raises(RefusedFile, match=r"cards\.csv, line [0-9]+, record"):
        reconcile_on_spark(
            sources(directory, "csv"),
            session,
            as_of=AS_OF,
            policy=DEFAULT_POLICY,
            buckets=2,
            confirmed=HOSTILE,
        )


def reconciled_by_command(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    files = ["--notifications", str(directory / "notifications.parquet"), "--register", str(directory)]
    command = [sys.executable, "-m", "renkei", "reconcile", *files, "--as-of", "2026-04-01"]
    out = ["--out", str(directory / "out"), "--format", "parquet", "--json", "--lang", "en"]
    options = ("--engine", "spark", "--spark-buckets", "2", "--confirmed", HOSTILE, *options)
    return subprocess.run([*command, *out, *options], capture_output=True, text=True, check=False)


def test_the_command_runs_on_spark_as_it_comes_and_says_nothing_of_rows(tmp_path: Path) -> None:
    directory = written(tmp_path, "parquet", range(4))
    done = reconciled_by_command(directory)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "NGUYEN" not in done.stdout
    assert pl.read_parquet(tmp_path / "out/matches.parquet").height


@pytest.mark.long  # three Java processes
def test_workers_of_their_own_run_this_python(tmp_path: Path) -> None:
    done = reconciled_by_command(
        written(tmp_path, "parquet", range(2)), "--spark-master", "local-cluster[1,1,1024]"
    )

    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(tmp_path / "out/matches.parquet").height


@pytest.mark.parametrize(
    ("python", "told"),
    [("another", r"python3\) has no \w+\. Install renkei"), ("/nowhere/python", "no Python at")],
)
def test_workers_without_renkei_are_told_of(
    session, another_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str, told: str
) -> None:
    files = sources(written(tmp_path, "parquet", range(1)), "parquet")
    named = str(another_python) if python == "another" else python
    monkeypatch.setattr(session.sparkContext, "pythonExec", named)

    with pytest.raises(SparkFailed, match=told) as failed:
        reconcile_on_spark(files, session, as_of=AS_OF, policy=DEFAULT_POLICY, buckets=1)
    assert "memory" not in str(failed.value)


def test_a_driver_without_memory_is_told_of(session) -> None:
    from py4j.protocol import Py4JError

    context = session.sparkContext
    with pytest.raises(Py4JError) as failure:
        context._gateway.new_array(context._jvm.long, 2**31 - 1, 64)

    assert "Spark's driver has used up its memory" in why_not_finished(failure.value, session).en


def test_spark_defaults_go_before_and_a_driver_that_the_system_ended_is_told_of(tmp_path: Path) -> None:
    # Two things in one test: each would need a Java of its own.
    directory = written(tmp_path, "parquet", range(1))
    # A killed process leaves its folders behind: here.
    ours = f"spark.driver.extraJavaOptions -Djava.io.tmpdir={tmp_path}\nspark.local.dir {tmp_path}\n"
    defaults = "spark.driver.memory 700m\nspark.pyspark.python /opt/python\n"
    (tmp_path / "spark-defaults.conf").write_text(ours + defaults)
    code = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from matching.test_spark import AS_OF, DEFAULT_POLICY, reconcile_on_spark, sources, start
context = (session := start("local[1]", 1)).sparkContext
print(context._jvm.java.lang.Runtime.getRuntime().maxMemory() // 1024**2, context.pythonExec)
os.kill(context._gateway.proc.pid, signal.SIGKILL)
try:
    reconcile_on_spark(sources(Path({str(directory)!r}), "parquet"), session, as_of=AS_OF,
                       policy=DEFAULT_POLICY, buckets=1)
except Exception as failure:
    print(type(failure).__name__, failure)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SPARK_CONF_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    started, failed = done.stdout.splitlines()

    heap, python = started.split()
    assert 600 < int(heap) <= 700
    assert python == "/opt/python"
    assert failed.startswith("SparkFailed"), done.stderr
    assert "Spark's driver was killed (signal 9)" in failed


def test_yarn_without_its_configuration_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HADOOP_CONF_DIR", raising=False)
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)
    done = reconciled_by_command(written(tmp_path, "parquet", range(1)), "--spark-master", "yarn")

    assert done.returncode == 2
    assert "HADOOP_CONF_DIR or YARN_CONF_DIR must name" in done.stderr
    assert "Java" not in done.stderr


def test_a_master_that_does_not_answer_is_told_of_at_once() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        address = f"spark://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(NoSpark, match="the master does not answer"):
            start(address, 1)


def test_without_pyspark_the_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)

    with pytest.raises(NoSpark, match="renkei\\[spark\\]"):
        start("local[1]", 1)


def test_without_java_the_engine_says_what_to_install() -> None:
    code = "from renkei.matching.spark.session import start; start('local[1]', 1)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "JAVA_HOME": "/nowhere", "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "NoSpark" in done.stderr
    assert "openjdk-17" in done.stderr


def test_a_java_that_is_too_old_is_told_of(tmp_path: Path) -> None:
    java = tmp_path / "bin/java"
    java.parent.mkdir()
    # What Java 11 says of Spark 4.
    java.write_text(
        "#!/bin/sh\necho 'Error: java.lang.UnsupportedClassVersionError: has been compiled' >&2\nexit 1\n"
    )
    java.chmod(0o755)
    code = "from renkei.matching.spark.session import start; start('local[1]', 1)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "JAVA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "this Java is too old. Install Java 17" in done.stderr


def crowded(directory: Path, size: int) -> Path:
    """Write a register of people who differ in their numbers alone, and as many notifications of nobody."""
    alike = {
        "name": "NGUYEN VAN ANH", "birth_date": "1998-04-01", "sex": "1", "nationality": "VNM",
        "status_of_residence": "ssw_1", "stay_expires_on": "2027-09-30",
    }  # fmt: skip
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in DATASETS}
    for place in range(size):
        number = f"{place * 1_234_567_891 % 10**8:08d}"
        person = alike | {"person_id": f"P{place:04d}", "card_number": f"AB{number}CD"}
        rows["persons"].append(person)
        rows["cards"].append(person | {"issued_on": "2024-04-01"})
        # Some numbers are two characters away from one that is on a card.
        reported = f"{'AX' if place % 9 == 0 else 'YZ'}{number}{'CX' if place % 9 == 0 else 'ZY'}"
        notification = {"notification_id": f"N{place:04d}", "card_number": reported}
        rows["notifications"].append(alike | notification | {"registered_on": "2026-01-10"})
    for name, dataset in DATASETS.items():
        columns = dict.fromkeys(dataset.names, pl.String)
        table = pl.DataFrame(
            [[row.get(column) for column in columns] for row in rows[name]], columns, orient="row"
        )
        table.write_parquet(directory / f"{name}.parquet", row_group_size=100)
    return directory


def test_both_engines_leave_out_the_same_candidates(session, tmp_path: Path) -> None:
    files = sources(crowded(tmp_path, 600), "parquet")
    polars = reconcile_batches(
        lambda dataset: files[dataset].batches(), as_of=AS_OF, candidates=default_parameters()
    )
    spark = reconcile_on_spark(
        files, session, as_of=AS_OF, policy=DEFAULT_POLICY, candidates=default_parameters(), buckets=3
    )
    write_atomic(tmp_path / "polars", reconciliation_files(polars))
    write_atomic(tmp_path / "spark", reconciliation_files(spark))

    assert polars.candidates is not None
    assert polars.candidates.height >= 600 * 10
    assert polars.candidates["probability"].cast(pl.Float64).max() > 0.5
    for name in (*FILES, "candidates.csv"):
        assert (tmp_path / "spark" / name).read_bytes() == (tmp_path / "polars" / name).read_bytes(), name
    assert set(polars.statistics.summary()["candidates"]["left_out"]) == {
        "birth_date+sex+nationality",
        "birth_date+stay_expires_on",
        "name+birth_day",
        "name+birth_year",
        "not_listed",
    }
