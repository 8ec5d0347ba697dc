"""Database triggers that refuse to change the trail: no entry is updated, replaced or deleted.

The owner of the tables can drop these triggers. Rewriting is then still detected by the heads that the
counterpart has (`audit.cross_checks`).
"""

from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES: Final = ("audit_entry", "audit_counterparthead")
_REFUSAL: Final = "what the audit trail holds is neither changed nor removed"

_SQLITE: Final = """
CREATE TRIGGER {table}_{act} BEFORE {act} ON {table} {when}
BEGIN SELECT RAISE(ABORT, '{refusal}'); END
"""
# INSERT OR REPLACE deletes a row without firing the DELETE triggers.
_SQLITE_ACTS: Final = (
    ("audit_entry", "UPDATE", ""),
    ("audit_entry", "DELETE", ""),
    ("audit_entry", "INSERT", "WHEN EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.number)"),
    ("audit_counterparthead", "UPDATE", ""),
    ("audit_counterparthead", "DELETE", ""),
    (
        "audit_counterparthead",
        "INSERT",
        "WHEN EXISTS (SELECT 1 FROM audit_counterparthead WHERE delivery = NEW.delivery OR id = NEW.id)",
    ),
)

_POSTGRESQL_FUNCTION: Final = f"""
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
# FOR EACH STATEMENT refuses even a statement that affects no row; ENABLE ALWAYS also refuses a session with
# session_replication_role = replica.
_POSTGRESQL: Final = (
    "CREATE TRIGGER {table}_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_stands",
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
            for table in TABLES:
                for statement in _POSTGRESQL:
                    cursor.execute(statement.format(table=table))
        else:
            for table, act, when in _SQLITE_ACTS:
                cursor.execute(_SQLITE.format(table=table, act=act, when=when, refusal=_REFUSAL))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for the reverse migration, and between tests."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in TABLES:
                cursor.execute(f"DROP TRIGGER {table}_stands ON {table}")
        else:
            for table, act, _ in _SQLITE_ACTS:
                cursor.execute(f"DROP TRIGGER {table}_{act}")
