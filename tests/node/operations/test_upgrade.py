"""Nodes and backups of every version that was made are brought to this one, and nothing in them is lost.

What is in `kept` was made by keep_version.py. Nothing here depends on the day it runs: certificates and
retention last a hundred years there, and business days are arguments. Not looked at is what the clock
decides: which alarms ring, and whether the timer ran today. Steps of a day that was open during an upgrade
are tested in test_other_steps.py.
"""

import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from node.operations import kept_versions, keys
from node.operations.kept_versions import PARTIES, Version
from node.records import made_up
from renkei.node.rehearsal import Rehearsal
from two_nodes import made_once, processes
from two_nodes.nodes import TwoNodes, fresh_database, named

pytestmark = pytest.mark.slow

SERVER = os.environ.get("RENKEI_DATABASE_URL")
#: The PostgreSQL that a run is given, besides SQLite's files.
ENGINES = ("sqlite", "postgresql") if SERVER else ("sqlite",)
VERSIONS = kept_versions.versions()
#: Django fills these again after each migration: they may grow.
GROWING = {"django_migrations", "django_content_type", "auth_permission"}
#: By table, what a later migration does to rows that were there, other than adding and removing columns; say
#: why. None compares nothing, a name compares with that table.
CHANGED: Mapping[str, str | None] = {}
#: What doctor must find in order, whatever the day: the rest hangs on the clock and on a counterpart.
IN_ORDER = {"configuration", "database", "extracts", "agreement", "certificates", "keys"}


@pytest.fixture(params=VERSIONS, ids=lambda version: version.name)
def version(request: pytest.FixtureRequest) -> Version:
    return request.param


@pytest.fixture(params=PARTIES)
def party(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def pair(version: Version, tmp_path: Path) -> Iterator[TwoNodes]:
    """The directories of both nodes as they were, with ports that are free now."""
    about = version.about()["sqlite"]
    nodes = {party: tmp_path / "nodes" / party for party in PARTIES}
    for party, place in nodes.items():
        with tarfile.open(version.node(party)) as archive:
            archive.extractall(place, filter="tar")  # it keeps modes: keys are the owner's alone
    made = Rehearsal(nodes, about["passphrase"].encode(), about["ports"], about["consoles"])
    pair = TwoNodes(made_once.moved(made, tmp_path / "nodes"))
    yield pair
    pair.silence()


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The schema of a database that this version has made, by engine."""
    nodes = TwoNodes(made_once.migrated(tmp_path_factory.mktemp("fresh") / "nodes"))
    environments = {"sqlite": nodes.environment("isa")}
    if SERVER:
        url = _database("upgrade_fresh")
        environments["postgresql"] = {**nodes.environment("isa"), "RENKEI_DATABASE_URL": url}
        assert processes.run(("migrate",), environments["postgresql"]).returncode == 0
    return {
        engine: kept_versions.database(environment)["schema"] for engine, environment in environments.items()
    }


def _database(name: str) -> str:
    """Make an empty database on the server that this run is given."""
    url = named(SERVER or "", name)
    fresh_database(url)
    return url


def migrate(environment: Mapping[str, str]) -> None:
    done = processes.run(("migrate",), environment)

    assert done.returncode == 0, done.stderr


def is_as_kept(environment: Mapping[str, str], kept: Mapping[str, Any], fresh: Mapping[str, Any]) -> None:
    """The schema is that of a new database, and all rows that were there are there, column by column."""
    now = kept_versions.database(environment, kept)

    assert now["schema"] == fresh
    for name, before in kept.items():
        table = CHANGED.get(name, name)
        if table is None:
            continue
        after = now["tables"][table]
        if name in GROWING:
            assert after["rows"] >= before["rows"], name
            continue
        assert after["rows"] == before["rows"], name
        if after["sha256"] is not None:  # else a column is gone
            assert after["sha256"] == before["sha256"], name


def is_in_order(environment: Mapping[str, str]) -> None:
    doctor = processes.run(("doctor", "--json"), environment)
    found = json.loads(doctor.stdout)
    wrong = [each for each in found if each["check"] in IN_ORDER and each["level"] == "fault"]

    assert wrong == []
    assert {each["check"] for each in found} >= IN_ORDER
    assert not [each["en"] for each in found if each["en"].startswith("It could not be looked at")]
    status = processes.run(("status", "--json"), environment)
    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["day"]


def test_there_is_a_version_to_upgrade_from():
    assert VERSIONS, "keep_version.py makes them"


def test_a_node_of_an_earlier_version_is_upgraded(
    version: Version, party: str, pair: TwoNodes, fresh: Mapping[str, Any]
):
    environment = pair.environment(party)
    migrate(environment)

    is_as_kept(environment, version.tables(party, "sqlite"), fresh["sqlite"])
    is_in_order(environment)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_backup_of_an_earlier_version_is_restored_and_upgraded(
    version: Version, party: str, engine: str, tmp_path: Path, fresh: Mapping[str, Any]
):
    key = keys.make(tmp_path, kept_versions.KEY_NUMBER)
    place = tmp_path / "restored"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RENKEI")}
    environment["RENKEI_KEY_PASSPHRASE"] = version.about()[engine]["passphrase"]
    if engine == "postgresql":
        environment["RENKEI_DATABASE_URL"] = _database("upgrade_restored")
    key_options = ("--key", str(key.private), "--cert", str(key.certificate))
    passphrase = ("--passphrase-file", str(key.passphrase))
    backup = str(version.backup(party, engine))
    done = processes.run(("restore", backup, "--node", str(place), *key_options, *passphrase), environment)
    assert done.returncode == 0, done.stderr
    environment["RENKEI_NODE"] = str(place)
    migrate(environment)

    is_as_kept(environment, version.tables(party, engine), fresh[engine])
    is_in_order(environment)


def test_an_upgraded_pair_lives_the_next_day(version: Version, pair: TwoNodes):
    """On the day after the last that was lived, whatever day it is by the clock."""
    day = date.fromisoformat(version.about()["last_day"]) + timedelta(days=1)
    for party in PARTIES:
        migrate(pair.environment(party))
    pair.serve()
    pair.land("mhlw", "notifications", "delta", "next", made_up.notification(8, registered_on="2026-11-18"))
    pair.day(day)

    for party in PARTIES:
        closed = f"SELECT count(*) FROM cycle_day WHERE business_day = '{day}' AND closed_at IS NOT NULL"
        assert pair.table(party, closed) == [("1",)]
    taken = "SELECT count(*) FROM records_receivednotification WHERE notification_id = 'N8'"
    assert pair.table("isa", taken) == [("1",)]
    # What was imported before the upgrade, and waited to be matched, is matched after it.
    assert version.tables("isa", "sqlite")["records_changedkey"]["rows"] > 0
    assert pair.table("isa", "SELECT count(*) FROM records_changedkey") == [("0",)]
