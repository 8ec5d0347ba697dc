"""Today: what is overdue stands with what rings, and the cases due next below, for whom they are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from node.console.cases_shown import cases_of_a_place, number_of
from renkei.node.cases.models import Case
from renkei.node.findings.models import CorrectionRequest
from renkei.node.officers.duties import Duty
from renkei.node.officers.models import Assignment, Officer

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = "対応が必要なものはありません"


def page_of(client, *duties: Duty, office: str = "") -> str:
    visitor = Officer.objects.create_user("visitor")
    Assignment.objects.bulk_create(Assignment(officer=visitor, duty=duty, office=office) for duty in duties)
    client.force_login(visitor)
    return client.get("/").content.decode()


@pytest.fixture
def cases(node, tmp_path) -> None:
    cases_of_a_place(tmp_path / "answers")
    today = timezone.localdate()
    Case.objects.update(due_on=today + timedelta(days=1))
    Case.objects.filter(identifier="N2").update(due_on=today - timedelta(days=1))


@pytest.mark.parametrize("party", ["mhlw"])
def test_overdue_cases_need_attention_and_lead_to_their_list(client, cases):
    page = page_of(client, Duty.HANDLE_CASES)

    assert "確認が必要なもの 1件" in page
    assert "期限を過ぎた事案(不一致) 1件" in page
    assert 'href="/discrepancies/?due=overdue"' in page
    assert NOTHING not in page


@pytest.mark.parametrize("party", ["mhlw"])
def test_the_cases_due_next_stand_with_the_most_urgent_first_and_no_name(client, cases):
    page = page_of(client, Duty.HANDLE_CASES)
    table = page.partition('id="due"')[2]
    places = [table.index(number_of(each)) for each in ("N2", "N1", "N3", "L4")]

    assert min(places) == places[0]
    assert "NGUYEN" not in page
    assert "AB00000001CD" not in page


@pytest.mark.parametrize("party", ["mhlw"])
@pytest.mark.parametrize(("duty", "office"), [(Duty.OPERATE, ""), (Duty.HANDLE_CASES, "2701")])
def test_cases_are_no_concern_of_another_duty_or_office(client, cases, duty, office):
    page = page_of(client, duty, office=office)

    assert number_of("N1") not in page
    assert NOTHING in page


@pytest.mark.parametrize("party", ["isa"])
@pytest.mark.parametrize(("state", "said"), [("waiting", True), ("accepted", False)])
def test_a_request_that_nobody_decided_on_needs_attention(client, node, state, said):
    CorrectionRequest.objects.create(
        request_id="R8-1124-0001-1",
        kind="discrepancy",
        identifier="N1",
        items="name",
        reason="x",
        requested_on=timezone.localdate(),
        sequence=1,
        state=state,
    )
    page = page_of(client, Duty.HANDLE_CASES)

    assert ("未処理の訂正依頼 1件" in page) is said
    assert (NOTHING in page) is not said
