"""The main task of a page by keyboard alone: what is tabbed to is seen, and Enter or Space does it."""

import pytest

from renkei.node.deliveries.models import Delivery
from renkei.node.findings.models import CorrectionRequest, NotFound
from renkei.node.officers.models import Assignment, Officer

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.usefixtures("shown")]

MOST_TABS = 60


def tab_to(page, selector: str) -> None:
    """Press Tab until that is what has the focus, as somebody without a mouse would."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"{selector} is not reached by Tab")


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

    assert CorrectionRequest.objects.get().state == "accepted"
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
