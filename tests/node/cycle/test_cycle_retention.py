"""The step that erases: closed cases and answered requests, and nothing under a hold."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from node.cases.made_up import NOW, Answering, a_discrepancy, case_of, moved, withdrawn
from node.corrections.test_correction_requests import requested
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.cases.models import Case, Event
from renkei.node.corrections.models import CorrectionRequest as Asked
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.cycle import retention as cycle_retention
from renkei.node.cycle.steps import Context
from renkei.node.records import retention
from renkei.node.records.models import Erasure, Hold

pytestmark = pytest.mark.django_db
YEAR = 365
LATER = NOW + timedelta(days=YEAR + 30)


@pytest.fixture
def node(node, settings):
    """Closed cases and deliveries are kept for a year."""
    settings.NODE = replace(node, retention=replace(node.retention, closed_cases=YEAR, deliveries=YEAR))
    return settings.NODE


def erase(now=LATER) -> dict:
    """Run the step; returns what its certificate gives for each class."""
    cycle_retention.erase(Context(now.date(), now))
    made = Erasure.objects.first()
    return {line["class"]: line["erased"] for line in json.loads(made.certificate)["classes"]} if made else {}


@pytest.fixture
def cases(node, tmp_path) -> Officer:
    """Three cases: one withdrawn, one closed by an officer and not withdrawn, one open."""
    answer = Answering(tmp_path / "answers")
    answer(a_discrepancy(1), a_discrepancy(2), a_discrepancy(3))
    Case.objects.update(office="1301")
    officer = Officer.objects.create_user("tanaka")
    Assignment.objects.create(officer=officer, duty=Duty.HANDLE_CASES, office="")
    requested(case_of("N1"), officer)
    answer(withdrawn(a_discrepancy(1)))
    Case.objects.filter(identifier="N2").update(state="checking")
    moved(case_of("N2"), "close", officer)
    return officer


mhlw = pytest.mark.parametrize("party", ["mhlw"])
isa = pytest.mark.parametrize("party", ["isa"])


@mhlw
def test_a_case_that_is_over_goes_with_its_history_and_requests(cases):
    assert erase() == {"closed_cases": 1}
    assert set(Case.objects.values_list("identifier", flat=True)) == {"N2", "N3"}
    assert not Event.objects.exclude(case__identifier__in=("N2", "N3")).exists()
    assert not Asked.objects.exists()
    assert Entry.objects.filter(verb="RECORDS_ERASED").count() == 1


@mhlw
def test_not_before_its_time(cases):
    assert erase(NOW + timedelta(days=YEAR - 1)) == {}
    assert Case.objects.count() == 3


@mhlw
def test_nor_under_a_hold_on_its_notification(cases):
    retention.hold(Hold.Covers.NOTIFICATION, "N1", "文書第1号", actor=None, now=NOW)

    assert erase() == {}


@isa
@pytest.mark.parametrize(("sealed_in", "left"), [(None, 1), (7, 0)])
def test_a_request_goes_once_its_answer_is_sealed(node, sealed_in, left):
    ReceivedRequest.objects.create(
        request_id="R1",
        kind="discrepancy",
        identifier="N1",
        items="name",
        reason="旅券の写し",
        requested_on=NOW.date(),
        sequence=1,
        state="accepted",
        decided_on=NOW.date(),
        answer_day=NOW.date(),
        answer_sequence=sealed_in,
    )
    erase()

    assert ReceivedRequest.objects.count() == left
