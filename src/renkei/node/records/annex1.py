"""MHLW: what goes into a day's 別紙1: what is new, different or gone since it was sent last (§2, §7).

A day's rows are chosen once and kept until they are sealed, so that whatever dies in between, the rows that
are marked as sent are the rows that were.
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

# MERGED renkei.node.records.annex1: ISA: 別紙1 as it comes: later wins, whole; what it leaves blank is blank (reconciliation §2).

SERVICE: Final = "annex1"


def import_annex1(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """Take the notifications of an opened delivery, inside the transaction that marks it opened.

    `package` is the directory of the plain data package. New and changed notifications replace what stood,
    whole; a tombstone leaves ⑦, ⑱ and ⑲ alone. Rows that cannot be taken are set aside (`returned`).
    Returns counts: read = rejected + new + changed + same. Raises DeliveryOutOfOrder where `sequence` is not
    beyond the last one taken, TransactionManagementError outside a transaction.
    """
    advisory_lock()
    last = Import.objects.filter(mode=Import.Mode.DELIVERY).order_by("-sequence").first()
    if last is not None and last.sequence is not None and sequence <= last.sequence:
        raise DeliveryOutOfOrder(
            f"{SERVICE} {sequence}: {last.sequence} was taken in already. Open deliveries in their order.",
            f"{SERVICE} {sequence}: {last.sequence}まで取込済みです。番号の順に開いてください。",
        )
    batches = open_source(package / f"{NOTIFICATIONS.name}.csv", NOTIFICATIONS).batches()
    with staging.staged(batches, staging.Door(RECEIVED, RECEIVING, _shape(sequence))) as staged:
        counts = {"read": staged.read, "rejected": staged.rejected}
        counts |= changes.apply(RECEIVED, whole=False)
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


_OWN: Final = Notification._meta.db_table
_SELECTED: Final = SelectedNotification._meta.db_table
_SENT: Final = SentNotification._meta.db_table
_COLUMNS: Final = ", ".join(NOTIFICATIONS.names)
_CONCERNED: Final = "concerned"
_CANDIDATES: Final = "candidates"


def select(day: date) -> Mapping[str, int]:
    """Choose what goes into a day's 別紙1, once; returns how many rows by `action`, none once it is sealed.

    Raises SelectionOutOfStep while another day's rows wait to be sealed.
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

    `action` is ours, for counts and pages, and not on the wire: `new`, `update` or `delete`. A notification
    that was sent and is no longer kept goes as a tombstone of that day. Asked again before `mark_sent`, the
    rows are the same; after it there are none: what changed meanwhile is another day's. Raises
    SelectionOutOfStep while another day's rows wait to be sealed.
    """
    names = (*NOTIFICATIONS.names, "action")
    if not select(day):
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    columns = bulk_copy.read(f'SELECT {", ".join(names)} FROM "{_SELECTED}"', names).get_columns()
    order = columns[0].arg_sort()
    # One column after the other, so that a first delivery is never in memory twice.
    columns.reverse()
    return pl.DataFrame([columns.pop().gather(order) for _ in names])


def mark_sent(sequence: int, day: date) -> int:
    """Say that a day's rows are sealed as delivery `sequence`; returns how many, 0 if that was said before.

    Raises SelectionOutOfStep where nothing was chosen for the day, or it was sealed by another number.
    """
    with transaction.atomic():
        advisory_lock()
        if not Selection.objects.filter(pk=day, sequence=None).update(sequence=sequence):
            if Selection.objects.filter(pk=day, sequence=sequence).exists():
                return 0
            raise _out_of_step(day, "not chosen, or sealed otherwise", "未選別か、別の番号で封緘済みです")
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
    """Let what delivery `sequence` of a day carried go again, since ISA refused it; returns how many rows.

    What was chosen since and is not sealed is chosen anew as well: nothing older may go after it. What a
    later delivery said of a notification stands. Within its transaction.
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
    changes.take_changed_keys(_CONCERNED, (ChangedKey.Kind.NOTIFICATION,))
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
        f'FROM "{_SENT}" s JOIN {_CONCERNED} t ON t.key = s.notification_id '
        "WHERE (s.deleted_on IS NULL OR s.refused) "
        f'AND NOT EXISTS (SELECT 1 FROM "{_OWN}" o WHERE o.notification_id = s.notification_id)',
        (day.isoformat(),),
    )
    bulk_copy.drop(_CANDIDATES, _CONCERNED)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT action, count(*) FROM "{_SELECTED}" GROUP BY action ORDER BY action')
        counts = {str(action): int(count) for action, count in cursor.fetchall()}
    chosen = Selection.objects.create(day=day, counts=counts)
    record(None, Verb.NOTIFICATIONS_SELECTED, day.isoformat(), counts=counts)
    return chosen


def _released() -> pl.DataFrame:
    """Release what is concerned and still kept: the ※ of 別紙1 holds back what it names."""
    named = ", ".join(f"n.{name}" for name in NOTIFICATIONS.names)
    concerned = f'SELECT {named} FROM "{_OWN}" n JOIN {_CONCERNED} t ON t.key = n.notification_id'
    released = [pl.DataFrame(schema=dict.fromkeys(NOTIFICATIONS.names, pl.String))]
    for batch in bulk_copy.stream(concerned, NOTIFICATIONS):
        lines = pl.int_range(0, batch.num_rows, dtype=pl.UInt32, eager=True)
        # The rows passed the door when they came; here they are only typed again.
        released.append(annex_1(type_batch(batch, lines, NOTIFICATIONS, rules=PREPARING)[0]))
    return pl.concat(released)


def _out_of_step(day: date, en: str, ja: str) -> SelectionOutOfStep:
    return SelectionOutOfStep(
        f"別紙1 of {day}: {en}. Run the days in their order.",
        f"{day}分の別紙1: {ja}。日付の順に処理してください。",
    )
