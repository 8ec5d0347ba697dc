"""The database in a backup and a restore, per engine: a snapshot at one point in time, and loading it.

No plain copy gets a name on disk: SQLite is copied into an unnamed file, PostgreSQL's dump is divided into
parts in memory.
"""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Protocol

import dj_database_url
import psycopg

from renkei.exchange.archive import BLOCK
from renkei.node.errors import BackupRefused, OperationsError, RestoreRefused
from renkei.node.operations.archive import DATABASE, Entry

PART: Final = 64 * 1024 * 1024  # bytes of a part: what is held in memory at once
LEAST_POSTGRESQL: Final = 15
_PROGRAMS: Final = Path("/usr/lib/postgresql")
#: libpq's variables by Django's setting, passed in the environment: a command line is visible to all.
_VARIABLES: Final = {
    "HOST": "PGHOST",
    "PORT": "PGPORT",
    "USER": "PGUSER",
    "PASSWORD": "PGPASSWORD",
    "NAME": "PGDATABASE",
}
_OPTIONS: Final = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}


class Snapshot(Protocol):
    """A database at one moment."""

    engine: str
    version: str

    def entries(self) -> Iterator[Entry]:
        """Yield it in parts; only once."""


class _Lite:
    """SQLite, copied by its online backup into an unnamed file."""

    engine = "sqlite"
    version = sqlite3.sqlite_version

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def entries(self) -> Iterator[Entry]:
        self._file.seek(0)
        yield from _parts(self._file)


class _Postgres:
    """PostgreSQL, dumped as of a snapshot that an open transaction keeps."""

    engine = "postgresql"

    def __init__(self, settings: Mapping[str, Any], snapshot: str, version: int) -> None:
        self._settings, self._snapshot = settings, snapshot
        self.version = str(version)

    def entries(self) -> Iterator[Entry]:
        command = [_program("pg_dump", int(self.version)), "--format=custom", f"--snapshot={self._snapshot}"]
        with subprocess.Popen(  # noqa: S603 (a program found by us, arguments of ours)
            [*command, "--no-owner", "--no-privileges"],
            env=_environment(self._settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may quote a row
        ) as process:
            yield from _parts(process.stdout)
        if process.returncode:
            raise BackupRefused(
                "pg_dump failed. Check the server's log, and the permission to read every table.",
                "pg_dumpが異常終了しました。サーバのログと、全テーブルの読取権限を確認してください。",
            )


def _parts(source: IO[bytes] | None) -> Iterator[Entry]:
    number = 0
    while source and (part := source.read(PART)):
        number += 1
        yield Entry(f"{DATABASE}/{number:04d}", len(part), _blocks(part))


def _blocks(part: bytes) -> Iterator[bytes]:
    view = memoryview(part)
    for place in range(0, len(view), BLOCK):
        yield bytes(view[place : place + BLOCK])


@contextmanager
def snapshot(settings: Mapping[str, Any], directory: Path) -> Iterator[Snapshot]:
    """Take a snapshot of the database, which can be read within the block.

    `settings` are Django's settings of the database, `directory` is for SQLite's unnamed copy. Raises
    `BackupRefused` for a database in memory, and if PostgreSQL's programs are missing.
    """
    if "sqlite" in settings["ENGINE"]:
        with _nameless_copy(Path(settings["NAME"]), directory) as file:
            yield _Lite(file)
        return
    with _connected(settings) as connection:
        version = connection.info.server_version // 10000
        _program("pg_dump", version)
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = cursor.execute("SELECT pg_export_snapshot()").fetchone()
            yield _Postgres(settings, str(found[0]) if found else "", version)


@contextmanager
def _nameless_copy(source: Path, directory: Path) -> Iterator[IO[bytes]]:
    if not source.is_file():
        raise BackupRefused(
            f"There is no database at {source}. Run `renkei migrate` first.",
            f"{source}にデータベースがありません。先に`renkei migrate`を実行してください。",
        )
    path = directory / f".partial-{os.getpid()}.db"
    copy = sqlite3.connect(path, isolation_level=None)
    try:
        # The journal is in memory, and no data is written before the name is removed: a kill leaves no data.
        copy.execute("PRAGMA journal_mode=MEMORY")
        copy.execute("PRAGMA synchronous=OFF")
        copy.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with path.open("rb") as file:
            path.unlink()
            origin = sqlite3.connect(f"file:{source}?mode=rw", uri=True)
            try:
                origin.backup(copy)
            finally:
                origin.close()
            yield file
    finally:
        copy.close()
        path.unlink(missing_ok=True)


@contextmanager
def restoring(url: str, engine: str, directory: Path) -> Iterator[IO[bytes]]:
    """Yield the file into which a backup's database is written, part after part.

    The restore is atomic: PostgreSQL commits one transaction when the block ends without an error; SQLite's
    file becomes visible together with the node's directory. Raises `RestoreRefused` for another engine than
    the backup's, a database that is not empty, a server older than 15.
    """
    settings: dict[str, Any] = {**dj_database_url.parse(url)}
    wanted = "sqlite" if "sqlite" in settings["ENGINE"] else "postgresql"
    if wanted != engine:
        raise RestoreRefused(
            f"The backup is from {engine}, but the node's database is {wanted}. "
            "Set RENKEI_DATABASE_URL to an empty database of the same kind.",
            f"バックアップは{engine}のもので、設定のデータベースは{wanted}です。"
            "RENKEI_DATABASE_URLに同じ種類の空のデータベースを指定してください。",
        )
    if wanted == "sqlite":
        with _new_file(settings, directory) as file:
            yield file
    else:
        check_empty(settings)
        with _server(settings) as file:
            yield file


@contextmanager
def _new_file(settings: Mapping[str, Any], directory: Path) -> Iterator[IO[bytes]]:
    if Path(settings["NAME"]).is_absolute():
        raise RestoreRefused(
            "The database is a file outside the node. Set RENKEI_DATABASE_URL=sqlite:///node.db to restore.",
            "データベースがノードの外のファイルです。"
            "RENKEI_DATABASE_URL=sqlite:///node.dbとして復元してください。",
        )
    path = directory / settings["NAME"]
    with path.open("xb") as file:
        path.chmod(0o600)
        yield file
        file.flush()
        os.fsync(file.fileno())


def check_empty(settings: Mapping[str, Any]) -> None:
    """Raise `RestoreRefused` if the database has tables or the server is too old."""
    with _connected(settings) as connection:
        version = connection.info.server_version // 10000
        if version < LEAST_POSTGRESQL:
            raise RestoreRefused(
                f"The server is PostgreSQL {version}. {LEAST_POSTGRESQL} or later is needed.",
                f"サーバがPostgreSQL {version}です。{LEAST_POSTGRESQL}以上が必要です。",
            )
        held = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    if held and held[0]:
        raise RestoreRefused(
            f"The database {settings['NAME']} is not empty, and nothing is overwritten. Create a new one "
            "(createdb) and set RENKEI_DATABASE_URL to it.",
            f"データベース{settings['NAME']}が空ではありません。上書きはしません。"
            "新しいデータベースを作り(createdb)、RENKEI_DATABASE_URLに指定してください。",
        )


@contextmanager
def _server(settings: Mapping[str, Any]) -> Iterator[IO[bytes]]:
    with _connected(settings) as connection:
        version = connection.info.server_version // 10000
    command = [_program("pg_restore", version), "--single-transaction", "--exit-on-error", "--no-owner"]
    process = subprocess.Popen(  # noqa: S603 (a program found by us, arguments of ours)
        [*command, "--no-privileges", f"--dbname={settings['NAME']}"],
        env=_environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # it may quote a row
    )
    assert process.stdin is not None  # noqa: S101 (it was asked for)
    try:
        yield process.stdin
        process.stdin.close()  # the end of the dump: pg_restore commits only now
        failed = process.wait() != 0
    except BrokenPipeError:
        failed = True  # pg_restore ended before the dump
    finally:
        process.kill()
        process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
    if failed:
        raise RestoreRefused(
            "pg_restore failed; the database is unchanged. Check the server's log.",
            "pg_restoreが異常終了しました。データベースは元のままです。サーバのログを確認してください。",
        )


def _connected(settings: Mapping[str, Any]) -> psycopg.Connection[Any]:
    options = {key: value for key, value in settings.get("OPTIONS", {}).items() if key in _OPTIONS}
    try:
        return psycopg.connect(
            host=settings["HOST"] or None,
            port=settings["PORT"] or None,
            user=settings["USER"] or None,
            password=settings["PASSWORD"] or None,
            dbname=settings["NAME"],
            autocommit=True,
            **options,
        )
    except psycopg.OperationalError:  # its text names the account
        raise OperationsError(
            f"The database {settings['NAME']} cannot be reached. Check that the server runs and the database "
            "exists, and check RENKEI_DATABASE_URL.",
            f"データベース{settings['NAME']}に接続できません。サーバの稼働、データベースの有無、"
            "RENKEI_DATABASE_URLを確認してください。",
        ) from None


def _environment(settings: Mapping[str, Any]) -> dict[str, str]:
    found = {ours: str(settings[name]) for name, ours in _VARIABLES.items() if settings.get(name)}
    options: Mapping[str, Any] = settings.get("OPTIONS", {})
    return (
        os.environ | found | {ours: str(options[name]) for name, ours in _OPTIONS.items() if name in options}
    )


def _program(name: str, version: int) -> str:
    """Return the path of a PostgreSQL program that is not older than the server."""
    places = sorted(_PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    for place in places:
        if int(place.parts[-3]) >= version:
            return str(place)
    if not places and (found := shutil.which(name)) and _version_of(found) >= version:
        return found
    raise BackupRefused(
        f"{name} of PostgreSQL {version} or later is not installed. Install postgresql-client-{version}.",
        f"PostgreSQL {version}以上の{name}がありません。postgresql-client-{version}を導入してください。",
    )


def _version_of(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"(\d+)", said.stdout)
    return int(found[1]) if found else 0
