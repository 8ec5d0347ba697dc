"""Telling the counterpart by a delivery of its own, at once or later, and hearing what it tells."""

from datetime import date, timedelta

import pytest

from node.deliveries.over_tls import now
from renkei.exchange.manifest import read
from renkei.node.audit.models import Entry
from renkei.node.cycle import alarms, monitoring
from renkei.node.cycle.alarms import AlarmKind
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.incidents import deadlines, notices, services
from renkei.node.incidents.models import Incident, Item, Kind, Notice, Statement

pytestmark = pytest.mark.django_db(transaction=True)

State = Delivery.State
TEXT = '封筒一通、"別紙1"の控え,\n所在不明'


def ringing(kind: AlarmKind, at=None) -> list[str]:
    moment = at or now()
    alarms.hold(kind, monitoring._CAUSES[kind](moment), moment)
    return sorted(alarm.subject for alarm in alarms.ringing() if alarm.kind == kind.name)


@pytest.fixture
def incident(be, declared) -> Incident:
    """A suspected leak of MHLW's."""
    be("mhlw")
    return declared(text=TEXT, found_at=now(), now=now(), persons=3)


@pytest.fixture
def as_isa(be):
    """Become ISA, with its own empty tables, and take in whatever MHLW's outbox holds beyond a number."""

    def become(after: int = 0) -> list[Delivery]:
        files = list(keystore.home().outbox().deliveries("incident"))[after:]
        Incident.objects.filter(origin="mhlw", seen_at__isnull=False).delete()
        Delivery.objects.filter(direction="out").delete()
        be("isa")
        for each in files:
            incoming.receive(each, now())
        return list(Delivery.objects.filter(direction="in"))

    return become


# --- telling ----------------------------------------------------------------------------------------------


def test_a_notice_is_sealed_at_once_and_goes_when_the_counterpart_answers(incident):
    notices.tell(now())  # nobody listens
    found = notices.delivery(incident.notices.get())

    assert (found.kind, found.about, found.state) == ("incident", f"{incident}/1", State.SEALED)
    assert (found.attempts, found.next_try_at > now()) == (1, True)
    assert ringing(AlarmKind.INCIDENT_UNTOLD) == [str(incident)]


def test_telling_again_makes_no_second_delivery(incident):
    for _ in range(3):
        notices.tell(now())

    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("state", [State.SENT, State.ACCEPTED])
def test_a_notice_that_was_received_rings_no_more(incident, state):
    notices.tell(now())

    assert ringing(AlarmKind.INCIDENT_UNTOLD) == [str(incident)]

    Delivery.objects.update(state=state)

    assert ringing(AlarmKind.INCIDENT_UNTOLD) == []


def test_a_notice_that_was_refused_rings_on(incident):
    notices.tell(now())
    Delivery.objects.update(state=State.REFUSED)

    assert ringing(AlarmKind.INCIDENT_UNTOLD) == [str(incident)]


def test_several_incidents_of_one_day_are_told_each_by_its_own(incident, declared):
    declared(text="別の媒体", found_at=now(), now=now())
    services.notify(incident, by=None, now=now())
    notices.tell(now())

    assert list(Delivery.objects.order_by("sequence").values_list("about", "sequence")) == [
        ("I-2026-001/1", 1),
        ("I-2026-002/1", 2),
        ("I-2026-001/2", 3),
    ]


def test_a_node_that_dies_after_sealing_does_not_seal_again_on_another_day(incident, monkeypatch):
    class Died(BaseException):
        """The power goes."""

    def die(*arguments, **named):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "_note_sealed", die)
        with pytest.raises(Died):
            notices.tell(now())

    assert [notice.sequence for notice in Notice.objects.all()] == [None]

    notices.tell(now() + timedelta(days=1))
    manifests = [read(files.manifest_bytes()) for files in keystore.home().outbox().deliveries("incident")]

    assert [manifest.sequence for manifest in manifests] == [1]
    assert [notice.sequence for notice in Notice.objects.all()] == [1]


def test_a_notice_goes_before_whatever_else_is_out(incident):
    from node.deliveries.over_tls import rows

    class Kept:
        """A counterpart that takes anything and says nothing yet."""

        def __init__(self):
            self.sent = []

        def send(self, files):
            self.sent.append(files.name)

        def receipts(self, files):
            return []

    outgoing.make("annex1", date(2026, 4, 1), rows(1), now=now())
    notices.tell(now())
    Delivery.objects.update(attempts=0, next_try_at=None)
    counterpart = Kept()
    outgoing.send_due(counterpart, now())

    assert counterpart.sent == ["mhlw-isa-incident-00000001", "mhlw-isa-annex1-00000001"]


def test_a_fault_of_incidents_does_not_hold_up_the_day(node, capsys):
    notices.send_due(now())  # no keys, no agreement: neither can be done

    assert "incidents_stopped" in capsys.readouterr().out


# --- hearing ----------------------------------------------------------------------------------------------


def test_what_was_told_stands_here_with_a_clock_of_its_own_and_rings(incident, as_isa):
    notices.tell(now())
    number, found_on = incident.number, incident.found_at.date()
    (came,) = as_isa()

    assert ringing(AlarmKind.INCIDENT_HEARD) == [str(came)]

    heard_at = now() + timedelta(hours=2)
    notices.send_due(heard_at)
    mirrored = Incident.objects.get()

    assert str(mirrored) == f"mhlw:{number}"
    assert (mirrored.kind, mirrored.suspected, mirrored.persons) == ("leak", True, 3)
    assert mirrored.known_at == heard_at
    assert abs((mirrored.found_at.date() - found_on).days) <= 1
    assert services.current(mirrored)[Item.OVERVIEW] == '封筒一通、"別紙1"の控え, 所在不明'
    assert mirrored.contact == "厚生労働省"
    assert [each.clock.code for each in deadlines.running(mirrored)] == ["preliminary", "final", "persons"]
    assert Entry.objects.filter(verb="INCIDENT_HEARD", subject=f"mhlw:{number}").count() == 1
    assert ringing(AlarmKind.INCIDENT_HEARD) == [f"mhlw:{number}"]


def test_the_receipt_says_that_it_was_accepted(incident, as_isa):
    notices.tell(now())
    as_isa()
    notices.note_receipt(now())
    states = [each.receipt.state for each in keystore.inbox(now()).receipts("incident", 1)]

    assert states == ["received", "accepted"]
    assert Delivery.objects.get().counts == {"rows": 1, "new": 1, "again": 0}


def test_taking_it_up_ends_the_alarm_and_closing_asks_for_no_duty_of_theirs(incident, as_isa):
    notices.tell(now())
    as_isa()
    notices.note_receipt(now())
    mirrored = Incident.objects.get()
    services.add(mirrored, {Item.OTHER: "電話で確認した"}, by=None, now=now())

    assert ringing(AlarmKind.INCIDENT_HEARD) == []

    services.close(mirrored, {}, by=None, now=now())

    assert mirrored.closed_at is not None


def test_what_is_told_again_changes_it_and_wants_somebody_again(incident, as_isa, be):
    notices.tell(now())
    services.add(
        incident,
        {Item.OVERVIEW: "媒体は見つかった", Item.CAUSE: "置き忘れ"},
        suspected=False,
        by=None,
        now=now(),
    )
    services.notify(incident, by=None, now=now())
    notices.tell(now())
    as_isa()
    first, later = now(), now() + timedelta(days=1)
    incoming.open_next(
        "incident", lambda number, package: notices.import_notices(number, package, now=first), now=now()
    )
    services.add(Incident.objects.get(), {Item.OTHER: "確認した"}, by=None, now=first)

    assert ringing(AlarmKind.INCIDENT_HEARD) == [str(Delivery.objects.get(sequence=2))]

    notices.note_receipt(later)
    mirrored = Incident.objects.get()

    assert mirrored.known_at == first
    assert not mirrored.suspected
    assert services.current(mirrored)[Item.OVERVIEW] == "媒体は見つかった 【原因】置き忘れ"
    assert Statement.objects.filter(incident=mirrored, item=Item.OVERVIEW).count() == 2
    assert ringing(AlarmKind.INCIDENT_HEARD) == [str(mirrored)]


def test_an_outage_is_told_as_one(be, declared, as_isa):
    be("mhlw")
    declared(Kind.OUTAGE, "回線障害", found_at=now(), now=now(), suspected=False)
    notices.tell(now())
    as_isa()
    notices.note_receipt(now())
    mirrored = Incident.objects.get()

    assert (mirrored.kind, mirrored.suspected, deadlines.running(mirrored)) == ("outage", False, [])


def test_nothing_plain_of_a_notice_stays_on_the_disk(incident, as_isa, pair):
    notices.tell(now())
    as_isa()
    notices.note_receipt(now())

    for place in pair.nodes.values():
        assert not list(place.rglob("incidents.csv"))
        assert not any(
            "封筒一通".encode() in path.read_bytes() for path in place.rglob("*") if path.is_file()
        )
