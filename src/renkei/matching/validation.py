"""Validation: records of text become typed rows; a row that cannot be accepted is rejected with all reasons.

Tables are typed here and trusted afterwards. Every row is either accepted (`taken`) or in the rejects; none
is lost (reconciliation §1).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl
import pyarrow as pa

from renkei.agreement.annexes import ANNEX_1
from renkei.agreement.datasets import NOTIFICATIONS, Column, Dataset
from renkei.agreement.statuses import PERMANENT_RESIDENT, STATUSES
from renkei.matching.hash_index import HashIndex
from renkei.matching.reading import text_batch
from renkei.matching.values import Values, canonical_status, read

REJECTS = {"dataset": pl.String, "line": pl.UInt32, "identifier": pl.String, "reasons": pl.String}
_TROUBLES = {"line": pl.UInt32, "reason": pl.String}

# A tombstone says that a notification was deleted; all its other columns may be blank.
TOMBSTONE_NEEDS = frozenset({"notification_id", "card_number", "registered_on"})

_NOT_NOTIFIABLE = [code for code, status in STATUSES.items() if not status.notifiable]
_HEADER_LINES = 1


@dataclass(frozen=True, slots=True)
class Checked:
    """The accepted rows of one dataset (`taken`, typed), the rejects (`REJECTS`) and the number read."""

    dataset: Dataset
    taken: pl.DataFrame
    rejects: pl.DataFrame
    read: int

    def rechunked(self) -> Self:
        """Return it with the accepted rows in one chunk: gathering from many chunks is much slower."""
        return replace(self, taken=self.taken.rechunk())


@dataclass(frozen=True, slots=True)
class Rules:
    """How the checks of the ministry, which prepares Annex 1, and the agency, which receives it, differ."""

    required: frozenset[str] | None = None
    """Columns that must be filled; None means those of the data dictionary."""
    withheld_is_forbidden: bool = True
    """A withheld item that is filled is a reason to reject (receiver); else it is made blank (sender)."""
    keeps_withheld: bool = False
    """A withheld item stays in the row (the sender's own table) and is withheld on release."""
    left_out: pl.Expr | None = None
    """Why a row is outside the agreement, null if it is not. Such a row is accepted whatever its faults, with
    the reason as column `left_out`: a row that is never sent needs no correction."""


RECEIVING = Rules()
# A notification without a card number is outside the agreement: counted, not rejected (申合せ2(1)).
PREPARING = Rules(
    required=frozenset(column.name for column in NOTIFICATIONS.columns if column.required) - {"card_number"},
    withheld_is_forbidden=False,
    # 申合せ2(1) asks only for notifications that include a card number; and only those that the law requires
    # are sent.
    left_out=pl.when(pl.col("card_number").is_null())
    .then(pl.lit("no_card_number"))
    .when(canonical_status("status_of_residence").is_in(_NOT_NOTIFIABLE))
    .then(pl.lit("not_notifiable")),
)


def check(
    batches: Iterable[pa.RecordBatch],
    dataset: Dataset,
    *,
    keep: Collection[str] | None = None,
    rules: Rules = RECEIVING,
    known_persons: Callable[[], HashIndex] | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Checked:
    """Type the records of one dataset and reject those that cannot be accepted.

    `batches` hold text in the form of `reading.text_batch`. Every column is checked; those of `keep` (all by
    default) are kept. `known_persons` is for datasets that refer to persons: it is called when everything is
    read and returns the index of the accepted person_ids; rows then also get `person` (UInt32), the row of
    the person. `progress` is called with the number of rows after each batch.
    """
    tables: list[pl.DataFrame] = []
    troubles: list[pl.DataFrame] = []
    line = _HEADER_LINES + 1
    for batch in batches:
        lines = pl.int_range(line, line + batch.num_rows, dtype=pl.UInt32, eager=True)
        table, found = type_batch(batch, lines, dataset, keep=keep, rules=rules)
        tables.append(table)
        troubles.extend(found)
        line += batch.num_rows
        progress(batch.num_rows)
    table = pl.concat(tables) if tables else empty(dataset, keep)
    troubles.extend(_duplicates(table, dataset))
    if known_persons is not None:
        table = place_persons(table, known_persons())
        troubles.extend(_unknown_persons(table, dataset))
    if rules.left_out is not None:
        table = table.with_columns(left_out=rules.left_out)
        outside = table.filter(pl.col("left_out").is_not_null())["line"].implode()
        troubles = [trouble.filter(~pl.col("line").is_in(outside)) for trouble in troubles]
    return _set_aside(table, troubles, dataset)


def type_batch(
    batch: pa.RecordBatch,
    lines: pl.Series,
    dataset: Dataset,
    *,
    keep: Collection[str] | None = None,
    rules: Rules = RECEIVING,
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Type one batch, whose records are at `lines` of their file, and find the faults within each row.

    Returns the kept columns with `line`, and frames of `line` and `reason`.
    """
    kept = [name for name in dataset.names if keep is None or name in keep]
    # Withheld columns and the status that decides about them are read even if they are not kept, because a
    # filled withheld column may be forbidden.
    needed = {*kept, *ANNEX_1.withheld_columns, "status_of_residence"}
    is_needed = [name in needed for name in dataset.names]
    columns = map(read, dataset.columns, batch.columns, is_needed)
    values = dict(zip(dataset.names, columns, strict=True))
    troubles = [
        *(_withhold(values, lines, rules) if dataset == NOTIFICATIONS else ()),
        *_missing(values, dataset, lines, rules),
        *_unreadable(values, dataset, lines),
    ]
    return pl.DataFrame({"line": lines, **{name: values[name].typed for name in kept}}), troubles


def empty(dataset: Dataset, keep: Collection[str] | None = None) -> pl.DataFrame:
    """Return a dataset without rows, typed as by `type_batch`."""
    columns = {name: name for name in dataset.names}
    nothing = pa.RecordBatch.from_pylist([], pa.schema([(name, pa.string()) for name in columns]))
    lines = pl.Series([], dtype=pl.UInt32)
    return type_batch(text_batch(nothing, dataset, columns), lines, dataset, keep=keep)[0]


def _trouble(lines: pl.Series, rows: pl.Series, reason: str) -> Iterator[pl.DataFrame]:
    if rows.any():
        yield lines.filter(rows).to_frame("line").with_columns(reason=pl.lit(reason))


def _withhold(values: dict[str, Values], lines: pl.Series, rules: Rules) -> Iterator[pl.DataFrame]:
    # 別紙1※: ⑩–⑰ of a permanent resident are withheld. Values in these columns are not stored anywhere.
    permanent = (values["status_of_residence"].typed == PERMANENT_RESIDENT).fill_null(False)
    if not permanent.any():
        return
    for name in ANNEX_1.withheld_columns:
        value = values[name]
        if rules.withheld_is_forbidden:
            yield from _trouble(lines, permanent & ~value.blank, f"forbidden:{name}")
        values[name] = Values(
            value.typed if rules.keeps_withheld else value.typed.set(permanent, None),
            value.blank | permanent,
            value.unreadable & ~permanent,
        )


def _missing(
    values: dict[str, Values], dataset: Dataset, lines: pl.Series, rules: Rules
) -> Iterator[pl.DataFrame]:
    live = values["deleted_on"].blank if dataset == NOTIFICATIONS else None
    for column in dataset.columns:
        if not (column.required if rules.required is None else column.name in rules.required):
            continue
        missing = values[column.name].blank
        if live is not None and column.name not in TOMBSTONE_NEEDS:
            missing = missing & live
        yield from _trouble(lines, missing, f"missing:{column.name}")


def _unreadable(values: dict[str, Values], dataset: Dataset, lines: pl.Series) -> Iterator[pl.DataFrame]:
    for column in dataset.columns:
        if not _may_be_odd(column, dataset):
            yield from _trouble(lines, values[column.name].unreadable, f"unreadable:{column.name}")


def _may_be_odd(column: Column, dataset: Dataset) -> bool:
    # A malformed card number in a notification is an outcome (§4), not a reason to reject.
    return dataset == NOTIFICATIONS and column.name == "card_number"


def _duplicates(table: pl.DataFrame, dataset: Dataset) -> Iterator[pl.DataFrame]:
    """Yield second and later rows with the same identifier, whether or not the first was accepted."""
    identifiers = table[dataset.identifier.name]
    # Distinct hashes prove distinct identifiers, and are much faster to find.
    hashes = np.sort(identifiers.hash().to_numpy())
    if (hashes[1:] != hashes[:-1]).all():
        return
    later = ~identifiers.is_first_distinct() & identifiers.is_not_null()
    yield from _trouble(table["line"], later, f"duplicate:{dataset.identifier.name}")


def place_persons(table: pl.DataFrame, known: HashIndex) -> pl.DataFrame:
    """Add `person` (UInt32): the row of `person_id` among `known`, null if it is unknown."""
    return table.with_columns(known.of(table["person_id"]).alias("person"))


def _unknown_persons(table: pl.DataFrame, dataset: Dataset) -> Iterator[pl.DataFrame]:
    unknown = table["person"].is_null()
    if unknown.any():
        within = dataset.column("person_id").max_length
        # An identifier that is blank or too long already has a reason of its own.
        readable = (table["person_id"].str.len_chars() <= within).fill_null(False)
        yield from _trouble(table["line"], unknown & readable, "unknown_person")


def rejects_in_order(rejects: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the rejects of several datasets in the order of the report: identifier, dataset, line."""
    together = pl.concat([pl.DataFrame(schema=REJECTS), *rejects])
    return together.sort("identifier", "dataset", "line").with_columns(pl.col("line").cast(pl.String))


def _set_aside(table: pl.DataFrame, troubles: list[pl.DataFrame], dataset: Dataset) -> Checked:
    reasons = (
        pl.concat([pl.DataFrame(schema=_TROUBLES), *troubles])
        .group_by("line")
        .agg(pl.col("reason").sort().str.join(";").alias("reasons"))
    )
    rejects = reasons.join(table.select("line", dataset.identifier.name), on="line", how="left").select(
        pl.lit(dataset.name).alias("dataset"),
        pl.col("line"),
        pl.col(dataset.identifier.name).alias("identifier"),
        pl.col("reasons"),
    )
    taken = table if reasons.is_empty() else table.filter(~_at(reasons["line"], table.height))
    return Checked(dataset, taken.drop("line"), rejects, table.height)


def _at(lines: pl.Series, height: int) -> pl.Series:
    """Return for each row of a whole file whether it is at one of these lines."""
    rows = lines - (_HEADER_LINES + 1)
    return pl.repeat(False, height, dtype=pl.Boolean, eager=True).scatter(rows, True)
