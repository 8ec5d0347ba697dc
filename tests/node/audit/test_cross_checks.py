"""Cross-checks: a rewritten trail is found, even if its own chain is consistent."""

import shutil
from datetime import date

import pytest
from django.db import transaction

from node.deliveries.over_tls import now, rows
from renkei.exchange.home import Home
from renkei.node.audit import cross_checks, trail, verification
from renkei.node.audit.models import CounterpartHead, Entry
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = [date(2026, 4, day) for day in (1, 2, 3)]


@pytest.fixture
def exchanged(pair, be):
    """Three days of MHLW's deliveries at ISA, with ISA's receipts; the database is MHLW's."""
    be("mhlw")
    sent = []
    for number, day in enumerate(DAYS):
        with transaction.atomic():
            trail.record(None, Verb.FILE_IMPORTED, f"{day}.csv")
        delivery = outgoing.make("annex1", day, rows(number), now=now())
        sent.append(keystore.home().outbox().find("annex1", delivery.sequence))
    ours = [*Delivery.objects.values()]
    Delivery.objects.all().delete()
    be("isa")
    receipts = [incoming.receive(files, now()).receipt for files in sent]
    be("mhlw")
    Delivery.objects.all().delete()
    Delivery.objects.bulk_create(Delivery(**row) for row in ours)
    for each in receipts:
        outgoing.keep_receipt(each.data, each.signature, now())
    return pair


def rewritten_without(number: int, owner) -> None:
    """Rewrite the trail without one entry; every later one is renumbered and sealed again."""
    kept = [entry for entry in Entry.objects.order_by("number") if entry.number != number]
    owner("DELETE FROM audit_entry")
    previous = trail.FIRST_PREVIOUS
    for place, entry in enumerate(kept, start=1):
        entry.number, entry.previous_sha256 = place, previous
        entry.sha256 = previous = trail.seal_of(entry)
        entry.save(force_insert=True)


def theirs(pair, name: str = "isa") -> cross_checks.Comparison:
    terms = Home(pair.nodes["mhlw"] / "exchange").terms()
    return cross_checks.compare(pair.nodes[name] / "exchange", terms, "mhlw")


def test_a_trail_that_stands_agrees_with_what_both_sides_keep(exchanged):
    found = verification.verify_all(now())

    assert found.whole
    assert (found.compared, found.confirmed) == (3, 3)
    assert (theirs(exchanged).compared, theirs(exchanged).differing) == (3, [])


def test_a_rewriting_is_found_though_its_chain_holds(exchanged, owner):
    rewritten_without(3, owner)
    found = verification.verify_all(now())

    assert found.broken_at is None
    assert found.differing == [f"mhlw-isa-annex1-{number:08d} [missing]" for number in (2, 3)]


def test_a_trail_cut_short_is_found(exchanged, owner):
    last = Entry.objects.filter(subject="2026-04-03.csv").get().number
    owner(f"DELETE FROM audit_entry WHERE number >= {last}")
    found = verification.verify_all(now())

    assert found.broken_at is None
    assert found.differing == ["mhlw-isa-annex1-00000003 [missing]"]


def test_whoever_removes_our_evidence_as_well_is_found_by_theirs(exchanged, owner):
    rewritten_without(3, owner)
    shutil.rmtree(exchanged.nodes["mhlw"] / "exchange/outbox")

    assert verification.verify_all(now()).whole
    assert theirs(exchanged).differing == [f"mhlw-isa-annex1-{number:08d} [missing]" for number in (2, 3)]


def test_a_manifest_that_was_changed_proves_nothing_and_is_named(exchanged):
    files = keystore.home().outbox().find("annex1", 2)
    head = Entry.objects.get(number=1).sha256
    manifest = files.manifest.read_text()
    files.manifest.write_text(manifest.replace(manifest.split('trail_head": "')[1][:64], head))
    (named,) = verification.verify_all(now()).differing

    assert named.startswith("mhlw-isa-annex1-00000002 [")
    assert "missing" not in named


def test_receipts_that_we_gave_carry_our_head_too(exchanged, be):
    """There is one database, so its trail is that of both parties: ISA's receipts name its heads too."""
    be("isa")
    terms = keystore.home().terms()
    found = cross_checks.compare(keystore.home().directory, terms, "isa")

    assert (found.compared, found.confirmed, found.differing) == (3, 0, [])


def test_a_head_that_comes_before_an_earlier_one_is_named(exchanged, owner):
    """As if two trails were used alternately: each head is there, in the wrong order."""
    heads = list(Entry.objects.filter(verb="FILE_IMPORTED").order_by("number"))
    (second, third) = (each.sha256 for each in heads[1:])
    owner(f"UPDATE audit_entry SET sha256 = 'x' WHERE sha256 = '{second}'")
    owner(f"UPDATE audit_entry SET sha256 = '{second}' WHERE sha256 = '{third}'")
    owner(f"UPDATE audit_entry SET sha256 = '{third}' WHERE sha256 = 'x'")

    assert verification.verify_all(now()).differing == ["mhlw-isa-annex1-00000003 [order]"]


def test_the_counterparts_trail_is_seen_to_go_back(pair, be, owner):
    be("mhlw")
    for number, day in enumerate(DAYS):
        if number < 2:
            with transaction.atomic():
                trail.record(None, Verb.FILE_IMPORTED, f"{day}.csv")
        if number == 2:  # an old copy of the database was put back
            owner("DELETE FROM audit_entry WHERE number > 1")
        outgoing.make("annex1", day, rows(number), now=now())
    outbox = keystore.home().outbox()
    Delivery.objects.all().delete()
    be("isa")
    for number in (1, 2):
        incoming.receive(outbox.find("annex1", number), now())

    assert cross_checks.name_reverted(keystore.home().directory) == []

    incoming.receive(outbox.find("annex1", 3), now())

    assert cross_checks.name_reverted(keystore.home().directory) == ["mhlw-isa-annex1-00000003 [back]"]
    assert verification.verify_all(now()).counterpart_back == ["mhlw-isa-annex1-00000003 [back]"]


def test_what_was_noted_of_the_counterpart_must_be_what_its_manifest_says(exchanged, be, owner):
    be("isa")

    assert CounterpartHead.objects.filter(delivery="annex1 2").exists()
    assert cross_checks.name_reverted(keystore.home().directory) == []

    owner(f"UPDATE audit_counterparthead SET head = '{'a' * 64}' WHERE delivery = 'annex1 2'")

    assert cross_checks.name_reverted(keystore.home().directory) == ["mhlw-isa-annex1-00000002 [noted]"]


def test_what_was_noted_of_a_receipt_must_be_what_it_says(exchanged, owner):
    owner(f"UPDATE audit_counterparthead SET head = '{'a' * 64}' WHERE delivery = 'annex1 3 received'")

    assert verification.verify_all(now()).counterpart_back == ["mhlw-isa-annex1-00000003.received [noted]"]


def test_evidence_that_is_damaged_is_named_and_the_rest_looked_at(exchanged, be):
    keystore.home().outbox().find("annex1", 2).manifest.unlink()
    found = verification.verify_all(now())

    assert found.differing == ["outbox/annex1/00000002 [manifest_missing]"]
    assert (found.compared, found.confirmed) == (3, 2)

    be("isa")
    next((keystore.home().directory / "inbox/annex1/00000002").glob("*.received.json")).write_text("{")
    next((keystore.home().directory / "inbox/annex1/00000003").glob("*00000003.json")).write_text("{")
    found = verification.verify_all(now())

    assert found.differing == [
        "mhlw-isa-annex1-00000002.received [signature_wrong]",
        "inbox/annex1/00000003 [manifest_unreadable]",
    ]
