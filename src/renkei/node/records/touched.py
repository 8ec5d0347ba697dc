"""What changed since it was last looked at: noted with every change, taken once (docs/node.md)."""

from collections.abc import Sequence

from django.db import connection

from renkei.node.records import transfer
from renkei.node.records.models import Touched

_TABLE = Touched._meta.db_table


def take(into: str, kinds: Sequence[Touched.Kind]) -> int:
    """Move what was touched into a temporary table `into` (kind, key), each once; returns how many.

    Belongs into the transaction of whatever is done about it: rolled back, it is all there again. What
    another transaction notes meanwhile stays for the next time.
    """
    transfer.drop(into)
    transfer.execute(f'CREATE TEMPORARY TABLE "{into}" (kind text, key text)')
    marks = ", ".join(["%s"] * len(kinds))
    which = tuple(kind.value for kind in kinds)
    insert = f'INSERT INTO "{into}" (kind, key)'
    if connection.vendor == "postgresql":
        # Exactly what is deleted is taken: rows that others commit in between are neither.
        taken = f'DELETE FROM "{_TABLE}" WHERE kind IN ({marks}) RETURNING kind, key'
        count = transfer.execute(
            f"WITH taken AS ({taken}) {insert} SELECT DISTINCT kind, key FROM taken", which
        )
        transfer.execute(f'ANALYZE "{into}"')
        return count
    count = transfer.execute(
        f'{insert} SELECT DISTINCT kind, key FROM "{_TABLE}" WHERE kind IN ({marks})', which
    )
    transfer.execute(f'DELETE FROM "{_TABLE}" WHERE kind IN ({marks})', which)
    return count


def note(kind: Touched.Kind, keys: str, parameters: tuple[object, ...] = ()) -> int:
    """Note the keys that a query yields as its column `key`; blank ones are nothing. Returns how many."""
    return transfer.execute(
        f'INSERT INTO "{_TABLE}" (kind, key) '
        f"SELECT '{kind.value}', key FROM ({keys}) AS noted WHERE key IS NOT NULL",
        parameters,
    )
