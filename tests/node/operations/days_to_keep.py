"""The days that are lived to be kept as a version's test data; keep_version.py says how and why."""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from node.operations import kept_versions, keys
from node.records import made_up
from renkei.cli.rehearsal import make_account
from renkei.node.config import FILE
from two_nodes import made_once
from two_nodes.nodes import TwoNodes, fresh_database

DAYS = [date(2026, 11, day) for day in (16, 17, 18)]
YEARS = 36500  # days
RETENTION = "\n[retention]\n" + "".join(
    f"{name} = {YEARS}\n" for name in ("notifications", "register", "closed_cases", "deliveries")
)
AGREED = ("--reason", "network_failure", "--agreed-by", "試験 花子")


def nodes_made(directory: Path, databases: Mapping[str, str] | None) -> TwoNodes:
    made = made_once.make(directory, dict(databases or {}) or None, timedelta(days=YEARS))
    nodes = TwoNodes(made)
    for party, place in made.nodes.items():
        with (place / FILE).open("a", encoding="utf-8") as file:
            file.write(RETENTION)
        (place / "extracts").mkdir()
        nodes.run(party, "migrate")
        make_account(nodes.environment(party), directory)  # tanaka, with every duty and one-time codes
        nodes.officer(party, "sato", "handle_cases", "operate")
    return nodes


def land(nodes: TwoNodes) -> None:
    """Eight people: one notified otherwise than registered, one by a wrong number, one row unreadable."""
    people = range(1, 9)
    named = {number: f"KAKU {'ABCDEFGH'[number - 1] * 4}" for number in people}
    born = {number: f"199{number}-0{number}-1{number}" for number in people}
    identity = {number: {"name": named[number], "birth_date": born[number]} for number in people}
    notified = [
        made_up.notification(1, **identity[1]),
        made_up.notification(2, **identity[2] | {"birth_date": "1990-12-31"}),
        made_up.notification(3, **identity[3], card_number="AB00000030CD"),
        made_up.notification(4, **identity[4]),
        made_up.notification(5, **identity[5] | {"name": "KAKU ZZZZ"}),
        made_up.notification(6, **identity[6] | {"sex": "2"}),
        made_up.notification(7, registered_on="?"),
    ]
    nodes.land("mhlw", "notifications", "full", "first", *notified)
    nodes.land("mhlw", "establishments", "full", "first", *map(made_up.establishment, (1, 2, 5)))
    nodes.land(
        "isa", "persons", "full", "first", *(made_up.person(each, **identity[each]) for each in people)
    )
    nodes.land("isa", "cards", "full", "first", *(made_up.card_of(each, **identity[each]) for each in people))
    nodes.land("isa", "permissions", "full", "first", *(made_up.permission(number) for number in (1, 8)))


def at_work(nodes: TwoNodes, day: str) -> None:
    """Let the officers of either node do what officers_at_work.py has for this day."""
    script = Path(__file__).with_name("officers_at_work.py")
    for party in nodes.made.nodes:
        environment = {**nodes.environment(party), "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}
        subprocess.run([sys.executable, str(script), day], env=environment, check=True)


def live(nodes: TwoNodes, medium: Path) -> None:
    """Two days by network and one by medium; all of them are closed on both sides at the end."""
    nodes.serve()
    land(nodes)
    nodes.day(DAYS[0])
    at_work(nodes, "first")
    say = ("--say", "overview=架空の媒体一枚が見当たらない", "--lang", "ja", "--officer", "tanaka")
    declared = nodes.run("mhlw", "incident", "declare", "--kind", "leak", *say).stdout.split()[0]
    reported = ("--reported", "preliminary", "--officer", "tanaka")
    nodes.run("mhlw", "incident", "add", declared, *reported)
    correction = made_up.notification(6, name="KAKU FFFF", birth_date="1996-06-16")
    nodes.land("mhlw", "notifications", "delta", "second", correction)
    nodes.cycle("mhlw", DAYS[1])
    nodes.cycle("isa", DAYS[1])
    at_work(nodes, "second")
    nodes.day(DAYS[1])
    nodes.silence()
    medium.mkdir()
    nodes.land("mhlw", "notifications", "delta", "third", made_up.notification(4, deleted_on="2026-11-17"))
    for party, other in (("mhlw", "isa"), ("isa", "mhlw"), ("mhlw", "isa")):
        nodes.cycle(party, DAYS[2])
        nodes.run(party, "medium", "export", str(medium), *AGREED)
        nodes.run(other, "medium", "import", str(medium))
    nodes.cycle("isa", DAYS[2])
    # Waits to be matched by the next day.
    renamed = made_up.write(medium / "renamed.csv", "persons", made_up.person(1, name="KAKU XXXX"))
    nodes.run("isa", "import", str(renamed), "--dataset", "persons", "--mode", "delta")
    for party in nodes.made.nodes:
        nodes.run(party, "audit", "verify", "--officer", "tanaka")
        open_days = nodes.table(party, "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL")
        assert open_days == [("0",)], f"{party}: a day is still open"


def keep(nodes: TwoNodes, version: kept_versions.Version, engine: str, key: keys.BackupKey) -> dict[str, Any]:
    """Write the files of both parties; returns what its tables hold. The nodes are silent."""
    found = {}
    for party, place in nodes.made.nodes.items():
        found[f"{party}-{engine}"] = kept_versions.database(nodes.environment(party))["tables"]
        if engine == "sqlite":
            with closing(sqlite3.connect(place / "node.db")) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with tarfile.open(version.node(party), "w:xz", preset=9) as archive:
                archive.add(place, arcname=".", filter=_anybody)
        nodes.run(party, "backup", str(version.backup(party, engine)), "--to", str(key.certificate))
    return found


def _anybody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who made it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main() -> None:
    """Make a version's folder, all of it or nothing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("version", help="as 0.1: the folder's name")
    version = kept_versions.Version(parser.parse_args().version)
    server = os.environ.get("RENKEI_DATABASE_URL")
    if not server:
        raise SystemExit("Run it as its docstring says: a PostgreSQL is needed.")
    version.folder.mkdir(parents=True)  # what is kept already stays as it is
    urls = {party: f"{server.rsplit('/', 1)[0]}/kept_{party}" for party in kept_versions.PARTIES}
    place = Path(tempfile.mkdtemp(prefix="renkei-keep-"))
    about: dict[str, Any] = {"last_day": DAYS[-1].isoformat(), "tables": {}}
    try:
        key = keys.make(place, kept_versions.KEY_NUMBER)
        for engine, databases in (("sqlite", None), ("postgresql", urls)):
            for url in (databases or {}).values():
                fresh_database(url)
            nodes = nodes_made(place / engine, databases)
            try:
                live(nodes, place / f"medium-{engine}")
            finally:
                nodes.silence()
            about["tables"] |= keep(nodes, version, engine, key)
            about[engine] = {
                "passphrase": nodes.made.passphrase.decode(),
                "ports": dict(nodes.made.ports),
                "consoles": dict(nodes.made.consoles),
            }
        tables = about["tables"]
        about["columns"] = {
            name: " ".join(each.pop("columns")) for name, each in tables["isa-sqlite"].items()
        }
        for each in (table for name in tables for table in tables[name].values()):
            each.pop("columns", None)
        text = json.dumps(about, ensure_ascii=False, indent=1, sort_keys=True)
        (version.folder / kept_versions.ABOUT).write_text(text + "\n", "utf-8")
    except BaseException:
        shutil.rmtree(version.folder)
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
    for name, tables in about["tables"].items():
        empty = [table for table, each in tables.items() if not each["rows"]]
        print(
            f"{name}: {len(tables) - len(empty)} of {len(tables)} tables have rows; none: {' '.join(empty)}"
        )
