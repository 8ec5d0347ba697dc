"""Importing one of the agency's own extracts, full or delta, row by row, in one transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.agreement.decisions import Policy
from renkei.agreement.text import Words
from renkei.matching.omissions import DUE_BY, due_on
from renkei.matching.plausibility import require_plausible
from renkei.matching.reading import Encoding, RefusedFile, open_source
from renkei.matching.validation import PREPARING, RECEIVING, Rules
from renkei.matching.values import to_text
from renkei.node.audit.trail import SYSTEM, Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import NotOurs, NotWhole
from renkei.node.records import bulk_copy, changes, plausibility, register_faults, staging
from renkei.node.records.blocking_keys import name_key
from renkei.node.records.bulk_copy import advisory_lock
from renkei.node.records.control_files import sha256_of
from renkei.node.records.models import Import, Permission, Person, WaitingExtract
from renkei.node.records.tables import TABLES, Table

Mode = Literal["full", "delta"]

#: A delivery carries no row without these: it stays here, with its reasons, until it is corrected.
NEEDED_TO_SEND: Final = frozenset(column.name for column in NOTIFICATIONS.columns if column.required)


def import_file(
    path: Path,
    dataset: str,
    mode: Mode,
    actor: Actor | None = None,
    *,
    now: datetime,
    encoding: Encoding = "utf-8",
    confirmed: str | None = None,
    rows: int | None = None,
) -> Import:
    """Import an extract, CSV or Parquet, checked row by row; if the import is interrupted, nothing changes.

    `full` is everything there is: records that it lacks are removed. `delta` is what changed: a row with
    nothing but its identifier removes the record. A rejected row leaves the stored record as it was. A card
    or permission may come before its person (counted as `awaiting_person`); it is matched once the person is
    there. Of the ministry's notifications, those outside the agreement are counted and not kept.

    The same file again (name and bytes) changes nothing and returns the first import: a delta if it was ever
    imported, a full extract if it is the last import. Equal bytes under another name are another file: a
    record may be added, removed and added again unchanged. Raises NotOurs for a dataset of the other party,
    RefusedFile for a file that is refused as a whole, ImplausibleInput for one that cannot be true (§1)
    unless `confirmed` gives a reason, NotWhole for a file that changed while it was read. `rows` is the
    number that its control file says; RefusedFile if it has another.
    """
    table = _table_of(dataset)
    name, sha256 = path.name[-255:], sha256_of(path) if path.is_file() else ""
    if found := _already(dataset, mode, name, sha256):
        return found
    batches = open_source(path, table.dataset, encoding).batches()
    target = staging.Target(table, _rules(table, now), _shape(table), bare_row_removes=mode == "delta")
    # Reading takes long and holds no lock; only applying the staged rows is in the transaction.
    with staging.staged(batches, target) as staged, transaction.atomic():
        _refuse_if_not_whole(path, sha256, staged.read, rows)
        advisory_lock()
        if found := _already(dataset, mode, name, sha256):
            return found
        counts = {"read": staged.read, "rejected": staged.rejected, **staged.notes, **staged.outside}
        counts |= changes.apply(table, full=mode == "full")
        found_implausible = plausibility.of_import(table, counts, full=mode == "full")
        require_plausible(found_implausible, confirmed, _how_to_confirm(path, dataset, mode, encoding))
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
            reason=confirmed or "",
        )
        register_faults.keep(made, table, full=mode == "full")
        WaitingExtract.objects.filter(name=name).delete()
        why = {"reason": confirmed} if confirmed else {}
        record(
            actor,
            Verb.FILE_IMPORTED,
            made.source,
            number=made.pk,
            dataset=dataset,
            mode=mode,
            counts=counts,
            **why,
        )
    return made


def refresh_due_dates(policy: Policy) -> int:
    """Compute every permission's due date again by a new policy; returns how many changed."""
    table = Permission._meta.db_table
    with transaction.atomic():
        advisory_lock()
        known = bulk_copy.read(f'SELECT DISTINCT {", ".join(DUE_BY)} FROM "{table}"', DUE_BY)
        days = [pl.col(name).str.to_date("%Y-%m-%d") for name in ("permitted_on", "contract_starts_on")]
        due = known.with_columns(days).select(due_on=due_on(policy).dt.to_string("%Y-%m-%d"))
        key = pl.concat_str(pl.col(DUE_BY).fill_null(""), separator=" ").alias("key")
        bulk_copy.temporary("due_dates", pl.concat([known.select(key), due], how="horizontal"))
        same = " || ' ' || ".join(f"coalesce({name}, '')" for name in DUE_BY)
        moved = bulk_copy.execute(
            f'UPDATE "{table}" SET due_on = d.due_on FROM due_dates d '
            f'WHERE d.key = {same} AND d.due_on IS DISTINCT FROM "{table}".due_on'
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
        cost_row=NEEDED_TO_SEND,
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


def _refuse_if_not_whole(path: Path, sha256: str, read: int, rows: int | None) -> None:
    if sha256_of(path) != sha256:
        raise NotWhole(
            f"{path.name}: changed while it was read; nothing was imported. Import it once it is complete.",
            f"{path.name}: 読込み中に内容が変わったため、取り込んでいません。書込みが終わってから"
            "取り込んでください。",
        )
    if rows is not None and rows != read:
        raise RefusedFile(
            f"{path.name}: {read:,} rows, but its control file says {rows:,}; nothing was imported. Export "
            "both again.",
            f"{path.name}: {read:,}件ですが、制御ファイルは{rows:,}件です。取り込んでいません。両方を出力し"
            "直してください。",
        )


def _how_to_confirm(path: Path, dataset: str, mode: Mode, encoding: Encoding) -> Words:
    written = "" if encoding == "utf-8" else f" --encoding {encoding}"
    again = f"renkei import {path} --dataset {dataset} --mode {mode}{written} --confirmed"
    return Words(
        f"取り込んでいません。ファイルを確かめてください。正しい場合は次のとおり取り込みます: `{again} 理由`",
        f"Nothing was imported. Check the file. If it is right, import it with `{again} REASON`.",
    )


def _awaiting_person() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {staging.INCOMING} i WHERE NOT EXISTS "
            f'(SELECT 1 FROM "{Person._meta.db_table}" p WHERE p.person_id = i.person_id)'
        )
        return int(cursor.fetchone()[0])
