"""A restored trail: two officers accept what it lost; for anything else the alarm stays raised."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from node.deliveries.conftest import be, made, pair  # noqa: F401  fixtures
from node.deliveries.over_tls import now, rows
from renkei.exchange.manifest import read
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit import services, trail, verification
from renkei.node.audit.models import Entry
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NotAccepted, NotPermitted
from renkei.node.incidents.models import Incident

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = [date(2026, 4, day) for day in (1, 2, 3, 6, 7)]
WHY = ("hardware", "入管情第12号")


@pytest.fixture
def auditors(db) -> tuple[Officer, Officer]:
    found = [Officer.objects.create_user(name) for name in ("tanaka", "sato")]
    Assignment.objects.bulk_create(Assignment(officer=each, duty=Duty.AUDIT) for each in found)
    return found[0], found[1]


def write(name: str) -> Entry:
    with transaction.atomic():
        return trail.record(None, Verb.FILE_IMPORTED, name)


def send(number: int) -> None:
    """MHLW's delivery of a day; its head is the seal of the entry written before it."""
    write(f"{DAYS[number]}.csv")
    outgoing.make("annex1", DAYS[number], rows(number), now=now())


def restored(owner, to: Entry) -> None:
    """Set the trail back to its state when a backup was made."""
    owner(f"DELETE FROM audit_entry WHERE number > {to.number}")


@pytest.fixture
def own(pair, be, owner) -> Entry:  # noqa: F811
    """MHLW's trail restored to before its second delivery; returns the entry that it was restored to."""
    be("mhlw")
    send(0)
    last = Entry.objects.order_by("number").last()
    send(1)
    restored(owner, last)
    write("after the restore.csv")
    send(2)
    return last


def accept(party: str, entry: Entry, auditors, why: tuple[str, str] = WHY) -> Entry:
    asked = services.ask(party, entry.sha256, entry.number, *why, auditors[0], now=timezone.now())
    return services.confirm(asked.number, auditors[1], now=timezone.now())


def test_what_a_restore_lost_is_accepted_by_two_and_stands_in_the_trail(own, auditors):
    before = verification.verify_all(now()).differing
    entry = accept("mhlw", own, auditors)
    after = verification.verify_all(now())

    assert before == ["mhlw-isa-annex1-00000002 [missing]"]
    assert after.whole
    assert (entry.actor, entry.subject) == ("sato", f"mhlw {own.number}")
    assert {name: entry.facts[name] for name in ("asked_by", "head", "reason", "reference")} == {
        "asked_by": "tanaka",
        "head": own.sha256,
        "reason": "hardware",
        "reference": "入管情第12号",
    }
    assert Entry.objects.filter(verb="TRAIL_VERIFIED").order_by("number").last().facts["accepted"] == 1


def test_asking_alone_changes_nothing(own, auditors):
    services.ask("mhlw", own.sha256, own.number, *WHY, auditors[0], now=timezone.now())

    assert verification.verify_all(now()).differing == ["mhlw-isa-annex1-00000002 [missing]"]


def test_what_is_lost_after_an_acceptance_rings_again(own, auditors, owner):
    accept("mhlw", own, auditors)
    last = Entry.objects.order_by("number").last()
    send(3)
    restored(owner, last)

    assert verification.verify_all(now()).differing == ["mhlw-isa-annex1-00000004 [missing]"]


def test_an_acceptance_that_our_key_did_not_sign_counts_for_nothing(own, auditors, owner):
    """An acceptance as the owner of the database could write it, in a consistent chain."""
    true = accept("mhlw", own, auditors)
    owner(f"DELETE FROM audit_entry WHERE number >= {true.number}")
    facts = {name: fact for name, fact in true.facts.items() if name != "signature"}
    for forged in (facts, {**true.facts, "reference": "R8-99"}, {**facts, "signature": "no base64"}):
        with transaction.atomic():
            trail.record(auditors[1], Verb.RESTORE_ACCEPTED, true.subject, **forged)

        assert verification.verify_all(now()).differing == ["mhlw-isa-annex1-00000002 [missing]"]

    with transaction.atomic():
        trail.record(auditors[1], Verb.RESTORE_ACCEPTED, true.subject, **true.facts)

    assert verification.verify_all(now()).whole  # the signed part is valid


def test_an_acceptance_that_was_lost_itself_rings_again(own, auditors, owner):
    restoration = Entry.objects.order_by("number").last()
    accept("mhlw", own, auditors)
    restored(owner, restoration)

    assert verification.verify_all(now()).differing == ["mhlw-isa-annex1-00000002 [missing]"]


def test_a_rewriting_within_what_was_kept_is_no_restore(pair, be, owner, auditors):  # noqa: F811
    be("mhlw")
    entries = []
    for number in range(3):
        send(number)
        entries.append(Entry.objects.order_by("number").last())
    inner = Entry.objects.get(subject=f"{DAYS[1]}.csv")
    owner(f"UPDATE audit_entry SET sha256 = '{'a' * 64}' WHERE number = {inner.number}")

    assert verification.verify_all(now()).differing == ["mhlw-isa-annex1-00000002 [missing]"]
    for entry in (entries[2], Entry.objects.get(subject=f"{DAYS[2]}.csv")):
        with pytest.raises(NotAccepted):
            services.ask("mhlw", entry.sha256, entry.number, *WHY, auditors[0], now=timezone.now())


def test_an_entry_named_too_early_explains_nothing_that_was_kept(pair, be, owner, auditors):  # noqa: F811
    be("mhlw")
    first = write("the first.csv")
    send(0)
    last = Entry.objects.order_by("number").last()
    send(1)
    restored(owner, last)

    with pytest.raises(NotAccepted):
        services.ask("mhlw", first.sha256, first.number, *WHY, auditors[0], now=timezone.now())
    assert accept("mhlw", last, auditors)


@pytest.mark.parametrize(
    ("head", "number", "reason", "reference"),
    [
        ("f" * 64, 0, *WHY),
        ("X", 0, *WHY),
        (None, 1, *WHY),
        (None, 0, "because", "入管情第12号"),
        (None, 0, "hardware", ""),
        (None, 0, "hardware", "a letter of somebody"),
        (None, 0, "hardware", "I-2026-099"),
    ],
)
def test_what_does_not_explain_it_is_refused(own, auditors, head, number, reason, reference):
    with pytest.raises(NotAccepted):
        services.ask(
            "mhlw",
            head or own.sha256,
            own.number + number,
            reason,
            reference,
            auditors[0],
            now=timezone.now(),
        )
    assert not Entry.objects.filter(verb="RESTORE_ACCEPTANCE_ASKED").exists()


def test_an_incident_on_record_is_a_reference(own, auditors):
    at = datetime(2026, 11, 24, tzinfo=UTC)
    Incident.objects.create(
        origin="isa", number="I-2026-001", kind="outage", suspected=False, found_at=at, known_at=at
    )

    assert accept("mhlw", own, auditors, ("hardware", "isa:I-2026-001"))


def test_nothing_differs_and_nothing_is_accepted(pair, be, auditors):  # noqa: F811
    be("mhlw")
    send(0)
    last = Entry.objects.order_by("number").last()

    with pytest.raises(NotAccepted):
        services.ask("mhlw", last.sha256, last.number, *WHY, auditors[0], now=timezone.now())


def test_the_same_officer_too_late_twice_or_unasked_confirms_nothing(own, auditors):
    first, second = auditors
    asked = services.ask("mhlw", own.sha256, own.number, *WHY, first, now=timezone.now()).number
    for officer, number, later in (
        (first, asked, timedelta()),
        (second, asked, timedelta(hours=25)),
        (second, asked - 1, timedelta()),
    ):
        with pytest.raises(NotAccepted):
            services.confirm(number, officer, now=timezone.now() + later)
    services.confirm(asked, second, now=timezone.now())
    with pytest.raises(NotAccepted):
        services.confirm(asked, second, now=timezone.now())

    assert Entry.objects.filter(verb="RESTORE_ACCEPTED").count() == 1


def test_only_auditors_ask_and_confirm(own, auditors):
    asked = services.ask("mhlw", own.sha256, own.number, *WHY, auditors[0], now=timezone.now()).number
    Assignment.objects.update(duty=Duty.OPERATE)

    with pytest.raises(NotPermitted):
        services.ask("mhlw", own.sha256, own.number, *WHY, auditors[0], now=timezone.now())
    with pytest.raises(NotPermitted):
        services.confirm(asked, auditors[1], now=timezone.now())


@pytest.fixture
def theirs(pair, be, owner):  # noqa: F811
    """At ISA: MHLW's trail came back to the head of its first delivery, then went on and back once more."""
    be("mhlw")
    send(0)
    head = Entry.objects.get(sha256=head_of(keystore.home().outbox().find("annex1", 1)))
    send(1)
    owner(f"DELETE FROM audit_entry WHERE number > {head.number}")
    outgoing.make("annex1", DAYS[2], rows(2), now=now())
    send(3)
    owner(f"DELETE FROM audit_entry WHERE number > {head.number}")
    outgoing.make("annex1", DAYS[4], rows(4), now=now())
    outbox = keystore.home().outbox()
    Delivery.objects.all().delete()
    be("isa")
    return head, [outbox.find("annex1", number) for number in range(1, 6)]


def head_of(files) -> str:
    return read(files.manifest_bytes()).trail_head


def test_the_counterparts_restore_is_accepted_once_and_the_comparison_goes_on(theirs, auditors):
    head, sent = theirs
    for files in sent[:3]:
        incoming.receive(files, now())

    assert verification.verify_all(now()).counterpart_back == ["mhlw-isa-annex1-00000003 [back]"]

    for wrong in ("f" * 64, head_of(sent[1])):
        with pytest.raises(NotAccepted):
            services.ask("mhlw", wrong, head.number, *WHY, auditors[0], now=timezone.now())
    accept("mhlw", head, auditors)

    assert verification.verify_all(now()).counterpart_back == []

    incoming.receive(sent[3], now())

    assert verification.verify_all(now()).counterpart_back == []

    incoming.receive(sent[4], now())

    assert verification.verify_all(now()).counterpart_back == ["mhlw-isa-annex1-00000005 [back]"]
