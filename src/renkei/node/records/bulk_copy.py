"""Rows between the database and frames, in bulk: COPY on PostgreSQL, executemany on SQLite.

Everything is text, blank as null. Queries and table names are written in our code only: no value ever becomes
part of one.

Also here: settings for PostgreSQL's planner (`expecting_few_rows` and its like), and the lock that lets one
transaction at a time change the records (`advisory_lock`).
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any, Final, cast

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection, transaction
from psycopg import ClientCursor

from renkei.agreement.datasets import Dataset
from renkei.matching.reading import BATCH_ROWS, text_batch

_SLICE: Final = 50_000
_BLOCK_BYTES: Final = 1 << 24


def read(query: str, columns: tuple[str, ...], parameters: tuple[Any, ...] = ()) -> pl.DataFrame:
    """Return the result of a query, as text under the names given; `%s` stands for a parameter."""
    schema = dict.fromkeys(columns, pl.String)
    batches = list(_batches(query, columns, parameters))
    return cast(pl.DataFrame, pl.from_arrow(batches)) if batches else pl.DataFrame(schema=schema)


def stream(query: str, dataset: Dataset) -> Iterator[pa.RecordBatch]:
    """Yield the result of a query for all columns of a dataset, as `matching.reading.text_batch` shapes it.

    May be read in another thread than the one that opened the transaction, never in two at once. On
    PostgreSQL the connection is busy until the last batch: no other statement may run on it until then.
    """
    columns = {name: name for name in dataset.names}
    for batch in _batches(query, dataset.names, ()):
        yield text_batch(batch, dataset, columns)


def put(table: str, frame: pl.DataFrame) -> None:
    """Append a frame of text and whole numbers to a table, whose columns it names."""
    if frame.is_empty():
        return
    names = ", ".join(f'"{name}"' for name in frame.columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT csv)') as copy:
                for part in frame.iter_slices(_SLICE):
                    # All text is quoted: an unquoted line of \. would mark the end of the data.
                    copy.write(part.write_csv(include_header=False, quote_style="non_numeric"))
        else:
            marks = ", ".join(["%s"] * frame.width)
            for part in frame.iter_slices(_SLICE):
                # Without a transaction of the caller, one for each slice instead of one for each row.
                with transaction.atomic(savepoint=False):
                    cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', part.rows())


def temporary(name: str, frame: pl.DataFrame) -> None:
    """Create a temporary table from a frame of text and whole numbers, replacing one of that name."""
    kinds = {name: "bigint" if dtype.is_integer() else "text" for name, dtype in frame.schema.items()}
    columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE IF EXISTS "{name}"')
        cursor.execute(f'CREATE TEMPORARY TABLE "{name}" ({columns})')
    put(name, frame)
    if connection.vendor == "postgresql":
        execute(f'ANALYZE "{name}"')


def analyze(name: str) -> None:
    """Update PostgreSQL's statistics of a table: it takes a small temporary table for thousands of rows."""
    if connection.vendor == "postgresql":
        execute(f'ANALYZE "{name}"')


def drop(*names: str) -> None:
    """Drop temporary tables: they hold personal data, and the connection stays open after the transaction."""
    for name in names:
        execute(f'DROP TABLE IF EXISTS "{name}"')


def execute(statement: str, parameters: tuple[Any, ...] = ()) -> int:
    """Run one statement; returns the number of affected rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _batches(query: str, columns: tuple[str, ...], parameters: tuple[Any, ...]) -> Iterator[pa.RecordBatch]:
    # The driver's own connection, since Django's is bound to one thread and reading ahead uses another.
    connection.ensure_connection()
    batches = _copied if connection.vendor == "postgresql" else _fetched
    return batches(connection.connection, query, columns, parameters)


def _fetched(
    taken: Any, query: str, columns: tuple[str, ...], parameters: tuple[Any, ...]
) -> Iterator[pa.RecordBatch]:
    rows = iter(taken.execute(query.replace("%s", "?"), parameters))
    while part := list(islice(rows, BATCH_ROWS)):
        values = zip(*part, strict=True)
        yield pa.RecordBatch.from_arrays([pa.array(each, pa.string()) for each in values], list(columns))


def _copied(
    taken: Any, query: str, columns: tuple[str, ...], parameters: tuple[Any, ...]
) -> Iterator[pa.RecordBatch]:
    statement = f"COPY ({query}) TO STDOUT (FORMAT csv)"
    # COPY takes no server-side parameters. ClientCursor is the driver's cursor that binds on the client.
    with ClientCursor(taken) as cursor, cursor.copy(statement, parameters or None) as copy:
        source = cast(IO[Any], io.BufferedReader(_Copied(copy), _BLOCK_BYTES))
        try:
            reader = pa_csv.open_csv(
                source,
                read_options=pa_csv.ReadOptions(column_names=list(columns), block_size=_BLOCK_BYTES),
                # An empty line is a row too: one column, with a blank value.
                parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            return  # Arrow raises this where there is no row at all
        yield from reader


class _Copied(io.RawIOBase):
    """The bytes of a COPY as a file to read."""

    def __init__(self, copy: Any) -> None:
        self._rows = iter(copy)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._rows, b""))
        part = self._rest[: len(buffer)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)


# --- planner settings

# PostgreSQL's statistics show neither how few findings are new nor that the pages of a register are mostly in
# memory, so it would read millions of rows to find thousands.
# - seq_page_cost makes a sequential scan expensive, not impossible: the keys that are asked for lie in a
#   temporary table without an index. Two such tables are joined by hash; a nested loop would take the square
#   of a day's changes.
# - effective_cache_size (128 pages) makes a full index scan expensive too. Otherwise the planner takes it for
#   cheap and reads the whole table after all, row by row in index order.
# - JIT compilation of a statement that runs once costs more than it saves.
_FEW: Final = {
    "seq_page_cost": "1000",
    "random_page_cost": "1",
    "effective_cache_size": "128",
    "enable_mergejoin": "off",
    "jit": "off",
}


# For `digest <> reported_digest` the planner expects nearly all rows. Sequential scans can be disabled here,
# because no other table of these statements needs one.
_BY_INDEX: Final = {"enable_seqscan": "off", "enable_bitmapscan": "off", "jit": "off"}
# With PostgreSQL's default of 4 MB it would sort and hash millions of rows on disk. In kB, for each
# operation.
_MANY: Final = {"work_mem": "131072", "jit": "off"}


@contextmanager
def expecting_few_rows() -> Iterator[None]:
    """Make statements find rows by index, one by one; within a transaction. SQLite does so anyway."""
    with _set(_FEW):
        yield


@contextmanager
def by_partial_index() -> Iterator[None]:
    """Make statements on one table use a partial index where the planner would not; in a transaction."""
    with _set(_BY_INDEX):
        yield


@contextmanager
def expecting_many_rows() -> Iterator[None]:
    """Make statements scan whole tables and join them in memory; within a transaction."""
    with _set(_MANY):
        yield


@contextmanager
def _set(settings: Mapping[str, str]) -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET LOCAL {name} = {value}")
        yield
        # After an error the transaction is aborted, and SET LOCAL ends with it.
        for name in settings:
            cursor.execute(f"SET LOCAL {name} TO DEFAULT")


# --- lock

_LOCK: Final = 0x72656373


def advisory_lock() -> None:
    """Wait until no other transaction changes the records; the lock is held until this transaction ends.

    Every function that changes records in bulk takes it first. Raises TransactionManagementError outside a
    transaction, where the lock would be released at once.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "advisory_lock needs a transaction: the lock ends with it"
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    # SQLite's transactions are IMMEDIATE (settings): only one writes at a time anyway.
