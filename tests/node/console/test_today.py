"""Today: what is overdue stands with what rings, and the cases due next below, for whom they are."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from node.console.cases_shown import cases_of_a_place, number_of
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.cases.models import Case
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.steps_by_party import DAY

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
    ReceivedRequest.objects.create(
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


def news_of(page: str) -> str:
    return page.partition('hx-swap-oob="innerHTML:#news">')[2].partition("<")[0]


def address_in(page: str) -> str:
    return "/strip/" + page.partition('hx-get="/strip/')[2].partition('"')[0]


@pytest.mark.parametrize("party", ["isa"])
def test_the_strip_announces_what_changed_since_it_was_fetched_and_nothing_else(client, node, two_days):
    first = page_of(client, Duty.OPERATE)
    same = client.get(address_in(first)).content.decode()
    Step.objects.filter(position=6, day__closed_at=None).update(state="done", awaited="")
    Step.objects.filter(position=7, day__closed_at=None).update(state="stopped", trouble="Refused")
    changed = client.get(address_in(same)).content.decode()
    again = client.get(address_in(changed)).content.decode()

    assert '<p id="news" class="visually-hidden" aria-live="polite"></p>' in first
    assert (news_of(first), news_of(same), news_of(again)) == ("", "", "")
    assert news_of(changed) == "突合: 完了、回答の選別: 停止"


@pytest.mark.parametrize("party", ["isa"])
def test_a_new_day_announces_no_step_that_is_not_begun(client, node, two_days):
    seen = address_in(page_of(client, Duty.OPERATE))
    day = Day.objects.create(business_day=date(2026, 4, 3))
    for position, step in enumerate(DAY["isa"], start=1):
        state = "waiting" if position > 1 else "done"
        Step.objects.create(day=day, position=position, name=step.name, state=state)

    assert news_of(client.get(seen).content.decode()) == "取込: 完了"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("party", ["isa"])
def test_a_browser_puts_the_news_where_it_is_read_aloud(visit, two_days, shown):
    page = visit("/")
    page.clock.install()
    page.reload()
    page.wait_for_load_state("networkidle")
    page.faults.clear()  # leaving cut the first page's icon short
    Step.objects.filter(position=6, day__closed_at=None).update(state="done", awaited="")
    with page.expect_response("**/strip/**"):
        page.clock.run_for(31_000)
    page.wait_for_function("document.querySelector('#news').textContent !== ''")

    assert page.inner_text("#news") == "突合: 完了"
    assert page.locator("#strip").count() == page.locator("#news").count() == 1
    assert page.faults == []
