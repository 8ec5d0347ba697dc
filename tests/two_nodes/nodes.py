"""Two real nodes in processes of their own, between them real TLS: made, fed, run, cut off, killed."""

import atexit
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from cryptography.hazmat.primitives import serialization

from node.records import made_up
from renkei.cli.served import Served
from renkei.node.config import FILE
from renkei.node.rehearsal import Rehearsal, free_ports, rehearse
from two_nodes import processes

RENKEI = [sys.executable, "-m", "renkei"]


@dataclass
class TwoNodes:
    """Both nodes; `serving` holds the processes that serve."""

    made: Rehearsal
    serving: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, party: str) -> Mapping[str, str]:
        # Each node's database stands in its own file: what the tests' server is called must not override it.
        ours = {name: value for name, value in os.environ.items() if name != "RENKEI_DATABASE_URL"}
        return ours | self.made.environment(party) | {"PYTHONUNBUFFERED": "1"}

    def run(self, party: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of a node's to its end."""
        done = processes.run(command, self.environment(party))
        if check:
            done.check_returncode()
        return done

    def cycle(self, party: str, day: date) -> list[dict]:
        """Run a node's cycle; returns the steps that were worked on."""
        return json.loads(self.run(party, "cycle", "run", "--today", day.isoformat(), "--json").stdout)

    def day(self, day: date, turns: int = 2) -> None:
        """Run both nodes' cycles in turn, as their timers would."""
        for _ in range(turns):
            for party in ("mhlw", "isa"):
                self.cycle(party, day)

    def status(self, party: str) -> dict:
        return json.loads(self.run(party, "status", "--json").stdout)

    def officer(self, party: str, name: str, *duties: str) -> str:
        """Make an officer with duties everywhere; returns the account."""
        self.run(party, "officer", "add", name, "--display-name", "架空", "--directory")
        self.run(party, "officer", "duty", name, *duties)
        return name

    def serve(self, *parties: str) -> None:
        for party in parties or tuple(self.made.nodes):
            self.serving[party] = Served(self.environment(party)).ready(600)

    def silence(self, *parties: str, how: int = signal.SIGTERM) -> None:
        """Stop serving: the network to a node is gone."""
        for party in parties or tuple(self.serving):
            process = self.serving.pop(party)
            process.send_signal(how)
            process.wait(timeout=600)

    def land(self, party: str, dataset: str, mode: str, label: str, *rows: Mapping[str, str]) -> None:
        """Let an extract land in a node's directory."""
        made_up.write(self.made.nodes[party] / "extracts" / f"{dataset}.{mode}.{label}.csv", dataset, *rows)

    def table(self, party: str, query: str) -> list[tuple[str, ...]]:
        """Ask a node's database, or tell it something, as its administrator would."""
        directory = self.made.nodes[party]
        url = tomllib.loads((directory / "renkei.toml").read_text("utf-8")).get(
            "database", "sqlite:///node.db"
        )
        file = url.removeprefix("sqlite:///")
        opened = psycopg.connect(url) if file == url else sqlite3.connect(directory / file, timeout=120)
        with closing(opened) as database, database:
            return [tuple(map(str, row)) for row in database.execute(query).fetchall()]


@contextmanager
def two_nodes(directory: Path, database: str | None) -> Iterator[TwoNodes]:
    """Serve two nodes, as good as new; `database` is a PostgreSQL server's, where not SQLite is meant."""
    untouched = _made_once(database)
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(untouched.nodes["isa"].parent, directory)
    made = _moved(untouched, directory)
    if database:
        for party in made.nodes:
            fresh_database(_named(database, party), of=_named(database, party, "_untouched"))
    nodes = TwoNodes(made)
    try:
        yield nodes
    finally:
        nodes.silence()


@cache
def _made_once(database: str | None) -> Rehearsal:
    """Make two nodes with their databases as migrations leave them, for as long as this process tests.

    Keys and migrations take as long as three days of what is tested. The keys are under the passphrase still,
    though by few rounds: each command unlocks three, and what `renkei keys` writes is tested elsewhere.
    """
    place = Path(tempfile.mkdtemp(prefix="renkei-two-nodes-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    urls = {party: _named(database, party, "_untouched") for party in ("isa", "mhlw")} if database else {}
    for url in urls.values():
        fresh_database(url)
    made = rehearse(place / "nodes", datetime.now(UTC).replace(microsecond=0), urls)
    for file in place.rglob("key.pem"):
        key = serialization.load_pem_private_key(file.read_bytes(), made.passphrase)
        lightly = serialization.BestAvailableEncryption(made.passphrase)
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        file.write_bytes(key.private_bytes(*pem, lightly))
    for party in made.nodes:
        TwoNodes(made).run(party, "migrate")
    return made


def _moved(made: Rehearsal, directory: Path) -> Rehearsal:
    """Give copied nodes their place, ports that are free now, and databases of their own."""
    nodes = {party: directory / party for party in made.nodes}
    free = free_ports(2 * len(nodes))
    ports, consoles = (dict(zip(nodes, free[which::2], strict=True)) for which in (0, 1))
    moves = ((made.ports, ports), (made.consoles, consoles))
    new = {str(old[party]): str(now[party]) for old, now in moves for party in nodes}
    for place in nodes.values():
        text = (place / FILE).read_text("utf-8").replace("_untouched", "")
        (place / FILE).write_text(re.sub(r"(?<=:)[0-9]+(?=\")", lambda port: new[port[0]], text), "utf-8")
    return replace(made, nodes=nodes, ports=ports, consoles=consoles)


def _named(server: str, party: str, which: str = "") -> str:
    return f"{server.rsplit('/', 1)[0]}/two_{party}{which}"


def fresh_database(url: str, of: str | None = None) -> None:
    """Make a database on a throw-away server: empty, or as another is."""
    parts = urlsplit(url)
    server = psycopg.connect(host=unquote(parts.hostname or ""), user=parts.username, dbname="postgres")
    name = parts.path[1:]
    with closing(server) as connection:
        connection.autocommit = True
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        template = f' TEMPLATE "{urlsplit(of).path[1:]}"' if of else ""
        connection.execute(f'CREATE DATABASE "{name}"{template}')
