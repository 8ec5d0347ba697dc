"""`renkei candidates`: an officer's decision from the command line, as in the console."""

from collections.abc import Callable, Iterator

import pytest
import structlog
from typer.testing import CliRunner

from node.candidates import guessed
from node.records.made_up import NOW, card_of, notification, person
from renkei.cli import app
from renkei.cli.arguments import UnusableArguments
from renkei.node.accounts.models import Assignment
from renkei.node.audit.models import Entry
from renkei.node.candidates.models import NotFound
from renkei.node.errors import NotPermitted
from renkei.node.matching_run import run as matching_run

pytestmark = pytest.mark.django_db

WHO = ("--officer", "tanaka", "--purpose", "residence")


@pytest.fixture
def run(node, monkeypatch, register, deliver, officer) -> Iterator[Callable[..., str]]:
    """Run a command on a node where N1 has P1 as its candidate; errors are raised."""
    register("persons", person(1))
    register("cards", card_of(1))
    deliver(notification(1, card_number="AB00000011CD"))
    matching_run.match(NOW.date(), guessed.find)
    monkeypatch.setenv("RENKEI_NODE", str(node.directory))

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["candidates", *arguments])
        if done.exception:
            raise done.exception
        return done.output

    yield run
    structlog.reset_defaults()


def test_the_list_has_identifiers_and_probabilities_alone(run):
    assert run("list") == (
        "notification_id,best,nobody,state,decision_reason,left_out\nN1,0.98,0.02,waiting,,\n"
    )


def test_a_decision_stands_under_the_officers_name_and_can_be_taken_back(run):
    run("confirm", "N1", "--rank", "1", "--reason", "slip_of_the_pen", *WHO)
    confirmed = run("list", "--decided")
    run("reopen", "N1", "--reason", "confirmed_in_error", *WHO)
    run("reject", "N1", "--reason", "another_person", *WHO)

    assert confirmed.splitlines()[1] == "N1,0.98,0.02,confirmed,slip_of_the_pen,"
    assert NotFound.objects.get().state == "rejected"
    assert list(
        Entry.objects.filter(verb__contains="CANDIDATE").order_by("pk").values_list("actor", "verb")
    ) == [
        ("tanaka", "CANDIDATE_CONFIRMED"),
        ("tanaka", "CANDIDATE_REOPENED"),
        ("tanaka", "CANDIDATES_REJECTED"),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("reject", "N1", "--reason", "slip_of_the_pen", *WHO),
        ("reject", "N2", "--reason", "another_person", *WHO),
        ("reject", "N1", "--reason", "another_person", "--officer", "nobody", "--purpose", "residence"),
    ],
)
def test_what_does_not_go_together_is_refused(run, arguments):
    with pytest.raises(UnusableArguments):
        run(*arguments)


def test_whoever_has_not_the_duty_decides_nothing(run):
    Assignment.objects.all().delete()

    with pytest.raises(NotPermitted):
        run("reject", "N1", "--reason", "another_person", *WHO)
    assert NotFound.objects.get().state == "waiting"
