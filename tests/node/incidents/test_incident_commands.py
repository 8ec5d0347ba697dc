"""`renkei incident` and `renkei audit`: what they read from their arguments, and how they say it."""

import json
from collections.abc import Iterator

import pytest
import structlog
from typer.testing import CliRunner

from renkei.agreement.errors import RenkeiError
from renkei.cli import app
from renkei.cli.arguments import UnusableArguments
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NotPermitted, TrailBroken
from renkei.node.incidents.models import Incident, Statement

pytestmark = pytest.mark.django_db(transaction=True)

SAID = ("--kind", "leak", "--say", "overview=所在不明")


@pytest.fixture
def run(pair, be, monkeypatch) -> Iterator:
    """Run a command of MHLW's node as an auditor; a refusal is raised."""
    be("mhlw")
    monkeypatch.setenv("RENKEI_NODE", str(pair.nodes["mhlw"]))

    tanaka = Officer.objects.create_user("tanaka")
    Assignment.objects.create(officer=tanaka, duty=Duty.AUDIT)

    def run(*arguments: str, stdin: str | None = None, officer: str = "tanaka") -> str:
        done = CliRunner().invoke(app, [*arguments, "--officer", officer], input=stdin)
        if done.exception:
            raise done.exception
        return done.output

    yield run
    structlog.reset_defaults()


def test_declaring_tells_clocks_and_whether_the_counterpart_has_it(run):
    said = run("incident", "declare", *SAID, "--found-at", "2026-11-20T11:20", "--lang", "ja")

    assert said.startswith("I-")
    assert "漏えい等(おそれ)  認知 2026-11-20 11:20" in said
    assert "相手方への連絡: 未着" in said
    assert "個人情報保護委員会への速報  2026-11-23 – 2026-11-25  期限は目安, 要件未判断" in said
    assert Delivery.objects.get().state == Delivery.State.SEALED


def test_a_text_can_come_from_standard_input(run):
    run("incident", "declare", "--kind", "outage", "--say", "overview=-", "--confirmed", stdin="回線障害\n")

    assert Statement.objects.get().text == "回線障害"
    assert not Incident.objects.get().suspected


def test_adding_showing_and_listing(run):
    run("incident", "declare", *SAID)
    name = str(Incident.objects.get())
    run("incident", "add", name, "--say", "cause=置き忘れ", "--condition", "property", "--persons", "7")
    run("incident", "add", name, "--confirmed", "--reported", "preliminary", "--reported", "persons")
    run("incident", "notify", name)
    shown = json.loads(run("incident", "show", name, "--json"))

    assert shown["items"] == {"overview": "所在不明", "cause": "置き忘れ"}
    assert (shown["suspected"], shown["conditions"], shown["persons"]) == (False, ["property"], 7)
    assert [clock["duty"] for clock in shown["clocks"] if clock["done_at"]] == ["preliminary", "persons"]
    assert [notice["sequence"] for notice in shown["notices"]] == [1, 2]
    assert json.loads(run("incident", "list", "--json")) == [shown]
    assert run("incident", "list", "--lang", "en").startswith(f"{name}  leak  known")


def test_closing_is_said_in_one_line(run):
    run("incident", "declare", *SAID, "--condition", "none")
    Delivery.objects.update(state=Delivery.State.SENT)

    assert "closed" in run("incident", "close", str(Incident.objects.get()), "--lang", "en")


@pytest.mark.parametrize(
    ("arguments", "deliveries"),
    [
        (("--service", "annex1", "--numbers", "2"), "mhlw-isa-annex1 2"),
        (("--service", "annex1", "--numbers", "1-2"), "mhlw-isa-annex1 1-2"),
        (("--from", "2026-11-16", "--until", "2026-11-17"), "mhlw-isa-annex1 1-2"),
        (("--from", "2026-11-17"), "mhlw-isa-annex1 2"),
        (("--service", "annex2-3", "--from", "2026-11-16", "--until", "2026-11-17"), ""),
        (("--medium", "2026-11-16"), ""),
    ],
)
def test_the_deliveries_concerned_are_named_in_one_way(run, arguments, deliveries):
    for number, day in enumerate(("2026-11-16", "2026-11-17"), start=1):
        Delivery.objects.create(
            direction="out",
            service="annex1",
            sequence=number,
            business_day=day,
            state="accepted",
            counts={"notifications": 2},
        )
    run("incident", "declare", *SAID, *arguments)

    assert Incident.objects.get().deliveries == deliveries


@pytest.mark.parametrize(
    "arguments",
    [
        ("--numbers", "2"),
        ("--service", "annex1"),
        ("--service", "annex1", "--numbers", "x"),
        ("--service", "annex1", "--numbers", "2", "--medium", "2026-11-16"),
        ("--medium", "yesterday"),
        ("--say", "nothing"),
        ("--say", "whatever=x"),
        ("--condition", "bad"),
        ("--condition", "none", "--condition", "many"),
        ("--found-at", "noon"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused_with_nothing_done(run, arguments):
    with pytest.raises(RenkeiError) as refused:
        run("incident", "declare", *SAID, *arguments)

    assert refused.value.ja
    assert Incident.objects.count() == 0


def test_verifying_says_how_many_hold_and_fails_where_one_does_not(run, owner):
    run("incident", "declare", *SAID)
    found = json.loads(run("audit", "verify", "--json"))

    assert (found["broken_at"], found["differing"], found["compared"]) == (None, [], 1)

    owner("UPDATE audit_entry SET actor = 'nobody' WHERE number = 1")
    with pytest.raises(TrailBroken, match="entry 1"):
        run("audit", "verify")


def test_an_export_is_written_beside_its_head(run, tmp_path):
    run("incident", "declare", *SAID)
    said = run("audit", "export", "--out", str(tmp_path / "trail.jsonl"), "--lang", "en")
    head = json.loads((tmp_path / "trail.jsonl.head").read_text())

    assert said == f"{head['entries']} entries, {head['head']}\n"


def test_what_is_done_stands_under_the_officers_name(run, tmp_path):
    run("incident", "declare", *SAID, "--condition", "none")
    name = str(Incident.objects.get())
    run("incident", "add", name, "--say", "cause=置き忘れ")
    run("incident", "notify", name)
    Delivery.objects.update(state=Delivery.State.SENT)
    run("incident", "close", name)
    run("audit", "verify")
    run("audit", "export", "--out", str(tmp_path / "trail.jsonl"))
    done = ("INCIDENT_DECLARED", "INCIDENT_ADDED", "INCIDENT_NOTIFIED", "INCIDENT_CLOSED")
    entries = Entry.objects.filter(verb__in=(*done, "TRAIL_VERIFIED", "TRAIL_EXPORTED")).order_by("number")

    assert [*entries.values_list("verb", "actor")] == [
        (verb, "tanaka") for verb in (*done, "TRAIL_VERIFIED", "TRAIL_EXPORTED")
    ]
    assert {each.said_by for each in Statement.objects.all()} == {"tanaka"}


COMMANDS = [
    ("incident", "declare", *SAID),
    ("incident", "list"),
    ("incident", "show", "I-2026-001"),
    ("incident", "add", "I-2026-001", "--say", "cause=不明"),
    ("incident", "notify", "I-2026-001"),
    ("incident", "close", "I-2026-001"),
    ("audit", "verify"),
    ("audit", "export", "--out", "not-written.jsonl"),
    ("audit", "confirm-restore", "1"),
    (
        *("audit", "accept-restore", "--of", "isa", "--head", "f" * 64, "--number", "1"),
        *("--reason", "hardware", "--reference", "R8-12"),
    ),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_an_officer_without_the_duty_is_refused_and_nothing_is_done(run, command):
    Officer.objects.create_user("nobody")
    Officer.objects.create_user("gone", is_active=False)
    Assignment.objects.create(officer=Officer.objects.get(username="nobody"), duty=Duty.HANDLE_CASES)
    before = Entry.objects.count()

    for officer, refusal in (
        ("nobody", NotPermitted),
        ("gone", UnusableArguments),
        ("unknown", UnusableArguments),
    ):
        with pytest.raises(refusal):
            run(*command, officer=officer)
    assert Entry.objects.count() == before
    assert not Incident.objects.exists()


def test_the_timer_verifies_as_the_node_itself(run):
    CliRunner().invoke(app, ["audit", "verify"])

    assert Entry.objects.get(verb="TRAIL_VERIFIED").actor == "system"
