"""Many processes write at once: the result is one chain without a gap."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.db import connection

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_WRITERS, _ENTRIES = 4, 60
_START = """
import sys, django
django.setup()
from django.db import transaction
from renkei.node.audit import verification
from renkei.node.audit.models import Entry
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
"""
_WRITE = f"""
print("ready", flush=True)
sys.stdin.readline()
for number in range({_ENTRIES}):
    try:
        with transaction.atomic():
            record(None, Verb.FILE_IMPORTED, f"{{sys.argv[1]}} {{number}}")
            if number % 10 == 9:
                raise InterruptedError  # an act that fails leaves neither an entry nor a gap
    except InterruptedError:
        pass
"""
_LOOK = """
found = verification.verify()
print(found.entries, found.broken_at, Entry.objects.values("subject").distinct().count())
"""


@pytest.fixture
def url(tmp_path) -> str:
    """A database that other processes see: an SQLite file, or the tests' PostgreSQL database."""
    if connection.vendor == "postgresql":
        found = connection.settings_dict
        host = f"{quote(found['HOST'] or '', safe='')}:{found['PORT'] or 5432}"
        return f"postgres://{found['USER']}:{found['PASSWORD']}@{host}/{found['NAME']}"
    url = f"sqlite:///{tmp_path / 'node.db'}"
    migrate = [sys.executable, "-m", "renkei.node.manage", "migrate", "--verbosity=0"]
    subprocess.run(migrate, env=environment(url), check=True)
    return url


def environment(url: str) -> dict[str, str]:
    return os.environ | {"RENKEI_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}


def test_entries_of_many_processes_make_one_chain(url):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _START + _WRITE, str(number)],
            env=environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(_WRITERS)
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=600)
    look = [sys.executable, "-c", _START + _LOOK]
    found = subprocess.run(look, env=environment(url), capture_output=True, text=True, check=True).stdout
    kept = _WRITERS * _ENTRIES * 9 // 10

    assert [writer.returncode for writer in writers] == [0] * _WRITERS
    assert found.split() == [str(kept), "None", str(kept)]
