"""Retention: how long records are kept, which are due, and their erasure with a certificate; legal holds.

The periods are decisions (8(2)) in the configuration. Records that no rule names are kept as long as the
agency's own extract has them: a record that is no longer in the extract is removed from the node.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from renkei.node.audit.trail import SYSTEM, Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import HoldOver
from renkei.node.records import bulk_copy, changes, extracts
from renkei.node.records.bulk_copy import advisory_lock
from renkei.node.records.models import (
    Card,
    ChangedKey,
    Erasure,
    Hold,
    Import,
    Notification,
    Permission,
    Person,
    ReceivedNotification,
    Reject,
    ReturnedRow,
    SentNotification,
)

if TYPE_CHECKING:
    from renkei.node.accounts.models import Officer


@dataclass(frozen=True, slots=True)
class Rule:
    """A class of rows, and the day from which its retention period counts.

    `since` is the column with that day, `only_if` a further condition on the row `r`; `period` is the key in
    `[retention]` that gives the number of days. `held_by` is the condition under which a hold `h` covers the
    row; a hold on everything always does. `changed_keys` are the kind and column of the keys that matching
    must process again; `parts` are the tables whose rows are erased with the row, and the column that refers
    to it there.
    """

    name: str
    ja: str
    model: Any
    key: str
    since: str
    period: str
    only_if: str = "true"
    held_by: str = "false"
    changed_keys: tuple[tuple[ChangedKey.Kind, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def table(self) -> str:
        """The name in the database."""
        return str(self.model._meta.db_table)

    @property
    def day(self) -> str:
        """The expression for `since` in a statement on rows `r`."""
        return self.since if self.since.startswith("(") else f"r.{self.since}"


@dataclass(frozen=True, slots=True)
class FileRule:
    """A class of files: `find` returns those older than a given time, `erase` removes one of them.

    `day` returns the day from which a file's retention period counts, as text that begins with the date.
    """

    name: str
    ja: str
    period: str
    find: Callable[[datetime], list[Path]]
    day: Callable[[Path], str]
    erase: Callable[[Path], object] = Path.unlink


_CARDS, _PERMISSIONS, _PERSONS, _IMPORTS = (
    f'"{model._meta.db_table}"' for model in (Card, Permission, Person, Import)
)
_OF_NOTIFICATION: Final = "(h.covers = 'notification' AND h.identifier = r.notification_id)"
_OF_OWNER: Final = (
    "(h.covers = 'person' AND h.identifier IN "
    f"(SELECT c.person_id FROM {_CARDS} c WHERE c.card_number = r.card_number))"
)
_OF_PERSON: Final = "(h.covers = 'person' AND h.identifier = r.person_id)"
_WITHOUT_PERSON: Final = f"NOT EXISTS (SELECT 1 FROM {_PERSONS} p WHERE p.person_id = r.person_id)"
# While the person has a permission, an ended notification may still count as its notification (3(1)イ).
_WITHOUT_PERMISSION: Final = (
    f"NOT EXISTS (SELECT 1 FROM {_CARDS} c JOIN {_PERMISSIONS} p ON p.person_id = c.person_id "
    "WHERE c.card_number = r.card_number)"
)

#: What is erased, in this order; tables that only the other party fills are empty.
RULES: Final = (
    Rule(
        "deleted_notifications",
        "削除された届出",
        Notification,
        "notification_id",
        since="deleted_on",
        period="notifications",
        held_by=_OF_NOTIFICATION,
    ),
    Rule(
        "sent_deletions",
        "送信した削除履歴",
        SentNotification,
        "notification_id",
        since="deleted_on",
        period="notifications",
        held_by=_OF_NOTIFICATION,
    ),
    Rule(
        "received_deletions",
        "受信した削除履歴",
        ReceivedNotification,
        "notification_id",
        since="deleted_on",
        period="notifications",
        held_by=f"{_OF_NOTIFICATION} OR {_OF_OWNER}",
        changed_keys=((ChangedKey.Kind.CARD, "card_number"),),
    ),
    Rule(
        "ended_employments",
        "雇用の終了した届出",
        ReceivedNotification,
        "notification_id",
        since="employment_end",
        period="notifications",
        only_if=_WITHOUT_PERMISSION,
        held_by=f"{_OF_NOTIFICATION} OR {_OF_OWNER}",
        changed_keys=((ChangedKey.Kind.CARD, "card_number"),),
    ),
    Rule(
        "cards_left_behind",
        "本人の記録のない在留カード",
        Card,
        "card_number",
        since="issued_on",
        period="register",
        only_if=_WITHOUT_PERSON,
        held_by=_OF_PERSON,
        changed_keys=((ChangedKey.Kind.CARD, "card_number"),),
    ),
    Rule(
        "permissions_left_behind",
        "本人の記録のない許可",
        Permission,
        "permission_id",
        since="permitted_on",
        period="register",
        only_if=_WITHOUT_PERSON,
        held_by=_OF_PERSON,
        changed_keys=((ChangedKey.Kind.PERSON, "person_id"),),
    ),
    Rule(
        "rejects",
        "受け取れなかった行の記録",
        Reject,
        "id",
        since=f"(SELECT i.taken_at FROM {_IMPORTS} i WHERE i.id = r.taken_id)",
        period="notifications",
        only_if="NOT r.stands",  # as long as the row is not mended, notifications with its number are held
        held_by="true",  # whom an unreadable row concerns is not known, so any hold keeps it
    ),
    Rule(
        "returned_rows",
        "相手方から返された行の記録",
        ReturnedRow,
        "id",
        since="returned_at",
        period="notifications",
        held_by="true",
    ),
)


def _processed_extracts(until: datetime) -> list[Path]:
    # `extracts` put the time of the move at the beginning of the name.
    limit = f"{until:%Y%m%dT%H%M%S}"
    places = [settings.NODE.extracts / name for name in (extracts.DONE, extracts.REFUSED)]
    return sorted(path for place in places if place.is_dir() for path in place.iterdir() if path.name < limit)


FILES: Final = (
    FileRule(
        "extract_files",
        "取込済みのファイル",
        period="extracts",
        find=_processed_extracts,
        day=lambda path: f"{path.name[:4]}-{path.name[4:6]}-{path.name[6:8]}",
    ),
)


def due(now: datetime, rules: Sequence[Rule] = RULES, files: Sequence[FileRule] = FILES) -> Mapping[str, int]:
    """Return how many rows and files of each class are due for erasure."""
    found = {rule.name: _count(rule, now) for rule in rules}
    return found | {rule.name: len(_due_files(rule, now)) for rule in files}


def erase(
    now: datetime,
    actor: Actor | None,
    rules: Sequence[Rule] = RULES,
    files: Sequence[FileRule] = FILES,
) -> Erasure | None:
    """Erase what is due and not held, in one transaction with its certificate; None where nothing is due.

    The certificate gives for each class the number of rows, their days, the retention period in days, and the
    SHA-256 of the sorted identifiers, one on each line: whoever has a list can check that it is this one.
    Files are removed before the transaction ends, so that everything certified as erased is erased.
    """
    with transaction.atomic():
        advisory_lock()
        classes = [done for rule in rules if (done := _erase(rule, now))]
        old = {rule: _due_files(rule, now) for rule in files}
        classes += [_files_line(rule, paths) for rule, paths in old.items() if paths]
        if not classes:
            return None
        number = Erasure.objects.count() + 1
        certificate = json.dumps(
            {
                "certificate": "renkei-erasure/1",
                "number": number,
                "party": settings.NODE.party,
                "erased_at": now.isoformat(timespec="seconds"),
                "erased_by": actor.get_username() if actor else SYSTEM,
                "classes": classes,
                "holds_in_force": Hold.objects.filter(lifted_at=None).count(),
            },
            ensure_ascii=False,
            indent=2,
            sort_keys=True,
        )
        counts = {line["class"]: line["erased"] for line in classes}
        made = Erasure.objects.create(
            erased_at=now,
            actor=actor.get_username() if actor else SYSTEM,
            rows=sum(counts.values()),
            certificate=certificate + "\n",
            sha256=hashlib.sha256(f"{certificate}\n".encode()).hexdigest(),
        )
        record(actor, Verb.RECORDS_ERASED, str(number), counts=counts, sha256=made.sha256)
        for rule, paths in old.items():
            for path in paths:
                rule.erase(path)
    return made


def hold(
    covers: Hold.Covers, identifier: str, reference: str, *, actor: "Officer | None", now: datetime
) -> Hold:
    """Place a legal hold; `reference` names the document that orders it. What it covers is not erased."""
    with transaction.atomic():
        advisory_lock()
        made = Hold.objects.create(
            covers=covers, identifier=identifier, reference=reference, placed_at=now, placed_by=actor
        )
        record(actor, Verb.HOLD_PLACED, str(made.pk), covers=covers.value, reference=reference)
    return made


def lift(held: Hold, *, actor: "Officer | None", now: datetime) -> None:
    """Lift a hold. Raises HoldOver where it was lifted before."""
    with transaction.atomic():
        advisory_lock()
        if not Hold.objects.filter(pk=held.pk, lifted_at=None).update(lifted_at=now, lifted_by=actor):
            raise HoldOver(f"Hold {held.pk} is already lifted.", f"消去の停止{held.pk}は解除済みです。")
        record(actor, Verb.HOLD_LIFTED, str(held.pk))
    held.refresh_from_db()


def is_anything_held() -> bool:
    """Whether any hold is in force: data that cannot be attributed row by row is then kept as well."""
    return Hold.objects.filter(lifted_at=None).exists()


def _days(period: str) -> int:
    return int(getattr(settings.NODE.retention, period))


def _condition(rule: Rule) -> str:
    holds = f'SELECT 1 FROM "{Hold._meta.db_table}" h WHERE h.lifted_at IS NULL'
    return (
        f"{rule.day} < %s AND {rule.only_if} "
        f"AND NOT EXISTS ({holds} AND (h.covers = 'everything' OR {rule.held_by}))"
    )


def _limit(rule: Rule, now: datetime) -> str:
    day = (now - timedelta(days=_days(rule.period))).date()
    return day.isoformat()


def _count(rule: Rule, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{rule.table}" r WHERE {_condition(rule)}', [_limit(rule, now)])
        return int(cursor.fetchone()[0])


def _erase(rule: Rule, now: datetime) -> dict[str, Any] | None:
    bulk_copy.drop("erased")
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE erased AS SELECT r.{rule.key} AS key, {rule.day} AS since "
        f'FROM "{rule.table}" r WHERE {_condition(rule)}',
        (_limit(rule, now),),
    )
    rows = bulk_copy.read("SELECT CAST(key AS text), CAST(since AS text) FROM erased", ("key", "since"))
    if rows.height:
        chosen = f'FROM "{rule.table}" WHERE {rule.key} IN (SELECT key FROM erased)'
        for kind, column in rule.changed_keys:
            changes.note_changed_keys(kind, f"SELECT DISTINCT {column} AS key {chosen}")
        for table, column in rule.parts:
            bulk_copy.execute(f'DELETE FROM "{table}" WHERE {column} IN (SELECT key FROM erased)')
        bulk_copy.execute(f"DELETE {chosen}")
    bulk_copy.drop("erased")
    return _line(rule.name, rule.ja, rule.period, rows["key"], rows["since"]) if rows.height else None


def _line(name: str, ja: str, period: str, identifiers: pl.Series, days: pl.Series) -> dict[str, Any]:
    listed = f"{identifiers.sort().str.join(chr(10)).item()}\n"
    return {
        "class": name,
        "class_ja": ja,
        "erased": len(identifiers),
        "kept_for_days": _days(period),
        "oldest": str(days.min())[:10],
        "newest": str(days.max())[:10],
        "identifiers_sha256": hashlib.sha256(listed.encode()).hexdigest(),
    }


def _files_line(rule: FileRule, paths: list[Path]) -> dict[str, Any]:
    names, days = ([*map(read, paths)] for read in (lambda path: path.name, rule.day))
    return _line(rule.name, rule.ja, rule.period, pl.Series(names), pl.Series(days))


def _due_files(rule: FileRule, now: datetime) -> list[Path]:
    """Return the files of a class that are due; whom they concern is not known, so any hold keeps them."""
    return [] if is_anything_held() else rule.find(now - timedelta(days=_days(rule.period)))
