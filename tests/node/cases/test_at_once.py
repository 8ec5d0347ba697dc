"""Two at once, in processes of their own: one case has one next state, and one answer one set of cases."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from node.cases.made_up import a_discrepancy, package

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_START = """
import datetime, pathlib, sys
from dataclasses import replace
import django
django.setup()
from django.conf import settings
from django.db import transaction
settings.NODE = replace(settings.NODE, party="mhlw")
NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
from renkei.node.audit import trail
from renkei.node.audit.models import Entry
from renkei.node.cases import services
from renkei.node.cases.intake import import_answers
from renkei.node.cases.models import Case, Event
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.errors import ChangedMeanwhile
"""
_WAIT = """
print("ready", flush=True)
sys.stdin.readline()
"""
_PREPARE = """
officers = [Officer.objects.create_user(name) for name in ("tanaka", "sato")]
for officer in officers:
    Assignment.objects.create(officer=officer, duty="handle_cases")
with transaction.atomic():
    import_answers(1, pathlib.Path(sys.argv[1]), now=NOW)
"""
_MOVE = (
    """
officer = Officer.objects.get(username=sys.argv[1])
cases = list(Case.objects.order_by("id"))
"""
    + _WAIT
    + """
moved = 0
for case in cases:
    try:
        services.move(case, sys.argv[2], officer, version=1, now=NOW)
        moved += 1
    except ChangedMeanwhile:
        pass
print(moved, flush=True)
"""
)
_TAKE = (
    _WAIT
    + """
with transaction.atomic():
    counts = import_answers(2, pathlib.Path(sys.argv[1]), now=NOW)
print(counts["opened"], flush=True)
"""
)
_COUNT = """
print(Case.objects.filter(version=2).count(), Event.objects.exclude(what="open").count(),
      Entry.objects.filter(verb="CASE_MOVED").count(), Case.objects.count(),
      Case.objects.values("number").distinct().count())
"""


@pytest.fixture
def database(tmp_path: Path, transactional_db) -> str:
    """A database that other processes see: a file of SQLite, or PostgreSQL's own of the tests."""
    if connection.vendor == "postgresql":
        found = connection.settings_dict
        host = found["HOST"].replace("/", "%2F")
        return f"postgres://{found['USER']}:{found['PASSWORD']}@{host}:{found['PORT']}/{found['NAME']}"
    url = f"sqlite:///{tmp_path / 'node.db'}"
    subprocess.run(
        [sys.executable, "-m", "renkei.node.manage", "migrate", "--verbosity=0"],
        env=environment(url),
        check=True,
    )
    return url


def environment(url: str) -> dict[str, str]:
    return os.environ | {"RENKEI_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}


def run(url: str, code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _START + code, *arguments],
        env=environment(url),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def at_once(url: str, *commands: tuple[str, ...]) -> Iterator[int]:
    """Start each, let all go together, and give what each printed last."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _START + code, *arguments],
            env=environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for code, *arguments in commands
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        out, _ = process.communicate(timeout=600)
        assert process.returncode == 0
        yield int(out)


def test_two_officers_at_the_same_cases_move_each_once(database, tmp_path):
    rows = [a_discrepancy(number) for number in range(1, 101)]
    run(database, _PREPARE, str(package(tmp_path / "1", rows)))
    moved = list(at_once(database, (_MOVE, "tanaka", "take"), (_MOVE, "sato", "ask_employer")))

    assert sum(moved) == 100
    assert run(database, _COUNT) == "100 100 100 100 100"


def test_an_answer_taken_by_two_workers_at_once_opens_each_case_once(database, tmp_path):
    run(database, _PREPARE, str(package(tmp_path / "1", [a_discrepancy(1)])))
    answer = str(package(tmp_path / "2", [a_discrepancy(number) for number in range(2, 500)]))
    opened = sorted(at_once(database, (_TAKE, answer), (_TAKE, answer)))

    assert opened == [0, 498]
    assert run(database, _COUNT).split()[-2:] == ["499", "499"]
