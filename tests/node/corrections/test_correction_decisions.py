"""Correction requests are imported once, decided once and answered once."""

from datetime import timedelta

import polars as pl
import pytest

from node.matching_run.conftest import deliver, officer, party, register, run_day  # noqa: F401  fixtures
from node.records.made_up import NOW
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Assignment
from renkei.node.audit.models import Entry
from renkei.node.corrections import decisions
from renkei.node.corrections.decisions import REASONS, REQUEST_COLUMNS
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.errors import NotPermitted, RequestDecided
from renkei.node.matching_run import outgoing, queries

pytestmark = pytest.mark.django_db

DAY = NOW.date()
FIELDS = {
    "request_id": "R8-1124-0001-1",
    "kind": "discrepancy",
    "identifier": "N1",
    "items": "birth_date;name",
    "reason": "旅券の写しと一致する",
    "requested_on": "2026-11-24",
}


def asked(*rows: dict[str, str | None]) -> pl.DataFrame:
    whole = [{**FIELDS, **row} for row in rows]
    return pl.DataFrame(whole, schema=dict.fromkeys(REQUEST_COLUMNS, pl.String))


@pytest.fixture
def decide(node, officer):
    """Decide on a request with the purpose stated."""

    def deciding(decision: str = "accepted", reason: str = "corrected"):
        purposes.declare(officer, "residence", [FIELDS["request_id"]], now=NOW)
        return decisions.decide(FIELDS["request_id"], decision, reason, officer, now=NOW)

    return deciding


def sent(day) -> list[tuple[str, ...]]:
    return outgoing.to_send(day)["correction_answers"].rows()


def test_a_request_is_taken_once(node):
    first = decisions.import_requests(asked({}), 3, NOW)
    again = decisions.import_requests(asked({"reason": "OTHER"}, {"request_id": "R8-1124-0002-1"}), 4, NOW)
    kept = ReceivedRequest.objects.get(pk=FIELDS["request_id"])

    assert (first["requests"], first["taken"], first["again"]) == (1, 1, 0)
    assert (again["requests"], again["taken"], again["again"]) == (2, 1, 1)
    assert (kept.reason, kept.sequence, kept.item_names) == (FIELDS["reason"], 3, ["birth_date", "name"])
    assert [each.pk for each in queries.correction_requests()] == ["R8-1124-0001-1", "R8-1124-0002-1"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"request_id": None}, "missing:request_id"),
        ({"items": ""}, "missing:items"),
        ({"kind": "rumour"}, "unreadable:kind"),
        ({"items": "name;my_number"}, "unreadable:items"),
        ({"requested_on": "2026-02-31"}, "unreadable:requested_on"),
        ({"reason": "あ" * 301}, "unreadable:reason"),
        ({"identifier": "N" * 33}, "unreadable:identifier"),
    ],
)
def test_what_cannot_be_taken_is_counted_by_reason(node, fields, reason):
    counts = decisions.import_requests(asked(fields, {}), 1, NOW)

    assert counts == {"requests": 2, "taken": 1, "again": 0, f"rejected:{reason}": 1}


def test_of_two_rows_with_one_number_the_first_stands(node):
    counts = decisions.import_requests(asked({}, {"reason": "OTHER"}), 1, NOW)

    assert (counts["taken"], counts["again"]) == (1, 1)
    assert ReceivedRequest.objects.get().reason == FIELDS["reason"]


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_decision_goes_with_the_next_answer_once(decide, reason):
    decisions.import_requests(asked({}), 1, NOW)
    decision = REASONS[reason].decision.value
    decide(decision, reason)

    assert outgoing.select(DAY)["corrections"] == 1
    assert sent(DAY) == [(FIELDS["request_id"], decision, reason, "2026-11-24")]
    assert outgoing.mark_sent(DAY, 9) == 1
    assert sent(DAY) == []
    assert outgoing.select(DAY + timedelta(days=1))["corrections"] == 0
    assert ReceivedRequest.objects.get().answer_sequence == 9


def test_what_is_decided_after_the_selection_waits_for_the_next_day(decide):
    decisions.import_requests(asked({}), 1, NOW)
    outgoing.select(DAY)
    decide()

    assert sent(DAY) == []
    assert outgoing.select(DAY + timedelta(days=1))["corrections"] == 1


def test_a_request_is_decided_once(decide):
    decisions.import_requests(asked({}), 1, NOW)
    decide()

    with pytest.raises(RequestDecided):
        decide("rejected", "record_is_right")
    assert ReceivedRequest.objects.get().state == "accepted"
    assert not queries.correction_requests().exists()
    assert [each.pk for each in queries.correction_requests(waiting=False)] == [FIELDS["request_id"]]


@pytest.mark.parametrize(
    ("decision", "reason"),
    [("accepted", "record_is_right"), ("rejected", "corrected"), ("waiting", "corrected"), ("accepted", "")],
)
def test_a_decision_needs_a_reason_of_its_own(decide, decision, reason):
    decisions.import_requests(asked({}), 1, NOW)

    with pytest.raises(RequestDecided):
        decide(decision, reason)
    assert ReceivedRequest.objects.get().state == "waiting"


def test_nobody_decides_without_a_purpose_stated_or_without_the_duty(node, officer):
    decisions.import_requests(asked({}), 1, NOW)

    with pytest.raises(NotPermitted):
        decisions.decide(FIELDS["request_id"], "accepted", "corrected", officer, now=NOW)
    purposes.declare(officer, "residence", [FIELDS["request_id"]], now=NOW)
    Assignment.objects.all().delete()
    with pytest.raises(NotPermitted):
        decisions.decide(FIELDS["request_id"], "accepted", "corrected", officer, now=NOW)


def test_the_trail_says_who_decided_what(decide):
    decisions.import_requests(asked({}), 1, NOW)
    decide()
    entry = Entry.objects.get(verb="CORRECTION_DECIDED")

    assert (entry.actor, entry.subject) == ("tanaka", FIELDS["request_id"])
    assert entry.facts == {"decision": "accepted", "reason": "corrected"}
    assert Entry.objects.get(verb="CORRECTIONS_TAKEN").facts["counts"]["taken"] == 1
