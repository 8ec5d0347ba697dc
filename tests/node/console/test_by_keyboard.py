"""The main task of a page by keyboard alone: what is tabbed to is seen, and Enter or Space does it."""

import pytest
from django.conf import settings

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.candidates.models import NotFound
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.deliveries.models import Delivery, Handover
from renkei.node.incidents.models import Incident

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.usefixtures("shown")]

MOST_TABS = 60


def tab_to(page, selector: str) -> None:
    """Press Tab until that is what has the focus, as somebody without a mouse would."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"{selector} is not reached by Tab")


def follow(page, selector: str) -> None:
    """Tab to a link or button, press Enter, and wait for what comes."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.fixture
def party() -> str:
    return "isa"


@pytest.mark.parametrize("script", [True, False])
def test_a_request_is_decided(visit, script):
    page = visit("/findings/corrections/R8-1124-0001-1/", script=script)
    tab_to(page, "input[name=decision]")
    page.keyboard.press("Space")
    tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings/corrections/")

    assert ReceivedRequest.objects.get().state == "accepted"
    assert page.locator("[role=status]").is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_candidate_is_confirmed(visit, script):
    page = visit("/findings/candidates/N0000000003/", script=script)
    for choice in ("input[name=choice]", "input[name=reason]"):
        tab_to(page, choice)
        page.keyboard.press("Space")
    tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings/candidates/")

    assert NotFound.objects.get().state == "confirmed"
    assert page.locator("[role=status]").is_visible()


def test_a_purpose_is_stated(visit):
    page = visit("/purpose/?subject=discrepancy+N0000000002&next=/findings/discrepancy/N0000000002/")
    tab_to(page, "input[name=purpose]")
    page.keyboard.press("Space")
    tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings/discrepancy/N0000000002/")

    assert page.locator("h1").inner_text().endswith("N0000000002")


def test_a_delivery_is_sent_again(visit):
    Delivery.objects.filter(direction="out").update(state="sent")
    page = visit("/deliveries/out/annex2-3/1/")
    tab_to(page, "input[name=reason]")
    page.keyboard.press("Space")
    tab_to(page, "button[value=resend]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]")

    assert Delivery.objects.get(direction="out").state == "sealed"


@pytest.mark.parametrize("script", [True, False])
def test_an_incident_is_declared_and_taken_up_to_a_duty_done(visit, script):
    page = visit("/incidents/", script=script)
    follow(page, "a[href='/incidents/new/']")
    for choice in ("#kind-leak", "#suspected-true"):
        tab_to(page, choice)
        page.keyboard.press("Space")
    tab_to(page, "#say-overview")
    page.keyboard.type("媒体一枚が見当たらない。")
    for step in ("check", "confirm"):
        follow(page, f"button[name=step][value={step}]")
    made = Incident.objects.latest("pk")
    follow(page, f"a[href='/incidents/{made.pk}/report/']")
    tab_to(page, "input[name=reported]")
    page.keyboard.press("Space")
    follow(page, "main form button")

    assert (made.kind, made.suspected) == ("leak", True)
    assert Entry.objects.get(verb="INCIDENT_DECLARED", subject=str(made)).actor == "tanaka"
    assert [each.noted_by for each in made.reports.all()] == ["tanaka"]
    assert page.locator("[role=status]").is_visible()


def test_a_delivery_by_medium_is_asked_for_and_confirmed_by_a_second_officer(
    visit, client, officer, live_server
):
    colleague = Officer.objects.get(username="sato")
    Assignment.objects.create(officer=colleague, duty=Duty.OPERATE)
    Handover.objects.all().delete()
    Delivery.objects.filter(direction="out").update(state="sent")
    page = visit("/deliveries/")
    follow(page, "a[href='/deliveries/out/annex2-3/1/']")
    tab_to(page, "input[id^=medium-]")
    page.keyboard.press("Space")
    for name in ("agreed_by", "handed_over_by", "taken_over_by"):
        tab_to(page, f"#medium-{name}")
        page.keyboard.type("試験 相手")
    follow(page, "button[value=ask]")
    asked = Handover.objects.get()
    alone = page.locator("button[value=confirm]").count()
    colleague.set_unusable_password()
    colleague.save()
    client.force_login(colleague)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    page.reload()
    follow(page, "button[value=confirm]")
    asked.refresh_from_db()

    assert (asked.asked_by, alone, asked.confirmed_by) == (officer, 0, colleague)
    assert page.locator("button[value=medium]").is_visible()


def test_a_duty_is_given(visit):
    page = visit("/officers/sato/")
    tab_to(page, "select[name=duty]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "button[value=entrust]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]")

    assert Assignment.objects.filter(officer=Officer.objects.get(username="sato"), office="").count() == 1


def test_the_content_is_one_step_away(visit):
    page = visit("/trail/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"
