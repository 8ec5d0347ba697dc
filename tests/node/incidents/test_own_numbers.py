"""Many declare at once, in processes of their own: each incident has a number of its own, none is lost."""

import subprocess
import sys

import pytest

from node.audit.test_one_chain import environment, url  # noqa: F401  a database that processes share

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_DECLARE = """
import sys, datetime, django
django.setup()
from renkei.node.incidents import services
from renkei.node.incidents.models import Incident, Item, Kind
now = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    services.declare(Kind.OUTAGE, {Item.OVERVIEW: "障害"}, found_at=now, by=None, now=now)
"""
_LOOK = """
import django
django.setup()
from renkei.node.audit import verification
from renkei.node.incidents.models import Incident, Notice
print(*Incident.objects.order_by("number").values_list("number", flat=True))
print(Notice.objects.count(), verification.verify().entries)
"""


def test_everybody_gets_a_number_of_their_own(url):  # noqa: F811
    declaring = [
        subprocess.Popen(
            [sys.executable, "-c", _DECLARE],
            env=environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in declaring:
        assert process.stdout.readline() == "ready\n"
    for process in declaring:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in declaring:
        process.communicate(timeout=600)
    look = [sys.executable, "-c", _LOOK]
    found = subprocess.run(look, env=environment(url), capture_output=True, text=True, check=True).stdout
    numbers, counts = found.splitlines()

    assert [process.returncode for process in declaring] == [0, 0, 0]
    assert numbers.split() == [f"I-2026-{number:03d}" for number in range(1, 31)]
    assert counts.split() == ["30", "30"]
