"""A process killed during an import, and two imports at once: all of an import or nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from node.records.made_up import card_of, write

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_BEFORE, _AFTER = 20_000, 30_000

_IMPORT = """
import sys, os, pathlib, datetime
import django
django.setup()
from dataclasses import replace
from django.conf import settings
from renkei.node.records.imports import import_file
settings.NODE = replace(settings.NODE, party="isa")
print("ready", flush=True)
sys.stdin.readline()
now = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
import_file(pathlib.Path(sys.argv[1]), "cards", "full", now=now)
print("done", flush=True)
"""
_LOOK = """
import django
django.setup()
from renkei.node.records.models import Card, ChangedKey, Import
from renkei.node.audit.models import Entry
from django.db import connection
first = Card.objects.order_by("card_number").values_list("address", flat=True).first()
print(Card.objects.count(), first, Import.objects.count(), ChangedKey.objects.count(), Entry.objects.count())
"""


@pytest.fixture
def database(tmp_path, transactional_db) -> str:
    """A database that other processes see: an SQLite file, or the tests' PostgreSQL database."""
    if connection.vendor == "postgresql":
        found = connection.settings_dict
        host = f"{quote(found['HOST'] or '', safe='')}:{found['PORT'] or 5432}"  # or a socket's directory
        return f"postgres://{found['USER']}:{found['PASSWORD']}@{host}/{found['NAME']}"
    url = f"sqlite:///{tmp_path / 'node.db'}"
    subprocess.run(
        [sys.executable, "-m", "renkei.node.manage", "migrate", "--verbosity=0"],
        env=environment(url),
        check=True,
    )
    return url


def environment(url: str) -> dict[str, str]:
    return os.environ | {"RENKEI_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}


def importing(url: str, path: Path) -> subprocess.Popen[str]:
    """Start a process that will import a file as soon as it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", _IMPORT, str(path)],
        env=environment(url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=600)
    return process.returncode


def look(url: str) -> list[str]:
    """Rows, first address, imports, changed keys and entries of the trail, as a new process sees them."""
    ran = subprocess.run(
        [sys.executable, "-c", _LOOK], env=environment(url), check=True, capture_output=True, text=True
    )
    return ran.stdout.split()


def extract(path: Path, rows: int, address: str) -> Path:
    return write(path, "cards", *(card_of(number, address=address) for number in range(rows)))


def test_an_import_killed_at_any_moment_leaves_the_state_before_or_after(database, tmp_path):
    first = extract(tmp_path / "first.csv", _BEFORE, "before")
    second = extract(tmp_path / "second.csv", _AFTER, "after")
    process = importing(database, first)
    go(process)
    assert finish(process) == 0
    before = look(database)
    assert before == [str(_BEFORE), "before", "1", str(2 * _BEFORE), "1"]

    # The duration tells when to kill; a killed import is done again from the state that it left.
    seen, lasted, moments = set(), 0.0, [0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0, None]
    whole = importing(database, extract(tmp_path / "again.csv", _BEFORE, "before"))
    start = time.monotonic()
    go(whole)
    assert finish(whole) == 0
    lasted = time.monotonic() - start
    before[2], before[4] = "2", "2"
    for moment in moments:
        process = importing(database, second)
        go(process)
        if moment is not None:
            time.sleep(moment * lasted)
            os.kill(process.pid, signal.SIGKILL)
        finish(process)
        found = look(database)
        seen.add(found[1])
        if found[1] == "before":
            assert found == before
        else:
            assert found == [str(_AFTER), "after", "3", str(2 * _BEFORE + 2 * _AFTER), "3"]

    assert seen == {"before", "after"}


def test_two_processes_with_one_file_import_it_once(database, tmp_path):
    path = extract(tmp_path / "x.csv", _BEFORE, "both")
    processes = [importing(database, path) for _ in range(2)]
    for process in processes:
        go(process)

    assert [finish(process) for process in processes] == [0, 0]
    assert look(database) == [str(_BEFORE), "both", "1", str(2 * _BEFORE), "1"]


def test_two_processes_with_two_files_come_to_one_of_them_whole(database, tmp_path):
    paths = [extract(tmp_path / f"{name}.csv", _BEFORE, name) for name in ("one", "two")]
    processes = [importing(database, path) for path in paths]
    for process in processes:
        go(process)

    assert [finish(process) for process in processes] == [0, 0]
    rows, address, imports, _, entries = look(database)
    assert (rows, imports, entries) == (str(_BEFORE), "2", "2")
    assert address in {"one", "two"}
