"""The messages for Spark's failures; the texts of the failures are those of Spark 4."""

import string

import pytest

from renkei.matching.spark.failures import CAUSES, not_finished, not_started

IN_A_TASK = (
    "Job aborted due to stage failure: Task 0 in stage 1.0 failed 4 times, most recent failure: Lost task"
)
# Spark's text at the start → our message.
STARTS = {
    "JAVA_HOME is not set": "Java was not found",
    "spark-class: line 97: /nowhere/bin/java: No such file or directory": "Java was not found",
    "spark-class: 97 行: /nowhere/bin/java: そのようなファイルはありません": "Java was not found",
    "env: ‘bash’: No such file or directory": "needs bash",
    'Exception in thread "main" java.lang.UnsupportedClassVersionError: org/apache/spark/launcher/Main '
    "has been compiled by a newer version of the Java Runtime (class file version 61)": "Java is too old",
    "Exception in thread \"main\" org.apache.spark.SparkException: When running with master 'yarn' either "
    "HADOOP_CONF_DIR or YARN_CONF_DIR must be set in the environment.": "YARN_CONF_DIR must name",
    'Exception in thread "main" org.apache.spark.SparkException: Master must either be yarn or start with '
    "spark, k8s, or local": "not an address of a cluster",
    "org.apache.spark.SparkException: Could not parse Master URL: 'sparkk://x'": "not an address",
    "WARN StandaloneAppClient$ClientEndpoint: Failed to connect to master head:7077\n"
    "java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.": "does not answer",
    "KubernetesClientException: An error has occurred.\n"
    "Caused by: java.net.ConnectException: Connection refused": "does not answer",
    "java.lang.IllegalArgumentException: System memory 259522560 must be at least 471859200.": "too small",
    "There is insufficient memory for the Java Runtime Environment to continue.": "not have the memory",
    "java.lang.IllegalStateException: spark.some.setting is not a number": "is not a number",
}
# Spark's text for a failed job, with how its driver ended if it did → our message.
JOBS = {
    "PythonException: ModuleNotFoundError: No module named 'renkei'": "(/opt/python) has no renkei",
    "PythonException: ModuleNotFoundError: No module named 'polars.series'": "has no polars.series",
    "[PACKAGE_NOT_INSTALLED] PyArrow >= 18.0.0 must be installed; however, it was not found.": "no PyArrow",
    'java.io.IOException: Cannot run program "/opt/python": error=2, No file': "no Python at /opt/python",
    "[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.9": "another version than this one",
    "AttributeError: Can't get attribute '_judged' on <module "
    "'renkei.matching.spark.engine'>": "version of renkei",
    "driver ended with -9\nPy4JNetworkError: Answer from Java side is empty": "was killed (signal 9)",
    "driver ended with 52\nConnectionRefusedError: [Errno 111] Connection refused": "used up its memory",
    "driver ended with 1\nConnectionRefusedError: [Errno 111] Connection refused": "with status 1",
    f"{IN_A_TASK} (vm executor driver): java.lang.OutOfMemoryError: Java heap space": "used up",
    f"{IN_A_TASK} (10.0.0.7 executor 2): java.lang.OutOfMemoryError: Java heap space": "a worker",
    f"{IN_A_TASK} (10.0.0.7 executor 2): ExecutorLostFailure (executor 2 exited)": "a worker",
    "org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)": "a worker ended",
    "Total size of serialized results of 9 tasks is bigger than spark.driver.maxResultSize": "result",
    "java.io.IOException: No space left on device": "disk is full",
    "[PATH_NOT_FOUND] Path does not exist: file:/srv/register/cards.parquet": "same path",
    "java.lang.IllegalStateException: NGUYEN VAN A 1990-01-01": "does not know this failure",
}


@pytest.mark.parametrize(("said", "told"), STARTS.items())
def test_what_spark_says_as_it_starts_is_told_with_what_to_do(said: str, told: str) -> None:
    refusal = not_started(
        f"WARNING: Using incubator modules: jdk.incubator.vector\n{said}\n\tat a.b.C(D.scala:1)"
    )

    assert told.casefold() in refusal.en.casefold()
    assert refusal.ja != refusal.en or said.endswith("is not a number")


@pytest.mark.parametrize(("said", "told"), JOBS.items())
def test_a_failed_job_is_told_with_what_to_do_and_without_a_row(said: str, told: str) -> None:
    refusal = not_finished(said, ConnectionRefusedError(), "/opt/python")

    assert told.casefold() in refusal.en.casefold()
    assert "Nothing was written" in refusal.en
    assert "何も書き出していません" in refusal.ja
    assert "NGUYEN" not in refusal.en + refusal.ja


def test_no_other_cause_is_guessed_for_what_has_nothing_to_do_with_memory() -> None:
    refusal = not_finished("ModuleNotFoundError: No module named 'renkei'", EOFError(), "/opt/python")

    assert "memory" not in refusal.en
    assert "メモリ" not in refusal.ja


def test_both_languages_fill_the_same_gaps_and_each_row_is_met() -> None:
    rows = [not_started(said).en for said in STARTS]
    rows += [not_finished(said, EOFError(), "/opt/python").en for said in JOBS]
    for cause in CAUSES:
        gaps = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (cause.en, cause.ja)
        ]
        assert gaps[0] == gaps[1], cause.en
        opening = cause.en.split("{")[0][1:]
        assert any(opening in row for row in rows), cause.en
