"""A normal week between two real nodes, one with a network failure, one with a node killed at any time."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from node.records import made_up
from renkei.node.console.labels import COUNTS
from two_nodes.nodes import RENKEI, TwoNodes, two_nodes

pytestmark = pytest.mark.slow

KILLED = 2  # days of the killed week: each takes some twenty processes
WEEK = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path / "nodes", os.environ.get("RENKEI_DATABASE_URL")) as nodes:
        yield nodes


def land_first(nodes: TwoNodes, label: str) -> None:
    """Six people; the second is notified with a wrong birth date, the third with an unknown card number."""
    people = range(1, 7)
    notified = [
        made_up.notification(1),
        made_up.notification(2, birth_date="1990-12-31"),
        made_up.notification(3, card_number=made_up.card(99)),
        made_up.notification(4),
    ]
    nodes.land("mhlw", "notifications", "full", label, *notified)
    nodes.land("mhlw", "establishments", "full", label, made_up.establishment(2))
    nodes.land("isa", "persons", "full", label, *map(made_up.person, people))
    nodes.land("isa", "cards", "full", label, *map(made_up.card_of, people))
    nodes.land("isa", "permissions", "full", label, *(made_up.permission(number) for number in (1, 5)))


def land_change(nodes: TwoNodes, number: int, label: str) -> None:
    """What each later day brings: the second corrected, the fourth deleted, one more, the sixth renamed."""
    changes = {
        1: ("mhlw", "notifications", made_up.notification(2)),
        2: ("mhlw", "notifications", made_up.notification(4, deleted_on="2026-11-18")),
        3: ("mhlw", "notifications", made_up.notification(5, name="TRAN THI MAI")),
        4: ("isa", "persons", made_up.person(6, name="LE VAN BINH")),
    }
    if number in changes:
        party, dataset, row = changes[number]
        nodes.land(party, dataset, "delta", label, row)


def a_week(nodes: TwoNodes, days: int = len(WEEK)) -> None:
    for number, day in enumerate(WEEK[:days]):
        if number:
            land_change(nodes, number, day.isoformat())
        else:
            land_first(nodes, day.isoformat())
        nodes.day(day)


STEPS = "SELECT d.business_day, s.name, s.state FROM cycle_step s JOIN cycle_day d ON d.id = s.day_id"


def state(nodes: TwoNodes) -> dict[str, list[tuple]]:
    """Return the rows of both sides after a week, without times and ids."""
    queries = {
        "mhlw": {
            "cases": "SELECT kind, identifier, items, state, outcome, office, row FROM cases_case",
            "deliveries": "SELECT direction, service, sequence, business_day, kind, state, counts "
            "FROM deliveries_delivery",
            "steps": STEPS,
            "sent": "SELECT notification_id, sequence, deleted_on FROM records_sentnotification",
        },
        "isa": {
            "findings": "SELECT kind, identifier, status, is_active, digest, reported_digest "
            "FROM matching_run_finding",
            "outcomes": "SELECT notification_id, outcome, person_id FROM matching_run_outcome",
            "deliveries": "SELECT direction, service, sequence, business_day, kind, state "
            "FROM deliveries_delivery",
            "steps": STEPS,
        },
    }
    return {
        f"{party} {name}": sorted(nodes.table(party, query))
        for party, tables in queries.items()
        for name, query in tables.items()
    }


def test_an_ordinary_week(nodes: TwoNodes):
    nodes.serve()
    a_week(nodes)

    for party in ("mhlw", "isa"):
        assert nodes.table(party, "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]
        assert nodes.table(party, "SELECT DISTINCT state FROM deliveries_delivery ORDER BY state")
    cases = nodes.table(
        "mhlw", "SELECT identifier, state, outcome, office, row = '' FROM cases_case ORDER BY identifier"
    )
    told = {row[0]: row[1:3] for row in cases}
    # N2 was corrected and its case closed by itself; N3 names a number that nobody has; N5 was hired under a
    # permission, and the name differs.
    assert told["N2"] == ("closed", "agrees_now")
    assert told["N3"] == ("new", "")
    assert told["N5"] == ("new", "")
    assert "L1" not in told
    assert {row[3] for row in cases if row[0] in ("N2", "N3", "N5")} == {"1301"}
    # Every count of a day has a label in both languages.
    counted = {
        name
        for party in ("mhlw", "isa")
        for table in ("cycle_step", "deliveries_delivery")
        for (counts,) in nodes.table(party, f"SELECT CAST(counts AS text) FROM {table}")
        for name in json.loads(counts)
    }
    assert {name for name in counted if not name.startswith("rejected:")} - set(COUNTS) == set()


def test_a_day_without_network_goes_by_medium(nodes: TwoNodes, tmp_path: Path):
    medium = tmp_path / "medium"
    medium.mkdir()
    why = ("--reason", "network_failure", "--agreed-by", "試験 花子")
    land_first(nodes, "first")
    first = WEEK[0]
    nodes.cycle("mhlw", first)

    assert nodes.cycle("isa", first)[-1]["awaited"] == "delivery"

    nodes.run("mhlw", "medium", "export", str(medium), *why)
    nodes.run("isa", "medium", "import", str(medium))
    nodes.cycle("isa", first)
    nodes.run("isa", "medium", "export", str(medium), *why)
    nodes.run("mhlw", "medium", "import", str(medium))
    nodes.cycle("mhlw", first)
    nodes.run("mhlw", "medium", "export", str(medium), *why)
    nodes.run("isa", "medium", "import", str(medium))
    nodes.cycle("isa", first)

    assert nodes.table("mhlw", "SELECT closed_at IS NULL FROM cycle_day") in ([("0",)], [("False",)])
    assert nodes.table("isa", "SELECT closed_at IS NULL FROM cycle_day") in ([("0",)], [("False",)])
    assert sorted(path.suffix for path in medium.rglob("*") if path.suffix == ".pdf") == [".pdf", ".pdf"]


def test_days_that_the_network_was_down_are_caught_up_in_order(nodes: TwoNodes):
    land_first(nodes, "first")
    for day in WEEK[:3]:
        nodes.day(day, turns=1)

    assert nodes.table("isa", "SELECT count(*) FROM deliveries_delivery") == [("0",)]
    alarms = {alarm["kind"] for alarm in nodes.status("mhlw")["alarms"]}
    assert "NO_RECEIPT" in alarms

    nodes.table("mhlw", "UPDATE deliveries_delivery SET next_try_at = NULL RETURNING id")
    nodes.serve()
    nodes.day(WEEK[2], turns=4)

    assert nodes.table("mhlw", "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]
    assert nodes.status("mhlw")["alarms"] == []


def killed_now_and_then(nodes: TwoNodes, party: str, day: date, after: float) -> None:
    """Start a node's cycle, kill it -9 after a while, and start it again to its end."""
    command = [*RENKEI, "cycle", "run", "--today", day.isoformat()]
    process = subprocess.Popen(command, env=nodes.environment(party), stdout=subprocess.DEVNULL)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    nodes.cycle(party, day)


def test_two_workers_of_one_node_at_once_do_everything_once(nodes: TwoNodes):
    nodes.serve()
    land_first(nodes, "first")
    for _ in range(3):
        for party in ("mhlw", "isa"):
            command = [*RENKEI, "cycle", "run", "--today", WEEK[0].isoformat()]
            both = [
                subprocess.Popen(command, env=nodes.environment(party), stdout=subprocess.DEVNULL)
                for _ in range(2)
            ]
            assert [process.wait(timeout=600) for process in both] == [0, 0]

    assert nodes.table("mhlw", "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]
    assert nodes.table("mhlw", "SELECT count(*) FROM deliveries_delivery WHERE direction = 'out'") == [("1",)]
    assert (
        nodes.table(
            "mhlw",
            "SELECT subject FROM audit_entry WHERE verb = 'STEP_DONE' GROUP BY subject HAVING count(*) > 1",
        )
        == []
    )


@pytest.mark.long
def test_both_sides_killed_at_any_moment_end_as_undisturbed_days(tmp_path: Path):
    database = os.environ.get("RENKEI_DATABASE_URL")
    with two_nodes(tmp_path / "calm", database) as calm:
        calm.serve()
        a_week(calm, KILLED)
        expected = state(calm)
    with two_nodes(tmp_path / "killed", database) as nodes:
        nodes.serve()
        after = 1.0
        for number, day in enumerate(WEEK[:KILLED]):
            land_first(nodes, day.isoformat()) if not number else land_change(nodes, number, day.isoformat())
            for _ in range(3):
                for party in ("mhlw", "isa"):
                    killed_now_and_then(nodes, party, day, after)
                    after = 1.0 + (after + 0.17) % 2.0
                    # a sender that was killed waits before it asks again; the test does not
                    nodes.table(party, "UPDATE deliveries_delivery SET next_try_at = NULL RETURNING id")
            nodes.silence("isa", how=signal.SIGKILL)
            nodes.serve("isa")
        nodes.day(WEEK[KILLED - 1])

        assert state(nodes) == expected
