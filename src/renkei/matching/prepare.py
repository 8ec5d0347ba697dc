"""Preparing Annex 1: selects from the ministry's extract what may go to ISA, and nothing else (§2)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl
import pyarrow as pa

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.agreement.statuses import PERMANENT_RESIDENT
from renkei.matching.plausibility import ALL_GIVEN, REGISTER, RowCounts, implausible, require_plausible
from renkei.matching.release import annex_1
from renkei.matching.validation import PREPARING, check, rejects_in_order


@dataclass(frozen=True, slots=True)
class Preparation:
    """Annex 1 as text in canonical form, sorted by identifier; the rejects; and counts that add up.

    `counts`: read = rejected + no_card_number + not_notifiable + sent; sent = notifications + deletions;
    withheld = sent notifications of permanent residents, whose ⑩–⑰ are not sent (別紙1※).
    """

    annex1: pl.DataFrame
    rejects: pl.DataFrame
    counts: dict[str, int]


def prepare(
    batches: Iterable[pa.RecordBatch],
    progress: Callable[[int], None] = lambda rows: None,
    *,
    notifications_are: Literal["all", "changes"] = "all",
    confirmed: str | None = None,
) -> Preparation:
    """Prepare Annex 1 from the ministry's extract.

    `batches` hold the records of the dataset `notifications` as `reading.text_batch` shapes them; `progress`
    is called with the number of rows after each batch. Of a day's `changes` the last row with an identifier
    stands. Raises ImplausibleInput for what cannot be true (§1), unless `confirmed` gives a reason.
    """
    every = notifications_are == "all"
    rules = PREPARING if every else replace(PREPARING, last_stands=True)
    extract = check(batches, NOTIFICATIONS, rules=rules, progress=progress)
    counts = RowCounts(NOTIFICATIONS.name, extract.read, extract.set_aside)
    require_plausible(implausible([counts], never_empty=ALL_GIVEN if every else REGISTER), confirmed)
    sent = extract.taken.filter(pl.col("left_out").is_null()).drop("left_out")
    reasons = dict(extract.taken.drop_nulls("left_out").group_by("left_out").len().iter_rows())
    deletions = sent["deleted_on"].is_not_null()
    permanent = (sent["status_of_residence"].cast(pl.String) == PERMANENT_RESIDENT).fill_null(False)
    return Preparation(
        annex_1(sent),
        rejects_in_order([(extract.rejects, extract.places)]),
        {
            "read": extract.read,
            "rejected": extract.set_aside,
            "no_card_number": reasons.get("no_card_number", 0),
            "not_notifiable": reasons.get("not_notifiable", 0),
            "sent": sent.height,
            "notifications": int((~deletions).sum()),
            "deletions": int(deletions.sum()),
            "withheld": int((permanent & ~deletions).sum()),
        },
    )
