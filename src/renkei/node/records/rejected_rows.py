"""Rejected rows: those that we return to the sender, and those that the counterpart returned to us.

No row is dropped silently: a row that the receiver rejects is returned with line, identifier and reasons, so
that its sender can correct it (exchange format §3).
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from renkei.node.audit.trail import Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.records.models import Import, Reject, ReturnedRow, SentNotification

TABLE: Final = "rejected_rows"
#: Its columns, as text in the delivery.
COLUMNS: Final = ("dataset", "service", "sequence", "line", "identifier", "reasons")


def keep_rejected(made: Import, rows: pl.DataFrame) -> None:
    """Keep the rejected rows (line, identifier, reasons) of a delivery whose dataset has no table here."""
    Reject.objects.bulk_create(Reject(taken=made, **row) for row in rows.iter_rows(named=True))


def rejected(service: str, sequence: int) -> pl.DataFrame:
    """Return the rejected rows of a delivery, sorted by dataset and line: COLUMNS as text."""
    rows = Reject.objects.filter(taken__mode=Import.Mode.DELIVERY, taken__source=source(service, sequence))
    found = rows.order_by("taken__dataset", "line").values_list(
        "taken__dataset", "line", "identifier", "reasons"
    )
    return pl.DataFrame(
        [(dataset, service, str(sequence), str(line), *rest) for dataset, line, *rest in found],
        schema=dict.fromkeys(COLUMNS, pl.String),
        orient="row",
    )


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


def resolve(service: str, sequence: int, actor: Actor | None, now: datetime) -> int:
    """Mark the returned rows of a delivery as settled by other means; returns how many."""
    with transaction.atomic():
        settled = outstanding().filter(service=service, sequence=sequence).order_by().update(settled_at=now)
        if settled:
            record(actor, Verb.ROWS_SETTLED, source(service, sequence), rows=settled)
    return settled
