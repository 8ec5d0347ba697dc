"""Importing the agency's own extracts: full or delta, invalid rows rejected line by line, in one transaction.

`import_file` imports one file. `import_extracts` imports the files that were put into DIR/extracts, where the
file name says dataset and mode; each file is then moved to done/ or refused/.
"""

import hashlib
import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, cast

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.agreement.decisions import Policy
from renkei.agreement.errors import RenkeiError
from renkei.matching.omissions import due_on
from renkei.matching.reading import Encoding, RefusedFile, open_source
from renkei.matching.validation import PREPARING, RECEIVING, Rules
from renkei.matching.values import to_text
from renkei.node.audit.trail import SYSTEM, Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import NotOurs, TooMuchGone
from renkei.node.records import bulk_copy, changes, staging
from renkei.node.records.blocking_keys import name_key
from renkei.node.records.bulk_copy import advisory_lock
from renkei.node.records.models import Import, Permission, Person
from renkei.node.records.tables import TABLES, Table

Mode = Literal["full", "delta"]

# A register loses a few percent in a bad year; a table of a few rows may lose all of them.
_MAY_GO: Final = 1_000
_SHARE_THAT_MAY_GO: Final = 0.1


def import_file(
    path: Path,
    dataset: str,
    mode: Mode,
    actor: Actor | None = None,
    *,
    now: datetime,
    encoding: Encoding = "utf-8",
    confirmed: bool = False,
) -> Import:
    """Import an extract, CSV or Parquet, checked row by row; if the import is interrupted, nothing changes.

    `full` is everything there is: records that it lacks are removed. `delta` is what changed: a row with
    nothing but its identifier removes the record. A rejected row leaves the stored record as it was. A card
    or permission may come before its person (counted as `awaiting_person`); it is matched once the person is
    there. Of the ministry's notifications, those outside the agreement are counted and not kept.

    The same file again (name and bytes) changes nothing and returns the first import: a delta if it was ever
    imported, a full extract if it is the last import. Equal bytes under another name are another file: a
    record may be added, removed and added again unchanged. Raises NotOurs for a dataset of the other party,
    RefusedFile for a file that is refused as a whole, TooMuchGone for a full extract that would remove more
    than a tenth of the stored rows (and more than a thousand) unless it is `confirmed`.
    """
    table = _table_of(dataset)
    name, sha256 = path.name[-255:], _sha256(path)
    if found := _already(dataset, mode, name, sha256):
        return found
    batches = open_source(path, table.dataset, encoding).batches()
    target = staging.Target(table, _rules(table, now), _shape(table), bare_row_removes=mode == "delta")
    # Reading takes long and holds no lock; only applying the staged rows is in the transaction.
    with staging.staged(batches, target) as staged, transaction.atomic():
        advisory_lock()
        if found := _already(dataset, mode, name, sha256):
            return found
        counts = {"read": staged.read, "rejected": staged.rejected, **staged.outside}
        counts |= changes.apply(table, full=mode == "full")
        if mode == "full" and not confirmed:
            _refuse_if_too_much_goes(name, counts)
        if table.dataset in (CARDS, PERMISSIONS):
            counts["awaiting_person"] = _awaiting_person()
        made = Import.objects.create(
            dataset=dataset,
            mode=mode,
            source=name,
            sha256=sha256,
            taken_at=now,
            actor=actor.get_username() if actor else SYSTEM,
            counts=counts,
        )
        staging.keep_rejects(made)
        record(
            actor, Verb.FILE_IMPORTED, made.source, number=made.pk, dataset=dataset, mode=mode, counts=counts
        )
    return made


def refresh_due_dates(policy: Policy) -> int:
    """Compute every permission's due date again by a new policy; returns how many changed."""
    table = Permission._meta.db_table
    with transaction.atomic():
        advisory_lock()
        days = bulk_copy.read(f'SELECT DISTINCT permitted_on FROM "{table}"', ("permitted_on",)).drop_nulls()
        typed = days.select(
            written="permitted_on", permitted_on=pl.col("permitted_on").str.to_date("%Y-%m-%d")
        )
        due = typed.select(permitted_on="written", due_on=due_on(policy).dt.to_string("%Y-%m-%d"))
        bulk_copy.temporary("due_dates", due)
        moved = bulk_copy.execute(
            f'UPDATE "{table}" SET due_on = d.due_on FROM due_dates d '
            f'WHERE d.permitted_on = "{table}".permitted_on AND d.due_on IS DISTINCT FROM "{table}".due_on'
        )
        bulk_copy.drop("due_dates")
    return moved


def _table_of(dataset: str) -> Table:
    ours = TABLES[settings.NODE.party]
    if dataset not in ours:
        raise NotOurs(
            f"{dataset}: not a dataset of this node. Use one of {', '.join(ours)}.",
            f"{dataset}: この拠点では扱いません。{'、'.join(ours)} のいずれかを渡してください。",
        )
    return ours[dataset]


def _rules(table: Table, now: datetime) -> Rules:
    if table.dataset != NOTIFICATIONS:
        return RECEIVING
    # What was erased after its retention period must not come back with the next extract.
    oldest = now.date() - timedelta(days=settings.NODE.retention.notifications)
    outlived = pl.when(pl.col("deleted_on") < oldest).then(pl.lit("past_retention"))
    return Rules(
        required=PREPARING.required,
        withheld_is_forbidden=False,
        keeps_withheld=True,
        left_out=pl.coalesce(PREPARING.left_out, outlived),
    )


def _shape(table: Table) -> Callable[[pl.DataFrame], pl.DataFrame]:
    write = staging.canonical(table.dataset)
    if table.dataset == PERSONS:
        return lambda typed: write(typed).with_columns(name_key(typed["name"]).alias("name_key"))
    if table.dataset != PERMISSIONS:
        return write
    kind = PERMISSIONS.column("permitted_on").kind
    due = to_text(kind, due_on(settings.NODE.decided())).alias("due_on")
    return lambda typed: pl.concat([write(typed), typed.select(due)], how="horizontal")


def _already(dataset: str, mode: Mode, name: str, sha256: str) -> Import | None:
    taken = Import.objects.filter(dataset=dataset).exclude(mode=Import.Mode.DELIVERY)
    same = taken.filter(mode=mode, source=name, sha256=sha256).first()
    if mode == "full" and same != taken.first():
        return None
    return same


def _refuse_if_too_much_goes(name: str, counts: dict[str, int]) -> None:
    removed = counts["removed"]
    before = removed + counts["same"] + counts["changed"] + counts["kept"]
    if removed > max(_MAY_GO, before * _SHARE_THAT_MAY_GO):
        raise TooMuchGone(
            f"{name}: would remove {removed:,} of {before:,} rows; nothing was changed. Make sure that the "
            "extract is complete, then import it as confirmed (in DIR/extracts: LABEL.confirmed).",
            f"{name}: {before:,}件のうち{removed:,}件を失うため、何も変更していません。抽出が完全であることを"
            "確かめ、確認済みとして取り込んでください(受信箱では 任意.confirmed)。",
        )


def _awaiting_person() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {staging.INCOMING} i WHERE NOT EXISTS "
            f'(SELECT 1 FROM "{Person._meta.db_table}" p WHERE p.person_id = i.person_id)'
        )
        return int(cursor.fetchone()[0])


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return ""  # open_source raises the error with its message


# --- the directory DIR/extracts

DONE: Final = "done"
REFUSED: Final = "refused"
REFUSAL: Final = ".refusal.txt"

_NAME: Final = re.compile(
    r"(?P<dataset>[a-z_]+)\.(?P<mode>full|delta)\.(?P<label>.+?)(?P<confirmed>\.confirmed)?(?P<cp932>\.cp932)?"
    r"\.(?:csv|parquet)"
)
# Names of files that are still being written; they are ignored until they are renamed.
_UNFINISHED: Final = re.compile(r"\..*|.*\.(?:part|tmp)")


def import_extracts(now: datetime) -> list[Import]:
    """Import every file in DIR/extracts; returns the imports, in order.

    Files are named `<dataset>.full.<label>.csv` or `.parquet`, or `<dataset>.delta.…`. `.cp932.csv` gives the
    encoding; `.confirmed` before it confirms that a full extract may remove many rows. Files are imported by
    dataset (persons before cards), then by label, for example a date. Each file is moved to done/, or to
    refused/ with a note that says why in both languages. The next run imports what an interrupted one left.
    """
    directory = settings.NODE.extracts
    if not directory.is_dir():
        return []
    files = [path for path in directory.iterdir() if path.is_file() and not _UNFINISHED.fullmatch(path.name)]
    return [made for path in sorted(files, key=_order) if (made := _import(path, now))]


def _order(path: Path) -> tuple[int, str, bool, str]:
    ours = list(TABLES[settings.NODE.party])
    named = _NAME.fullmatch(path.name)
    if named is None or named["dataset"] not in ours:
        return len(ours), "", False, path.name
    return ours.index(named["dataset"]), named["label"], named["mode"] == "delta", path.name


def _import(path: Path, now: datetime) -> Import | None:
    try:
        named = _NAME.fullmatch(path.name)
        if named is None:
            raise NotOurs(
                f"{path.name}: the name does not give dataset and mode. Name it DATASET.full.LABEL.csv or "
                "DATASET.delta.LABEL.csv (or .parquet).",
                f"{path.name}: 名前から内容が分かりません。データ名.full.任意.csv または "
                "データ名.delta.任意.csv(.parquetも可)としてください。",
            )
        encoding: Encoding = "cp932" if named["cp932"] else "utf-8"
        mode = cast(Literal["full", "delta"], named["mode"])
        confirmed = named["confirmed"] is not None
        made = import_file(path, named["dataset"], mode, now=now, encoding=encoding, confirmed=confirmed)
    except (RefusedFile, NotOurs, TooMuchGone) as fault:
        _refuse(path, fault, now)
        return None
    _move(path, path.parent / DONE, now)
    return made


def _refuse(path: Path, fault: RenkeiError, now: datetime) -> None:
    moved = _move(path, path.parent / REFUSED, now)
    moved.with_name(moved.name + REFUSAL).write_text(f"{fault.ja}\n\n{fault}\n", encoding="utf-8")
    with transaction.atomic():
        record(None, Verb.FILE_REFUSED, path.name, fault=type(fault).__name__)


def _move(path: Path, directory: Path, now: datetime) -> Path:
    # The timestamp keeps two files of one name apart, and tells retention how old they are.
    directory.mkdir(exist_ok=True)
    moved = path.rename(directory / f"{now:%Y%m%dT%H%M%S%f}-{path.name}")
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return moved
