"""Rows between the database and frames, in bulk: COPY on PostgreSQL, executemany on SQLite.

Everything is text, blank as null. Queries and table names are ours alone: no value is ever part of one.
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

# MERGED renkei.node.records.bulk_copy: What PostgreSQL's planner cannot know: that few rows of very many are asked for, or nearly all.

# Its statistics see neither how few findings are new nor that pages of a register are mostly in memory, and
# it reads millions of rows to find thousands. Reading a table through is made dear, not forbidden: what is
# asked for lies in a table of its own without an index. Two such are hashed: row by row they would take
# the square of a day's changes. With no cache to count on (128 pages), walking a whole index is dear as well:
# otherwise that passes for cheap, and a table is read through after all, row by row in its index's order.
# Compiling a statement that runs once never pays.
_FEW: Final = {
    "seq_page_cost": "1000",
    "random_page_cost": "1",
    "effective_cache_size": "128",
    "enable_mergejoin": "off",
    "jit": "off",
}


# Of `digest <> told` it takes nearly all rows to be meant. Where no other table is read through, that may be
# forbidden.
_BY_INDEX: Final = {"enable_seqscan": "off", "enable_bitmapscan": "off", "jit": "off"}
# In the 4 MB that it has by itself, it sorts and hashes millions of rows on the disk. In kB, of each step.
_MANY: Final = {"work_mem": "131072", "jit": "off"}


@contextmanager
def expecting_few_rows() -> Iterator[None]:
    """Have statements find rows by index, one by one; within a transaction. SQLite does so anyway."""
    with _set(_FEW):
        yield


@contextmanager
def by_partial_index() -> Iterator[None]:
    """Have statements on one table find by a partial index what nobody knows to be few; in a transaction."""
    with _set(_BY_INDEX):
        yield


@contextmanager
def expecting_many_rows() -> Iterator[None]:
    """Have statements read tables through and hold what they join in memory; within a transaction."""
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
        # Where something failed the transaction is over, and with it what was set for it.
        for name in settings:
            cursor.execute(f"SET LOCAL {name} TO DEFAULT")


# MERGED renkei.node.records.bulk_copy: One at a time: whoever changes the records in bulk waits for whoever is changing them.

_LOCK: Final = 0x72656373


def advisory_lock() -> None:
    """Wait until no other transaction changes the records; the turn ends with this one.

    Raises TransactionManagementError outside a transaction, where a turn would end at once.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a turn lasts as long as a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    # SQLite's transactions are IMMEDIATE (settings): only one writes at a time anyway.


_SLICE: Final = 50_000
_BLOCK_BYTES: Final = 1 << 24


def read(query: str, columns: tuple[str, ...], parameters: tuple[Any, ...] = ()) -> pl.DataFrame:
    """Return what a query yields, as text under the names given; `%s` in the query stands for a parameter."""
    schema = dict.fromkeys(columns, pl.String)
    batches = list(_batches(query, columns, parameters))
    return cast(pl.DataFrame, pl.from_arrow(batches)) if batches else pl.DataFrame(schema=schema)


def stream(query: str, dataset: Dataset) -> Iterator[pa.RecordBatch]:
    """Yield what a query for all columns of a dataset gives, as `matching.reading.text_batch` shapes it.

    May be taken from another thread than the one that opened the transaction, never from two at once. On
    PostgreSQL the connection is busy until the last batch: nothing else may be asked of it meanwhile.
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
                    # Quoted throughout: a lone \. would otherwise be the end of the data.
                    copy.write(part.write_csv(include_header=False, quote_style="non_numeric"))
        else:
            marks = ", ".join(["%s"] * frame.width)
            for part in frame.iter_slices(_SLICE):
                # One transaction for a slice where the caller has none, not one for a row.
                with transaction.atomic(savepoint=False):
                    cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', part.rows())


def temporary(name: str, frame: pl.DataFrame) -> None:
    """Make a temporary table from a frame of text and whole numbers, for the statements that follow."""
    kinds = {name: "bigint" if dtype.is_integer() else "text" for name, dtype in frame.schema.items()}
    columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE IF EXISTS "{name}"')
        cursor.execute(f'CREATE TEMPORARY TABLE "{name}" ({columns})')
    put(name, frame)
    if connection.vendor == "postgresql":
        execute(f'ANALYZE "{name}"')


def analyze(name: str) -> None:
    """Let PostgreSQL know how little there is in a temporary table: it takes a few rows for thousands."""
    if connection.vendor == "postgresql":
        execute(f'ANALYZE "{name}"')


def drop(*names: str) -> None:
    """Drop temporary tables; they hold personal data, and a connection outlives its transaction."""
    for name in names:
        execute(f'DROP TABLE IF EXISTS "{name}"')


def execute(statement: str, parameters: tuple[Any, ...] = ()) -> int:
    """Run one statement; returns the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _batches(query: str, columns: tuple[str, ...], parameters: tuple[Any, ...]) -> Iterator[pa.RecordBatch]:
    # The driver's own connection: Django's belongs to one thread, and reading ahead takes another.
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
    # Django's cursors bind on this side; of the driver's own only these can: COPY takes no parameters.
    with ClientCursor(taken) as cursor, cursor.copy(statement, parameters or None) as copy:
        source = cast(IO[Any], io.BufferedReader(_Copied(copy), _BLOCK_BYTES))
        try:
            reader = pa_csv.open_csv(
                source,
                read_options=pa_csv.ReadOptions(column_names=list(columns), block_size=_BLOCK_BYTES),
                # An empty line is a row too: of one column, and that blank.
                parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:
            return  # Arrow has no word for no rows at all
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
