"""The pages of cases in a real browser: by keyboard alone, and printed."""

import pytest

from node.console.cases_shown import cases_of_a_place, number_of, stated
from renkei.node.cases.models import Case

pytestmark = [pytest.mark.slow, pytest.mark.browser]

#: Each page, with N1 and the like for the number of the case of that finding.
PAGES = {
    "purpose": "/purpose/?subject={N3}&next=/discrepancies/{N3}/",
    "discrepancy-caution": "/discrepancies/{N2}/",
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
