"""A Spark session, and tables between Polars, Arrow and Spark.

The session encrypts data that is spilled to disk, does not listen on outside addresses, and logs no row. By
default the workers run the same Python as this process, and the driver gets memory according to the machine.
Settings in the environment or in `spark-defaults.conf` take precedence.
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

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SECONDS_TO_ANSWER = 5
_SECONDS_TO_END = 5


def start(master: str, buckets: int) -> "SparkSession":
    """Start a Spark session, or join one. Raises NoSpark, with what to do, if it does not start."""
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
        "spark.sql.adaptive.enabled": "false",  # Spark must not merge our buckets
        "spark.io.encryption.enabled": "true",  # data spilled to disk is personal data
        "spark.eventLog.enabled": "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.executorEnv.POLARS_MAX_THREADS": "1",  # Spark already runs a task on every core
    }
    if master.startswith("local"):
        # On one machine: no port on an outside address, no network needed.
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if master.startswith("spark://") and not _answers(master):
        # Spark itself would retry for two minutes.
        raise no_answer()
    conf = SparkConf().setMaster(master).setAppName("renkei").setAll(list(settings.items()))
    output = getattr(SparkContext._gateway, "output", None) or _output_file()
    try:
        if SparkContext._gateway is None:
            SparkContext(conf=conf, gateway=_java(conf, output))
        session = SparkSession.builder.config(conf=conf).getOrCreate()
        context = session.sparkContext
        context.setLogLevel("OFF")  # a failing task would log the rows it held
        # Spark would run `python3`; renkei is certainly installed in the Python that runs this process.
        own = context.getConf().get("spark.pyspark.python", sys.executable)
        context.pythonExec = os.environ.get("PYSPARK_PYTHON", own)
    except (PySparkException, Py4JError, OSError) as failure:
        raise not_started(_failure_text(failure, SparkContext._gateway, output)) from None
    # A warning at the start must not be taken for the cause of a later failure.
    output.truncate(0)
    return session


def _java(conf: Any, output: IO[bytes]) -> Any:
    """Start the driver's Java as PySpark does, with memory by the machine and its output in a file."""
    from pyspark.java_gateway import launch_gateway

    name, memory = "SPARK_DRIVER_MEMORY", driver_memory()
    is_default = memory is not None and name not in os.environ
    if is_default:
        # Spark reads the environment last: options and spark-defaults.conf take precedence.
        os.environ[name] = f"{memory}m"
    try:
        gateway: Any = launch_gateway(conf, {"stderr": output})  # type: ignore[no-untyped-call]
    finally:
        if is_default:
            del os.environ[name]
    gateway.output = output  # kept on the gateway, as PySpark keeps the process
    return gateway


def _answers(master: str) -> bool:
    """Say whether one of the masters in `spark://HOST:PORT,HOST:PORT` accepts a connection."""
    for address in master.removeprefix("spark://").split(","):
        try:
            place = urlsplit(f"//{address}")
            with socket.create_connection((place.hostname, place.port or 7077), _SECONDS_TO_ANSWER):
                return True
        except (OSError, ValueError):
            continue
    return False


def _output_file() -> IO[bytes]:
    """Return a file without a name for the output of Java and the workers, in memory if the system can.

    It is searched when something fails. A failing worker may print a row: on a terminal or on a disk the row
    would remain.
    """
    if not hasattr(os, "memfd_create"):
        return tempfile.TemporaryFile("a+b")
    file = os.memfd_create("spark")
    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)  # reading here must not change where Java writes
    return os.fdopen(file, "a+b")


def why_not_finished(failure: Exception, session: "SparkSession") -> SparkFailed:
    """Return the error for a failed job, from its messages and from how the driver's Java ended."""
    context = session.sparkContext
    output = getattr(context._gateway, "output", None)  # none if spark-submit started this process
    return not_finished(_failure_text(failure, context._gateway, output), failure, context.pythonExec)


def _failure_text(failure: Exception, gateway: Any, output: IO[bytes] | None) -> str:
    """Return the text to search for a cause: how Java ended, the failure's text, and Java's output."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    texts = []
    java = getattr(gateway, "proc", None)
    if java is not None and not isinstance(failure, (PySparkException, Py4JJavaError)):
        # The connection failed, not a task: Java may be about to end.
        with suppress(subprocess.TimeoutExpired):
            texts.append(f"driver ended with {java.wait(_SECONDS_TO_END)}")
    texts.append(_text_of(failure))
    if output is not None:
        output.seek(0)
        texts.append(output.read().decode("utf-8", "replace"))
    return "\n".join(texts)


def _text_of(failure: Exception) -> str:
    from py4j.protocol import Py4JError

    try:
        return str(failure)
    except (Py4JError, OSError):
        return ""  # Py4J asks Java for the text, but Java has ended


# --- tables between Polars, Arrow and Spark -----------------------------------------------------------

_SPARK_TYPES = {
    pl.String: "string",
    pl.Date: "date",
    pl.Int32: "int",
    pl.Int16: "smallint",
    pl.Int64: "bigint",
    pl.Boolean: "boolean",
    pl.Float64: "double",
}
# Spark has no Enum and no unsigned numbers; these types replace them between the processes.
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
    """Return the type that Spark takes: plain strings and lists instead of Arrow's large ones."""
    if pa.types.is_large_list(dtype):
        return pa.list_(_small(dtype.value_type))
    return pa.string() if pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype) else dtype


def on_the_wire(frame: pl.DataFrame) -> pl.DataFrame:
    """Cast types that Spark does not have to types that it has."""
    return frame.cast(
        pl.Schema({name: _ON_THE_WIRE.get(dtype.base_type(), dtype) for name, dtype in frame.schema.items()})
    )


def ddl(wire: pl.DataFrame) -> str:
    """Describe a frame from `on_the_wire` as Spark's schema."""
    return ", ".join(f"`{name}` {_SPARK_TYPES[dtype.base_type()]}" for name, dtype in wire.schema.items())


def like_before(frame: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    """Return rows that come back from Spark with the columns and types of `like`."""
    return frame.select(like.columns).cast(like.schema)
