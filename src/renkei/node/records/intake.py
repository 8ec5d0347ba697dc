"""Extracts of the agency's own: checked line by line as files are, and kept where they differ.

A file is taken in whole, in one transaction, or not at all. It may be whole (`full`: what it does not hold
is gone) or what changed (`delta`: each row stands in place of any earlier one under its identifier).
"""

import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, get_args

import polars as pl
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.agreement.errors import RenkeiError
from renkei.exchange import durable
from renkei.matching.checking import KEEPING, RECEIVING, Checked, check
from renkei.matching.reading import Encoding, open_source
from renkei.matching.values import to_text
from renkei.node.audit.trail import Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import NodeError
from renkei.node.records import loading, transfer
from renkei.node.records.models import TABLES, Import

Mode = Literal["full", "delta"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)

# What is to be matched again when a row changes: a card number or a person, as the row named it before and
# as it names it now (docs/node.md, "How matching by change finds what is concerned").
_TOUCHES: Final = {
    PERSONS.name: (("person", "person_id"),),
    CARDS.name: (("card", "card_number"), ("person", "person_id")),
    PERMISSIONS.name: (("person", "person_id"),),
}


class Unplaceable(NodeError):
    """A file that this node has no table for."""


def take_in(
    path: Path,
    dataset: str,
    mode: Mode,
    actor: Actor | None = None,
    *,
    now: datetime,
    encoding: Encoding = "utf-8",
) -> Import:
    """Take in one extract; the very file that came last changes nothing.

    Raises `RefusedFile` where the file is refused whole, `Unplaceable` where this party keeps no such table.
    """
    described, model = _table(dataset)
    sha256 = _digest(path)
    last = Import.objects.filter(dataset=dataset).exclude(mode="delivery").first()
    if last is not None and (last.sha256, last.mode) == (sha256, mode):
        return last
    checked = check(
        open_source(path, described, encoding).batches(),
        described,
        rules=KEEPING if described is NOTIFICATIONS else RECEIVING,
        known_persons=known_persons if described in (CARDS, PERMISSIONS) else None,
    )
    with transaction.atomic():
        done = Import.objects.create(dataset=dataset, mode=mode, source=path.name, sha256=sha256, at=now)
        load(done, checked, model, full=mode == "full", day=timezone.localtime(now).date())
        record(
            actor,
            Verb.FILE_IMPORTED,
            f"{dataset} {done.pk}",
            mode=mode,
            sha256=sha256,
            rows=done.rows,
            rejected=done.rejected,
            changed=done.changed,
            removed=done.removed,
        )
    return done


def load(done: Import, checked: Checked, model: type[models.Model], *, full: bool, day: date) -> None:
    """Make a table hold the rows that were taken, and keep the rejects. Within the caller's transaction."""
    dataset = checked.dataset
    rows = as_text(checked.taken, dataset)
    if dataset is NOTIFICATIONS:
        rows = rows.with_columns(checked.taken["left_out"].fill_null(""))
    if dataset is PERMISSIONS:
        rows = rows.with_columns(
            _due_on(settings.NODE.decided().due_months, settings.NODE.decided().grace_days)
        )
    columns = rows.columns
    loading.put_aside(rows)
    if dataset.name in _TOUCHES:
        if model._default_manager.exists():
            for kind, column in _TOUCHES[dataset.name]:
                loading.touch(kind, column, model, columns, full=full)
        else:
            loading.touch_everything()
    removed = 0
    if full:
        removed = _bury_absent(day, done.pk) if dataset is NOTIFICATIONS else loading.remove_absent(model)
    changed = loading.upsert(model, columns, done.pk)
    loading.clear()
    loading.keep_rejects(done.pk, checked.rejects)
    done.rows, done.taken, done.rejected = checked.read, rows.height, checked.rejects.height
    done.changed, done.removed = changed, removed
    done.save()


def as_text(taken: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Write checked rows as canonical text, the columns of the dataset alone."""
    return taken.select(
        to_text(column.kind, pl.col(column.name)).alias(column.name) for column in dataset.columns
    )


def known_persons(asked: pl.Series) -> pl.Series:
    """Return those of the persons asked about that the register holds."""
    with transaction.atomic():
        transfer.temporary("asked", asked.drop_nulls().to_frame("person_id"))
        known = transfer.read(
            'SELECT a.person_id FROM "asked" a JOIN records_person p ON p.person_id = a.person_id',
            ("person_id",),
        )
        transfer.drop("asked")
    return known["person_id"]


def _due_on(months: int, grace_days: int) -> pl.Expr:
    permitted = pl.col("permitted_on").str.to_date("%Y-%m-%d")
    due = permitted.dt.offset_by(f"{months}mo").dt.month_end() + pl.duration(days=grace_days)
    return due.dt.to_string("%Y-%m-%d").alias("due_on")


def _bury_absent(day: date, change: int) -> int:
    """A notification that a full extract no longer holds was deleted: ISA hears of it (⑲)."""
    return transfer.execute(
        "UPDATE records_notification SET deleted_on = %s, changed_in = %s WHERE deleted_on IS NULL "
        'AND NOT EXISTS (SELECT 1 FROM "incoming" i '
        "WHERE i.notification_id = records_notification.notification_id)",
        (day.isoformat(), change),
    )


def _table(dataset: str) -> tuple[Dataset, type[models.Model]]:
    tables = TABLES[settings.NODE.party]
    if dataset not in tables:
        known = ", ".join(tables)
        raise Unplaceable(
            f"{dataset}: this node keeps no such table. It takes in {known}.",
            f"{dataset}: このノードにはない表です。取り込めるのは{known}です。",
        )
    return tables[dataset]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise Unplaceable(
            f"{path.name}: cannot be opened. Check path and permissions.",
            f"{path.name}: 開けません。パスと権限を確かめてください。",
        ) from None


# --- the inbox directory ----------------------------------------------------------------------------------


def take_inbox(now: datetime) -> list[Import]:
    """Take in every extract in the inbox directory, in order; what is refused is put aside with the reason.

    Files are named `DATASET.full|delta.ANYTHING.csv|parquet` and come in the order of ANYTHING, which is a
    date as a rule. A file is renamed into the directory when it is complete; dot names are not looked at.
    """
    done = []
    for path, dataset, mode in _waiting(settings.NODE.extracts):
        try:
            done.append(take_in(path, dataset, mode, now=now))
            _move(path, "done")
        except RenkeiError as fault:
            _refuse(path, fault)
    return done


def refused_files() -> list[str]:
    """Return the names of the extracts that were refused and lie there still."""
    place = settings.NODE.extracts / "refused"
    return (
        sorted(path.name for path in place.glob("*") if not path.name.endswith(".txt"))
        if place.is_dir()
        else []
    )


def _waiting(directory: Path) -> list[tuple[Path, str, Mode]]:
    order = list(TABLES[settings.NODE.party])
    found = []
    for path in directory.glob("*.*"):
        parts = path.name.split(".")
        if path.is_file() and len(parts) == 4 and parts[0] and parts[3] in ("csv", "parquet"):
            dataset, mode, when, _ = parts
            place = order.index(dataset) if dataset in order else len(order)
            found.append(((when, place, mode != "full"), path, dataset, mode))
    return [(path, dataset, _mode(mode)) for _, path, dataset, mode in sorted(found)]


def _mode(word: str) -> Mode:
    return "full" if word == "full" else "delta"


def _move(path: Path, place: str) -> None:
    target = path.parent / place
    durable.make_directory(target)
    path.replace(target / path.name)
    durable.flush_directory(target)
    durable.flush_directory(path.parent)


def _refuse(path: Path, fault: RenkeiError) -> None:
    _move(path, "refused")
    note = f"{fault.ja}\n{fault.en}\n"
    durable.write(path.parent / "refused" / f"{path.name}.txt", note.encode())
