"""Making a table hold what a frame says: rows added, changed and removed, in a few statements for any number.

The rows lie in a temporary table first; only those that differ are touched, so that `changed_in` tells the
truth and loading the same rows again changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl
from django.db import models

from renkei.node.records import transfer
from renkei.node.records.models import Reject

INCOMING: Final = "incoming"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows a load added or changed, and how many it removed."""

    changed: int
    removed: int = 0


def put_aside(rows: pl.DataFrame) -> None:
    """Lay rows of text into the temporary table, for the statements that follow in this transaction."""
    transfer.temporary(INCOMING, rows)


def clear() -> None:
    """Drop what was put aside: it is personal data, and a connection outlives its transaction."""
    transfer.drop(INCOMING)


def keep_rejects(change: int, rejects: pl.DataFrame) -> None:
    """Keep which rows of an import or delivery were set aside, and why; never their values."""
    lines = rejects.select(
        pl.lit(str(change)).alias("of_import_id"), pl.col("line").cast(pl.String), "identifier", "reasons"
    )
    transfer.put(table(Reject), lines)


def upsert(model: type[models.Model], columns: Iterable[str], change: int) -> int:
    """Add or change what was put aside; returns how many rows were not already so."""
    key = _key(model)
    names = list(columns)
    others = [name for name in names if name != key]
    listed = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
    differs = " OR ".join(f'kept."{name}" IS DISTINCT FROM excluded."{name}"' for name in others)
    return transfer.execute(
        f'INSERT INTO "{table(model)}" AS kept ({listed}, changed_in) '
        f'SELECT {_cast(model, names)}, {change} FROM "{INCOMING}" WHERE true '
        f'ON CONFLICT ("{key}") DO UPDATE SET {changes}, changed_in = {change} WHERE {differs}'
    )


def remove_absent(model: type[models.Model]) -> int:
    """Remove what a full extract no longer holds; returns how many rows went."""
    key = _key(model)
    return transfer.execute(
        f'DELETE FROM "{table(model)}" WHERE NOT EXISTS '
        f'(SELECT 1 FROM "{INCOMING}" i WHERE i."{key}" = "{table(model)}"."{key}")'
    )


def touch(
    kind: str, expression: str, model: type[models.Model], columns: Iterable[str], *, full: bool
) -> None:
    """Note the keys of what is about to change: `expression` is a column, of the old row and of the new.

    With `full`, rows that are absent from what was put aside count as well.
    """
    key, names = _key(model), [name for name in columns if name != _key(model)]
    differs = " OR ".join(f'kept."{name}" IS DISTINCT FROM i."{name}"' for name in names)
    if "due_on" in names:
        differs = differs.replace('kept."due_on"', 'CAST(kept."due_on" AS text)')
    joined = f'FROM "{INCOMING}" i LEFT JOIN "{table(model)}" kept ON kept."{key}" = i."{key}"'
    changed = f'(kept."{key}" IS NULL OR {differs})'
    sources = [
        f'SELECT i."{expression}" AS key {joined} WHERE {changed}',
        f'SELECT kept."{expression}" AS key {joined} WHERE {changed}',
    ]
    if full:
        sources.append(
            f'SELECT kept."{expression}" AS key FROM "{table(model)}" kept WHERE NOT EXISTS '
            f'(SELECT 1 FROM "{INCOMING}" i WHERE i."{key}" = kept."{key}")'
        )
    transfer.execute(
        "INSERT INTO records_touched (kind, key) "
        f"SELECT DISTINCT '{kind}', key FROM ({' UNION '.join(sources)}) found WHERE key IS NOT NULL "
        "ON CONFLICT (kind, key) DO NOTHING"
    )


def touch_everything() -> None:
    """Note that all is to be matched again: cheaper than every key where a table fills for the first time."""
    transfer.execute(
        "INSERT INTO records_touched (kind, key) VALUES ('all', '') ON CONFLICT (kind, key) DO NOTHING"
    )


def table(model: type[models.Model]) -> str:
    """Return the name of a model's table."""
    return model._meta.db_table


def _key(model: type[models.Model]) -> str:
    return model._meta.pk.name


def _cast(model: type[models.Model], names: list[str]) -> str:
    """Every column put aside is text; a date of ours is not."""
    return ", ".join(
        f'CAST("{name}" AS date)'
        if isinstance(model._meta.get_field(name), models.DateField) and transfer.on_postgresql()
        else f'"{name}"'
        for name in names
    )
