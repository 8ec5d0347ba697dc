"""Correctly signed deliveries whose rows or files are not as they should be, between two real nodes."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import requests

from node.records import made_up
from renkei.agreement.datasets import NOTIFICATIONS
from renkei.cli.rehearsal import make_account
from two_nodes.nodes import TwoNodes, two_nodes
from two_nodes.test_two_consoles import enter

pytestmark = pytest.mark.slow

FORGING = Path(__file__).with_name("forging_node.py")
DAY, NEXT = date(2026, 11, 16), date(2026, 11, 17)
PEOPLE = range(1, 7)
LONG = "x" * 131_073  # what a reader of CSV takes at most, and one more
ODD = {
    2: ({"sex": "3"}, "unreadable:sex"),
    3: ({"address": "A\rB"}, "unreadable:address"),
    4: ({"address": LONG}, "unreadable:address"),
    5: ({"status_of_residence": "permanent"}, "forbidden:establishment_number;forbidden:employment_start"),
}


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path / "nodes", os.environ.get("RENKEI_DATABASE_URL")) as nodes:
        yield nodes


def seal(nodes: TwoNodes) -> None:
    """Six people, all notified; MHLW seals the day while ISA cannot be reached."""
    nodes.land("mhlw", "notifications", "full", "first", *map(made_up.notification, PEOPLE))
    nodes.land("isa", "persons", "full", "first", *map(made_up.person, PEOPLE))
    nodes.land("isa", "cards", "full", "first", *map(made_up.card_of, PEOPLE))
    nodes.land("isa", "permissions", "full", "first", *map(made_up.permission, PEOPLE))
    nodes.cycle("mhlw", DAY)


def forge(nodes: TwoNodes, data: bytes, rows: int = len(PEOPLE)) -> None:
    """Replace what MHLW sealed by other bytes, signed as well; then both go on."""
    file = nodes.made.nodes["mhlw"] / "forged.csv"
    file.write_bytes(data)
    command = [sys.executable, str(FORGING), "1", str(file), str(rows)]
    subprocess.run(command, env=nodes.environment("mhlw"), check=True)
    nodes.table("mhlw", "UPDATE deliveries_delivery SET next_try_at = NULL RETURNING id")
    nodes.serve()


def sheet(odd=ODD) -> bytes:
    """The notifications as a table, one in its own line each, some of them odd."""
    text = io.StringIO()
    table = csv.DictWriter(text, NOTIFICATIONS.names, lineterminator="\r\n")  # quotes a CR too
    table.writeheader()
    for number in PEOPLE:
        table.writerow({**made_up.notification(number), **odd.get(number, ({}, ""))[0]})
    return text.getvalue().encode()


def alarms(nodes: TwoNodes, party: str) -> set[tuple[str, str]]:
    return {(alarm["kind"], alarm["subject"]) for alarm in nodes.status(party)["alarms"]}


def rejects(nodes: TwoNodes, party: str, *options: str) -> list[dict]:
    return json.loads(nodes.run(party, "rejects", "list", "--json", *options).stdout)


def delivered(nodes: TwoNodes) -> list[tuple[str, ...]]:
    return nodes.table(
        "mhlw",
        "SELECT sequence, state FROM deliveries_delivery "
        "WHERE direction = 'out' AND service = 'annex1' ORDER BY sequence",
    )


def test_odd_rows_are_given_back_and_the_others_count(nodes: TwoNodes, tmp_path: Path):
    seal(nodes)
    forge(nodes, sheet())
    nodes.day(DAY, turns=3)
    reasons = {f"N{number}": why for number, (_, why) in ODD.items()}

    assert delivered(nodes) == [("1", "accepted")]
    for party in nodes.made.nodes:
        assert nodes.table(party, "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]
    outcomes = nodes.table("isa", "SELECT notification_id, outcome FROM matching_run_outcome")
    assert sorted(outcomes) == [("N1", "matched"), ("N6", "matched")]
    # Both say it: the rows by line and identifier with every reason, and that the whole row was left out.
    for party, of in (("mhlw", "counterpart"), ("isa", "node")):
        listed = rejects(nodes, party, "--of", of, "--lang", "ja")
        assert {row["identifier"]: sorted(row["reasons"].split(";")) for row in listed} == {
            identifier: sorted(why.split(";")) for identifier, why in reasons.items()
        }, party
        assert [row["line"] for row in listed] == [3, 4, 5, 6]
        assert {(row["action"], row["left_out"]) for row in listed} == {("row", "行全体(受け取っていない)")}
    written = nodes.run("mhlw", "rejects", "list", "--lang", "en").stdout
    assert [row["left_out"] for row in csv.DictReader(io.StringIO(written))] == [
        "the whole row (not taken)"
    ] * 4
    assert {("ROWS_RETURNED", "annex1 1"), ("OVER_PROVIDED", "annex1 1")} <= alarms(nodes, "mhlw")
    assert ("OVER_PROVIDED", f"annex1 1 ({DAY})") in alarms(nodes, "isa")
    opened = next(step for step in nodes.status("isa")["steps"] if step["step"] == "open")
    assert (opened["counts"]["read"], opened["counts"]["rejected"]) == (6, 4)
    # Nothing of a value is in a log or on a console.
    for party in nodes.made.nodes:
        account = make_account(nodes.environment(party), tmp_path)
        console = f"http://127.0.0.1:{nodes.made.consoles[party]}"
        browser = requests.Session()
        enter(browser, console, account)
        page = browser.get(f"{console}/deliveries/rejects/", timeout=30).text
        assert page.count("行全体(受け取っていない)") == 4, party
        assert "読み取れない" in page
        assert "xxxx" not in page

    # They are mended the next day, and nothing is left to say.
    changed = [made_up.notification(number, name="TRAN THI MAI") for number in ODD]
    nodes.land("mhlw", "notifications", "delta", "second", *changed)
    nodes.day(NEXT, turns=3)
    assert rejects(nodes, "mhlw") == []
    assert delivered(nodes) == [("1", "accepted"), ("2", "accepted")]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(sheet({}).replace(b"\nN3,", b'\nN3",'), id="a quotation mark that opens nothing"),
        pytest.param(sheet({}).replace(b"\nN3,", b'\n"N3,'), id="a quotation that is not closed"),
        pytest.param(sheet({}).replace(b"\nN3,", b"\nN\r3,"), id="a line end within a field"),
    ],
)
def test_a_file_that_is_not_rfc_4180_is_refused_and_the_day_is_made_anew(nodes: TwoNodes, data: bytes):
    seal(nodes)
    forge(nodes, data)
    nodes.day(DAY, turns=2)
    refused = delivered(nodes)
    rung = alarms(nodes, "mhlw")
    nodes.run("mhlw", "cycle", "retry", DAY.isoformat())
    nodes.day(DAY, turns=3)

    assert refused == [("1", "refused")]
    assert ("REFUSED_BY_COUNTERPART", f"annex1 1 ({DAY})") in rung
    assert delivered(nodes) == [("1", "refused"), ("2", "accepted")]
    assert len(nodes.table("isa", "SELECT notification_id FROM matching_run_outcome")) == len(PEOPLE)
    for party in nodes.made.nodes:
        assert nodes.table(party, "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]
