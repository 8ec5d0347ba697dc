"""A process killed at any moment, and two workers on one day: the state is that of one undisturbed run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from node.records.made_up import card_of, notification, person, write

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_PEOPLE = 2_000

_START = """
import datetime, os, pathlib, sys
import django
django.setup()
from dataclasses import replace
from django.conf import settings
from django.db import transaction
from renkei.node.matching_run import outgoing, run
from renkei.node.matching_run.models import AnswerDay, Finding, Outcome, Run
from renkei.node.records import annex1, imports
from renkei.node.records.models import ChangedKey
settings.NODE = replace(settings.NODE, party="isa")
day, now = datetime.date(2026, 11, 24), datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
place = pathlib.Path(sys.argv[1])
"""
_FILL = """
for name in ("persons", "cards"):
    imports.import_file(place / f"{name}.csv", name, "full", now=now)
with transaction.atomic():
    annex1.import_annex1(1, place, now=now)
"""
_LIVE = """
print("ready", flush=True)
sys.stdin.readline()
run.match(day)
outgoing.select(day)
outgoing.mark_sent(day, 1)
"""
_LOOK = """
last = Run.objects.first()
print(Outcome.objects.count(), Finding.objects.filter(is_active=True, reported_sequence=1).count(),
      AnswerDay.objects.filter(sequence=1).count(), ChangedKey.objects.count(),
      last and sum(last.outcomes.values()), last and last.active["discrepancy"])
"""
_AFTER = [str(_PEOPLE), str(_PEOPLE // 2), "1", "0", str(_PEOPLE), str(_PEOPLE // 2)]


@pytest.fixture
def database(tmp_path, transactional_db) -> str:
    """A filled database that other processes see: an SQLite file, or the tests' PostgreSQL database."""
    if connection.vendor == "postgresql":
        found = connection.settings_dict
        host = f"{quote(found['HOST'] or '', safe='')}:{found['PORT'] or 5432}"  # or a socket's directory
        url = f"postgres://{found['USER']}:{found['PASSWORD']}@{host}/{found['NAME']}"
    else:
        url = f"sqlite:///{tmp_path / 'node.db'}"
        migrate = [sys.executable, "-m", "renkei.node.manage", "migrate", "--verbosity=0"]
        subprocess.run(migrate, env=environment(url), check=True)
    everybody = range(1, _PEOPLE + 1)
    write(tmp_path / "persons.csv", "persons", *map(person, everybody))
    write(tmp_path / "cards.csv", "cards", *map(card_of, everybody))
    # Every second notification differs.
    rows = (notification(number, sex=str(1 + number % 2)) for number in everybody)
    write(tmp_path / "notifications.csv", "notifications", *rows)
    done(url, _FILL, tmp_path)
    return url


def environment(url: str) -> dict[str, str]:
    return os.environ | {"RENKEI_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}


def done(url: str, work: str, place: Path) -> list[str]:
    command = [sys.executable, "-c", _START + work, str(place)]
    return subprocess.run(
        command, env=environment(url), check=True, capture_output=True, text=True
    ).stdout.split()


def living(url: str, place: Path) -> subprocess.Popen[str]:
    """Start a process that runs the day as soon as it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", _START + _LIVE, str(place)],
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


def test_a_day_killed_again_and_again_ends_as_an_undisturbed_one(database, tmp_path):
    for moment in (0.0, 0.1, 0.2, 0.4, 0.8, None):
        process = living(database, tmp_path)
        go(process)
        if moment is not None:
            time.sleep(moment)
            os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=600)

    assert process.returncode == 0
    assert done(database, _LOOK, tmp_path) == _AFTER


def test_two_workers_on_one_day_do_it_once(database, tmp_path):
    processes = [living(database, tmp_path) for _ in range(2)]
    for process in processes:
        go(process)
    for process in processes:
        process.communicate(timeout=600)

    assert [process.returncode for process in processes] == [0, 0]
    assert done(database, _LOOK, tmp_path) == _AFTER
