"""A node backed up while it works, put back elsewhere, and going on; killed anywhere, nothing is left."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from node.operations.keys import BackupKey
from node.records import made_up
from two_nodes.nodes import RENKEI, TwoNodes, fresh_database, named, two_nodes

pytestmark = pytest.mark.slow

DAYS = [date(2026, 11, day) for day in (16, 17, 18)]
MARK = "TRAN THI MARKED"  # a name that must be readable nowhere outside a database
DUMP = """
import django, json; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    for table in sorted(connection.introspection.table_names(cursor)):
        cursor.execute(f'SELECT * FROM "{table}"')
        print(json.dumps([table, sorted(repr(row) for row in cursor.fetchall())]))
"""


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path / "nodes", os.environ.get("RENKEI_DATABASE_URL")) as nodes:
        for party in nodes.made.nodes:
            (nodes.made.nodes[party] / "extracts").mkdir()
        nodes.serve()
        yield nodes


def work(nodes: TwoNodes, *days: date) -> None:
    for day in days:
        number = DAYS.index(day) + 1
        nodes.land("mhlw", "notifications", "delta", day.isoformat(), made_up.notification(number, name=MARK))
        nodes.land("isa", "persons", "delta", day.isoformat(), made_up.person(number))
        nodes.land("isa", "cards", "delta", day.isoformat(), made_up.card_of(number))
        go_on(nodes, day)


def go_on(nodes: TwoNodes, day: date) -> None:
    """Run both cycles in turn, as the timers would; a step may stop."""
    for party in ("mhlw", "isa") * 2:
        nodes.run(party, "cycle", "run", "--today", day.isoformat())


def backup(nodes: TwoNodes, party: str, file: Path, key: BackupKey) -> None:
    nodes.run(party, "backup", str(file), "--to", str(key.certificate))


def moved(nodes: TwoNodes, party: str, file: Path, to: Path, key: BackupKey) -> str:
    """Restore a node elsewhere and let it take the place of the one that was lost; returns what was said."""
    restored = restore(nodes, file, to, key)
    nodes.made.nodes[party] = to
    if url := fresh(nodes, party):
        path = to / "renkei.toml"
        old = next(line for line in path.read_text().splitlines() if line.startswith("database"))
        path.write_text(path.read_text().replace(old, f"database = {json.dumps(url)}"))
    return restored.stdout


def restore(nodes: TwoNodes, file: Path, to: Path, key: BackupKey) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(file, to, key), env=environment(nodes), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def command(file: Path, to: Path, key: BackupKey) -> list[str]:
    options = ["--key", str(key.private), "--cert", str(key.certificate)]
    return [
        *RENKEI,
        "restore",
        str(file),
        "--node",
        str(to),
        *options,
        "--passphrase-file",
        str(key.passphrase),
    ]


def environment(nodes: TwoNodes) -> dict[str, str]:
    """What a restore runs in: with an empty database, where a server's is meant."""
    url = fresh(nodes, "mhlw")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RENKEI")}
    if not url:
        return ours
    if not filled(url):
        fresh_database(url)
    return ours | {"RENKEI_DATABASE_URL": url, "LANG": "en_US.UTF-8"}


def fresh(nodes: TwoNodes, party: str) -> str:
    url = os.environ.get("RENKEI_DATABASE_URL")
    return named(url, "restored") if url else ""


def filled(url: str) -> bool:
    """Whether that database is there and holds tables."""
    import psycopg

    parts = urlsplit(url)
    try:
        connection = psycopg.connect(
            host=unquote(parts.hostname or ""), user=parts.username, dbname=parts.path[1:], autocommit=True
        )
    except psycopg.OperationalError:
        return False
    with connection:
        return bool(connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone())


@pytest.fixture(autouse=True)
def no_database_left() -> None:
    if url := os.environ.get("RENKEI_DATABASE_URL"):
        fresh_database(named(url, "restored"))


def tables(nodes: TwoNodes, party: str) -> dict[str, list[str]]:
    env = {**nodes.environment(party), "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}
    done = subprocess.run([sys.executable, "-c", DUMP], env=env, capture_output=True, text=True, check=True)
    return dict(map(json.loads, done.stdout.splitlines()))


def files(node: Path) -> dict[str, bytes]:
    """Everything below a node that is state."""
    found = {}
    for path in sorted(node.rglob("*")):
        name = path.relative_to(node).as_posix()
        database = name.startswith("node.db")
        if (
            path.is_file()
            and not path.name.startswith(".")
            and not name.startswith("extracts")
            and not database
        ):
            found[name] = path.read_bytes()
    found.pop("exchange/restored.json", None)
    return found


@pytest.mark.parametrize("party", ["mhlw", "isa"])
def test_a_restored_node_is_the_same_row_by_row_and_goes_on(
    party: str, nodes: TwoNodes, backup_key: BackupKey, tmp_path: Path
):
    work(nodes, *DAYS[:2])
    file = tmp_path / "backup"
    before, kept = tables(nodes, party), files(nodes.made.nodes[party])
    backup(nodes, party, file, backup_key)
    nodes.silence(party)
    said = moved(nodes, party, file, tmp_path / "restored", backup_key)

    assert "renkei restored confirm" in said
    after = tables(nodes, party)
    assert after == before
    assert sum(map(len, after.values())) > 100
    now_kept = files(tmp_path / "restored")
    now_kept["renkei.toml"] = kept["renkei.toml"]  # the test moved its database
    assert now_kept == kept
    assert file.stat().st_mode & 0o777 == 0o600
    assert MARK.encode() not in file.read_bytes()

    nodes.serve(party)
    work(nodes, DAYS[2])
    stopped = [step for step in nodes.status(party)["steps"] if step["state"] == "stopped"]

    assert [step["trouble"] for step in stopped] == ["Unconfirmed"]
    assert nodes.run(party, "doctor", check=False).returncode == 1

    nodes.run(party, "restored", "confirm")
    go_on(nodes, DAYS[2])
    go_on(nodes, DAYS[2])

    for each in nodes.made.nodes:
        assert nodes.table(each, "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]


def test_after_an_old_backup_no_number_is_used_twice(nodes: TwoNodes, backup_key: BackupKey, tmp_path: Path):
    file = tmp_path / "backup"
    work(nodes, DAYS[0])
    backup(nodes, "mhlw", file, backup_key)
    work(nodes, DAYS[1])
    nodes.silence("mhlw")
    moved(nodes, "mhlw", file, tmp_path / "restored", backup_key)
    last = json.loads(nodes.run("mhlw", "audit", "head", "--json").stdout)
    nodes.serve("mhlw")

    refused = nodes.run("mhlw", "restored", "confirm", "--lang", "en", check=False)
    assert refused.returncode == 2
    assert "mhlw-isa-annex1-00000002" in refused.stderr

    told = ("restored", "confirm", "--last", "annex1=2", "--told-by", "試験 花子")
    assert nodes.run("mhlw", *told, check=False).returncode == 2

    held = nodes.made.nodes["isa"] / "exchange/inbox/annex1/00000002"
    shutil.copytree(held, tmp_path / "medium" / "00000002")
    taken = nodes.run("mhlw", "restored", "recover", str(tmp_path / "medium"))
    assert taken.stdout.split() == ["mhlw-isa-annex1-00000002"]

    nodes.run("mhlw", *told)
    work(nodes, DAYS[2])
    sent = nodes.table(
        "isa", "SELECT sequence, state FROM deliveries_delivery WHERE direction = 'in' ORDER BY sequence"
    )

    # The second day goes once more, since what it held is sealed for the counterpart alone.
    assert sent == [(str(number), "opened") for number in (1, 2, 3, 4)]

    export = ("delivery", "export", "--home", str(nodes.made.nodes["isa"] / "exchange"), "--number", "2")
    why = ("--service", "annex2-3", "--reason", "agreed", "--agreed-by", "試験 花子")
    (tmp_path / "answers").mkdir()
    nodes.run("isa", *export, *why, "--to", str(tmp_path / "answers"))
    nodes.run("mhlw", "medium", "import", str(tmp_path / "answers"))
    go_on(nodes, DAYS[2])

    for party in nodes.made.nodes:
        assert nodes.table(party, "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]

    accept_restore(nodes, "mhlw", last, "mhlw-isa-annex1-00000002")


def accept_restore(nodes: TwoNodes, party: str, to: dict, lost: str) -> None:
    """Two officers accept what a restored trail lost; the alarm is cleared, and verifying finds no fault."""
    assert nodes.run(party, "audit", "verify", check=False).returncode == 2
    nodes.cycle(party, DAYS[2])
    assert alarms(nodes, party) == {"TRAIL_DIFFERS"}

    first, second = (nodes.officer(party, name, "audit") for name in ("tanaka", "sato"))
    asking = ("--of", party, "--head", to["head"], "--number", str(to["number"]), "--reason", "hardware")
    asking = ("audit", "accept-restore", *asking, "--reference", "入管情第12号")
    asked = nodes.run(party, *asking, "--officer", first).stdout
    assert lost in asked
    number = asked.rsplit("confirm-restore ", 1)[1].split("`")[0]
    confirming = ("audit", "confirm-restore", number, "--officer")
    assert nodes.run(party, *confirming, first, check=False).returncode == 2
    nodes.run(party, *confirming, second)
    nodes.cycle(party, DAYS[2])

    assert alarms(nodes, party) == set()
    assert nodes.run(party, "audit", "verify", "--officer", first).returncode == 0
    actors = nodes.table(
        party, "SELECT actor FROM audit_entry WHERE verb LIKE 'RESTORE_ACC%' ORDER BY number"
    )
    assert actors == [("tanaka",), ("sato",)]


def alarms(nodes: TwoNodes, party: str) -> set[str]:
    return {alarm["kind"] for alarm in nodes.status(party)["alarms"] if "TRAIL" in alarm["kind"]}


def test_what_somebody_else_signed_is_not_taken_back(nodes: TwoNodes, backup_key: BackupKey, tmp_path: Path):
    work(nodes, DAYS[0])
    held = nodes.made.nodes["isa"] / "exchange/inbox/annex1/00000001"
    copy = tmp_path / "medium" / "00000001"
    shutil.copytree(held, copy)
    shutil.rmtree(nodes.made.nodes["mhlw"] / "exchange/outbox/annex1/00000001")
    sealed = next(copy.glob("*.cms"))
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"?")

    assert nodes.run("mhlw", "restored", "recover", str(tmp_path / "medium"), check=False).returncode == 2
    assert not (nodes.made.nodes["mhlw"] / "exchange/outbox/annex1/00000001").exists()


@pytest.mark.long
def test_a_backup_or_restore_that_is_killed_leaves_nothing(
    nodes: TwoNodes, backup_key: BackupKey, tmp_path: Path
):
    work(nodes, DAYS[0])
    place, file, to = nodes.made.nodes["mhlw"], tmp_path / "backups" / "one", tmp_path / "restored"
    file.parent.mkdir()
    backing_up = [*RENKEI, "backup", str(file), "--to", str(backup_key.certificate)]
    killed = 0
    for after in (0.4, 0.8, 1.0, 1.2, 1.4, 1.6):
        killed += kill(backing_up, nodes.environment("mhlw"), after)
        assert not list(file.parent.iterdir()) or verified(file, backup_key)
        file.unlink(missing_ok=True)
        for left in (place / "exchange").glob(".partial*"):
            assert not any(MARK.encode() in each.read_bytes() for each in left.rglob("*") if each.is_file())
    assert killed

    backup(nodes, "mhlw", file, backup_key)
    assert not list((place / "exchange").glob(".partial*"))
    restoring = command(file, to, backup_key)
    for after in (0.3, 0.4, 0.5, 0.6, 0.7):
        if kill(restoring, environment(nodes), after) and to.exists():
            assert (to / "exchange/restored.json").is_file()
    if to.exists():
        shutil.rmtree(to)
    if url := fresh(nodes, "mhlw"):
        fresh_database(url)
    restore(nodes, file, to, backup_key)

    assert not list(tmp_path.glob(".partial*"))
    assert (to / "exchange/restored.json").is_file()


def kill(command: list[str], environment: dict, after: float) -> bool:
    """Kill a command -9 after a while; False where it was done before."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def verified(file: Path, key: BackupKey) -> bool:
    from renkei.node.operations import archive

    return bool(archive.verify(file, [key.read()]).files)
