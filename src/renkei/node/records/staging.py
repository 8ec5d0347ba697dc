"""Reading and validating a file into temporary tables, batch by batch, so that its size does not matter.

`incoming` (line and the table's columns) has the accepted rows, `refused` (line, identifier, reasons, and
what can be read of the keys: `named`, the identifier, `card_number` and `person_id`) the rejected ones,
`noted` (the same columns) accepted rows that lack a value that could not be read, and `outside` (line,
identifier, reason) those whose record is not to be kept. A row is accepted or
rejected as `renkei.matching.validation.check` does with the same file (a test compares them), and in addition
by `sanitize_for_exchange`: a value in a delivery is one line of bounded length (docs/package-format.md). An
exchange refuses whole deliveries, a node rejects single rows; one address with a line break would otherwise
keep a whole day from being sealed. PostgreSQL also stores no NUL.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import polars as pl
import pyarrow as pa
from django.db import DatabaseError, connection

from renkei.agreement.datasets import Dataset, Kind
from renkei.exchange.schemas import NOTIFICATIONS_TABLE, SUSPECTED_OMISSIONS_TABLE
from renkei.matching.validation import Rules, reasons_by_line, type_batch
from renkei.matching.values import to_text
from renkei.node.records import bulk_copy
from renkei.node.records.models import Import, Reject
from renkei.node.records.tables import Table

INCOMING: Final = "incoming"
REFUSED: Final = "refused"
NOTED: Final = "noted"
OUTSIDE: Final = "outside"
GONE: Final = "gone"

_FIRST_LINE: Final = 2
# `nameless` (0 or 1): the row has content, but its identifier cannot be read.
_KEYS: Final = ("card_number", "person_id")
_REFUSED = {
    "line": pl.Int64,
    "identifier": pl.String,
    "reasons": pl.String,
    "named": pl.String,
    **dict.fromkeys(_KEYS, pl.String),
    "nameless": pl.Int64,
}
_OUTSIDE = {"line": pl.Int64, "identifier": pl.String, "reason": pl.String}


@dataclass(slots=True)
class Staged:
    """How many rows are in the temporary tables: read = rejected + outside + accepted.

    `noted` of the accepted rows lack a value.
    """

    read: int = 0
    rejected: int = 0
    noted: int = 0
    outside: dict[str, int] = field(default_factory=dict)

    @property
    def notes(self) -> dict[str, int]:
        """The count of rows that lack a value, where there are any."""
        return {"noted": self.noted} if self.noted else {}


@dataclass(frozen=True, slots=True)
class Target:
    """How rows are validated and stored in a table.

    `shape` makes the columns to be stored, as text, from typed rows, and keeps the order of the rows.
    `bare_row_removes`: a row with nothing but its identifier removes the record, as in a delta of a register.
    """

    table: Table
    rules: Rules
    shape: Callable[[pl.DataFrame], pl.DataFrame]
    bare_row_removes: bool = False


def canonical(dataset: Dataset) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Return a function that writes typed rows of a dataset as canonical text."""
    columns = [to_text(column.kind, pl.col(column.name)).alias(column.name) for column in dataset.columns]
    return lambda typed: typed.select(columns)


@contextmanager
def staged(batches: Iterable[pa.RecordBatch], target: Target) -> Iterator[Staged]:
    """Read batches (`matching.reading.text_batch`) into the temporary tables; they are dropped at the end."""
    try:
        yield _stage(batches, target)
    finally:
        # If the transaction is aborted, they are rolled back with it.
        with suppress(DatabaseError):
            bulk_copy.drop(INCOMING, REFUSED, NOTED, OUTSIDE)


def keep_rejects(made: Import, *, stand: bool = False) -> None:
    """Store the rejected rows, and the rows that lack a value, with their import.

    `stand`: the rejected rows are matched by the keys that can be read of them (`register_faults`).
    """
    keys = ", ".join(_KEYS) if stand else ", ".join("NULL" for _ in _KEYS)
    stands = "COALESCE(named, card_number) IS NOT NULL" if stand else "false"
    for action, name, kept, standing in (
        (Reject.Action.ROW, REFUSED, keys, stands),
        (Reject.Action.VALUE, NOTED, "NULL, NULL", "false"),
    ):
        bulk_copy.execute(
            f'INSERT INTO "{Reject._meta.db_table}" '
            f"(taken_id, line, identifier, action, reasons, {', '.join(_KEYS)}, stands) "
            f"SELECT %s, line, identifier, %s, reasons, {kept}, {standing} FROM {name} ORDER BY line",
            (made.pk, action.value),
        )


def _stage(batches: Iterable[pa.RecordBatch], target: Target) -> Staged:
    dataset, key = target.table.dataset, target.table.key
    bulk_copy.temporary(INCOMING, pl.DataFrame(schema=_incoming_columns(target.table)))
    bulk_copy.temporary(REFUSED, pl.DataFrame(schema=_REFUSED))
    bulk_copy.temporary(NOTED, pl.DataFrame(schema=_REFUSED))
    bulk_copy.temporary(OUTSIDE, pl.DataFrame(schema=_OUTSIDE))
    hashes: list[pl.Series] = []
    line = _FIRST_LINE
    for batch in batches:
        lines = pl.int_range(line, line + batch.num_rows, dtype=pl.UInt32, eager=True)
        typed, troubles = type_batch(batch, lines, dataset, rules=target.rules)
        typed, unfit = sanitize_for_exchange(typed, dataset, target.rules)
        # An identifier that cannot be read is named as it was written.
        written = pl.Series(batch.column(0)).cast(pl.String).str.replace_all(r"\pC", " ").str.strip_chars()
        typed = typed.with_columns(identifier=pl.coalesce(key, written.replace("", None)))
        hashes.append(typed["identifier"].hash())
        _put(typed, reasons_by_line([*troubles, *unfit]), target)
        line += batch.num_rows
    _reject_duplicates(hashes, target.table)
    _prepare_lookup(key)
    return Staged(
        read=line - _FIRST_LINE,
        rejected=_count(REFUSED),
        noted=_count(NOTED),
        outside={str(reason): count for reason, count in _grouped(OUTSIDE, "reason")},
    )


def _incoming_columns(table: Table) -> dict[str, type[pl.DataType]]:
    numbers = ("line", "sequence")
    names = ("line", *table.dataset.names, *table.own)
    return {name: pl.Int64 if name in numbers else pl.String for name in names}


def _put(typed: pl.DataFrame, reasons: pl.DataFrame, target: Target) -> None:
    outside = _outside(typed, reasons, target)
    named = reasons.join(outside, on="line", how="anti").join(typed.select("line", "identifier"), on="line")
    refused, noted = (
        _as_kept(named.filter(pl.col("action") == action), typed, target.table) for action in ("row", "value")
    )
    taken = typed
    for others in (outside, refused):
        if others.height:
            taken = taken.join(others, on="line", how="anti", maintain_order="left")
    # Release sorts by identifier. Sorted here first, its rows keep their place beside `line`.
    taken = taken.sort(target.table.key)
    bulk_copy.put(REFUSED, refused)
    bulk_copy.put(NOTED, noted)
    bulk_copy.put(OUTSIDE, outside)
    bulk_copy.put(INCOMING, pl.concat([taken.select("line"), target.shape(taken)], how="horizontal"))


def _as_kept(named: pl.DataFrame, typed: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return rejected or noted rows in the columns of their temporary table."""
    columns = table.dataset.names
    rows = named.join(typed.drop("identifier"), on="line", how="left", maintain_order="left")

    def read(name: str) -> pl.Expr:
        wrong = pl.col("reasons").list.contains(f"unreadable:{name}")
        return pl.when(~wrong).then(pl.col(name)) if name in columns else pl.lit(None, pl.String)

    # A line of nothing but separators, as spreadsheets write them, is no row of anybody.
    missing = pl.col("reasons").list.eval(pl.element().str.starts_with("missing:")).list.all()
    empty = pl.all_horizontal(pl.col(columns).is_null()) & missing
    return rows.select(
        "line",
        "identifier",
        pl.col("reasons").list.join(";"),
        *(read(name).alias(alias) for name, alias in ((table.key, "named"), *zip(_KEYS, _KEYS, strict=True))),
        nameless=(read(table.key).is_null() & ~empty).cast(pl.Int64),
    )


def _outside(typed: pl.DataFrame, reasons: pl.DataFrame, target: Target) -> pl.DataFrame:
    """Return the rows whose record is not to be kept, with the reason, whatever else is in them."""
    reason = target.rules.left_out if target.rules.left_out is not None else pl.lit(None, pl.String)
    if target.bare_row_removes:
        others = [name for name in target.table.dataset.names if name != target.table.key]
        bare = pl.col(target.table.key).is_not_null() & pl.all_horizontal(pl.col(others).is_null())
        odd = reasons.filter(
            ~pl.col("reasons").list.eval(pl.element().str.starts_with("missing:")).list.all()
        )
        reason = (
            pl.when(bare & ~pl.col("line").is_in(odd["line"].implode())).then(pl.lit(GONE)).otherwise(reason)
        )
    return typed.select("line", "identifier", reason=reason).filter(pl.col("reason").is_not_null())


def _reject_duplicates(hashes: list[pl.Series], table: Table) -> None:
    """Reject second and later rows with the same identifier, whether or not the first was accepted."""
    key = table.key
    if not hashes:
        return
    together = pl.concat(hashes).to_frame("hash").with_row_index("line", _FIRST_LINE)
    # Distinct hashes prove distinct identifiers; the identifiers of the few others are compared.
    suspects = together.filter(pl.col("hash").is_duplicated()).select(pl.col("line").cast(pl.Int64))
    if suspects.is_empty():
        return
    bulk_copy.temporary("suspects", suspects)
    every = " UNION ALL ".join(
        f"SELECT CAST(s.line AS text), t.{column}, '{place}' AS place "
        f"FROM {name} t JOIN suspects s ON s.line = t.line"
        for place, (name, column) in enumerate(
            ((INCOMING, key), (REFUSED, "identifier"), (OUTSIDE, "identifier"))
        )
    )
    found = bulk_copy.read(every, ("line", "identifier", "place")).with_columns(pl.col("line").cast(pl.Int64))
    again = found.sort("line").filter(
        ~pl.col("identifier").is_first_distinct() & pl.col("identifier").is_not_null()
    )
    reason = f"duplicate:{key}"
    taken, refused = (again.filter(pl.col("place") == place) for place in ("0", "1"))
    bulk_copy.temporary("suspects", taken.select("line"))
    keys = ", ".join(name if name in table.dataset.names else "NULL" for name in _KEYS)
    bulk_copy.execute(
        f"INSERT INTO {REFUSED} (line, identifier, reasons, named, {', '.join(_KEYS)}, nameless) "
        f"SELECT line, {key}, %s, {key}, {keys}, 0 FROM {INCOMING} WHERE line IN (SELECT line FROM suspects)",
        (reason,),
    )
    bulk_copy.execute(f"DELETE FROM {INCOMING} WHERE line IN (SELECT line FROM suspects)")
    # "duplicate" sorts before every other reason.
    bulk_copy.temporary("suspects", refused.select("line"))
    bulk_copy.execute(
        f"UPDATE {REFUSED} SET reasons = %s || reasons WHERE line IN (SELECT line FROM suspects)",
        (f"{reason};",),
    )
    bulk_copy.execute(
        f"UPDATE {REFUSED} SET reasons = reasons || ';' || "
        f"(SELECT n.reasons FROM {NOTED} n WHERE n.line = {REFUSED}.line) "
        f"WHERE line IN (SELECT line FROM {NOTED})"
    )
    bulk_copy.execute(f"DELETE FROM {NOTED} WHERE line IN (SELECT line FROM {REFUSED})")
    bulk_copy.drop("suspects")


def _prepare_lookup(key: str) -> None:
    """Prepare the tables for statements that find rows by identifier."""
    for name, column in ((INCOMING, key), (REFUSED, "identifier"), (OUTSIDE, "identifier")):
        if connection.vendor == "postgresql":
            bulk_copy.execute(f"ANALYZE {name}")
        else:
            bulk_copy.execute(f"CREATE INDEX temp.{name}_by_key ON {name} ({column})")


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def _grouped(table: str, column: str) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column}, count(*) FROM {table} GROUP BY {column} ORDER BY {column}")
        return list(cursor.fetchall())


# --- rows that an exchange can carry

_CONTROL: Final = r"[\x00-\x1f\x7f]"
_TEXTS: Final = frozenset({Kind.TEXT, Kind.PHONE, Kind.CARD_NUMBER})
_LONGEST: Final = {
    column.name: column.longest
    for table in (NOTIFICATIONS_TABLE, SUSPECTED_OMISSIONS_TABLE)
    for column in table.columns
    if column.pattern is None
}


def sanitize_for_exchange(
    typed: pl.DataFrame, dataset: Dataset, rules: Rules
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Make typed rows fit for a delivery: a control character within a text becomes a space.

    Returns the rows, and `TROUBLES` of those that cannot be sent: `unreadable:<column>`
    where a text has nothing but control characters, or is longer than a delivery allows (for columns to which
    the data dictionary gives no length).
    """
    troubles: list[pl.DataFrame] = []
    for column in dataset.columns:
        if column.kind not in _TEXTS:
            continue
        text = typed[column.name]
        unfit = pl.repeat(False, typed.height, dtype=pl.Boolean, eager=True)
        if text.str.contains(_CONTROL).any():
            text = text.str.replace_all(f"{_CONTROL}+", " ").str.strip_chars()
            unfit = (text == "").fill_null(False)
            typed = typed.with_columns(text.alias(column.name))
        longest = _LONGEST.get(column.name) if column.max_length is None else None
        if longest is not None:
            unfit = unfit | (text.str.len_chars() > longest).fill_null(False)
        if unfit.any():
            reason = pl.lit(f"unreadable:{column.name}").alias("reason")
            action = rules.action("unreadable", column)
            troubles.append(typed.filter(unfit).select("line", reason, pl.lit(action).alias("action")))
            if action == "value":
                typed = typed.with_columns(text.set(unfit, None).alias(column.name))
    return typed, troubles
