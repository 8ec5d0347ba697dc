"""What a network and a machine do to a transfer: cut, silent, crowded, full, repeated, out of order."""

import os
import resource
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta

import pytest
from django.db import connection

from node.deliveries.over_tls import (
    DAY,
    Cutter,
    FromMhlw,
    Through,
    begin,
    left,
    now,
    received,
    request,
    rows,
    until_sent,
)
from renkei.exchange.errors import Refused
from renkei.exchange.files import DeliveryFiles
from renkei.node.deliveries import keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport import service
from renkei.node.deliveries.transport.protocol import Unreachable

pytestmark = pytest.mark.django_db(transaction=True)

State = Delivery.State
NEXT_DAY = date(2026, 4, 2)


# --- a network that cuts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [1, 900, 2500, 4000, 6000, 8000])
def test_a_network_that_cuts_ever_later_loses_and_doubles_nothing(pair, isa, sealed, first):
    cutter = Cutter(pair.ports["isa"], (first + 1700 * turn for turn in range(1000)))
    failed = until_sent(Through(pair, cutter.port), sealed)
    cutter.close()

    assert failed > 0
    assert received() == [1]
    assert left(pair) == []


# --- strangers and crowds ---------------------------------------------------------------------------------


def test_strangers_who_say_nothing_hold_nobody_up(pair, isa, sealed, monkeypatch):
    monkeypatch.setattr(service, "_HANDSHAKE", 600)
    with ExitStack() as knocking:
        silent = [
            knocking.enter_context(socket.create_connection(("127.0.0.1", pair.ports["isa"])))
            for _ in range(8)
        ]
        FromMhlw(pair).send(sealed)

        assert received() == [1]
        for each in silent:  # all of them knock still: nobody had to be sent away first
            each.setblocking(False)
            with pytest.raises(BlockingIOError):
                each.recv(1)


def test_a_stranger_who_says_nothing_is_sent_away(pair, isa, monkeypatch):
    assert service._HANDSHAKE <= 5

    monkeypatch.setattr(service, "_HANDSHAKE", 0.1)
    with socket.create_connection(("127.0.0.1", pair.ports["isa"]), timeout=60) as silent:
        assert silent.recv(1) == b""


def test_two_uploads_of_one_delivery_at_once_come_to_one(pair, isa, sealed):
    faults: list[BaseException] = []

    def send() -> None:
        try:
            until_sent(FromMhlw(pair), sealed)
        except BaseException as fault:
            faults.append(fault)

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert faults == []
    assert received() == [1]
    assert left(pair) == []


def test_a_file_begun_with_another_length_is_begun_anew(pair, isa, sealed):
    begin(pair, sealed.manifest.name, 5)
    begin(pair, sealed.sealed.name, 7)
    FromMhlw(pair).send(sealed)

    assert received() == [1]
    assert left(pair) == []


def test_an_upload_that_does_not_go_on_is_given_up_after_two_days(pair, isa, sealed):
    where = begin(pair, sealed.sealed.name, 7)
    (data,) = (pair.nodes["isa"] / "exchange/uploads").rglob("*.cms")
    ago = time.time() - 49 * 3600
    os.utime(data, (ago, ago))
    begin(pair, sealed.manifest.name, 5)

    assert request(pair, "HEAD", where)[0] == 404


# --- disk and database ------------------------------------------------------------------------------------


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_the_transfer_goes_on_when_there_is_room(pair, isa, sealed):
    client = FromMhlw(pair)
    with no_file_longer_than(3000), pytest.raises(Refused) as refused:
        client.send(sealed)

    assert refused.value.code == "disk"
    assert received() == []

    where = begin(pair, sealed.sealed.name, sealed.sealed.stat().st_size)

    assert request(pair, "HEAD", where)[1]["upload-offset"] == "3000"

    client.send(sealed)

    assert received() == [1]


@contextmanager
def database_without(table: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")


def test_a_database_that_is_down_keeps_the_bytes_for_the_next_time(pair, isa, sealed):
    client = FromMhlw(pair)
    with database_without("deliveries_delivery"), pytest.raises(Unreachable) as unreachable:
        client.send(sealed)

    assert unreachable.value.trouble == "http_503"

    client.send(sealed)

    assert received() == [1]
    assert left(pair) == []


# --- order and time ---------------------------------------------------------------------------------------


@pytest.fixture
def two(pair, be, isa) -> tuple[DeliveryFiles, DeliveryFiles]:
    """Two days of MHLW's, with the database of ISA."""
    be("mhlw")
    for number, day in enumerate((DAY, NEXT_DAY)):
        outgoing.make("annex1", day, rows(number), now=now())
    Delivery.objects.all().delete()
    outbox = keystore.home().outbox()
    be("isa")
    return outbox.find("annex1", 1), outbox.find("annex1", 2)


def test_a_later_number_waits_for_the_missing_one(pair, isa, two):
    client = FromMhlw(pair)
    client.send(two[1])

    assert received() == []
    assert client.receipts(two[1]) == []

    client.send(two[0])

    assert received() == [1, 2]
    assert [len(client.receipts(files)) for files in two] == [1, 1]


def test_a_replayed_old_delivery_gets_its_old_receipt(pair, isa, two):
    client = FromMhlw(pair)
    client.send(two[0])
    first = client.receipts(two[0])
    client.send(two[1])
    client.send(two[0])

    assert client.receipts(two[0]) == first
    assert received() == [1, 2]


def test_the_same_number_with_other_content_is_refused(pair, isa, sealed, be):
    client = FromMhlw(pair)
    client.send(sealed)
    first = client.receipts(sealed)
    be("mhlw")
    shutil.rmtree(pair.nodes["mhlw"] / "exchange/outbox")  # as if an old backup had been put back
    Delivery.objects.all().delete()
    outgoing.make("annex1", DAY, rows(7), now=now())
    other = keystore.home().outbox().find("annex1", 1)
    be("isa")
    with pytest.raises(Refused) as refused:
        client.send(other)

    assert (refused.value.code, refused.value.alarm) == ("sequence_conflict", True)
    assert client.receipts(sealed) == first


@pytest.mark.parametrize(
    ("behind", "code"), [(timedelta(minutes=4), None), (timedelta(hours=23), "made_in_future")]
)
def test_a_receivers_clock_may_be_wrong_by_five_minutes(pair, be, sealed_alone, behind, code):
    server = service.make(lambda: now() - behind)
    thread = threading.Thread(target=server.safe_start, daemon=True)
    thread.start()
    while not server.ready:
        time.sleep(0.01)
    try:
        FromMhlw(pair).send(sealed_alone)
    except Refused as refused:
        found: str | None = refused.code
    else:
        found = None
    finally:
        server.stop()
        thread.join()

    assert found == code
    assert received() == ([1] if code is None else [])
