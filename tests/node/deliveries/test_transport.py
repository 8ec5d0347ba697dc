"""The carrier between two homes: real TLS, a real port; resumed, refused, repeated."""

import base64
import http.client
import json
import shutil
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from requests.adapters import HTTPAdapter
from tusclient.client import TusClient

from node.deliveries.over_tls import DAY, FromMhlw, as_mhlw, begin, now, patch, request, rows
from renkei.exchange.errors import Refused
from renkei.exchange.home import Home
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport import tls
from renkei.node.deliveries.transport.client import Client

pytestmark = pytest.mark.django_db(transaction=True)

State = Delivery.State


def test_a_day_is_sealed_once(pair, be):
    be("mhlw")
    told: list[int] = []
    first = outgoing.make("annex1", DAY, rows(1, 2), now=now(), sealed=told.append)
    again = outgoing.make("annex1", DAY, rows(1, 2, 3), now=now(), sealed=told.append)

    assert (first.pk, first.sequence, told) == (again.pk, 1, [1])
    assert first.counts == {"notifications": 2}


def test_an_empty_day_is_sent_too(pair, be):
    be("mhlw")

    assert outgoing.make("annex1", DAY, rows(), now=now()).kind == "empty"


INCIDENT = {
    "incident_id": "I-1",
    "kind": "leak",
    "suspected": "true",
    "found_on": "2026-04-01",
    "known": "媒体一枚が見当たらない",
    "data_concerned": "別紙1",
    "deliveries_concerned": "annex1 1",
    "persons_concerned": "2",
    "contact": "made-up office",
}


@pytest.mark.parametrize("party", ["isa", "mhlw"])
def test_each_incident_of_a_day_is_told_by_a_delivery_of_its_own(pair, be, party):
    be(party)
    tables = {
        name: {"incidents": pl.DataFrame([INCIDENT | {"incident_id": name}])} for name in ("I-1", "I-2")
    }
    made = [
        outgoing.make("incident", DAY, tables[name], now=now(), about=name) for name in ("I-1", "I-2", "I-1")
    ]

    assert [(each.kind, each.about, each.sequence) for each in made] == [
        ("incident", "I-1", 1),
        ("incident", "I-2", 2),
        ("incident", "I-1", 1),
    ]


def test_what_was_made_before_the_node_died_is_found_and_not_made_again(pair, be):
    be("mhlw")
    delivery = outgoing.make("annex1", DAY, rows(1), now=now())
    Delivery.objects.filter(pk=delivery.pk).update(state=State.PLANNED, manifest_sha256="")
    told: list[int] = []
    found = outgoing.make("annex1", DAY, rows(1), now=now(), sealed=told.append)

    assert (found.state, found.sequence, told) == (State.SEALED, 1, [1])
    assert keystore.home().outbox().chain("annex1").last == 1


def test_no_plain_text_lies_anywhere_after_sealing_and_opening(pair, be):
    be("mhlw")
    delivery = outgoing.make("annex1", DAY, rows(1), now=now())
    files = keystore.home().outbox().find("annex1", delivery.sequence)
    be("isa")
    Delivery.objects.all().delete()
    incoming.receive(files, now())
    opened = incoming.open_next("annex1", lambda sequence, package: {"rows": 1}, now=now())

    assert opened.state == State.OPENED
    for place in pair.nodes.values():
        assert [
            path for path in place.rglob("*") if path.is_file() and b"NGUYEN VAN" in path.read_bytes()
        ] == []


def test_rows_are_taken_once_though_the_node_dies_before_the_receipt(pair, be):
    be("mhlw")
    delivery = outgoing.make("annex1", DAY, rows(1), now=now())
    files = keystore.home().outbox().find("annex1", delivery.sequence)
    be("isa")
    Delivery.objects.all().delete()
    incoming.receive(files, now())
    taken: list[int] = []

    def commit(sequence, package):
        taken.append(sequence)
        return {"rows": 1}

    incoming.open_next("annex1", commit, now=now())
    shutil.rmtree(pair.nodes["isa"] / "exchange/inbox/annex1/00000001/opened")
    incoming.open_next("annex1", commit, now=now())

    assert taken == [1]


# --- over the network: the receiver is this process, the sender a home without a database ----------------


def test_a_delivery_goes_over_and_its_receipt_comes_back(pair, isa, sealed):
    client = FromMhlw(pair)

    assert client.receipts(sealed) == []

    client.send(sealed)
    ((data, signature),) = client.receipts(sealed)

    kept = Home(pair.nodes["mhlw"] / "exchange").outbox().keep_receipt(data, signature, now())
    assert kept.receipt.state == "received"
    assert Delivery.objects.get().state == State.RECEIVED


def test_sent_again_it_gets_the_same_receipt(pair, isa, sealed):
    client = FromMhlw(pair)
    client.send(sealed)
    first = client.receipts(sealed)
    client.send(sealed)

    assert client.receipts(sealed) == first
    assert Delivery.objects.count() == 1


def test_a_cut_upload_goes_on_at_the_byte_where_it_stopped(pair, isa, sealed):
    data = sealed.sealed.read_bytes()
    where = begin(pair, sealed.sealed.name, len(data))
    patch(pair, where, 0, data[:1000])

    assert request(pair, "HEAD", where)[1]["upload-offset"] == "1000"
    assert begin(pair, sealed.sealed.name, len(data)) == where
    assert patch(pair, where, 900, data[900:])[0] == 409

    FromMhlw(pair).send(sealed)

    assert Delivery.objects.get().state == State.RECEIVED


def test_a_connection_cut_in_the_middle_of_a_request_keeps_what_came(pair, isa, sealed):
    data = sealed.sealed.read_bytes()
    where = begin(pair, sealed.sealed.name, len(data))
    connection = http.client.HTTPSConnection(
        "127.0.0.1", pair.ports["isa"], timeout=60, context=as_mhlw(pair)
    )
    connection.putrequest("PATCH", where)
    for name, value in {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(len(data)),
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(data[:2000])
    connection.sock.shutdown(2)
    connection.close()
    FromMhlw(pair).send(sealed)

    assert Delivery.objects.get().state == State.RECEIVED


def test_a_request_with_a_wrong_checksum_is_not_kept(pair, isa, sealed):
    where = begin(pair, sealed.sealed.name, 100)
    wrong = base64.b64encode(bytes(32)).decode()

    assert patch(pair, where, 0, bytes(100), **{"Upload-Checksum": f"sha256 {wrong}"})[0] == 460
    assert request(pair, "HEAD", where)[1]["upload-offset"] == "0"


def test_an_ordinary_tus_client_delivers(pair, isa, sealed, tmp_path, monkeypatch):
    home = Home(pair.nodes["mhlw"] / "exchange")
    key, certificate = tls._own(home, "mhlw", now())
    plain = tmp_path / "key.pem"
    openssl = ["openssl", "pkey", "-in", key, "-passin", "env:PASS", "-out", plain]
    subprocess.run(openssl, env={"PASS": pair.passphrase.decode(), "PATH": "/usr/bin"}, check=True)
    monkeypatch.setattr(HTTPAdapter, "cert_verify", _verified(home, certificate, plain, tmp_path))
    client = TusClient(f"{isa}/uploads/")
    for path in (sealed.sealed, sealed.signature, sealed.manifest):
        with path.open("rb") as stream:
            name = {"filename": path.name}
            client.uploader(file_stream=stream, chunk_size=1000, metadata=name).upload()

    assert Delivery.objects.get().state == State.RECEIVED


def _verified(home: Home, certificate, key: Path, tmp_path: Path):
    """An ordinary client: it trusts the issuer, and shows a certificate."""
    own, issuer = tmp_path / "own.pem", tmp_path / "issuer.pem"
    own.write_bytes(certificate.public_bytes(Encoding.PEM))
    (authority,) = (each for each in home.keys.certificates() if each.subject == each.issuer)
    issuer.write_bytes(authority.public_bytes(Encoding.PEM))

    def cert_verify(self, connection, url, verify, cert):
        connection.cert_reqs = "CERT_REQUIRED"
        connection.ca_certs = str(issuer)
        connection.cert_file, connection.key_file = str(own), str(key)
        connection.assert_hostname = False

    return cert_verify


@pytest.mark.parametrize("arguments", [["-tls1_2"], []], ids=["TLS 1.2", "no certificate"])
def test_openssl_without_the_right_handshake_is_shut_out(pair, isa, arguments):
    command = ["openssl", "s_client", "-connect", isa.removeprefix("https://"), "-quiet", *arguments]
    request = b"OPTIONS /uploads/ HTTP/1.1\r\nHost: x\r\n\r\n"
    done = subprocess.run(command, input=request, capture_output=True, check=False, timeout=60)

    assert b"Tus-Version" not in done.stdout
    assert b"alert" in done.stderr


def test_a_certificate_that_is_not_the_counterparts_is_shut_out(pair, isa, tmp_path):
    own = Home(pair.nodes["isa"] / "exchange")  # ISA calling itself
    key, certificate = tls._own(own, "isa", now())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    file = tmp_path / "certificate.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    context.load_cert_chain(file, key, pair.passphrase)
    connection = http.client.HTTPSConnection("127.0.0.1", pair.ports["isa"], timeout=60, context=context)

    def ask() -> None:
        try:
            connection.request("OPTIONS", "/uploads/")
            connection.getresponse()
        finally:
            connection.close()

    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/uploads/", {"Upload-Length": "x"}, 400),
        ("POST", "/uploads/", {"Upload-Length": "1", "Upload-Metadata": "filename Li4vYQ=="}, 400),  # ../a
        ("POST", "/uploads/", {"Upload-Length": str(2**40)}, 413),
        ("HEAD", "/uploads/" + "0" * 32, {}, 404),
        ("PATCH", "/uploads/../../keys", {}, 404),
        ("POST", "/uploads/", {"Tus-Resumable": "0.2.0"}, 412),
        ("GET", "/receipts/mhlw-isa-annex1-99999999", {}, 404),
        ("GET", "/receipts/..", {}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(pair, isa, method, path, headers, status):
    assert request(pair, method, path, headers)[0] == status


def test_a_damaged_delivery_is_refused_with_its_code_and_leaves_nothing(pair, isa, sealed, tmp_path):
    for path in (sealed.sealed, sealed.signature, sealed.manifest):
        shutil.copy(path, tmp_path)
    damaged = replace(sealed, directory=tmp_path)
    data = bytearray(damaged.sealed.read_bytes())
    data[-1] ^= 1
    damaged.sealed.write_bytes(data)
    with pytest.raises(Refused) as refused:
        FromMhlw(pair).send(damaged)

    assert refused.value.code == "sealed_hash"
    assert Delivery.objects.count() == 0

    FromMhlw(pair).send(sealed)

    assert Delivery.objects.count() == 1


def test_a_counterpart_that_is_silent_is_asked_later_and_later(pair, be):
    be("mhlw")
    delivery = outgoing.make("annex1", DAY, rows(1), now=now())
    moment = now()
    outgoing.send_due(Client(moment), moment)
    delivery.refresh_from_db()
    first = delivery.next_try_at - moment

    assert (delivery.attempts, delivery.trouble) == (1, "ConnectionRefusedError")

    for _ in range(8):
        delivery.refresh_from_db()
        outgoing.send_due(Client(moment), delivery.next_try_at)
    before = delivery.next_try_at
    delivery.refresh_from_db()

    assert delivery.next_try_at - before > 5 * first
    assert json.dumps(delivery.counts) == '{"notifications": 1}'
