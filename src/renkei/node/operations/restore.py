"""Restore a backup, only into a new directory. The directory gets its name as the last step.

This works without Django, because there is no node yet to start it for.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from renkei.exchange import durable
from renkei.exchange.certificates import Decrypter
from renkei.exchange.keys import FileDecrypter, read_certificate
from renkei.node import config
from renkei.node.errors import RestoreRefused
from renkei.node.operations import archive, databases
from renkei.node.operations.archive import NODE, Manifest


def restore(path: Path, directory: Path, keys: Sequence[Decrypter]) -> Manifest:
    """Restore a backup into a directory that does not exist yet or is empty. Raises `RestoreRefused`.

    1. Check that the directory is free.
    2. Read the whole archive and verify every hash.
    3. Write the files into a temporary directory beside it.
    4. Load the database, which must be empty, in one transaction.
    5. Give the directory its name, with the restore mark: the node seals nothing until its numbers have been
       compared (`deliveries.restore_check`).

    A kill between 4 and 5 leaves a full PostgreSQL database and no node; the next try then asks for a new
    database.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise RestoreRefused(
            f"{directory} is not empty. Give a new directory: a restore overwrites nothing.",
            f"{directory}が空ではありません。上書きはしません。新しいディレクトリを指定してください。",
        )
    manifest = archive.verify(path, keys)
    if directory.exists():
        directory.rmdir()
    with durable.building(directory) as partial, ExitStack() as held:
        database: list[IO[bytes]] = []

        def open_file(name: str) -> AbstractContextManager[IO[bytes]]:
            if not name.startswith(f"{archive.DATABASE}/"):
                return _new(partial / name.removeprefix(f"{NODE}/"))
            if not database:  # the node's files come before it and say where the database belongs
                url = config.load(partial).database
                database.append(held.enter_context(databases.restoring(url, manifest.engine, partial)))
            return nullcontext(database[0])

        archive.unpack(path, keys, manifest, open_file)
        mark = {"made_at": manifest.made_at, "last_sent": manifest.last_sent}
        node = config.load(partial)
        durable.put(node.restored, json.dumps(mark).encode())
        durable.make_directory(node.extracts)
        for place in sorted(path for path in partial.rglob("*") if path.is_dir()):
            durable.flush_directory(place)
        held.close()  # the database commits; the directory gets its name last
    return manifest


def read_key(key: Path, certificate: Path, passphrase: bytes) -> FileDecrypter:
    """Read an encrypted private key (PEM, PKCS#8; P-256 or RSA of 3072 bits) and its certificate.

    Raises `RestoreRefused` where the passphrase does not unlock it or the two do not belong together.
    """
    found = read_certificate(certificate.read_bytes())
    try:
        private = load_pem_private_key(key.read_bytes(), passphrase)
    except (ValueError, TypeError):  # TypeError: it is not encrypted
        private = None
    if isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) and (
        private.public_key() == found.public_key()
    ):
        return FileDecrypter(private, found)
    raise RestoreRefused(
        "The key cannot be unlocked, is not encrypted, or is not that of the certificate. "
        "See the passphrase, and which key the backup was sealed for.",
        "鍵を開けられないか、鍵が暗号化されていないか、証明書の鍵ではありません。"
        "パスフレーズと、バックアップに使った証明書を確認してください。",
    )


@contextmanager
def _new(path: Path) -> Iterator[IO[bytes]]:
    durable.make_directory(path.parent)  # only for the owner
    with path.open("xb") as file:
        path.chmod(0o600)
        yield file
        durable.flush(file)
