"""One at a time: whoever changes the records in bulk waits for whoever is changing them."""

from typing import Final

from django.db import connection, transaction

_LOCK: Final = 0x72656373


def wait_for_turn() -> None:
    """Wait until no other transaction changes the records; the turn ends with this one.

    Raises TransactionManagementError outside a transaction, where a turn would end at once.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a turn lasts as long as a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    # SQLite's transactions are IMMEDIATE (settings): only one writes at a time anyway.
