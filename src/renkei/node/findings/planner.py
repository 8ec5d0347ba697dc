"""What PostgreSQL's planner cannot know: that few rows of very many are asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

# Its statistics see neither how few findings are new nor that pages of a register are mostly in memory, and
# it reads millions of rows to find thousands. Compiling a statement that runs once never pays.
_OFF: Final = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit")


@contextmanager
def few() -> Iterator[None]:
    """Have statements find rows by index, one by one; within a transaction. SQLite does so anyway."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        for name in _OFF:
            cursor.execute(f"SET LOCAL {name} = off")
        yield
        # Where something failed the transaction is over, and with it what was set for it.
        for name in _OFF:
            cursor.execute(f"SET LOCAL {name} TO DEFAULT")
