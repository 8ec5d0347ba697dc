"""A node that dies between two durable steps, or is killed in the middle of a transfer."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from node.deliveries.over_tls import (
    DAY,
    Cutter,
    FromMhlw,
    left,
    now,
    received,
    rows,
)
from renkei.exchange.manifest import read
from renkei.node.audit.models import Entry
from renkei.node.cycle.steps import Context
from renkei.node.cycle.steps_by_party import open_day
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport.protocol import Unreachable

pytestmark = pytest.mark.django_db(transaction=True)

State = Delivery.State


# --- deaths between two durable steps ---------------------------------------------------------------------


def test_what_a_death_left_half_opened_is_removed_at_the_start(pair, be, sealed_alone):
    incoming.receive(sealed_alone, now())
    place = pair.nodes["isa"] / "exchange/inbox/annex1/00000001"
    for half in (".partial-opened/data", "opened/data"):
        (place / half).mkdir(parents=True)
        (place / half / "notifications.csv").write_text("MARKED")
    incoming.sweep_all()

    assert list(place.rglob("*.csv")) == []


def test_a_day_is_not_open_before_its_receipt_is_given(pair, be, sealed_alone):
    incoming.receive(sealed_alone, now())
    opened = pair.nodes["isa"] / "exchange/inbox/annex1/00000001/opened"
    step = open_day("annex1", lambda sequence, package, now: {"rows": 1})
    step(Context(DAY, now()))
    shutil.rmtree(opened)  # what the disk shows where a node died between the rows and the receipt
    counts = step(Context(DAY, now()))

    assert counts == {"rows": 1}
    assert [path.name for path in opened.glob("*.accepted.json")] == [
        "mhlw-isa-annex1-00000001.accepted.json"
    ]


def test_a_refusal_that_was_signed_but_not_noted_is_noted_next_time(pair, be, sealed_alone):
    incoming.receive(sealed_alone, now())
    sealed = next((pair.nodes["isa"] / "exchange/inbox/annex1/00000001").glob("*.cms"))
    data = bytearray(sealed.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.write_bytes(data)
    refused = incoming.open_next("annex1", lambda sequence, package: {}, now=now())
    Delivery.objects.update(state=State.RECEIVED, trouble="")
    again = incoming.open_next("annex1", lambda sequence, package: {}, now=now())

    assert refused.state == State.REFUSED
    assert again is None
    assert Delivery.objects.get().state == State.REFUSED
    assert Delivery.objects.get().trouble == refused.trouble


def test_a_delivery_in_the_inbox_that_was_never_noted_is_opened_all_the_same(pair, be, sealed_alone):
    incoming.receive(sealed_alone, now())
    Delivery.objects.all().delete()
    opened = incoming.open_next("annex1", lambda sequence, package: {"rows": 1}, now=now())

    assert (opened.state, opened.sequence) == (State.OPENED, 1)


def test_a_commit_that_fails_leaves_the_delivery_to_be_opened_again(pair, be, sealed_alone):
    incoming.receive(sealed_alone, now())

    def fail(sequence: int, package: Path) -> dict[str, int]:
        Entry.objects.create(number=99, at=now(), actor="x", verb="x", previous_sha256="", sha256="")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        incoming.open_next("annex1", fail, now=now())

    assert received() == [1]
    assert not Entry.objects.filter(number=99).exists()
    assert list((pair.nodes["isa"] / "exchange/inbox").rglob("*.csv")) == []
    assert incoming.open_next("annex1", lambda *_: {"rows": 1}, now=now()).state == State.OPENED


def test_a_plan_that_a_death_left_does_not_hold_up_the_next(pair, be):
    be("mhlw")
    left_over = {"kind": "", "state": State.PLANNED, "sequence": 1}
    Delivery.objects.create(direction="out", service="annex1", business_day=DAY, **left_over)
    next_day = DAY + timedelta(days=1)
    later = outgoing.make("annex1", next_day, rows(2), now=now())
    first = outgoing.make("annex1", DAY, rows(1), now=now())

    made = [read(files.manifest_bytes()) for files in keystore.home().outbox().deliveries("annex1")]

    assert (later.sequence, first.sequence) == (1, 2)
    assert [each.business_day for each in made] == [next_day, DAY]


def test_two_workers_make_one_delivery_of_a_day(pair, be):
    be("mhlw")
    made: list[tuple[int, int] | BaseException] = []

    def make() -> None:
        try:
            delivery = outgoing.make("annex1", DAY, rows(1), now=now())
            made.append((delivery.pk, delivery.sequence))
        except BaseException as fault:
            made.append(fault)
        finally:
            connection.close()

    workers = [threading.Thread(target=make) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert set(made) == {(Delivery.objects.get().pk, 1)}
    assert keystore.home().outbox().chain("annex1").last == 1


# --- kill -9, with processes of their own -----------------------------------------------------------------

_SERVE = """
from datetime import UTC, datetime
from renkei.node.deliveries.transport import service
service.make(lambda: datetime.now(UTC)).safe_start()
"""
_START = "import django; django.setup(); "
_SEND = """
from datetime import UTC, datetime
from renkei.node.deliveries import keystore
from renkei.node.deliveries.transport.client import Client
Client(datetime.now(UTC)).send(keystore.home().outbox().find("annex1", 1))
"""


def process(pair, party: str, code: str, **more: str) -> subprocess.Popen[bytes]:
    """Run code as a node's process, on that node's own SQLite."""
    found = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}
    found |= pair.environment(party) | more
    return subprocess.Popen([sys.executable, "-c", _START + code], env=found, stderr=subprocess.DEVNULL)


@pytest.fixture
def serving(pair) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start ISA's carrier as a process; asked again, another one."""
    migrate = "from django.core.management import call_command; call_command('migrate', verbosity=0)"
    assert process(pair, "isa", migrate).wait(600) == 0
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        running.append(process(pair, "isa", _SERVE))
        while running[-1].poll() is None:
            try:
                socket.create_connection(("127.0.0.1", pair.ports["isa"])).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return running[-1]
        raise AssertionError("ended before it listened")

    yield start
    for each in running:
        each.kill()
        each.wait()


def in_node(pair) -> tuple[list[int], list[str]]:
    """What ISA's own database knows: numbers received, and what its trail names."""
    with sqlite3.connect(pair.nodes["isa"] / "node.db") as database:
        numbers = [row[0] for row in database.execute("SELECT sequence FROM deliveries_delivery")]
        named = database.execute("SELECT subject FROM audit_entry WHERE verb = 'DELIVERY_RECEIVED'")
        return numbers, [row[0] for row in named]


@pytest.mark.slow
def test_a_receiver_killed_at_any_moment_loses_and_doubles_nothing(pair, sealed_alone, serving):
    client = FromMhlw(pair)
    for wait in (0.02, 0.1, 0.2, 0.3, 0.5, 0.8):
        server = serving()
        killer = threading.Timer(wait, server.send_signal, (signal.SIGKILL,))
        killer.start()
        with suppress(Unreachable):
            client.send(sealed_alone)
        killer.join()
        server.wait()
    serving()
    client.send(sealed_alone)
    receipts = client.receipts(sealed_alone)

    assert in_node(pair) == ([1], ["annex1 1"])
    assert [json.loads(data)["state"] for data, _ in receipts] == ["received"]
    assert left(pair) == []


@pytest.mark.slow
def test_a_transfer_goes_on_after_its_sender_was_killed_in_the_middle(pair, sealed_alone, serving, tmp_path):
    serving()
    passing = Cutter(pair.ports["isa"], iter([4000] * 50))
    configuration = pair.nodes["mhlw"] / "renkei.toml"
    text = configuration.read_text()
    ports = (str(pair.ports["isa"]), str(passing.port))
    configuration.write_text(text.replace(f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}"))
    sender = process(pair, "mhlw", _SEND)
    while passing.passed < 3000 and sender.poll() is None:
        time.sleep(0.001)
    sender.kill()
    sender.wait()
    passing.close()

    assert in_node(pair) == ([], [])
    assert left(pair) != []

    FromMhlw(pair).send(sealed_alone)

    assert in_node(pair) == ([1], ["annex1 1"])
    assert left(pair) == []
