"""ISA: what a delivery of 別紙1 says of notifications; the later delivery stands, whole (§2)."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.matching.checking import check
from renkei.matching.reading import open_source
from renkei.node.records import intake, loading
from renkei.node.records.models import Import, ReceivedNotification


def take_delivery(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """Take in the notifications of an opened 別紙1, within the caller's transaction.

    `package` is the directory of the data package. Returns `rows`, `changed`, and `rejected:REASON` for each
    reason that rows were set aside for: their receipt says so, and they go back as a delivery of their own.
    """
    checked = check(open_source(package / "notifications.csv", NOTIFICATIONS).batches(), NOTIFICATIONS)
    source = f"annex1 {sequence}"
    done = Import.objects.create(dataset="notifications", mode="delivery", source=source, at=now)
    _load(done, checked.taken)
    loading.keep_rejects(done.pk, checked.rejects)
    done.rows, done.taken, done.rejected = checked.read, checked.taken.height, checked.rejects.height
    done.save()
    reasons = checked.rejects["reasons"].str.split(";").explode().drop_nulls().value_counts()
    return {"rows": done.rows, "changed": done.changed} | {
        f"rejected:{reason}": count for reason, count in reasons.iter_rows()
    }


def _load(done: Import, taken: pl.DataFrame) -> None:
    rows = intake.as_text(taken, NOTIFICATIONS)
    loading.put_aside(rows)
    if ReceivedNotification.objects.exists():
        loading.touch("card", "card_number", ReceivedNotification, rows.columns, full=False)
    else:
        loading.touch_everything()
    done.changed = loading.upsert(ReceivedNotification, rows.columns, done.pk)
    loading.clear()
