"""What holds for every page: axe, 320 px, no JavaScript, both languages, nothing from elsewhere."""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from node.console.conftest import SERVICE
from renkei.node.console.views.incidents import ACTS
from renkei.node.incidents.models import Incident

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.usefixtures("shown")]

PAGES = [
    "/",
    "/trends/",
    "/days/",
    "/days/2026-04-02/",
    "/deliveries/",
    "/deliveries/out/{service}/1/",
    "/incidents/",
    "/incidents/new/",
    "/incidents/{incident}/",
    *(f"/incidents/{{incident}}/{act}/" for act in ACTS),
    "/trail/?actor=system",
    "/trail/restored/",
    "/officers/",
    "/officers/sato/",
    "/account/",
    "/keys/",
    "/memorandum/",
    "/manual/",
    "/manual/medium/",
]
ISA_PAGES = [
    "/findings/",
    "/findings/discrepancy/N0000000001/",
    "/findings/suspected_omission/S0000000001/",
    "/findings/shared/",
    "/findings/shared/N0000000001/",
    "/findings/identity/",
    "/findings/corrections/",
    "/findings/corrections/R8-1124-0001-1/",
    "/findings/candidates/",
    "/findings/candidates/N0000000003/",
    "/purpose/?subject=discrepancy+N0000000001&next=/findings/",
]
WITH_PARTY = [(party, path) for party in SERVICE for path in (*PAGES, *(ISA_PAGES if party == "isa" else ()))]
MOVING = r"\d+時間\d+分|\d+行|\d\d:\d\d 時点"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def an_incident() -> int:
    return Incident.objects.get().pk


def picture(page, name: str) -> None:
    """Keep a picture where RENKEI_PICTURES says so, to be looked at."""
    if place := os.environ.get("RENKEI_PICTURES"):
        page.screenshot(path=Path(place) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(("party", "path"), WITH_PARTY)
def test_a_page_is_accessible_fits_a_telephone_and_asks_nobody_else(visit, party, path, language):
    path = path.format(service=SERVICE[party], incident=an_incident())
    page = visit(path, language=language)
    name = f"{party}-{language}-{path.partition('?')[0].strip('/').replace('/', '-') or 'today'}"
    picture(page, name)
    found = Axe().run(page, options={"runOnly": RULES["runOnly"]})

    assert [each["id"] for each in found.response["violations"]] == []
    assert page.faults == []
    page.set_viewport_size({"width": 320, "height": 640})
    picture(page, f"{name}-320")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(("party", "path"), WITH_PARTY)
def test_a_page_is_whole_without_javascript(visit, party, path):
    path = path.format(service=SERVICE[party], incident=an_incident())
    with_script, without = (visit(path, script=script).inner_text("main") for script in (True, False))

    # The trail grows by each reading of it, and Today says at what minute it was looked at.
    assert re.sub(MOVING, "", without) == re.sub(MOVING, "", with_script)


@pytest.mark.parametrize("party", ["isa"])
def test_print_leaves_the_navigation_out_and_lays_the_tables_open(visit, party):
    page = visit("/trends/")
    table = page.locator(".chart table").first
    before = (page.locator(".navigation").is_visible(), table.bounding_box())
    page.emulate_media(media="print")

    assert before == (True, None) or before[1]["height"] == 0
    assert not page.locator(".navigation").is_visible()
    assert table.bounding_box()["height"] > 100
