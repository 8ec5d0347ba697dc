"""別紙1: what MHLW sends for a day, and how ISA imports it (reconciliation §2, §7).

MHLW sends what is new, changed or deleted since it was last sent. A day's rows are selected once and stored
until they are sealed. If the process stops in between, the rows that are marked as sent are still exactly the
rows that were sealed.

ISA replaces a notification as a whole by its later version: an item left blank there becomes blank.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl
from django.db import connection, transaction

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.matching.reading import open_source
from renkei.matching.release import annex_1
from renkei.matching.validation import PREPARING, RECEIVING, type_batch
from renkei.node.audit.trail import SYSTEM, record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import DeliveryOutOfOrder, SelectionOutOfStep
from renkei.node.records import bulk_copy, changes, staging
from renkei.node.records.bulk_copy import advisory_lock
from renkei.node.records.models import (
    ChangedKey,
    Import,
    Notification,
    SelectedNotification,
    Selection,
    SentNotification,
)
from renkei.node.records.rejected_rows import source
from renkei.node.records.tables import RECEIVED

_OWN: Final = Notification._meta.db_table
_SELECTED: Final = SelectedNotification._meta.db_table
_SENT: Final = SentNotification._meta.db_table
_COLUMNS: Final = ", ".join(NOTIFICATIONS.names)
_CHANGED: Final = "changed"
_CANDIDATES: Final = "candidates"


# --- MHLW: select and send


def select(day: date) -> Mapping[str, int]:
    """Select the rows of a day's 別紙1, once.

    Returns the number of rows by `action`; empty once they are sealed. Raises SelectionOutOfStep while
    another day's rows wait to be sealed.
    """
    with transaction.atomic():
        advisory_lock()
        chosen = Selection.objects.filter(pk=day).first()
        if chosen is None:
            if waiting := Selection.objects.filter(sequence=None).first():
                raise _out_of_step(day, f"{waiting.day} is not sealed yet", f"{waiting.day}分が未封緘です")
            chosen = _select(day)
    counts: Mapping[str, int] = chosen.counts if chosen.sequence is None else {}
    return counts


def changes_since_sent(day: date) -> pl.DataFrame:
    """Return the rows of a day's 別紙1, by identifier: columns of `notifications` as released, and `action`.

    `action` is for our counts and pages and is not sent: `new`, `update` or `delete`. A notification that was
    sent and is no longer kept is sent as a tombstone with that day as ⑲. Called again before `mark_sent`, the
    function returns the same rows; after it, none: what changed in the meantime belongs to another day.
    Raises SelectionOutOfStep while another day's rows wait to be sealed.
    """
    names = (*NOTIFICATIONS.names, "action")
    if not select(day):
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    columns = bulk_copy.read(f'SELECT {", ".join(names)} FROM "{_SELECTED}"', names).get_columns()
    order = columns[0].arg_sort()
    # Column by column, so that a first delivery is never in memory twice.
    columns.reverse()
    return pl.DataFrame([columns.pop().gather(order) for _ in names])


def mark_sent(sequence: int, day: date) -> int:
    """Mark a day's rows as sealed in delivery `sequence`; returns how many, 0 if they were marked before.

    Raises SelectionOutOfStep where nothing was selected for the day, or it was sealed by another number.
    """
    with transaction.atomic():
        advisory_lock()
        if not Selection.objects.filter(pk=day, sequence=None).update(sequence=sequence):
            if Selection.objects.filter(pk=day, sequence=sequence).exists():
                return 0
            raise _out_of_step(
                day, "not selected, or sealed by another number", "未選別か、別の番号で封緘済みです"
            )
        new_values = ", ".join(
            f"{name} = excluded.{name}" for name in (*NOTIFICATIONS.names[1:], "sequence", "refused")
        )
        marked = bulk_copy.execute(
            f'INSERT INTO "{_SENT}" ({_COLUMNS}, sequence, refused) '
            f'SELECT {_COLUMNS}, %s, false FROM "{_SELECTED}" WHERE true '
            f"ON CONFLICT (notification_id) DO UPDATE SET {new_values}",
            (sequence,),
        )
        bulk_copy.execute(f'DELETE FROM "{_SELECTED}"')
    return marked


def revert(day: date, sequence: int) -> int:
    """Have the rows of a day's delivery `sequence` sent again, since ISA refused it; returns how many.

    Rows that were selected since and are not sealed are selected again as well, because an older row must not
    be sent after a newer one. What a later delivery sent of a notification is not reverted. Runs within the
    caller's transaction.
    """
    advisory_lock()
    changes.note_changed_keys(
        ChangedKey.Kind.NOTIFICATION, f'SELECT notification_id AS key FROM "{_SELECTED}"'
    )
    bulk_copy.execute(f'DELETE FROM "{_SELECTED}"')
    Selection.objects.filter(sequence=None).delete()
    Selection.objects.filter(pk=day, sequence=sequence).delete()
    changes.note_changed_keys(
        ChangedKey.Kind.NOTIFICATION,
        f'SELECT notification_id AS key FROM "{_SENT}" WHERE sequence = %s',
        (sequence,),
    )
    return SentNotification.objects.filter(sequence=sequence).update(refused=True)


def _select(day: date) -> Selection:
    changes.take_changed_keys(_CHANGED, (ChangedKey.Kind.NOTIFICATION,))
    bulk_copy.temporary(_CANDIDATES, _released())
    named = ", ".join(f"c.{name}" for name in NOTIFICATIONS.names)
    different = " OR ".join(f"c.{name} IS DISTINCT FROM s.{name}" for name in NOTIFICATIONS.names)
    bulk_copy.execute(
        f'INSERT INTO "{_SELECTED}" ({_COLUMNS}, action) SELECT {named}, '
        "CASE WHEN c.deleted_on IS NOT NULL THEN 'delete' "
        "WHEN s.notification_id IS NULL OR s.deleted_on IS NOT NULL THEN 'new' ELSE 'update' END "
        f'FROM {_CANDIDATES} c LEFT JOIN "{_SENT}" s ON s.notification_id = c.notification_id '
        f"WHERE {different} OR s.refused"
    )
    bulk_copy.execute(
        f'INSERT INTO "{_SELECTED}" '
        "(notification_id, card_number, registered_on, updated_on, deleted_on, action) "
        "SELECT s.notification_id, s.card_number, s.registered_on, s.updated_on, %s, 'delete' "
        f'FROM "{_SENT}" s JOIN {_CHANGED} t ON t.key = s.notification_id '
        "WHERE (s.deleted_on IS NULL OR s.refused) "
        f'AND NOT EXISTS (SELECT 1 FROM "{_OWN}" o WHERE o.notification_id = s.notification_id)',
        (day.isoformat(),),
    )
    bulk_copy.drop(_CANDIDATES, _CHANGED)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT action, count(*) FROM "{_SELECTED}" GROUP BY action ORDER BY action')
        counts = {str(action): int(count) for action, count in cursor.fetchall()}
    chosen = Selection.objects.create(day=day, counts=counts)
    record(None, Verb.NOTIFICATIONS_SELECTED, day.isoformat(), counts=counts)
    return chosen


def _released() -> pl.DataFrame:
    """Return the changed notifications that are still kept, without what the ※ of 別紙1 withholds."""
    named = ", ".join(f"n.{name}" for name in NOTIFICATIONS.names)
    changed = f'SELECT {named} FROM "{_OWN}" n JOIN {_CHANGED} t ON t.key = n.notification_id'
    released = [pl.DataFrame(schema=dict.fromkeys(NOTIFICATIONS.names, pl.String))]
    for batch in bulk_copy.stream(changed, NOTIFICATIONS):
        lines = pl.int_range(0, batch.num_rows, dtype=pl.UInt32, eager=True)
        # The rows were validated when they were imported; here they are only typed again.
        released.append(annex_1(type_batch(batch, lines, NOTIFICATIONS, rules=PREPARING)[0]))
    return pl.concat(released)


def _out_of_step(day: date, en: str, ja: str) -> SelectionOutOfStep:
    return SelectionOutOfStep(
        f"別紙1 of {day}: {en}. Run the days in order.",
        f"{day}分の別紙1: {ja}。日付の順に処理してください。",
    )


# --- ISA: import

SERVICE: Final = "annex1"


def import_annex1(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """Import the notifications of an opened delivery, inside the transaction that marks it opened.

    `package` is the directory of the plain data package. A new or changed notification replaces the stored
    one as a whole; of a deleted one (a tombstone) only ⑦, ⑱ and ⑲ are kept. Rows that cannot be imported are
    rejected (`rejected_rows`). Returns counts: read = rejected + new + changed + same. Raises
    DeliveryOutOfOrder where `sequence` is not greater than the last one imported, and
    TransactionManagementError outside a transaction.
    """
    advisory_lock()
    numbered = Import.objects.filter(mode=Import.Mode.DELIVERY, sequence__isnull=False)
    last = numbered.order_by("-sequence").first()
    if last is not None and last.sequence is not None and sequence <= last.sequence:
        raise DeliveryOutOfOrder(
            f"{SERVICE} {sequence}: {last.sequence} is already imported. Open deliveries in order.",
            f"{SERVICE} {sequence}: {last.sequence}まで取込済みです。番号の順に開いてください。",
        )
    batches = open_source(package / f"{NOTIFICATIONS.name}.csv", NOTIFICATIONS).batches()
    with staging.staged(batches, staging.Target(RECEIVED, RECEIVING, _shape(sequence))) as staged:
        counts = {"read": staged.read, "rejected": staged.rejected, **staged.notes}
        counts |= changes.apply(RECEIVED, full=False)
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
    # annex_1 blanks all other columns of a tombstone.
    return lambda typed: annex_1(typed).with_columns(sequence=pl.lit(sequence, pl.Int64))
