"""A Spark session of ours: what is spilt is encrypted, nothing listens outside, no log holds a row."""

from typing import TYPE_CHECKING

from renkei.agreement.errors import RenkeiError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class NoSpark(RenkeiError):
    """The distributed engine was asked for and is not installed."""


def start(master: str, buckets: int) -> "SparkSession":
    """Start, or join, a Spark session. Raises NoSpark where PySpark or Java is missing."""
    try:
        from pyspark.errors import PySparkException, PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError:
        raise _no_spark("PySpark", "pip install 'renkei[spark]'") from None
    settings = {
        "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
        "spark.sql.shuffle.partitions": str(buckets),
        "spark.sql.adaptive.enabled": "false",  # buckets are ours; two must not become one
        "spark.io.encryption.enabled": "true",  # what is spilt to disk is personal data
        "spark.eventLog.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.executorEnv.POLARS_MAX_THREADS": "1",  # Spark already runs a task on every core
    }
    if master.startswith("local"):
        # One machine talks to itself: no port on an outside address, no network needed.
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    builder = SparkSession.builder.master(master).appName("renkei")
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, PySparkRuntimeError, OSError):
        raise _no_spark("Java 17", "apt-get install openjdk-17-jre-headless") from None
    session.sparkContext.setLogLevel("OFF")  # a failing task would log the rows it held
    return session


def _no_spark(what: str, install: str) -> NoSpark:
    return NoSpark(
        f"--engine spark: {what} is missing. Install it: {install}",
        f"--engine spark: {what}がありません。インストールしてください: {install}",
    )
