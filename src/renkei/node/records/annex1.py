"""MHLW: what of the ministry's notifications ISA has yet to hear of, as 別紙1 releases it (2(1), §2).

A day's rows are selected first and sealed after, so that a node that dies between the two, or sees newer
rows in between, neither loses a change nor counts one as told that was not.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.matching.checking import KEEPING, check
from renkei.matching.reconciliation import as_batches
from renkei.matching.release import annex_1
from renkei.node.records import transfer

# Told before and outside the agreement now: ISA has to forget it, and hears so as of a deletion.
_TO_TELL = "changed_in > told_in AND (left_out = '' OR told_in > 0)"


def select(day: date) -> Mapping[str, int]:
    """Select what a day's 別紙1 carries, every change that no earlier one did; within a transaction."""
    transfer.execute("DELETE FROM records_selected WHERE day = %s", (day.isoformat(),))
    transfer.execute(
        "INSERT INTO records_selected (day, notification_id, changed_in) "
        f"SELECT %s, notification_id, changed_in FROM records_notification WHERE {_TO_TELL}",
        (day.isoformat(),),
    )
    rows = _selected(day)
    deletions = rows.filter(pl.col("deleted_on").is_not_null() | (pl.col("left_out") != "")).height
    return {"rows": rows.height, "deletions": deletions}


def changes_since_sent(day: date) -> pl.DataFrame:
    """Return what was selected for a day as 別紙1 releases it: columns of `notifications`, as text."""
    rows = _selected(day)
    outside = pl.col("left_out") != ""
    rows = rows.with_columns(
        card_number=pl.when(outside).then("told_card_number").otherwise("card_number"),
        deleted_on=pl.when(outside & pl.col("deleted_on").is_null())
        .then(pl.lit(day.isoformat()))
        .otherwise("deleted_on"),
    ).select(NOTIFICATIONS.names)
    return annex_1(
        check(as_batches(rows, NOTIFICATIONS), NOTIFICATIONS, rules=KEEPING).taken.drop("left_out")
    )


def mark_sent(day: date) -> int:
    """Note that a day's selection was sealed; returns how many rows. Within the caller's transaction."""
    told = transfer.execute(
        "UPDATE records_notification SET told_card_number = card_number, "
        "told_in = CASE WHEN left_out = '' THEN s.changed_in ELSE 0 END FROM records_selected s "
        "WHERE s.day = %s AND s.notification_id = records_notification.notification_id",
        (day.isoformat(),),
    )
    transfer.execute("DELETE FROM records_selected WHERE day = %s", (day.isoformat(),))
    return told


def _selected(day: date) -> pl.DataFrame:
    columns = (*NOTIFICATIONS.names, "left_out", "told_card_number")
    listed = ", ".join(f'n."{name}"' for name in columns)
    # A date of our own making, never a value: COPY takes no parameters.
    return transfer.read(
        f"SELECT {listed} FROM records_notification n "
        f"JOIN records_selected s ON s.notification_id = n.notification_id WHERE s.day = '{day.isoformat()}'",
        columns,
    )
