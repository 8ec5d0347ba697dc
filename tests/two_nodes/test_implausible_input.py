"""Input that cannot be true, at a real node: the day waits, an alarm says what to type, and that goes on."""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from node.records import made_up
from two_nodes.nodes import TwoNodes, two_nodes

pytestmark = pytest.mark.slow

FIRST, SECOND = date(2026, 11, 16), date(2026, 11, 17)
REASON = "電話で確かめた"


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path / "nodes", os.environ.get("RENKEI_DATABASE_URL")) as nodes:
        yield nodes


def awaited(nodes: TwoNodes, day: date) -> tuple[str, str]:
    last = nodes.cycle("isa", day)[-1]
    return last["step"], last["awaited"]


def typed(nodes: TwoNodes, *command: str) -> int:
    return nodes.run("isa", *command, check=False).returncode


def alarms(nodes: TwoNodes) -> list[tuple[str, str]]:
    found = nodes.status("isa")["alarms"]
    return [(each["kind"], each["subject"]) for each in found if each["kind"].endswith("IMPLAUSIBLE")]


def test_a_file_and_an_answer_wait_until_they_are_confirmed(nodes: TwoNodes):
    nodes.serve()
    people = [made_up.person(number) for number in range(200)]
    nodes.land("isa", "persons", "full", "1", *people)
    nodes.cycle("isa", FIRST)
    nodes.land("isa", "persons", "full", "2", *people[:120])
    nodes.land("isa", "permissions", "full", "1", *(made_up.permission(number) for number in range(100)))
    nodes.cycle("mhlw", FIRST)
    nodes.cycle("mhlw", SECOND)
    name = "persons.full.2.csv"

    # The file: rows of the register would go. The day before goes on without it.
    nodes.cycle("isa", FIRST)
    assert awaited(nodes, SECOND) == ("take_in", "confirmation")
    assert alarms(nodes) == [("FILE_IMPLAUSIBLE", name)]
    shown = nodes.run("isa", "status", "--lang", "ja").stdout
    assert f"`renkei import {name} --confirmed 理由`" in shown
    assert "200行のうち80行" in shown
    (waiting,) = nodes.status("isa")["extracts"]
    assert (waiting["name"], waiting["state"]) == (name, "implausible")
    assert typed(nodes, "import", name) == 3
    assert typed(nodes, "import", name, "--confirmed", " ") == 2
    assert typed(nodes, "import", name, "--confirmed", REASON) == 0
    assert nodes.table("isa", "SELECT reason FROM records_import WHERE reason <> ''") == [(REASON,)]
    assert nodes.status("isa")["extracts"] == []

    # The answer: all of a hundred permissions would be suspected.
    assert awaited(nodes, SECOND) == ("answer", "confirmation")
    assert alarms(nodes) == [("ANSWER_IMPLAUSIBLE", "2026-11-17")]
    assert "`renkei cycle confirm --reason 理由`" in nodes.run("isa", "status", "--lang", "ja").stdout
    assert typed(nodes, "cycle", "confirm", "--reason", "") == 2
    assert typed(nodes, "cycle", "confirm", "--reason", REASON) == 0
    assert typed(nodes, "cycle", "confirm", "--reason", REASON) == 2
    assert "confirmation" not in awaited(nodes, SECOND)
    assert alarms(nodes) == []
    facts = nodes.table("isa", "SELECT facts FROM audit_entry WHERE verb = 'MATCHING_CONFIRMED'")
    assert json.loads(facts[0][0].replace("'", '"'))["reason"] == REASON
