"""Two nodes that are made once for all workers of a run: each test gets a copy with its own ports.

Keys, agreement and migrations take as long as three tested days.
"""

import fcntl
import os
import pickle
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization

from renkei.node.config import FILE
from renkei.node.rehearsal import Rehearsal, free_ports, rehearse
from two_nodes import processes

#: Names the directory that all workers of a run share; tests/conftest.py makes and removes it.
SHARED: Final = "RENKEI_TESTS_SHARED"


def rehearsed(directory: Path) -> Rehearsal:
    """Copy two nodes without migrations into a new directory."""
    return _copied(_once("rehearsed", make), directory)


def migrated(directory: Path) -> Rehearsal:
    """Copy two nodes with their migrated SQLite databases."""
    return _copied(_once("migrated", _make_and_migrate), directory)


def make(
    directory: Path, databases: dict[str, str] | None = None, valid_for: timedelta = timedelta(days=365)
) -> Rehearsal:
    """Make two nodes, their keys under the passphrase still, though by few rounds.

    Each command unlocks three keys; other tests check the files that `renkei keys` writes.
    """
    made = rehearse(directory, datetime.now(UTC).replace(microsecond=0), databases, valid_for)
    for file in directory.rglob("key.pem"):
        key = serialization.load_pem_private_key(file.read_bytes(), made.passphrase)
        lightly = serialization.BestAvailableEncryption(made.passphrase)
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        file.write_bytes(key.private_bytes(*pem, lightly))
    return made


def moved(made: Rehearsal, directory: Path) -> Rehearsal:
    """Set the directory, free ports and the databases of copied nodes."""
    nodes = {party: directory / party for party in made.nodes}
    free = free_ports(2 * len(nodes))
    ports, consoles = (dict(zip(nodes, free[which::2], strict=True)) for which in (0, 1))
    moves = ((made.ports, ports), (made.consoles, consoles))
    new = {str(old[party]): str(now[party]) for old, now in moves for party in nodes}
    for place in nodes.values():
        text = (place / FILE).read_text("utf-8").replace("_untouched", "")
        (place / FILE).write_text(re.sub(r"(?<=:)[0-9]+(?=\")", lambda port: new[port[0]], text), "utf-8")
    return replace(made, nodes=nodes, ports=ports, consoles=consoles)


def _make_and_migrate(directory: Path) -> Rehearsal:
    made = _copied(_once("rehearsed", make), directory)
    ours = {name: value for name, value in os.environ.items() if name != "RENKEI_DATABASE_URL"}
    for party in made.nodes:
        processes.run(("migrate",), ours | made.environment(party)).check_returncode()
    return made


def _copied(made: Rehearsal, directory: Path) -> Rehearsal:
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(made.nodes["isa"].parent, directory)
    return moved(made, directory)


def _once(name: str, make: Callable[[Path], Rehearsal]) -> Rehearsal:
    """The first worker makes them; all others wait for it."""
    place = Path(os.environ[SHARED])
    kept = place / f"{name}.pickle"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make(place / name)))
    return pickle.loads(kept.read_bytes())
