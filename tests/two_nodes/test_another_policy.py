"""Two nodes with another policy on disclosed items: a whole day, checked by the content of 別紙2."""

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from node.records import made_up
from renkei.node.config import FILE
from two_nodes.nodes import TwoNodes, two_nodes

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 16)
ITEMS = ("name", "sex")


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path / "nodes", os.environ.get("RENKEI_DATABASE_URL")) as nodes:
        for place in nodes.made.nodes.values():
            (place / "policy.toml").write_text(f"disclosed_items = {json.dumps(ITEMS)}\n", "utf-8")
            (place / FILE).write_text(f'policy = "policy.toml"\n{(place / FILE).read_text("utf-8")}', "utf-8")
        yield nodes


def test_a_day_with_other_disclosed_items(nodes: TwoNodes):
    people = range(1, 6)
    born = {"birth_date": "1990-12-31"}
    notified = [
        made_up.notification(1),
        made_up.notification(2, **born),
        made_up.notification(3, **born, sex="2"),
        made_up.notification(4, card_number=made_up.card(99)),
        made_up.notification(5, name="TRAN THI MAI"),
    ]
    nodes.land("mhlw", "notifications", "full", "first", *notified)
    nodes.land("isa", "persons", "full", "first", *map(made_up.person, people))
    nodes.land("isa", "cards", "full", "first", *map(made_up.card_of, people))
    nodes.land("isa", "permissions", "full", "first", made_up.permission(1))
    nodes.serve()
    nodes.day(DAY)

    for party in nodes.made.nodes:
        assert nodes.table(party, "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]
        assert nodes.status(party)["alarms"] == []
    told = nodes.table("mhlw", "SELECT identifier, row FROM cases_case WHERE kind = 'discrepancy'")
    found = {identifier: json.loads(row) for identifier, row in told}
    sides = [name for name in found["N2"] if name.startswith(("linked_", "latest_"))]
    assert sides == [f"{side}_{item}" for side in ("linked", "latest") for item in ITEMS]
    assert {name: (row["mismatched_items"], row["differences"]) for name, row in found.items()} == {
        "N2": (None, None),
        "N3": ("sex", "sex:different"),
        "N4": (None, "card_number:unknown_number"),
        "N5": ("name", "name:different"),
    }
    cases = nodes.table("mhlw", "SELECT identifier, items FROM cases_case WHERE kind = 'discrepancy'")
    assert dict(cases) == {"N2": "mismatched", "N3": "sex", "N4": "not_found", "N5": "name"}
    # ISA's own record keeps every item.
    noted = dict(nodes.table("isa", "SELECT notification_id, mismatched_items FROM matching_run_outcome"))
    assert (noted["N2"], noted["N3"]) == ("birth_date", "birth_date;sex")
