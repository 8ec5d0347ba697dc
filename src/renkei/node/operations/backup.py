"""Back up a node at one point in time while it keeps running.

1. The locks of outbox and inbox are held, just long enough to link their files and to take a snapshot of the
   database. Together these are the state that a kill −9 at that moment would leave, and a node recovers from
   that by itself.
2. Then the files are read, packed and sealed.

Left out is what is not state: waiting extracts, incomplete uploads, locks and partial files.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from django.conf import settings
from django.db import transaction

from renkei.exchange import durable
from renkei.exchange.archive import BLOCK
from renkei.node import config
from renkei.node.audit import trail
from renkei.node.audit.verbs import Verb
from renkei.node.errors import BackupRefused
from renkei.node.operations import archive, databases
from renkei.node.operations.archive import NODE, Entry, Manifest

_LEFT_OUT: Final = ("uploads", "making")  # of the exchange's home
_LINKS: Final = f"{durable.PARTIAL}backup"


def back_up(path: Path, to: x509.Certificate | None, now: datetime) -> Manifest:
    """Write a backup of this node to a new file, sealed for `to`; recorded in the trail once it is written.

    Raises `BackupRefused` without a certificate in production, because a backup holds all personal data, and
    for a file that already exists.
    """
    node = settings.NODE
    if to is None and node.environment == "production":
        raise BackupRefused(
            "In production a backup must be sealed. Give the certificate of the backup key with --to.",
            "本番環境のバックアップは暗号化します。--toでバックアップ用の証明書を指定してください。",
        )
    if path.exists() or not path.parent.is_dir():
        raise BackupRefused(
            f"{path} already exists, or its directory does not exist. Give a new file name.",
            f"{path}が既にあるか、そのディレクトリがありません。新しいファイル名を指定してください。",
        )
    with ExitStack() as held:
        # Two backups at once would share the links.
        held.enter_context(durable.alone(node.exchange / _LINKS.removeprefix(durable.PARTIAL)))
        links = node.exchange / _LINKS
        durable.discard(links)
        held.callback(durable.discard, links)
        durable.make_directory(links)
        with _locked_boxes():
            taken = held.enter_context(databases.snapshot(settings.DATABASES["default"], links))
            files = {f"{NODE}/exchange/{name}": place for name, place in _link(node.exchange, links)}
            about = Manifest(
                party=node.party,
                made_at=now.isoformat(),
                engine=taken.engine,
                engine_version=taken.version,
                last_sent=_last_sent(node.exchange / "outbox"),
                trail_head=trail.head(),
            )
        files[f"{NODE}/{config.FILE}"] = node.directory / config.FILE
        if node.policy:
            files[f"{NODE}/{node.policy}"] = node.directory / node.policy
        if wrong := [name for name in files if not archive.is_ours(name)]:
            raise BackupRefused(
                f"{wrong[0]} is not within the node's directory. Move it there and correct its name.",
                f"{wrong[0]}がノードのディレクトリの中にありません。中に移して指定し直してください。",
            )
        archive.write(path, _entries(taken, files), about, to)
    with transaction.atomic():
        sealed, files_in_it = to is not None, len(about.files)
        trail.record(None, Verb.BACKUP_MADE, path.name, sealed=sealed, files=files_in_it)
    return about


@contextmanager
def _locked_boxes() -> Iterator[None]:
    """Hold the locks of outbox and inbox, so that nobody changes them."""
    exchange = settings.NODE.exchange
    with ExitStack() as held:
        for box in ("outbox", "inbox"):
            for place in sorted((exchange / box).glob("[!.]*")):
                held.enter_context(durable.alone(place))
        yield


def _link(exchange: Path, links: Path) -> Iterator[tuple[str, Path]]:
    """Link every file of the exchange that is state. A link is enough: no file is ever changed in place."""
    for place, directories, files in os.walk(exchange):
        here = Path(place).relative_to(exchange)
        directories[:] = sorted(
            name
            for name in directories
            if not name.startswith(".") and not (here == Path() and name in (*_LEFT_OUT, "backup"))
        )
        # a delivery's opened rows are here only while they are imported; they are not state
        directories[:] = [name for name in directories if not (here.name == "opened" and name == "data")]
        for name in sorted(files):
            if not name.startswith("."):
                durable.make_directory(links / here)
                (links / here / name).hardlink_to(exchange / here / name)
                yield (here / name).as_posix(), links / here / name


def _last_sent(outbox: Path) -> dict[str, int]:
    return {
        place.name: max((int(each.name) for each in place.glob("[0-9]*")), default=0)
        for place in sorted(outbox.glob("[!.]*"))
    }


def _entries(taken: databases.Snapshot, files: dict[str, Path]) -> Iterator[Entry]:
    """Yield the files first: a restore reads from them where the database belongs."""
    for name, place in files.items():
        yield Entry(name, place.stat().st_size, _blocks(place))
    yield from taken.entries()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
