"""Two real nodes in separate processes with real TLS: made, supplied, run, disconnected, killed."""

import atexit
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from node.records import made_up
from renkei.cli.rehearsal import Served
from renkei.node.records import control_files
from renkei.node.rehearsal import Rehearsal
from two_nodes import made_once, processes

RENKEI = [sys.executable, "-m", "renkei"]


@dataclass
class TwoNodes:
    """Both nodes; `serving` holds the processes that serve."""

    made: Rehearsal
    serving: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, party: str) -> Mapping[str, str]:
        # Each node's configuration names its database: the tests' environment must not override it.
        ours = {name: value for name, value in os.environ.items() if name != "RENKEI_DATABASE_URL"}
        return ours | self.made.environment(party) | {"PYTHONUNBUFFERED": "1"}

    def run(self, party: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a node's command to its end."""
        done = processes.run(command, self.environment(party))
        if check:
            done.check_returncode()
        return done

    def cycle(self, party: str, day: date) -> list[dict]:
        """Run a node's cycle; return its steps."""
        return json.loads(self.run(party, "cycle", "run", "--today", day.isoformat(), "--json").stdout)

    def day(self, day: date, turns: int = 2) -> None:
        """Run both nodes' cycles in turn, as their timers would."""
        for _ in range(turns):
            for party in ("mhlw", "isa"):
                self.cycle(party, day)

    def status(self, party: str) -> dict:
        return json.loads(self.run(party, "status", "--json").stdout)

    def officer(self, party: str, name: str, *duties: str) -> str:
        """Make an officer with duties in all offices; return the account."""
        self.run(party, "officer", "add", name, "--display-name", "架空", "--directory")
        self.run(party, "officer", "duty", name, *duties)
        return name

    def serve(self, *parties: str) -> None:
        for party in parties or tuple(self.made.nodes):
            self.serving[party] = Served(self.environment(party)).ready(600)

    def silence(self, *parties: str, how: int = signal.SIGTERM) -> None:
        """Stop a node's server, as if the network to it had failed."""
        for party in parties or tuple(self.serving):
            process = self.serving.pop(party)
            process.send_signal(how)
            process.wait(timeout=600)

    def land(self, party: str, dataset: str, mode: str, label: str, *rows: Mapping[str, str]) -> None:
        """Copy an extract into a node's directory."""
        path = self.made.nodes[party] / "extracts" / f"{dataset}.{mode}.{label}.csv"
        control_files.write(made_up.write(path, dataset, *rows), len(rows))

    def table(self, party: str, query: str) -> list[tuple[str, ...]]:
        """Query or change a node's database, as its administrator."""
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
    """Serve two new nodes; `database` is the URL of a PostgreSQL server, or None for SQLite."""
    if database:
        untouched = _on_server(database)
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(untouched.nodes["isa"].parent, directory)
        made = made_once.moved(untouched, directory)
        for party in made.nodes:
            fresh_database(named(database, party), of=named(database, f"{party}_untouched"))
    else:
        made = made_once.migrated(directory)
    nodes = TwoNodes(made)
    try:
        yield nodes
    finally:
        nodes.silence()


@cache
def _on_server(database: str) -> Rehearsal:
    """Make two nodes with migrated databases, until this process ends."""
    place = Path(tempfile.mkdtemp(prefix="renkei-two-nodes-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    urls = {party: named(database, f"{party}_untouched") for party in ("isa", "mhlw")}
    for url in urls.values():
        fresh_database(url)
    made = made_once.make(place / "nodes", urls)
    for party in made.nodes:
        TwoNodes(made).run(party, "migrate")
    return made


def named(server: str, name: str) -> str:
    """Return the URL of this worker's database of a name; the workers of a run share the server."""
    return f"{server.rsplit('/', 1)[0]}/two_{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


def fresh_database(url: str, of: str | None = None) -> None:
    """Make a database on a temporary server: empty, or as a copy of another."""
    parts = urlsplit(url)
    server = psycopg.connect(host=unquote(parts.hostname or ""), user=parts.username, dbname="postgres")
    name = parts.path[1:]
    with closing(server) as connection:
        connection.autocommit = True
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        template = f' TEMPLATE "{urlsplit(of).path[1:]}"' if of else ""
        connection.execute(f'CREATE DATABASE "{name}"{template}')
