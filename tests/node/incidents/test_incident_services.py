"""Declaring, adding, closing: who may, what is refused, what stands in the trail and what never does."""

from datetime import UTC, date, datetime, timedelta

import pytest

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.errors import IncidentRefused, NoSuchIncident, NotPermitted
from renkei.node.incidents import notices, services
from renkei.node.incidents.models import Condition, Incident, Item, Kind, Notice, Statement

pytestmark = pytest.mark.django_db

FOUND = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)
MARKED = "MARKED EXAMPLE"


def told(incident: Incident) -> None:
    """As if the counterpart had received the last notice."""
    notice = incident.notices.last()
    notices.Delivery.objects.create(
        direction="out", service="incident", sequence=notice.pk, business_day=date(2026, 11, 24), state="sent"
    )
    Notice.objects.filter(pk=notice.pk).update(sequence=notice.pk)


def test_incidents_are_numbered_by_year(node, declared):
    numbers = [str(declared()) for _ in range(2)]
    later = FOUND + timedelta(days=60)
    numbers.append(str(declared(found_at=later, now=later)))

    assert numbers == ["I-2026-001", "I-2026-002", "I-2027-001"]


def test_declaring_stands_in_the_trail_and_wants_the_counterpart_told(node, declared):
    incident = declared(persons=3)
    entry = Entry.objects.last()

    assert (entry.verb, entry.subject) == ("INCIDENT_DECLARED", "I-2026-001")
    assert entry.facts == {"kind": "leak", "suspected": True, "rows": None, "persons": 3}
    assert [notice.sequence for notice in incident.notices.all()] == [None]
    assert notices.untold(incident)


def test_what_officers_write_never_reaches_the_trail(node, declared):
    incident = declared(text=MARKED)
    services.add(incident, {Item.CAUSE: MARKED}, by=None, now=FOUND)
    services.notify(incident, by=None, now=FOUND)

    assert MARKED not in str(list(Entry.objects.values()))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"found_at": FOUND + timedelta(hours=1)}, "future"),
        ({"text": "  "}, "overview"),
        ({"text": "長" * 4001}, "too long by 1 "),
        ({"contact": "c" * 201}, "too long by 1 "),
    ],
)
def test_what_cannot_be_told_is_refused_whole(node, declared, given, word):
    with pytest.raises(IncidentRefused, match=word):
        declared(**given)

    assert Incident.objects.count() == Notice.objects.count() == Entry.objects.count() == 0


def test_what_was_said_before_stays_and_the_last_word_holds(node, declared):
    incident = declared()
    services.add(incident, {Item.PREVENTION: "施錠", Item.OVERVIEW: "見つかった"}, by=None, now=FOUND)

    assert services.current(incident) == {Item.OVERVIEW: "見つかった", Item.PREVENTION: "施錠"}
    assert Statement.objects.filter(incident=incident).count() == 3


def test_conditions_and_certainty_are_judged_later(node, declared):
    incident = declared()
    services.add(incident, {}, conditions=[Condition.PROPERTY], suspected=False, by=None, now=FOUND)

    assert (incident.conditions, incident.suspected) == (["property"], False)
    assert Entry.objects.last().facts == {"items": [], "reported": [], "changed": ["conditions", "suspected"]}


@pytest.mark.parametrize("given", [{"said": {}}, {"said": {}, "reported": ["other"]}])
def test_nothing_and_unknown_duties_are_not_added(node, declared, given):
    with pytest.raises(IncidentRefused):
        services.add(declared(), by=None, now=FOUND, **given)


def test_one_that_has_a_duty_open_or_was_not_told_is_not_closed(node, declared):
    incident = declared(conditions=[Condition.PROPERTY])
    with pytest.raises(IncidentRefused, match="preliminary, final, persons"):
        services.close(incident, {}, by=None, now=FOUND)
    services.add(incident, {}, reported=["preliminary", "final", "persons"], by=None, now=FOUND)
    with pytest.raises(IncidentRefused, match="not received the notice"):
        services.close(incident, {}, by=None, now=FOUND)
    told(incident)
    services.close(incident, {Item.OTHER: "対応を終えた"}, by=None, now=FOUND)

    assert incident.closed_at == FOUND
    assert Entry.objects.last().verb == "INCIDENT_CLOSED"


@pytest.mark.parametrize("act", ["add", "notify", "close"])
def test_one_that_is_closed_stays_as_it_is(node, declared, act):
    incident = declared(Kind.OUTAGE)
    told(incident)
    services.close(incident, {}, by=None, now=FOUND)
    acts = {
        "add": lambda: services.add(incident, {Item.OTHER: "x"}, by=None, now=FOUND),
        "notify": lambda: services.notify(incident, by=None, now=FOUND),
        "close": lambda: services.close(incident, {}, by=None, now=FOUND),
    }
    statements = Statement.objects.count()
    with pytest.raises(IncidentRefused, match="is closed"):
        acts[act]()

    assert (Statement.objects.count(), Notice.objects.count()) == (statements, 1)


@pytest.mark.parametrize("duty", list(Duty))
def test_the_gate_decides_by_duty(node, declared, duty):
    officer = Officer.objects.create(username="tanaka")
    Assignment.objects.create(officer=officer, duty=duty)
    if duty in (Duty.OPERATE, Duty.AUDIT):
        incident = declared(by=officer)

        assert Entry.objects.last().actor == "tanaka"
        assert incident.statements.get().said_by == "tanaka"
        return
    incident = declared()
    acts = (
        lambda: declared(by=officer),
        lambda: services.add(incident, {Item.OTHER: "x"}, by=officer, now=FOUND),
        lambda: services.notify(incident, by=officer, now=FOUND),
        lambda: services.close(incident, {}, by=officer, now=FOUND),
        lambda: services.find(str(incident), officer, FOUND),
        lambda: services.listed(officer, FOUND),
    )
    for act in acts:
        with pytest.raises(NotPermitted):
            act()

    assert Incident.objects.count() == 1


def test_the_counterparts_is_named_with_its_code(node, declared):
    ours = declared()
    theirs = Incident.objects.create(
        origin=node.counterpart,
        number=ours.number,
        kind=Kind.LEAK,
        suspected=True,
        found_at=FOUND,
        known_at=FOUND,
        contact="x",
    )

    assert services.find(ours.number, None, FOUND) == ours
    assert services.find(f"{node.counterpart}:{ours.number}", None, FOUND) == theirs
    with pytest.raises(NoSuchIncident):
        services.find("I-2026-999", None, FOUND)
    with pytest.raises(IncidentRefused, match="the counterpart's incident"):
        services.notify(theirs, by=None, now=FOUND)
