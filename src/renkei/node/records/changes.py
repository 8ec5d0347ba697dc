"""Bringing staged rows into a table: find what is new, changed or removed, note it, and apply it.

Every change notes the card number, person or notification concerned (`ChangedKey`), until the next matching
or selection takes these keys once (docs/node.md). A table's number of rows is counted once and then updated
with every change, since counting millions takes longer than a day's search; it is updated under
`advisory_lock`, so that it changes together with the table.
"""

from collections.abc import Sequence
from typing import Final

from django.db import connection, models
from django.db.models import F

from renkei.node.records import bulk_copy
from renkei.node.records.models import ChangedKey, RowCount
from renkei.node.records.staging import INCOMING, OUTSIDE, REFUSED
from renkei.node.records.tables import Table

_DIFFERENCE: Final = "difference"
_WORK_MEM: Final = "256MB"
# A share of a table's rows. Below it, a change hardly alters PostgreSQL's statistics, and ANALYZE takes a
# second on millions of rows.
_MUCH: Final = 0.1


def apply(table: Table, *, full: bool) -> dict[str, int]:
    """Bring the staged rows into a table, inside the caller's transaction, and note the changed keys.

    `full`: the staged rows are all there are, so other rows are removed. A rejected row changes nothing: the
    stored row stays. Where its identifier cannot be read, the stored rows stay that it may be: those with the
    same card number or person (`Table.also_known_by`), or, if these cannot be read either, all that the
    extract does not name. Returns how many rows are new, changed, same, removed, and kept (the stored rows of
    rejected ones), and, where there are any, `unrecognised`: those of the kept ones that no rejected row
    names.
    """
    columns = (*table.dataset.names, *table.own)
    if connection.vendor == "postgresql":
        # Whole tables are joined, and only one import runs at a time, so more memory than the default is
        # safe.
        bulk_copy.execute(f"SET LOCAL work_mem = '{_WORK_MEM}'")
    _find_differences(table, full=full)
    _note_changes(table)
    outdated = f"SELECT identifier FROM {_DIFFERENCE} WHERE act <> 'new'"
    bulk_copy.execute(f'DELETE FROM "{table.name}" WHERE {table.key} IN ({outdated})')
    bulk_copy.execute(
        f'INSERT INTO "{table.name}" ({", ".join(columns)}) '
        f"SELECT {', '.join(f'i.{name}' for name in columns)} FROM {INCOMING} i "
        f"JOIN {_DIFFERENCE} d ON d.identifier = i.{table.key} WHERE d.act <> 'removed'"
    )
    counts = _counts(table, full=full)
    adjust_row_count(table.name, counts["new"] - counts["removed"])
    bulk_copy.drop(_DIFFERENCE)
    if sum(counts[act] for act in ("new", "changed", "removed")) > _rows_when_analyzed(table) * _MUCH:
        # The next statements must not be planned with the statistics of an empty table.
        bulk_copy.analyze(table.name)
    return counts


def _rows_when_analyzed(table: Table) -> float:
    """Return how many rows PostgreSQL's statistics give a table; 0 where there are none."""
    if connection.vendor != "postgresql":
        return 0
    query = f"SELECT reltuples FROM pg_class WHERE oid = '\"{table.name}\"'::regclass"
    return max(float(bulk_copy.read(query, ("rows",)).item()), 0)


def _find_differences(table: Table, *, full: bool) -> None:
    key, name = table.key, table.name
    different = " OR ".join(
        f"o.{column} IS DISTINCT FROM i.{column}"
        for column in (*table.dataset.names, *table.own)
        if column not in (key, "sequence")
    )
    bulk_copy.drop(_DIFFERENCE)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {_DIFFERENCE} AS SELECT i.{key} AS identifier, "
        f"CASE WHEN o.{key} IS NULL THEN 'new' ELSE 'changed' END AS act "
        f'FROM {INCOMING} i LEFT JOIN "{name}" o ON o.{key} = i.{key} WHERE o.{key} IS NULL OR {different}'
    )
    if not table.keeps_missing:
        outside = f"EXISTS (SELECT 1 FROM {OUTSIDE} x WHERE x.identifier = o.{key})"
        unmentioned = (
            f"NOT EXISTS (SELECT 1 FROM {REFUSED} r WHERE r.identifier = o.{key}) AND NOT ({_perhaps(table)})"
        )
        bulk_copy.execute(
            f"INSERT INTO {_DIFFERENCE} (identifier, act) SELECT o.{key}, 'removed' FROM \"{name}\" o "
            f"WHERE NOT EXISTS (SELECT 1 FROM {INCOMING} i WHERE i.{key} = o.{key}) "
            f"AND ({outside}{f' OR ({unmentioned})' if full else ''})"
        )
    bulk_copy.analyze(_DIFFERENCE)


def _perhaps(table: Table) -> str:
    """Return the condition that a stored row `o` may be a rejected one whose identifier cannot be read."""
    nameless = f"SELECT {{what}} FROM {REFUSED} r WHERE r.nameless = 1 AND r.{{other}} IS {{not_}}NULL"
    other = table.also_known_by
    known = nameless.format(what=f"r.{other}", other=other, not_="NOT ")
    unknown = nameless.format(what=1, other=other, not_="")
    return f"COALESCE(o.{other} IN ({known}), false) OR EXISTS ({unknown})"


def _note_changes(table: Table) -> None:
    for kind, column in table.changed_keys:
        # The old value only where it differs: so millions of rows need no sorting to remove duplicates.
        before = (
            f'SELECT o.{column} AS key FROM "{table.name}" o '
            f"JOIN {_DIFFERENCE} d ON d.identifier = o.{table.key} "
            f"LEFT JOIN {INCOMING} i ON i.{table.key} = o.{table.key} "
            f"WHERE d.act <> 'new' AND o.{column} IS DISTINCT FROM i.{column}"
        )
        after = (
            f"SELECT i.{column} AS key FROM {INCOMING} i "
            f"JOIN {_DIFFERENCE} d ON d.identifier = i.{table.key} WHERE d.act <> 'removed'"
        )
        note_changed_keys(kind, f"{before} UNION ALL {after}")


def _counts(table: Table, *, full: bool) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT act, count(*) FROM {_DIFFERENCE} GROUP BY act")
        found = dict(cursor.fetchall())
        cursor.execute(f"SELECT count(*) FROM {INCOMING}")
        taken = int(cursor.fetchone()[0])
        named = f"o.{table.key} IN (SELECT identifier FROM {REFUSED})"
        stays = f"NOT EXISTS (SELECT 1 FROM {INCOMING} i WHERE i.{table.key} = o.{table.key})"
        cursor.execute(f'SELECT count(*) FROM "{table.name}" o WHERE {named} AND {stays}')
        kept, unrecognised = int(cursor.fetchone()[0]), 0
        cursor.execute(f"SELECT count(*) FROM {REFUSED} WHERE nameless = 1")
        if full and not table.keeps_missing and cursor.fetchone()[0]:
            cursor.execute(f'SELECT count(*) FROM "{table.name}" o WHERE {stays} AND {named} IS NOT TRUE')
            unrecognised = int(cursor.fetchone()[0])
    new, changed = found.get("new", 0), found.get("changed", 0)
    told = {"unrecognised": unrecognised} if unrecognised else {}
    return told | {
        "new": new,
        "changed": changed,
        "same": taken - new - changed,
        "removed": found.get("removed", 0),
        "kept": kept + unrecognised,
    }


# --- changed keys

_TABLE = ChangedKey._meta.db_table


def take_changed_keys(into: str, kinds: Sequence[ChangedKey.Kind]) -> int:
    """Move the changed keys into a temporary table `into` (kind, key), each once; returns how many.

    Call it in the transaction that processes them: after a rollback they are all there again. Keys that
    another transaction notes in the meantime stay for the next call.
    """
    bulk_copy.drop(into)
    bulk_copy.execute(f'CREATE TEMPORARY TABLE "{into}" (kind text, key text)')
    marks = ", ".join(["%s"] * len(kinds))
    which = tuple(kind.value for kind in kinds)
    insert = f'INSERT INTO "{into}" (kind, key)'
    if connection.vendor == "postgresql":
        # DELETE … RETURNING moves exactly the deleted rows; a row committed in between is neither.
        taken = f'DELETE FROM "{_TABLE}" WHERE kind IN ({marks}) RETURNING kind, key'
        count = bulk_copy.execute(
            f"WITH taken AS ({taken}) {insert} SELECT DISTINCT kind, key FROM taken", which
        )
        bulk_copy.execute(f'ANALYZE "{into}"')
        return count
    count = bulk_copy.execute(
        f'{insert} SELECT DISTINCT kind, key FROM "{_TABLE}" WHERE kind IN ({marks})', which
    )
    bulk_copy.execute(f'DELETE FROM "{_TABLE}" WHERE kind IN ({marks})', which)
    return count


def note_changed_keys(kind: ChangedKey.Kind, keys: str, parameters: tuple[object, ...] = ()) -> int:
    """Note the keys that a query returns in its column `key`, blank ones left out. Returns how many."""
    return bulk_copy.execute(
        f'INSERT INTO "{_TABLE}" (kind, key) '
        f"SELECT '{kind.value}', key FROM ({keys}) AS noted WHERE key IS NOT NULL",
        parameters,
    )


# --- row counts


def row_count(of: type[models.Model]) -> int:
    """Return exactly how many rows a table has; they are counted at the first call."""
    known = RowCount.objects.filter(table=of._meta.db_table).first()
    return recount(of) if known is None else known.rows


def recount(of: type[models.Model]) -> int:
    """Count a table again and store the result; returns how many rows it has."""
    found = of._default_manager.count()
    RowCount.objects.update_or_create(table=of._meta.db_table, defaults={"rows": found})
    return found


def adjust_row_count(table: str, more: int) -> None:
    """Add `more` (rows added less rows removed) to a table's stored count, if there is one."""
    RowCount.objects.filter(table=table).update(rows=F("rows") + more)
