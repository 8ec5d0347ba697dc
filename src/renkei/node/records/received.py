"""ISA: 別紙1 as it comes: later wins, whole; what it leaves blank is blank (reconciliation §2)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.matching.reading import open_source
from renkei.matching.release import annex_1
from renkei.matching.validation import RECEIVING
from renkei.node.audit.trail import SYSTEM, record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import DeliveryOutOfOrder
from renkei.node.records import difference, staging
from renkei.node.records.models import Import
from renkei.node.records.returned import source
from renkei.node.records.tables import RECEIVED
from renkei.node.records.turns import wait_for_turn

SERVICE: Final = "annex1"


def take_delivery(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """Take the notifications of an opened delivery, inside the transaction that marks it opened.

    `package` is the directory of the plain data package. New and changed notifications replace what stood,
    whole; a tombstone leaves ⑦, ⑱ and ⑲ alone. Rows that cannot be taken are set aside (`returned`).
    Returns counts: read = rejected + new + changed + same. Raises DeliveryOutOfOrder where `sequence` is not
    beyond the last one taken, TransactionManagementError outside a transaction.
    """
    wait_for_turn()
    last = Import.objects.filter(mode=Import.Mode.DELIVERY).order_by("-sequence").first()
    if last is not None and last.sequence is not None and sequence <= last.sequence:
        raise DeliveryOutOfOrder(
            f"{SERVICE} {sequence}: {last.sequence} was taken in already. Open deliveries in their order.",
            f"{SERVICE} {sequence}: {last.sequence}まで取込済みです。番号の順に開いてください。",
        )
    batches = open_source(package / f"{NOTIFICATIONS.name}.csv", NOTIFICATIONS).batches()
    with staging.staged(batches, staging.Door(RECEIVED, RECEIVING, _shape(sequence))) as staged:
        counts = {"read": staged.read, "rejected": staged.rejected}
        counts |= difference.apply(RECEIVED, whole=False)
        made = Import.objects.create(
            dataset=NOTIFICATIONS.name,
            mode=Import.Mode.DELIVERY,
            source=source(SERVICE, sequence),
            sequence=sequence,
            taken_at=now,
            actor=SYSTEM,
            counts=counts,
        )
        staging.keep_rejects(made)
        record(None, Verb.DELIVERY_TAKEN, made.source, number=made.pk, counts=counts)
    return counts


def _shape(sequence: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    # annex_1 leaves a tombstone bare.
    return lambda typed: annex_1(typed).with_columns(sequence=pl.lit(sequence, pl.Int64))
