"""Two homes of the exchange; a trail with some entries; the owner of the tables, who can do anything."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from node.deliveries.conftest import be, made, pair  # noqa: F401  fixtures
from renkei.node.audit import triggers
from renkei.node.audit.models import Entry
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb


@pytest.fixture
def written() -> Callable[[int], list[Entry]]:
    """Write entries of the system's."""

    def write(count: int) -> list[Entry]:
        with transaction.atomic():
            return [record(None, Verb.FILE_IMPORTED, f"{number}.csv", rows=number) for number in range(count)]

    return write


@pytest.fixture
def owner() -> Callable[[str], None]:
    """Do to the tables what only their owner can: the triggers are lifted for one statement."""

    def do(statement: str) -> None:
        with transaction.atomic():
            triggers.remove(connection)
            with connection.cursor() as cursor:
                cursor.execute(statement)
            triggers.install(connection)

    return do
