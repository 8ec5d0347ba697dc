"""Two real nodes in processes of their own, between them real TLS: made, fed, run, cut off, killed."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from node.records import made_up
from renkei.cli.served import Served
from renkei.node.rehearsal import Rehearsal, rehearse
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
            self.serving[party] = Served(self.environment(party)).ready()

    def silence(self, *parties: str, how: int = signal.SIGTERM) -> None:
        """Stop serving: the network to a node is gone."""
        for party in parties or tuple(self.serving):
            process = self.serving.pop(party)
            process.send_signal(how)
            process.wait(timeout=30)

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
        opened = psycopg.connect(url) if file == url else sqlite3.connect(directory / file, timeout=30)
        with closing(opened) as database, database:
            return [tuple(map(str, row)) for row in database.execute(query).fetchall()]


@contextmanager
def two_nodes(directory: Path, database: str | None) -> Iterator[TwoNodes]:
    """Make two nodes and serve them; `database` is a PostgreSQL server's, where not SQLite is meant."""
    urls = (
        {party: f"{database.rsplit('/', 1)[0]}/two_{party}" for party in ("isa", "mhlw")} if database else {}
    )
    for url in urls.values():
        fresh_database(url)
    shutil.rmtree(directory, ignore_errors=True)
    made = rehearse(directory, datetime.now(UTC).replace(microsecond=0), urls)
    nodes = TwoNodes(made)
    for party in made.nodes:
        nodes.run(party, "migrate")
    try:
        yield nodes
    finally:
        nodes.silence()


def fresh_database(url: str) -> None:
    """Make an empty database on a throw-away server."""
    parts = urlsplit(url)
    server = psycopg.connect(host=unquote(parts.hostname or ""), user=parts.username, dbname="postgres")
    name = parts.path[1:]
    with closing(server) as connection:
        connection.autocommit = True
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
