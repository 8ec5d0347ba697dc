"""Rows that an exchange cannot carry: left out by their sender, set aside by their receiver, and returned."""

import gzip
import io
import json
import tarfile

import pytest

from node.deliveries.over_tls import DAY, now, rows
from renkei.exchange import cms, durable, package
from renkei.exchange.cms import Sealer
from renkei.exchange.files import DeliveryFiles
from renkei.exchange.manifest import dump, sha256
from renkei.exchange.package import FileFacts
from renkei.exchange.schemas import NOTIFICATIONS_TABLE, RECEIPTS, Table
from renkei.node.cycle import confirmations, monitoring
from renkei.node.cycle.models import Alarm
from renkei.node.cycle.steps import Awaits, Context
from renkei.node.cycle.steps_by_party import DAY as STEPS
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.records.models import Import, ReceivedNotification, Reject, ReturnedRow

pytestmark = pytest.mark.django_db(transaction=True)
UNREADABLE = {"sex": "3"}
PERMANENT = {"status_of_residence": "permanent", "employment_start": "", "establishment_number": ""}
BEYOND = PERMANENT | {"establishment_name": "A"}


def step(party: str, name: str):
    row = next(row for row in STEPS[party] if row.name == name)
    return row.work(Context(DAY, now()))


def lines(*changes: dict[str, str]) -> list[str]:
    """Return lines of made-up notifications, each with its changes."""
    found = rows(*range(1, len(changes) + 1))["notifications"].to_dicts()
    return [
        ",".join((row | change)[name] or "" for name in NOTIFICATIONS_TABLE.names) + "\n"
        for row, change in zip(found, changes, strict=True)
    ]


def forged(be, *files: tuple[Table, list[str]]) -> DeliveryFiles:
    """Return a delivery of MHLW's that it signed without checking its rows."""
    be("mhlw")
    outgoing.make("annex1", DAY, rows(1), now=now())
    made = keystore.home().outbox().find("annex1", 1)
    Delivery.objects.all().delete()
    facts, archive = [], io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        texts = []
        for table, content in files:
            data = (",".join(table.names) + "\n" + "".join(content)).encode()
            facts.append(FileFacts(table, len(content), len(data), sha256(data)))
            texts.append((table.path, data))
        for name, data in (*texts, (package.DESCRIPTION, package.describe("annex1", facts))):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    sealer = Sealer(keystore.home().recipient(now()))
    sealed = sealer.head() + sealer.chunk(gzip.compress(archive.getvalue())) + sealer.tail()
    made.sealed.write_bytes(sealed)
    manifest = json.loads(made.manifest_bytes())
    manifest |= {"sealed_sha256": sha256(sealed), "sealed_size": len(sealed)}
    made.manifest.write_bytes(dump(manifest))
    made.signature.write_bytes(cms.sign(dump(manifest), keystore.signer(now()), now()))
    return made


def opened(be, *files: tuple[Table, list[str]]) -> Delivery:
    made = forged(be, *files)
    be("isa")
    incoming.receive(made, now())
    step("isa", "open")
    return Delivery.objects.get(direction="in", service="annex1")


def last_receipt():
    return keystore.inbox(now()).receipts("annex1", 1)[-1].receipt


def ringing(kind: str) -> list[str]:
    monitoring.check(now())
    return [alarm.subject for alarm in Alarm.objects.filter(kind=kind, cleared_at=None)]


# --- at the receiver


def test_bad_rows_are_counted_and_returned_with_their_lines_and_the_others_taken(pair, be):
    unheard = {"status_of_residence": "unheard_of"}
    delivery = opened(be, (NOTIFICATIONS_TABLE, lines({}, UNREADABLE, unheard, PERMANENT, BEYOND, unheard)))
    step("isa", "give_back")
    expected = [
        (3, "unreadable:sex"),
        (4, "unreadable:status_of_residence"),
        (6, "forbidden:establishment_name"),
        (7, "unreadable:status_of_residence"),
    ]

    assert (delivery.state, ReceivedNotification.objects.count()) == ("opened", 2)
    assert last_receipt().rows_taken == 2
    assert dict(last_receipt().rows_rejected) == {
        "unreadable:sex": 1,
        "unreadable:status_of_residence": 2,
        "forbidden:establishment_name": 1,
    }
    assert (delivery.counts["read"], delivery.counts["rejected"]) == (6, 4)
    found = list(Reject.objects.order_by("line").values_list("line", "reasons", "identifier"))
    assert [(line, reason) for line, reason, _ in found] == expected
    assert all(identifier for *_, identifier in found)
    assert Delivery.objects.get(direction="out", service="receipt").counts == {"rejected_rows": 4}
    assert Import.objects.get().counts["read"] == 6


@pytest.mark.parametrize(("change", "subjects"), [(UNREADABLE, []), (BEYOND, [f"annex1 1 ({DAY})"])])
def test_an_item_beyond_the_agreement_rings_and_another_bad_row_does_not(pair, be, change, subjects):
    opened(be, (NOTIFICATIONS_TABLE, lines({}, change)))

    assert ringing("OVER_PROVIDED") == subjects


@pytest.mark.parametrize(("bad", "taken"), [(20, True), (21, False), (24, False)])
def test_of_many_bad_rows_the_receipt_is_given_and_the_matching_waits(pair, be, bad, taken):
    delivery = opened(be, (NOTIFICATIONS_TABLE, lines(*[UNREADABLE] * bad, *[{}] * (24 - bad))))
    assert (last_receipt().state, last_receipt().rows_taken) == ("accepted", 24 - bad)
    assert ringing("DELIVERY_IMPLAUSIBLE") == ([] if taken else [str(delivery)])
    if not taken:
        assert step("isa", "match") == Awaits("confirmation")
        assert confirmations.confirm("they telephoned", None) == [str(delivery)]

    assert step("isa", "match")["looked_at"] == 24 - bad
    assert ringing("DELIVERY_IMPLAUSIBLE") == []


def test_opening_again_after_a_death_counts_them_once(pair, be):
    made = forged(be, (NOTIFICATIONS_TABLE, lines({}, UNREADABLE)))
    be("isa")
    incoming.receive(made, now())
    step("isa", "open")
    place = keystore.inbox(now()).directory / "annex1" / "00000001" / "opened"
    durable.discard(place)  # as if the node had died before the receipt
    step("isa", "open")

    assert dict(last_receipt().rows_rejected) == {"unreadable:sex": 1}
    assert (last_receipt().rows_taken, Reject.objects.count()) == (1, 1)


def test_a_file_that_is_not_rfc_4180_is_refused_with_a_receipt(pair, be):
    made = forged(be, (NOTIFICATIONS_TABLE, [*lines({}), "A\rB\n"]))
    be("isa")
    incoming.receive(made, now())
    step("isa", "open")

    assert (last_receipt().state, last_receipt().code, last_receipt().retry) == (
        "refused",
        "row_unreadable",
        False,
    )
    assert not ReceivedNotification.objects.exists()


def test_receipts_that_are_no_receipts_stop_nothing(pair, be):
    odd = ["AAAAA,AAAAA\n", "AAAA,AAAA\n", "%,AAAA\n"]
    opened(be, (NOTIFICATIONS_TABLE, lines({})), (RECEIPTS, odd))

    assert (last_receipt().state, last_receipt().rows_taken, dict(last_receipt().rows_rejected)) == (
        "accepted",
        1,
        {},
    )


@pytest.mark.parametrize("fault", [ValueError, OverflowError, RecursionError])
def test_a_content_that_an_import_cannot_read_ends_in_a_receipt(pair, be, fault):
    made = forged(be, (NOTIFICATIONS_TABLE, lines({})))
    be("isa")
    incoming.receive(made, now())

    def unable(number, folder):
        raise fault

    delivery = incoming.open_next("annex1", unable, now=now())

    assert (delivery.state, last_receipt().code) == ("refused", "row_unreadable")


def test_a_fault_of_ours_refuses_nothing(pair, be):
    made = forged(be, (NOTIFICATIONS_TABLE, lines({})))
    be("isa")
    incoming.receive(made, now())

    def down(number, folder):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        incoming.open_next("annex1", down, now=now())
    assert last_receipt().state == "received"


# --- at the sender


def test_a_row_that_the_receiver_would_set_aside_is_left_out_and_listed(pair, be):
    be("mhlw")
    table = rows(1, 2, 3, 4)["notifications"]
    changed = [{}, UNREADABLE, {}, BEYOND]
    table = type(table)([row | change for row, change in zip(table.to_dicts(), changed, strict=True)])
    delivery = outgoing.make("annex1", DAY, {"notifications": table}, now=now())
    files = keystore.home().outbox().find("annex1", 1)
    rung = (ringing("ROWS_RETURNED"), ringing("OVER_PROVIDED"))
    be("isa")
    incoming.receive(files, now())
    step("isa", "open")

    assert (delivery.state, delivery.counts) == ("sealed", {"notifications": 2})
    assert list(ReturnedRow.objects.values_list("line", "reasons", "returned_in")) == [
        (3, "unreadable:sex", 0),
        (5, "forbidden:establishment_name", 0),
    ]
    assert rung == (["annex1 1"], ["annex1 1"])
    assert (last_receipt().rows_taken, dict(last_receipt().rows_rejected)) == (2, {})


def test_a_day_without_any_row_that_fits_is_sent_empty(pair, be):
    be("mhlw")
    table = rows(1)["notifications"]
    table = type(table)([row | UNREADABLE for row in table.to_dicts()])
    delivery = outgoing.make("annex1", DAY, {"notifications": table}, now=now())

    assert (delivery.state, delivery.kind, ReturnedRow.objects.count()) == ("sealed", "empty", 1)
