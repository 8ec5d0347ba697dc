"""Validation: records of text become typed rows, and what cannot be taken is set aside with its reasons (§1).

The data dictionary says what an unreadable or missing value costs: the row, or only the value (`Action`). A
row that is taken without a value is in the rejects too. Tables are typed here and trusted afterwards. Every
row is either taken or set aside; none is lost.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal, Self

import numpy as np
import polars as pl
import pyarrow as pa

from renkei.agreement.annexes import ANNEX_1
from renkei.agreement.datasets import NOTIFICATIONS, PERMISSIONS, Column, Dataset
from renkei.agreement.statuses import PERMANENT_RESIDENT, STATUSES
from renkei.matching.hash_index import HashIndex
from renkei.matching.places import Places
from renkei.matching.reading import text_batch
from renkei.matching.values import CANONICAL_STATUS, STATUS_KEYS, Values, canonical_status, read

Action = Literal["row", "value"]
"""What a reason costs: the row is set aside, or it is taken and only the value is noted."""

REJECTS = {
    "dataset": pl.String,
    "line": pl.UInt32,
    "identifier": pl.String,
    "action": pl.String,
    "reasons": pl.String,
}
TROUBLES = {"line": pl.UInt32, "reason": pl.String, "action": pl.String}

# What each reason costs; None: what the data dictionary says of the column.
_COSTS: Final[Mapping[str, Action | None]] = MappingProxyType(
    {
        "missing": None,
        "unreadable": None,
        "forbidden": "row",
        "duplicate": "row",
        "superseded": "row",
        "unknown_person": "row",
        "check_digit": "value",
    }
)

# A tombstone says that a notification was deleted; all its other columns may be blank.
TOMBSTONE_NEEDS = frozenset({"notification_id", "card_number", "registered_on"})

_NOT_NOTIFIABLE = [code for code, status in STATUSES.items() if not status.notifiable]
_NOT_NOTIFIABLE_KEYS = pl.Series(
    [key for key, code in CANONICAL_STATUS.items() if code in _NOT_NOTIFIABLE], dtype=STATUS_KEYS
)
_HEADER_LINES = 1


@dataclass(frozen=True, slots=True)
class Checked:
    """The rows of one dataset that were taken (typed), the rejects (`REJECTS`) and the number read.

    `faulty` are the rows that were set aside and name a person, typed: `card_number` and `person_id`. ISA's
    own row is at fault where a notification has such a number (§4 `held`).
    """

    dataset: Dataset
    taken: pl.DataFrame
    rejects: pl.DataFrame
    read: int
    faulty: pl.DataFrame
    places: Places

    @property
    def set_aside(self) -> int:
        """The number of rows that were set aside."""
        return self.read - self.taken.height

    def rechunked(self) -> Self:
        """Return it with the accepted rows in one chunk: gathering from many chunks is much slower."""
        return replace(self, taken=self.taken.rechunk())


@dataclass(frozen=True, slots=True)
class Rules:
    """How the checks of the ministry, which prepares Annex 1, and the agency, which receives it, differ."""

    required: frozenset[str] | None = None
    """Columns that must be filled; None means those of the data dictionary."""
    withheld_is_forbidden: bool = True
    """A withheld item that is filled, or a status that is not notifiable, is `forbidden` (receiver); else the
    item is made blank (sender)."""
    keeps_withheld: bool = False
    """A withheld item stays in the row (the sender's own table) and is withheld on release."""
    cost_row: frozenset[str] = frozenset()
    """Columns in which a reason costs the row although the data dictionary would spare it."""
    last_stands: bool = False
    """Of rows with the same identifier the last one counts, and earlier ones are `superseded` (a day's
    changes); else the first counts, and later ones are `duplicate`."""
    left_out: pl.Expr | None = None
    """Why a row is outside the agreement, null if it is not. Such a row is accepted whatever its faults, with
    the reason as column `left_out`: a row that is never sent needs no correction."""

    def action(self, reason: str, column: Column) -> Action:
        """Return what a reason (a key of `_COSTS`, without its column) costs in a column."""
        of_column: Action = "row" if column.costs_row or column.name in self.cost_row else "value"
        return _COSTS[reason] or of_column


RECEIVING = Rules()
# A notification without a card number is outside the agreement: counted, not rejected (申合せ2(1)).
PREPARING = Rules(
    required=frozenset(column.name for column in NOTIFICATIONS.columns if column.required) - {"card_number"},
    withheld_is_forbidden=False,
    # 申合せ2(1) asks only for notifications that include a card number; and only those that the law requires
    # are sent.
    left_out=pl.when(~pl.col("card_number").str.contains(r"\p{Nd}").fill_null(False))
    .then(pl.lit("no_card_number"))
    .when(canonical_status("status_of_residence").is_in(_NOT_NOTIFIABLE))
    .then(pl.lit("not_notifiable")),
)


NotificationsAre = Literal["all", "changes"]
"""Whether notifications are all that stand, or a day's changes (§1)."""


def receiving(dataset: Dataset, notifications_are: NotificationsAre) -> Rules:
    """Return the rules of the agency for a dataset."""
    of_changes = dataset == NOTIFICATIONS and notifications_are == "changes"
    return replace(RECEIVING, last_stands=True) if of_changes else RECEIVING


def check(
    batches: Iterable[pa.RecordBatch],
    dataset: Dataset,
    *,
    keep: Collection[str] | None = None,
    rules: Rules = RECEIVING,
    known_persons: Callable[[], HashIndex] | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Checked:
    """Type the records of one dataset and set aside those that cannot be taken.

    `batches` hold text in the form of `reading.text_batch`. Every column is checked; those of `keep` (all by
    default) are kept. `known_persons` is for datasets that refer to persons: it is called when everything is
    read and returns the index of the accepted person_ids; rows then also get `person` (UInt32), the row of
    the person. `progress` is called with the number of rows after each batch.
    """
    tables: list[pl.DataFrame] = []
    troubles: list[pl.DataFrame] = []
    line = _HEADER_LINES + 1
    places = Places()
    for batch in batches:
        places.note(line, batch)
        lines = pl.int_range(line, line + batch.num_rows, dtype=pl.UInt32, eager=True)
        table, found = type_batch(batch, lines, dataset, keep=keep, rules=rules)
        tables.append(table)
        troubles.extend(found)
        line += batch.num_rows
        progress(batch.num_rows)
    table = pl.concat(tables) if tables else empty(dataset, keep)
    troubles.extend(_repeated(table, dataset, rules))
    if known_persons is not None:
        table = place_persons(table, known_persons())
        troubles.extend(_unknown_persons(table, dataset, rules))
    if rules.left_out is not None:
        table = table.with_columns(left_out=rules.left_out)
        outside = table.filter(pl.col("left_out").is_not_null())["line"].implode()
        troubles = [trouble.filter(~pl.col("line").is_in(outside)) for trouble in troubles]
    return _set_aside(table, troubles, dataset, places)


def type_batch(
    batch: pa.RecordBatch,
    lines: pl.Series,
    dataset: Dataset,
    *,
    keep: Collection[str] | None = None,
    rules: Rules = RECEIVING,
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Type one batch, whose records are at `lines` of their file, and find the faults within each row.

    Returns the kept columns with `line`, and frames of `line`, `reason` and `action` (`TROUBLES`).
    """
    kept = [name for name in dataset.names if keep is None or name in keep]
    # Withheld columns and the status that decides about them are read even if they are not kept, because a
    # filled withheld column may be forbidden; so is the ground, which decides what a permission must have.
    needed = {*kept, *ANNEX_1.withheld_columns, "status_of_residence", "ground"}
    is_needed = [name in needed for name in dataset.names]
    columns = map(read, dataset.columns, batch.columns, is_needed)
    values = dict(zip(dataset.names, columns, strict=True))
    troubles = [
        *(_withhold(values, lines, rules) if dataset == NOTIFICATIONS else ()),
        *_missing(values, dataset, lines, rules),
        *_unreadable(values, dataset, lines, rules),
    ]
    typed = {name: _readable(dataset.column(name), values[name]) for name in kept}
    return pl.DataFrame({"line": lines, **typed}), troubles


def _readable(column: Column, values: Values) -> pl.Series:
    """Return the typed values without those that the row is taken without."""
    if column.costs_row or not values.unreadable.any():
        return values.typed
    return values.typed.set(values.unreadable, None)


def empty(dataset: Dataset, keep: Collection[str] | None = None) -> pl.DataFrame:
    """Return a dataset without rows, typed as by `type_batch`."""
    columns = {name: name for name in dataset.names}
    nothing = pa.RecordBatch.from_pylist([], pa.schema([(name, pa.string()) for name in columns]))
    lines = pl.Series([], dtype=pl.UInt32)
    return type_batch(text_batch(nothing, dataset, columns), lines, dataset, keep=keep)[0]


def _trouble(
    lines: pl.Series, rows: pl.Series, reason: str, column: Column, rules: Rules
) -> Iterator[pl.DataFrame]:
    if rows.any():
        # The column of an unknown person is always the same and is not named.
        named = reason if reason == "unknown_person" else f"{reason}:{column.name}"
        action = pl.lit(rules.action(reason, column))
        yield lines.filter(rows).to_frame("line").with_columns(reason=pl.lit(named), action=action)


def _withhold(values: dict[str, Values], lines: pl.Series, rules: Rules) -> Iterator[pl.DataFrame]:
    status = values["status_of_residence"].typed
    if rules.withheld_is_forbidden:
        forbidden = status.is_in(_NOT_NOTIFIABLE_KEYS.implode()).fill_null(False)
        column = NOTIFICATIONS.column("status_of_residence")
        yield from _trouble(lines, forbidden, "forbidden", column, rules)
    # 別紙1※: ⑩–⑰ of a permanent resident are withheld. Values in these columns are not stored anywhere.
    permanent = (status == PERMANENT_RESIDENT).fill_null(False)
    if not permanent.any():
        return
    for name in ANNEX_1.withheld_columns:
        value = values[name]
        if rules.withheld_is_forbidden:
            filled = permanent & ~value.blank
            yield from _trouble(lines, filled, "forbidden", NOTIFICATIONS.column(name), rules)
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
        yield from _trouble(lines, missing, "missing", column, rules)
    if dataset == PERMISSIONS:
        # A certificate of eligibility may be unused; a change of status has always a day (§6).
        changed = (values["ground"].typed == "change").fill_null(False)
        undated = values["permitted_on"].blank & changed
        yield from _trouble(lines, undated, "missing", dataset.column("permitted_on"), rules)


def _unreadable(
    values: dict[str, Values], dataset: Dataset, lines: pl.Series, rules: Rules
) -> Iterator[pl.DataFrame]:
    for column in dataset.columns:
        value = values[column.name]
        if not _may_be_odd(column, dataset):
            yield from _trouble(lines, value.unreadable, "unreadable", column, rules)
        if value.wrong is not None:
            yield from _trouble(lines, value.wrong, "check_digit", column, rules)


def _may_be_odd(column: Column, dataset: Dataset) -> bool:
    # A malformed card number in a notification is an outcome (§4), not a reason to reject.
    return dataset == NOTIFICATIONS and column.name == "card_number"


def _repeated(table: pl.DataFrame, dataset: Dataset, rules: Rules) -> Iterator[pl.DataFrame]:
    """Yield the rows with the identifier of another one that stands, whether or not that one was taken."""
    identifiers = table[dataset.identifier.name]
    # Distinct hashes prove distinct identifiers, and are much faster to find.
    hashes = np.sort(identifiers.hash().to_numpy())
    if (hashes[1:] != hashes[:-1]).all():
        return
    stands = identifiers.is_last_distinct() if rules.last_stands else identifiers.is_first_distinct()
    reason = "superseded" if rules.last_stands else "duplicate"
    repeated = ~stands & identifiers.is_not_null()
    yield from _trouble(table["line"], repeated, reason, dataset.identifier, rules)


def place_persons(table: pl.DataFrame, known: HashIndex) -> pl.DataFrame:
    """Add `person` (UInt32): the row of `person_id` among `known`, null if it is unknown."""
    return table.with_columns(known.of(table["person_id"]).alias("person"))


def _unknown_persons(table: pl.DataFrame, dataset: Dataset, rules: Rules) -> Iterator[pl.DataFrame]:
    unknown = table["person"].is_null()
    if unknown.any():
        column = dataset.column("person_id")
        # An identifier that is blank or too long already has a reason of its own.
        readable = (table["person_id"].str.len_chars() <= column.max_length).fill_null(False)
        yield from _trouble(table["line"], unknown & readable, "unknown_person", column, rules)


def rejects_in_order(rejects: Iterable[tuple[pl.DataFrame, Places]]) -> pl.DataFrame:
    """Return the rejects of several datasets in the order of the report: identifier, dataset, line."""
    schema = REJECTS | {"place": pl.String}
    written = [table.with_columns(place=places.written(table["line"])) for table, places in rejects]
    together = pl.concat([pl.DataFrame(schema=schema), *written]).sort("identifier", "dataset", "line")
    return together.with_columns(line="place").drop("place")


def _set_aside(
    table: pl.DataFrame, troubles: list[pl.DataFrame], dataset: Dataset, places: Places
) -> Checked:
    reasons = reasons_by_line(troubles)
    identifier = dataset.identifier.name
    rejects = reasons.join(table.select("line", identifier), on="line", how="left").select(
        pl.lit(dataset.name).alias("dataset"),
        pl.col("line"),
        pl.col(identifier).alias("identifier"),
        pl.col("action"),
        pl.col("reasons").list.join(";"),
    )
    lines = reasons.filter(pl.col("action") == "row")["line"]
    aside = _at(lines, table.height) if len(lines) else None
    taken = table if aside is None else table.filter(~aside)
    faulty = (table.clear() if aside is None else table.filter(aside)).select(
        (pl.col(name) if name in table.columns else pl.lit(None, pl.String)).alias(name)
        for name in ("card_number", "person_id")
    )
    return Checked(dataset, taken.drop("line"), rejects, table.height, faulty, places)


def reasons_by_line(troubles: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Join the reasons of each line: `line`, `action`, `reasons` (list of text, sorted).

    If one reason costs the row, the row is set aside with all of them.
    """
    return (
        pl.concat([pl.DataFrame(schema=TROUBLES), *troubles])
        .group_by("line")
        .agg(action=pl.col("action").min(), reasons=pl.col("reason").unique().sort())
    )


def _at(lines: pl.Series, height: int) -> pl.Series:
    """Return for each row of a whole file whether it is at one of these lines."""
    rows = lines - (_HEADER_LINES + 1)
    return pl.repeat(False, height, dtype=pl.Boolean, eager=True).scatter(rows, True)
