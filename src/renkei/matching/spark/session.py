"""A Spark session of ours: what is spilt is encrypted, nothing listens outside, no log holds a row.

It starts with what is there: the workers run this very Python, and the driver gets what memory the machine
has. What somebody has set himself, in the environment or in `spark-defaults.conf`, goes before.
"""

import fcntl
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import polars as pl
import pyarrow as pa

from renkei.matching.spark.failures import SparkFailed, no_answer, not_finished, not_installed, not_started
from renkei.matching.spark.memory import driver_memory

# MERGED renkei.matching.spark.session: Tables between Polars, Arrow and Spark, which share most types and not all.

_SPARK_TYPES = {
    pl.String: "string",
    pl.Date: "date",
    pl.Int32: "int",
    pl.Int16: "smallint",
    pl.Int64: "bigint",
    pl.Boolean: "boolean",
    pl.Float64: "double",
}
# Spark knows neither Enum nor unsigned numbers; on the wire they travel as these.
_ON_THE_WIRE: Mapping[type[pl.DataType], pl.DataType] = {
    pl.Enum: pl.String(),
    pl.UInt8: pl.Int16(),
    pl.UInt32: pl.Int64(),
}


def to_polars(table: pa.Table) -> pl.DataFrame:
    """Return an Arrow table as a frame."""
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table, not an array
    return frame


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table of the types that Spark takes."""
    table = frame.to_arrow()
    return table.cast(pa.schema(field.with_type(_small(field.type)) for field in table.schema))


def _small(dtype: pa.DataType) -> pa.DataType:
    """Spark takes Arrow's plain strings and lists, not the large ones."""
    if pa.types.is_large_list(dtype):
        return pa.list_(_small(dtype.value_type))
    return pa.string() if pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype) else dtype


def on_the_wire(frame: pl.DataFrame) -> pl.DataFrame:
    """Cast what Spark does not know to what it does."""
    return frame.cast(
        pl.Schema({name: _ON_THE_WIRE.get(dtype.base_type(), dtype) for name, dtype in frame.schema.items()})
    )


def ddl(wire: pl.DataFrame) -> str:
    """Describe a frame from `on_the_wire` as Spark's schema."""
    return ", ".join(f"`{name}` {_SPARK_TYPES[dtype.base_type()]}" for name, dtype in wire.schema.items())


def like_before(frame: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    """Give rows from the wire the columns and types they had."""
    return frame.select(like.columns).cast(like.schema)


if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SECONDS_TO_ANSWER = 5
_SECONDS_TO_END = 5


def start(master: str, buckets: int) -> "SparkSession":
    """Start, or join, a Spark session. Raises NoSpark, with what to do, where it does not start."""
    try:
        from py4j.protocol import Py4JError
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise not_installed() from None
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
    if master.startswith("spark://") and not _answers(master):
        # Spark itself would go on asking for two minutes.
        raise no_answer()
    conf = SparkConf().setMaster(master).setAppName("renkei").setAll(list(settings.items()))
    said = getattr(SparkContext._gateway, "said", None) or _kept_apart()
    try:
        if SparkContext._gateway is None:
            SparkContext(conf=conf, gateway=_java(conf, said))
        session = SparkSession.builder.config(conf=conf).getOrCreate()
        context = session.sparkContext
        context.setLogLevel("OFF")  # a failing task would log the rows it held
        # Spark takes whatever `python3` is; renkei is surely in the one that runs it.
        own = context.getConf().get("spark.pyspark.python", sys.executable)
        context.pythonExec = os.environ.get("PYSPARK_PYTHON", own)
    except (PySparkException, Py4JError, OSError) as failure:
        raise not_started(_known_of(failure, SparkContext._gateway, said)) from None
    # A warning from the start is no cause of what may fail later.
    said.truncate(0)
    return session


def _java(conf: Any, said: IO[bytes]) -> Any:
    """Start the driver's Java as PySpark does, with memory as the machine has it and its words kept apart."""
    from pyspark.java_gateway import launch_gateway

    name, memory = "SPARK_DRIVER_MEMORY", driver_memory()
    ours = memory is not None and name not in os.environ
    if ours:
        # Spark asks the environment last: options and spark-defaults.conf go before.
        os.environ[name] = f"{memory}m"
    try:
        gateway: Any = launch_gateway(conf, {"stderr": said})  # type: ignore[no-untyped-call]
    finally:
        if ours:
            del os.environ[name]
    gateway.said = said  # as PySpark keeps the process
    return gateway


def _answers(master: str) -> bool:
    """Say whether one of the masters in `spark://HOST:PORT,HOST:PORT` takes a connection."""
    for address in master.removeprefix("spark://").split(","):
        try:
            place = urlsplit(f"//{address}")
            with socket.create_connection((place.hostname, place.port or 7077), _SECONDS_TO_ANSWER):
                return True
        except (OSError, ValueError):
            continue
    return False


def _kept_apart() -> IO[bytes]:
    """Give a nameless file for what Java and the workers say, in memory where there is such a thing.

    It is searched when something fails. A worker that breaks may say what row it held: on a terminal or on
    the disk that would stay.
    """
    if not hasattr(os, "memfd_create"):
        return tempfile.TemporaryFile("a+b")
    file = os.memfd_create("spark")
    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)  # reading here must not move where Java writes
    return os.fdopen(file, "a+b")


def why_not_finished(failure: Exception, session: "SparkSession") -> SparkFailed:
    """Give a failed job's error: from what was said of it, and from how the driver's Java ended."""
    context = session.sparkContext
    said = getattr(context._gateway, "said", None)  # not where spark-submit has started us
    return not_finished(_known_of(failure, context._gateway, said), failure, context.pythonExec)


def _known_of(failure: Exception, gateway: Any, said: IO[bytes] | None) -> str:
    """Put together what is searched for a cause: how Java ended, what the failure says, what Java said."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    known = []
    java = getattr(gateway, "proc", None)
    if java is not None and not isinstance(failure, (PySparkException, Py4JJavaError)):
        # The connection broke, and not a task: Java may be about to end.
        with suppress(subprocess.TimeoutExpired):
            known.append(f"driver ended with {java.wait(_SECONDS_TO_END)}")
    known.append(_text_of(failure))
    if said is not None:
        said.seek(0)
        known.append(said.read().decode("utf-8", "replace"))
    return "\n".join(known)


def _text_of(failure: Exception) -> str:
    from py4j.protocol import Py4JError

    try:
        return str(failure)
    except (Py4JError, OSError):
        return ""  # its text is asked of Java, which is gone
