"""What a node's database is: run as a process of that node, it prints JSON of the schema and of the rows.

`schema` has columns, keys, indices, constraints and triggers by table, each in an order that does not hang on
when it was added. `tables` has of each table its columns, the number of rows, and a digest of the rows over
the columns that standard input names for it (JSON, by table), else over all. A column that is gone gives no
digest.
"""

import hashlib
import json
import sys
from typing import Any

import django

# What a table's constraints are compared by; the rest of Django's description follows from it.
TRAITS = ("columns", "primary_key", "unique", "foreign_key", "check", "index", "orders")


def schema(cursor: Any, connection: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for table in sorted(connection.introspection.table_names(cursor)):
        columns = connection.introspection.get_table_description(cursor, table)
        constraints = connection.introspection.get_constraints(cursor, table)
        found[table] = {
            "columns": sorted([each.name, *map(str, each[1:])] for each in columns),
            "constraints": sorted(map(_constraint, constraints.items()), key=json.dumps),
        }
    cursor.execute(TRIGGERS[connection.vendor])
    found["triggers"] = sorted(map(list, cursor.fetchall()))
    return found


TRIGGERS = {
    "sqlite": "SELECT tbl_name, name, sql FROM sqlite_schema WHERE type = 'trigger'",
    "postgresql": "SELECT tgrelid::regclass::text, tgname, "
    "pg_get_triggerdef(oid) || pg_get_functiondef(tgfoid) FROM pg_trigger WHERE NOT tgisinternal",
}


def _constraint(named: tuple[str, Any]) -> list[Any]:
    """Return a name and traits; without the names that SQLite's description counts up (fk_1, __unnamed…)."""
    name, each = named
    counted = each["foreign_key"] or name.startswith("__")
    return ["" if counted else name, {trait: each.get(trait) for trait in TRAITS}]


def tables(cursor: Any, connection: Any, wanted: dict[str, list[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for table in sorted(connection.introspection.table_names(cursor)):
        there = sorted(each.name for each in connection.introspection.get_table_description(cursor, table))
        columns = wanted.get(table, there)
        cursor.execute(f'SELECT count(*) FROM "{table}"')
        rows = cursor.fetchone()[0]
        digest = None
        if set(columns) <= set(there):
            listed = ", ".join(f'"{name}"' for name in columns)
            # As ROW(…), since one column in brackets is no row.
            one = f"CAST(ROW({listed}) AS text)" if connection.vendor == "postgresql" else listed
            cursor.execute(f'SELECT {one} FROM "{table}"')
            text = "\n".join(sorted(map(repr, cursor.fetchall())))
            digest = hashlib.sha256(text.encode()).hexdigest()
        found[table] = {"columns": columns, "rows": rows, "sha256": digest}
    return found


def main() -> None:
    django.setup()
    from django.db import connection

    wanted = json.load(sys.stdin)
    with connection.cursor() as cursor:
        facts = {
            "schema": schema(cursor, connection),
            "tables": tables(cursor, connection, wanted),
        }
    json.dump(facts, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
