"""Rejected rows: those that we return to the sender, and those that the counterpart returned to us.

No row is dropped silently: a row that the receiver rejects is returned with line, identifier and reasons, so
that its sender can correct it (exchange format §3).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from renkei.exchange.package import SET_ASIDE
from renkei.exchange.rows import SetAside
from renkei.exchange.schemas import RECEIPTS
from renkei.node.audit.trail import SYSTEM, Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.records.models import Import, Reject, ReturnedRow, SentNotification

TABLE: Final = "rejected_rows"
#: Its columns, as text in the delivery.
COLUMNS: Final = ("dataset", "service", "sequence", "line", "identifier", "reasons")
#: `returned_in` of a row that was left out of its delivery before the counterpart saw it.
LEFT_OUT: Final = 0


def keep_rejected(made: Import, rows: pl.DataFrame) -> None:
    """Keep the rejected rows (line, identifier, reasons) of a delivery whose dataset has no table here."""
    Reject.objects.bulk_create(Reject(taken=made, **row) for row in rows.iter_rows(named=True))


def rejected(service: str, sequence: int) -> pl.DataFrame:
    """Return the rejected rows of a delivery, sorted by dataset and line: COLUMNS as text."""
    rows = Reject.objects.filter(
        action=Reject.Action.ROW, taken__mode=Import.Mode.DELIVERY, taken__source=source(service, sequence)
    )
    found = rows.order_by("taken__dataset", "line").values_list(
        "taken__dataset", "line", "identifier", "reasons"
    )
    return pl.DataFrame(
        [(dataset, service, str(sequence), str(line), *rest) for dataset, line, *rest in found],
        schema=dict.fromkeys(COLUMNS, pl.String),
        orient="row",
    )


def keep_set_aside(service: str, sequence: int, package: Path, *, now: datetime) -> dict[str, int]:
    """Keep the rows that were set aside while a delivery was opened with those that were rejected since.

    Runs inside the transaction that imports the delivery, after its rows. Those were read without the rows
    set aside, so the lines of the ones rejected are corrected to the lines of the file as it was sealed.
    Returns how many rows were set aside, by their first reason.
    """
    path = package / SET_ASIDE
    if not path.exists():
        return {}
    rows = pl.read_csv(path, infer_schema=False).filter(pl.col("dataset") != RECEIPTS.name)
    rows = rows.with_columns(pl.col("line").cast(pl.Int64))
    for (dataset,), part in rows.group_by("dataset"):
        made = _import_of(str(dataset), source(service, sequence), now)
        lines = part["line"].sort().to_numpy()
        before = lines - np.arange(len(lines))
        moved = list(made.rejects.all())
        for reject in moved:
            reject.line += int(np.searchsorted(before, reject.line, side="right"))
        Reject.objects.bulk_update(moved, ["line"], batch_size=500)
        keep_rejected(made, part.select("line", "identifier", "reasons"))
        for count in ("read", "rejected"):
            made.counts[count] = made.counts.get(count, 0) + part.height
        made.save(update_fields=["counts"])
    first = rows["reasons"].str.split(";").list.first().alias("reason")
    return dict(first.value_counts().iter_rows())


def _import_of(dataset: str, named: str, now: datetime) -> Import:
    """Return the import of a dataset of a delivery; one without rows where nothing of it was imported."""
    found = Import.objects.filter(mode=Import.Mode.DELIVERY, dataset=dataset, source=named).first()
    return found or Import.objects.create(
        dataset=dataset, mode=Import.Mode.DELIVERY, source=named, taken_at=now, actor=SYSTEM, counts={}
    )


def keep_left_out(
    service: str, sequence: int, dataset: str, rows: Sequence[SetAside], *, now: datetime
) -> None:
    """Keep rows of ours that do not fit the format and were left out of delivery `sequence` when it was made.

    They count as rows that the counterpart returned (`returned_in` 0): listed and ringing until they are sent
    corrected, or settled. Called again before the delivery is made, it replaces what it kept.
    """
    with transaction.atomic():
        mine = ReturnedRow.objects.filter(service=service, sequence=sequence, dataset=dataset)
        mine.filter(returned_in=LEFT_OUT).delete()
        ReturnedRow.objects.bulk_create(
            ReturnedRow(
                service=service,
                sequence=sequence,
                dataset=dataset,
                line=row.line,
                identifier=row.identifier,
                reasons=row.joined,
                returned_in=LEFT_OUT,
                returned_at=now,
            )
            for row in rows
        )
        if rows:
            record(None, Verb.ROWS_LEFT_OUT, source(service, sequence), dataset=dataset, rows=len(rows))


def source(service: str, sequence: int) -> str:
    """Return the name of a delivery as in `Import.source`."""
    return f"{service} {sequence}"


def import_rejects(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """Import the rows that the counterpart returned in delivery `sequence` of the service `receipt`.

    Runs inside the transaction that marks the delivery opened. Returns `rows`, how many.
    """
    rows = pl.read_csv(package / f"{TABLE}.csv", infer_schema=False).select(COLUMNS)
    ReturnedRow.objects.bulk_create(
        ReturnedRow(**row, returned_in=sequence, returned_at=now) for row in rows.iter_rows(named=True)
    )
    record(None, Verb.ROWS_RETURNED, source("receipt", sequence), rows=rows.height)
    return {"rows": rows.height}


def outstanding() -> QuerySet[ReturnedRow]:
    """Return the returned rows that were neither sent again since nor settled by hand."""
    again = SentNotification.objects.filter(pk=OuterRef("identifier"), sequence__gt=OuterRef("sequence"))
    return ReturnedRow.objects.filter(settled_at=None).exclude(Exists(again))


def ours() -> QuerySet[Reject]:
    """Return the rows that were rejected or taken without a value here, of the newest import first."""
    return Reject.objects.select_related("taken").order_by("-taken_id", "line")


def resolve(service: str, sequence: int, actor: Actor | None, now: datetime) -> int:
    """Mark the returned rows of a delivery as settled by other means; returns how many."""
    with transaction.atomic():
        settled = outstanding().filter(service=service, sequence=sequence).order_by().update(settled_at=now)
        if settled:
            record(actor, Verb.ROWS_SETTLED, source(service, sequence), rows=settled)
    return settled
