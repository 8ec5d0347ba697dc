"""Incidents and trails between two real nodes: sent at once over TLS, or when the network is back."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from two_nodes.nodes import TwoNodes, two_nodes

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 16)
DECLARE = (
    "incident",
    "declare",
    "--kind",
    "leak",
    "--say",
    "overview=媒体一枚が見当たらない",
    "--lang",
    "ja",
    "--officer",
    "tanaka",
)
AS_TANAKA = ("--officer", "tanaka")


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path / "nodes", os.environ.get("RENKEI_DATABASE_URL")) as nodes:
        for party in nodes.made.nodes:
            nodes.officer(party, "tanaka", "audit")
        yield nodes


def shown(nodes: TwoNodes, party: str, number: str) -> dict:
    return json.loads(nodes.run(party, "incident", "show", number, "--json", *AS_TANAKA).stdout)


def alarms(nodes: TwoNodes, party: str) -> set[tuple[str, str]]:
    found = {(alarm["kind"], alarm["subject"]) for alarm in nodes.status(party)["alarms"]}
    return {alarm for alarm in found if alarm[0].startswith(("INCIDENT", "TRAIL", "COUNTERPART"))}


def verify(nodes: TwoNodes, party: str, *more: str) -> subprocess.CompletedProcess[str]:
    return nodes.run(party, "audit", "verify", "--json", *more, check=False)


def test_a_notice_is_there_at_once_and_rings_with_the_next_run(nodes: TwoNodes):
    nodes.serve()
    said = nodes.run("mhlw", *DECLARE).stdout
    number = said.split()[0]

    assert shown(nodes, "mhlw", number)["notices"][0]["state"] == "sent"
    assert "個人情報保護委員会への速報" in said

    nodes.cycle("isa", DAY)

    assert alarms(nodes, "isa") == {("INCIDENT_HEARD", f"mhlw:{number}")}
    assert shown(nodes, "isa", f"mhlw:{number}")["items"]["overview"] == "媒体一枚が見当たらない"
    assert len(shown(nodes, "isa", f"mhlw:{number}")["clocks"]) == 3

    nodes.run("isa", "incident", "add", f"mhlw:{number}", "--say", "other=電話で確認した", *AS_TANAKA)
    nodes.run("isa", *DECLARE)
    nodes.cycle("mhlw", DAY)
    nodes.cycle("isa", DAY)

    assert shown(nodes, "mhlw", number)["notices"][0]["state"] == "accepted"
    assert alarms(nodes, "isa") == set()
    assert alarms(nodes, "mhlw") == {("INCIDENT_HEARD", f"isa:{number}")}


def test_without_a_network_it_waits_rings_and_goes_when_the_network_is_back(nodes: TwoNodes):
    number = nodes.run("mhlw", *DECLARE).stdout.split()[0]
    nodes.cycle("mhlw", DAY)

    assert shown(nodes, "mhlw", number)["notices"][0]["state"] == "sealed"
    assert alarms(nodes, "mhlw") == {("INCIDENT_UNTOLD", number)}

    nodes.serve()
    nodes.table("mhlw", "UPDATE deliveries_delivery SET next_try_at = NULL RETURNING id")
    nodes.cycle("mhlw", DAY)

    assert shown(nodes, "mhlw", number)["notices"][0]["state"] == "sent"
    assert alarms(nodes, "mhlw") == set()


def test_without_a_network_it_goes_by_medium(nodes: TwoNodes, tmp_path: Path):
    medium = tmp_path / "medium"
    medium.mkdir()
    number = nodes.run("isa", *DECLARE).stdout.split()[0]
    nodes.run(
        "isa", "medium", "export", str(medium), "--reason", "network_failure", "--agreed-by", "試験 花子"
    )
    nodes.run("mhlw", "medium", "import", str(medium))
    nodes.cycle("mhlw", DAY)

    assert ("INCIDENT_HEARD", f"isa:{number}") in alarms(nodes, "mhlw")


def test_a_rewritten_trail_is_found_by_what_the_counterpart_holds(nodes: TwoNodes, tmp_path: Path):
    nodes.serve()
    nodes.run("mhlw", *DECLARE)
    nodes.cycle("isa", DAY)
    nodes.cycle("mhlw", DAY)
    theirs = ("--against", str(nodes.made.nodes["isa"] / "exchange"))
    whole = verify(nodes, "mhlw", *theirs)
    found = json.loads(whole.stdout)

    assert (whole.returncode, found["differing"]) == (0, [])
    assert found["confirmed"] > 0
    assert found["compared_there"] > 0

    nodes.run("mhlw", "audit", "export", "--out", str(tmp_path / "trail.jsonl"), *AS_TANAKA)

    assert len((tmp_path / "trail.jsonl").read_text().splitlines()) == found["entries"] + 1

    rewrite(nodes, "mhlw")
    broken = verify(nodes, "mhlw", *theirs)
    found = json.loads(broken.stdout)

    assert (broken.returncode, found["broken_at"]) == (2, None)  # the chain itself is valid
    assert any("[missing]" in name for name in found["differing"])

    nodes.cycle("mhlw", DAY)

    assert {kind for kind, _ in alarms(nodes, "mhlw")} == {"TRAIL_DIFFERS"}


def rewrite(nodes: TwoNodes, party: str) -> None:
    """Remove the first entry of a node's trail and reseal the others, as the owner of the tables."""
    code = """
import django; django.setup()
from django.db import connection, transaction
from renkei.node.audit import trail, triggers
from renkei.node.audit.models import Entry
with transaction.atomic():
    kept = list(Entry.objects.order_by("number"))[1:]
    triggers.remove(connection)
    Entry.objects.all().delete()
    previous = trail.FIRST_PREVIOUS
    for number, entry in enumerate(kept, start=1):
        entry.number, entry.previous_sha256 = number, previous
        entry.sha256 = previous = trail.seal_of(entry)
        entry.save(force_insert=True)
    triggers.install(connection)
"""
    environment = {**nodes.environment(party), "DJANGO_SETTINGS_MODULE": "renkei.node.settings"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
