"""Release: all data that leaves the matching passes through here, as an annex in canonical form."""

from datetime import date

import polars as pl

from renkei.agreement import annexes
from renkei.agreement.annexes import ANNEX_1, ANNEX_3, Annex, Condition
from renkei.agreement.datasets import (
    NOTIFICATIONS,
    PERSONS,
    SUSPECTED_OMISSIONS,
    Column,
    Dataset,
    discrepancies,
)
from renkei.agreement.decisions import Policy
from renkei.agreement.outcomes import REPORTED
from renkei.matching.outcomes import MATCHES, Judged
from renkei.matching.validation import TOMBSTONE_NEEDS
from renkei.matching.values import to_text

# A deletion is sent with the identifier, ⑦, ⑱ and ⑲, and nothing else (§2).
_TOMBSTONE_COLUMNS = TOMBSTONE_NEEDS | {"updated_on", "deleted_on"}


def release(records: pl.DataFrame, dataset: Dataset, annex: Annex) -> pl.DataFrame:
    """Keep exactly the columns of the dataset, in canonical form, blank where a ※ withholds them.

    `records` hold the dataset's columns, typed. Returns text, sorted by identifier, blank as null.
    """
    conditions = {
        name: (item.released_when, item.withheld_when) for item in annex.items for name in item.columns
    }
    columns = [_released(column, *conditions.get(column.name, (None, None))) for column in dataset.columns]
    return in_order(records.select(columns), dataset.identifier.name)


def in_order(table: pl.DataFrame, identifier: str) -> pl.DataFrame:
    """Sort a table by its identifier; tables are often sorted already, which is cheap to check."""
    return table if table[identifier].is_sorted() else table.sort(identifier)


def _released(column: Column, released_when: Condition | None, withheld_when: Condition | None) -> pl.Expr:
    text = to_text(column.kind, pl.col(column.name))
    if released_when is not None:
        text = pl.when(_holds(released_when)).then(text)
    if withheld_when is not None:
        text = pl.when(~_holds(withheld_when).fill_null(False)).then(text)
    return text.alias(column.name)


def _holds(condition: Condition) -> pl.Expr:
    return pl.col(condition.column).cast(pl.String).is_in(sorted(condition.holds))


def annex_1(notifications: pl.DataFrame) -> pl.DataFrame:
    """Release notifications to ISA (別紙1), typed as in NOTIFICATIONS; returns its columns as text.

    A permanent resident's ⑩–⑰ are left blank, and all other columns of a tombstone.
    """
    live = pl.col("deleted_on").is_null()
    bare = notifications.with_columns(
        pl.when(live).then(pl.col(name)).alias(name)
        for name in NOTIFICATIONS.names
        if name not in _TOMBSTONE_COLUMNS
    )
    return release(bare, NOTIFICATIONS, ANNEX_1)


def annex_2(judged: Judged, persons: pl.DataFrame, *, as_of: date, policy: Policy) -> pl.DataFrame:
    """Release mismatched and not found notifications to MHLW (別紙2, 3(1)ア): the dataset `discrepancies`.

    Rows of notifications that were not found have no residence information at all. `mismatched_items` and
    `differences` name disclosed items only: if only other items differ, both are blank (§5).
    """
    rows = (
        judged.notifications.filter(pl.col("outcome").is_in(REPORTED))
        .drop("card_number")
        .rename({"identity_conflict": "identity_caution"})
        .with_columns(
            _of_disclosed_items("mismatched_items", policy), _of_disclosed_items("differences", policy)
        )
    )
    latest = persons.select(
        "card_number", *(pl.col(item).alias(f"latest_{item}") for item in policy.disclosed_items)
    ).select(pl.all().gather(rows["person"]))
    mismatched = pl.col("mismatched_items").str.split(";")
    records = (
        pl.concat([rows, latest], how="horizontal")
        .join(judged.linked, on="notification_id", how="left")
        .with_columns(
            pl.lit(as_of).alias("matched_on"),
            # Of the linked record, only mismatched items are sent (別紙2※); so never an item not compared.
            *(
                pl.when(mismatched.list.contains(item))
                .then(f"linked_{item}" if item in policy.compared_items else None)
                .cast(persons.schema[item])
                .alias(f"linked_{item}")
                for item in policy.disclosed_items
            ),
        )
    )
    return release(records, discrepancies(policy.disclosed_items), annexes.annex_2(policy.disclosed_items))


def _of_disclosed_items(column: str, policy: Policy) -> pl.Expr:
    """Keep the entries of disclosed items and of the card number (①) in a list joined by `;`; else null."""
    if set(policy.compared_items) <= set(policy.disclosed_items):
        return pl.col(column)  # nothing to leave out: no need to search every row
    named = "|".join(("card_number", *policy.disclosed_items))
    entries = pl.col(column).str.extract_all(rf"(?:^|;)(?:{named})\b(?::[^;]*)?")
    kept = entries.list.join("").str.strip_chars_start(";")
    return pl.when(kept != "").then(kept).alias(column)


def annex_3(suspected: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Release suspected omissions to MHLW (別紙3, 3(1)イ): columns of the dataset `suspected_omissions`.

    `suspected` come from `omissions.judge_permissions`.
    """
    latest = [name for name in SUSPECTED_OMISSIONS.names if name in PERSONS.names]
    records = (
        pl.concat(
            [
                suspected.drop("status_of_residence"),
                persons.select(latest).select(pl.all().gather(suspected["person"])),
            ],
            how="horizontal",
        )
        # There is one date, which is ⑨ or ⑩ depending on the ground; the annex keeps the right one.
        .with_columns(landed_on=pl.col("permitted_on"), changed_on=pl.col("permitted_on"))
    )
    return release(records, SUSPECTED_OMISSIONS, ANNEX_3)


def matches(judged: Judged) -> pl.DataFrame:
    """Write every outcome as text: columns of `MATCHES`. Never leaves ISA: it has ISA's key of a person."""
    return in_order(judged.notifications.select(list(MATCHES)), "notification_id").with_columns(
        pl.col(name).cast(pl.String) for name, dtype in MATCHES.items() if dtype == pl.Boolean
    )
