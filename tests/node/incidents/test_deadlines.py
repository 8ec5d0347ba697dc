"""The clocks: which duty runs under which conditions, until when, and when it rings."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from renkei.node.cycle import alarms, monitoring
from renkei.node.cycle.alarms import AlarmKind
from renkei.node.incidents import deadlines, services
from renkei.node.incidents.models import Condition, Kind
from renkei.node.incidents.scope import Concerned

pytestmark = pytest.mark.django_db

FOUND = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)
MALICIOUS, SPECIAL_CARE, PROPERTY = Condition.MALICIOUS, Condition.SPECIAL_CARE, Condition.PROPERTY


def running(incident) -> dict[str, bool]:
    return {each.clock.code: each.provisional for each in deadlines.running(incident)}


@pytest.mark.parametrize(
    ("conditions", "persons", "expected"),
    [
        (None, None, {"preliminary": True, "final": True, "persons": True}),
        (None, 100, {"preliminary": True, "final": True, "persons": True}),
        (None, 101, {"preliminary": False, "final": False, "persons": False}),
        ([], 100, {}),
        ([], 101, {"preliminary": False, "final": False, "persons": False}),
        ([SPECIAL_CARE], 1, {"preliminary": False, "final": False, "persons": False}),
        ([PROPERTY], 1, {"preliminary": False, "final": False, "persons": False}),
        ([MALICIOUS], 1, {"preliminary": False, "final_malicious": False, "persons": False}),
        ([MALICIOUS], 101, {"preliminary": False, "final_malicious": False, "persons": False}),
    ],
)
def test_the_conditions_decide_which_duties_run(node, declared, conditions, persons, expected):
    assert running(declared(conditions=conditions, persons=persons)) == expected


@pytest.mark.parametrize(
    ("rows", "persons", "runs"), [(100, None, False), (101, None, True), (101, 100, False), (100, 101, True)]
)
def test_until_somebody_has_counted_every_row_is_taken_for_a_person(node, declared, rows, persons, runs):
    concerned = Concerned("mhlw-isa-annex1 1", ("annex1",), rows, 5)

    assert bool(running(declared(conditions=[], persons=persons, concerned=concerned))) is runs


def test_an_outage_has_no_clock_of_the_law(node, declared):
    assert running(declared(Kind.OUTAGE, conditions=[SPECIAL_CARE], persons=500)) == {}


@pytest.mark.parametrize(
    ("condition", "code", "due_from", "due_by"),
    [
        (SPECIAL_CARE, "preliminary", date(2026, 11, 27), date(2026, 11, 29)),
        (SPECIAL_CARE, "final", date(2026, 12, 24), date(2026, 12, 24)),
        (MALICIOUS, "final_malicious", date(2027, 1, 23), date(2027, 1, 23)),
        (SPECIAL_CARE, "persons", date(2026, 11, 24), None),
    ],
)
def test_days_are_counted_from_the_day_it_came_to_be_known(node, declared, condition, code, due_from, due_by):
    (found,) = (
        each for each in deadlines.running(declared(conditions=[condition])) if each.clock.code == code
    )

    assert (found.due_from, found.due_by) == (due_from, due_by)


def test_the_day_is_that_of_japan(node, declared):
    late = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # half past midnight of the 25th
    incident = declared(found_at=late, now=late)

    assert deadlines.running(incident)[0].due_from == date(2026, 11, 28)


def test_what_is_not_from_the_text_of_the_law_says_so():
    assert [clock.code for clock in deadlines.CLOCKS if clock.verified] == []
    assert all(clock.basis for clock in deadlines.CLOCKS)


def test_the_page_shows_the_table_of_clocks():
    page = (Path(__file__).parents[3] / "docs/incidents.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)

    assert rows == [
        (
            clock.code,
            clock.ja,
            "速やかに" if clock.last is None else "–".join(map(str, sorted({clock.first, clock.last}))),
            "–" if clock.last is None else str(clock.rings_from),
        )
        for clock in deadlines.CLOCKS
    ]


@pytest.mark.parametrize(
    ("days", "rings"),
    [
        (0, []),
        (2, []),
        (3, ["preliminary 2026-11-29"]),
        (22, ["preliminary 2026-11-29"]),
        (23, ["final 2026-12-24", "preliminary 2026-11-29"]),
        (99, ["final 2026-12-24", "preliminary 2026-11-29"]),
    ],
)
def test_an_alarm_rings_before_a_duty_is_due_and_ever_after(node, declared, days, rings):
    incident = declared(conditions=[SPECIAL_CARE])
    found = sorted(deadlines.due(FOUND + timedelta(days=days)))

    assert found == [f"{incident} {each}" for each in rings]


def test_a_duty_reported_rings_no_more(node, declared):
    incident, kind = declared(conditions=[SPECIAL_CARE]), AlarmKind.INCIDENT_DUE
    later = FOUND + timedelta(days=4)
    alarms.hold(kind, monitoring._CAUSES[kind](later), later)

    assert [alarm.subject for alarm in alarms.ringing()] == [f"{incident} preliminary 2026-11-29"]

    services.add(incident, {}, reported=["preliminary"], by=None, now=later)
    alarms.hold(kind, monitoring._CAUSES[kind](later), later)

    assert alarms.ringing() == []
    assert [each.clock.code for each in deadlines.running(incident) if each.done_at] == ["preliminary"]
