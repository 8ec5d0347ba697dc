"""A node to test: SQLite in memory by default, PostgreSQL where RENKEI_DATABASE_URL says so."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.db import connection, transaction

from renkei.node.audit import triggers
from renkei.node.config import Config

#: What the migrations themselves fill, and no test changes.
_KEPT = {ContentType._meta.db_table, Permission._meta.db_table}


@pytest.fixture(scope="session", autouse=True)
def _emptied_between_tests() -> Iterator[None]:
    """After a test with real transactions, empty what it filled, the trail's triggers lifted for that.

    Django empties all sixty tables, which costs PostgreSQL a file each, and then tells every application that
    it was migrated, to fill again two that we keep: together more than most tests take.
    """
    operations = type(connection.ops)
    execute = operations.execute_sql_flush

    def of_what_is_filled(self, style, tables, **options) -> list[str]:
        looks = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in set(tables) - _KEPT)
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(looks))
            return [f"DELETE FROM {name}" for (name,) in cursor.fetchall()]

    def without_triggers(self, statements) -> None:
        if lifted := any(statement.endswith(triggers.TABLES) for statement in statements):
            triggers.remove(connection)
        execute(self, statements)
        if lifted:
            triggers.install(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", of_what_is_filled)
        patch.setattr(operations, "execute_sql_flush", without_triggers)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *arguments: None)
        yield


@pytest.fixture(autouse=True)
def _passwords_hashed_fast(settings) -> None:
    """Hash passwords at once: the real hasher is slow by design, a quarter of a second for each password."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(params=("isa", "mhlw"))
def party(request: pytest.FixtureRequest) -> str:
    """Each party in turn; a test for one alone overrides it."""
    return request.param


@pytest.fixture
def node(tmp_path: Path, party: str, settings) -> Config:
    """A node's configuration in a directory of its own."""
    settings.NODE = replace(settings.NODE, directory=tmp_path, party=party, extracts_settle_seconds=0)
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
