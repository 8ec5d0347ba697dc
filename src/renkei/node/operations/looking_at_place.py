"""The doctor's look at where a node lives: configuration, database, disk, the extracts' directory."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core import checks
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from renkei.node.checks import TAG
from renkei.node.cycle import monitoring
from renkei.node.operations.databases import LEAST_POSTGRESQL
from renkei.node.operations.diagnosis import Diagnosis, fault, ok, warning

_LEAST_FREE: Final = 5 * 2**30  # bytes: a first delivery, sealed and opened, beside the database's growth
_SCARCE: Final = 20 * 2**30


def configuration(now: datetime) -> Iterator[Diagnosis]:
    """The system checks, as `serve` and `cycle run` see them."""
    found = checks.run_checks(tags=[TAG])
    for message in found:
        say = fault if message.is_serious() else warning
        rule, where = message.obj.rule, message.obj.where
        tail = f" ({where})" if where else ""
        yield say(f"[{rule.id}] {rule.ja}{tail}", f"[{rule.id}] {rule.en}{tail}", rule.hint_ja, rule.hint_en)
    if not found:
        yield ok("設定に誤りはありません。", "The configuration is in order.")


def database(now: datetime) -> Iterator[Diagnosis]:
    """Reachable, of a version that is supported, whole, and with every migration."""
    try:
        connection.ensure_connection()
    except OperationalError:
        yield fault(
            "データベースに接続できません。",
            "The database cannot be reached.",
            "サーバが動いているか、renkei.tomlのdatabase(又はRENKEI_DATABASE_URL)が正しいかを確認してください。",
            "See whether the server runs, and `database` in renkei.toml (or RENKEI_DATABASE_URL).",
        )
        return
    yield _integrity() if connection.vendor == "sqlite" else _version()
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        yield fault(
            f"データベースの移行が{missing}件残っています。",
            f"{missing} migrations were not applied.",
            "サービスを止め、`renkei migrate`を実行してください。",
            "Stop the service and run `renkei migrate`.",
        )
    else:
        yield ok("データベースはこの版に合っています。", "The database is of this version.")


def _version() -> Diagnosis:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0]) // 10000
    if version < LEAST_POSTGRESQL:
        return fault(
            f"PostgreSQL {version}は対象外です。",
            f"PostgreSQL {version} is not supported.",
            f"PostgreSQL {LEAST_POSTGRESQL}以上に更新してください。",
            f"Upgrade to PostgreSQL {LEAST_POSTGRESQL} or later.",
        )
    return ok(f"PostgreSQL {version}に接続できます。", f"PostgreSQL {version} answers.")


def _integrity() -> Diagnosis:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        whole = cursor.fetchone()[0] == "ok"
    if whole:
        return ok("SQLiteのファイルに損傷はありません。", "SQLite's file is whole.")
    return fault(
        "SQLiteのファイルが損傷しています。",
        "SQLite's file is damaged.",
        "サービスを止め、最後のバックアップから復元してください(`renkei restore`)。",
        "Stop the service and restore the last backup (`renkei restore`).",
    )


def disk(now: datetime) -> Iterator[Diagnosis]:
    """Enough room, and a file that is flushed when it says so."""
    free = shutil.disk_usage(settings.NODE.directory).free
    gib = f"{free / 2**30:,.1f} GiB"
    if free < _SCARCE:
        say = fault if free < _LEAST_FREE else warning
        yield say(
            f"空き容量が{gib}です。",
            f"{gib} are free.",
            "容量を増やすか、保存期間の過ぎた記録と古いバックアップを移してください。",
            "Add room, or move old backups and what is past its retention away.",
        )
    else:
        yield ok(f"空き容量は{gib}です。", f"{gib} are free.")
    try:
        with tempfile.TemporaryFile(dir=settings.NODE.exchange) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as failure:
        yield fault(
            f"書込みを確定できません({failure.strerror})。",
            f"What is written cannot be flushed ({failure.strerror}).",
            "ディスクの故障、読取り専用の設定、権限を確認してください。",
            "See whether the disk fails, is mounted read-only, or belongs to another user.",
        )
    else:
        yield ok("書込みは確定します。", "What is written is flushed.")


def extracts(now: datetime) -> Iterator[Diagnosis]:
    """A directory that can be written and read, and nothing refused in it."""
    place = settings.NODE.extracts
    if not place.is_dir() or not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        yield fault(
            "extracts/がないか、読み書きできません。",
            "extracts/ is missing, or cannot be read and written.",
            f"{place}を作り、サービスの利用者に権限を与えてください。",
            f"Make {place} and give it to the service's user.",
        )
        return
    if refused := monitoring.refused_files():
        yield warning(
            f"受け付けられなかったファイルがあります: {', '.join(refused)}",
            f"Files were refused: {', '.join(refused)}",
            "extracts/refused/の説明を読み、直したファイルを置き、元のファイルを消してください。",
            "Read the note beside it, put a corrected file into extracts/, remove the refused one.",
        )
    else:
        yield ok("extracts/は使えます。", "extracts/ can be used.")
