"""What PostgreSQL's planner cannot know: that few rows of very many are asked for, or nearly all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from django.db import connection

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
def few() -> Iterator[None]:
    """Have statements find rows by index, one by one; within a transaction. SQLite does so anyway."""
    with _set(_FEW):
        yield


@contextmanager
def by_index() -> Iterator[None]:
    """Have statements on one table find by a partial index what nobody knows to be few; in a transaction."""
    with _set(_BY_INDEX):
        yield


@contextmanager
def many() -> Iterator[None]:
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
