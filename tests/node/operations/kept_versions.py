"""Nodes and backups of earlier versions, kept as test data: where they lie, and what their tables hold."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

KEPT: Final = Path(__file__).with_name("kept")
PARTIES: Final = ("isa", "mhlw")
#: The private number of the key that every kept backup is sealed for. It is no secret: all data is synthetic.
KEY_NUMBER: Final = 12345678
ABOUT: Final = "about.json"


@dataclass(frozen=True)
class Version:
    """One folder of `kept`: the last business day that was lived, and the files of each party."""

    name: str

    @property
    def folder(self) -> Path:
        return KEPT / self.name

    def node(self, party: str) -> Path:
        """The node's directory as it was, its database a file of SQLite."""
        return self.folder / f"{party}-node.tar.xz"

    def backup(self, party: str, engine: str) -> Path:
        return self.folder / f"{party}-{engine}.backup"

    def about(self) -> dict[str, Any]:
        return json.loads((self.folder / ABOUT).read_text("utf-8"))

    def tables(self, party: str, engine: str) -> dict[str, dict[str, Any]]:
        """Of each table that was there: its columns, how many rows, and their digest."""
        about = self.about()
        columns = {name: names.split() for name, names in about["columns"].items()}
        found = about["tables"][f"{party}-{engine}"]
        return {name: {**table, "columns": columns[name]} for name, table in found.items()}


def versions() -> list[Version]:
    return [Version(place.parent.name) for place in sorted(KEPT.glob(f"*/{ABOUT}"))]


def database(environment: Mapping[str, str], kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Look at a node's database in a process of its own (database_facts.py).

    The digests are over the columns of `kept`, where it has the table, and else over all of them.
    """
    columns = {name: table["columns"] for name, table in (kept or {}).items()}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("database_facts.py"))],
        env={**environment, "DJANGO_SETTINGS_MODULE": "renkei.node.settings"},
        input=json.dumps(columns),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
