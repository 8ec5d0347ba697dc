"""A node to test: SQLite in memory by default, PostgreSQL where RENKEI_DATABASE_URL says so."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection, transaction

from renkei.node.audit import triggers
from renkei.node.config import Config


@pytest.fixture(scope="session", autouse=True)
def _emptied_between_tests() -> Iterator[None]:
    """Lift the trail's triggers while Django empties the tables after a test with real transactions."""
    operations = type(connection.ops)
    empty = operations.execute_sql_flush

    def without_triggers(self, statements) -> None:
        triggers.remove(connection)
        empty(self, statements)
        triggers.install(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", without_triggers)
        yield


@pytest.fixture(params=("isa", "mhlw"))
def party(request: pytest.FixtureRequest) -> str:
    """Each party in turn; a test for one alone overrides it."""
    return request.param


@pytest.fixture
def node(tmp_path: Path, party: str, settings) -> Config:
    """A node's configuration in a directory of its own."""
    settings.NODE = replace(settings.NODE, directory=tmp_path, party=party)
    return settings.NODE


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
