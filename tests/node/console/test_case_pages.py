"""The pages of cases in a real browser: axe, 320 px, no JavaScript, both languages, by keyboard alone."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from node.console.cases_shown import PLACE, cases_of_a_place, number_of, stated
from renkei.node.cases.models import Case

pytestmark = [pytest.mark.slow, pytest.mark.browser]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Each page, with N1 and the like for the number of the case of that finding.
PAGES = {
    "purpose": "/purpose/?subject={N3}&next=/discrepancies/{N3}/",
    "discrepancies": "/discrepancies/",
    "discrepancies-narrowed": "/discrepancies/?state=new&item=name&due=week&caution=on",
    "discrepancies-none": "/discrepancies/?closed=on",
    "discrepancy": "/discrepancies/{N1}/",
    "discrepancy-caution": "/discrepancies/{N2}/",
    "omissions": "/omissions/",
    "omission": "/omissions/{L4}/",
    "take": "/cases/{N1}/moves/take/",
    "close": "/cases/{N2}/moves/close/",
    "correction": "/cases/{N2}/moves/request_correction/",
    "note": "/cases/{N1}/acts/note/",
    "document": "/cases/{N1}/acts/document/",
    "place": "/cases/{N1}/acts/place/",
    "acknowledge": "/cases/{N2}/acts/acknowledge/",
    "search": "/cases/search/",
    "card-search": "/cases/by-card-number/",
    "export": "/cases/export/?kind=discrepancy&state=new",
    "saved-lists": "/cases/lists/",
    "establishment": f"/establishments/{PLACE}/",
    "letter": "/letters/?number={N1}&number={N2}",
    "letter-template": "/letters/templates/inquiry/",
}


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def go(visit, officer, tmp_path):
    """Open a page by its name, four cases being there and a purpose stated for three."""
    cases_of_a_place(tmp_path / "answers")
    numbers = {identifier: number_of(identifier) for identifier in ("N1", "N2", "N3", "L4")}
    stated(officer, [numbers[each] for each in ("N1", "N2", "L4")])
    Case.objects.filter(identifier="N2").update(state="checking", assigned_to=officer)

    def go(name: str, **more):
        return visit(PAGES[name].format(**numbers), **more)

    return go


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_fits_a_telephone_and_asks_nobody_else(go, name, language):
    page = go(name, language=language)
    place = os.environ.get("RENKEI_PICTURES")
    if place:
        page.screenshot(path=Path(place) / f"{name}-{language}.png", full_page=True)
    found = Axe().run(page, options={"runOnly": RULES})

    assert [each["id"] for each in found.response["violations"]] == []
    assert page.faults == []
    page.set_viewport_size({"width": 320, "height": 640})
    if place:
        page.screenshot(path=Path(place) / f"{name}-{language}-320.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_without_javascript(go, name):
    with_script = go(name).inner_text("main")

    assert go(name, script=False).inner_text("main") == with_script


def press_to(page, text: str) -> None:
    """Go on by the tabulator until what has the focus says this, then press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        said = page.evaluate("document.activeElement.innerText || document.activeElement.id")
        if said.strip().startswith(text):
            return
    raise AssertionError(f"the keyboard does not come to {text}")


def test_a_case_is_opened_begun_and_closed_by_keyboard_alone(go):
    page = go("purpose")
    page.keyboard.press("Tab")
    for _ in range(20):
        if page.evaluate("document.activeElement.name") == "purpose":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    press_to(page, "申告して開く")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=次に行うこと")
    press_to(page, "着手する")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('着手する')")
    press_to(page, "着手する")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=確認中")
    press_to(page, "終了する")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('終了する')")
    press_to(page, "outcome-employer_corrected")
    page.keyboard.press("Space")
    press_to(page, "reason")
    page.keyboard.type("copy of the card seen")
    press_to(page, "確認画面へ進む")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=この内容で確定する")
    press_to(page, "この内容で確定する")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=再開する")
    case = Case.objects.get(identifier="N3")

    assert (case.state, case.outcome) == ("closed", "employer_corrected")


def test_a_case_is_printed_without_what_is_for_the_screen(go):
    page = go("discrepancy-caution")
    page.emulate_media(media="print")

    assert not page.is_visible(".navigation")
    assert not page.is_visible("text=次に行うこと")
    assert page.is_visible("text=別人の情報である可能性があります")
    assert page.is_visible("table.comparison")
    assert page.is_visible("text=経過(新しい順)")
