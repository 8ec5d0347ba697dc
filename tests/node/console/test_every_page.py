"""What holds for every page: axe, 320 px, no JavaScript, both languages, nothing from elsewhere."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from node.console.conftest import NARROW, WIDE
from node.console.every_address import ADDRESSES, Answer, answers_of, fill, filled_in

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PARTIES = ("isa", "mhlw")
LANGUAGES = ("ja", pytest.param("en", marks=pytest.mark.long))
#: The door, and what is refused: they are pages too, but in no table.
BESIDES = [(party, path) for party in PARTIES for path in ("/enter/", "/nothing/")]
#: The strip is part of a page, fetched again by it.
WHOLE = [each for each in ADDRESSES if each[1] != "/strip/"]
#: The trail of whoever reads it grows by each reading: no two of its pages are alike.
ALIKE = [each for each in WHOLE if each[1] != "/trail/?actor=tanaka"]
STATUS = {"/nothing/": 404}
MOVING = r"\d+時間\d+分|\d+行|\d\d:\d\d 時点"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
SEND = """([address, fields, token]) => {
    const own = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const form = Object.assign(document.createElement("form"), {method: "post", action: address});
    for (const [name, value] of [["csrfmiddlewaretoken", token || own], ...fields])
        form.append(Object.assign(document.createElement("input"), {type: "hidden", name, value}));
    document.body.append(form);
    form.submit();
}"""
#: The printable width of A4, upright, with a margin of 15 mm, in CSS pixels.
PAPER = {"width": 680, "height": 960}
#: What is cut off on paper: a region that scrolls on the screen and is wider than the paper.
CUT_OFF = """[...document.querySelectorAll("main *")].filter(
    each => getComputedStyle(each).overflowX !== "visible" && each.clientWidth > 1
        && each.scrollWidth > each.clientWidth + 1).map(each => each.className || each.tagName)"""


@pytest.fixture(autouse=True)
def _filled(shown, officer, tmp_path):
    fill(officer, tmp_path / "answers")


def picture(page, name: str) -> None:
    """Keep a picture where RENKEI_PICTURES says so, to be looked at."""
    if place := os.environ.get("RENKEI_PICTURES"):
        page.screenshot(path=Path(place) / f"{name}.png", full_page=True)


def each_of(party: str, addresses: list[tuple[str, str]]) -> list[str]:
    return [address for of, address in addresses if of == party]


def on_a_telephone(page, name: str) -> Iterator[str]:
    page.set_viewport_size(NARROW)
    picture(page, f"{name}-320")
    if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW["width"]:
        yield f"{width} px wide on a telephone"


def in_print(page) -> Iterator[str]:
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    seen = {
        "navigation in print": page.locator(".navigation").is_visible(),
        "no heading in print": not page.locator("h1").is_visible(),
        "buttons in print": page.locator("main button:visible, main .actions a:visible").count() > 0,
        "cut off in print": page.evaluate(CUT_OFF) != [],
        "wider than the paper": page.evaluate("document.documentElement.scrollWidth") > PAPER["width"],
    }
    page.emulate_media(media="null")
    yield from (problem for problem, is_so in seen.items() if is_so)


def problems_of(page, name: str, status: int, *, printed: bool = False) -> list[str]:
    """Look at a page as the rules do, on a telephone and on paper where `printed`; returns what is wrong.

    `status` is the page's own, which the browser tells of where the page is refused.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    picture(page, name)
    found = Axe().run(page, options=RULES)
    problems = [each["id"] for each in found.response["violations"]]
    problems += [fault for fault in page.faults if f"status of {status}" not in fault]
    problems += on_a_telephone(page, name)
    if printed:
        problems += in_print(page)
    page.set_viewport_size(WIDE)
    return problems


def send(page, answer: Answer) -> int:
    """Send a form's fields from within the page, as its own form would; returns the answer's status."""
    cases = [(name, [text] if isinstance(text, str) else text) for name, text in answer.fields.items()]
    fields = [(name, filled_in(text)) for name, texts in cases for text in texts]
    with page.expect_navigation() as navigation:
        page.evaluate(SEND, [filled_in(answer.address), fields, answer.token])
    page.evaluate("document.fonts.ready.then(() => true)")
    return navigation.value.status


# All pages within one test, and all that is asked of one at one visit: making a node ready takes as long as
# looking at five of them.
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("party", PARTIES)
def test_every_page_is_accessible_fits_telephone_and_paper_and_asks_nobody_else(visit, party, language):
    wrong, page = {}, None
    for address in each_of(party, [*WHOLE, *BESIDES]):
        status = STATUS.get(address, 200)
        page = visit(filled_in(address), language=language, status=status, after=page)
        printed = (party, address) not in BESIDES
        problems = problems_of(page, f"{party}-{language}-{address}", status, printed=printed)
        if problems:
            wrong[address] = problems

    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("party", PARTIES)
def test_every_answer_to_a_form_is_accessible_fits_a_telephone_and_says_what_is_wrong(
    visit, party, language, officer
):
    wrong = {}
    page = visit("/account/", language=language)
    page.wait_for_load_state("networkidle")  # its icon, which leaving at once would cut short
    for number, answer in enumerate(answers_of(party)):
        if answer.without == "duties":
            officer.assignments.all().delete()
        if answer.without == "session":
            page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        status = send(page, answer)
        problems = problems_of(page, f"{party}-{language}-answer-{number}-{answer.address}", answer.status)
        if status != answer.status:
            problems.append(f"answered with {status}")
        if answer.status >= 400 and not page.locator("main [role=alert], main [role=status]").count():
            problems.append("does not announce the refusal")
        if problems:
            wrong[f"{number} {answer.address} {answer.status}"] = problems
        page.faults.clear()

    assert wrong == {}


@pytest.mark.parametrize("party", PARTIES)
def test_every_page_is_whole_without_javascript(visit, party):
    wrong, plain, page = {}, None, None
    for address in each_of(party, ALIKE):
        path = filled_in(address)
        plain = visit(path, script=False, after=plain)
        seen = [shown_of(plain)]
        # The one script acts where an attribute asks it to: elsewhere there is nothing to compare.
        asks = "hx-" in plain.content()
        scripts = plain.locator("script").evaluate_all("found => found.map(each => each.getAttribute('src'))")
        if asks:
            page = visit(path, after=page)
            seen.append(shown_of(page))
        if not seen[0] or seen[0] != seen[-1] or scripts != ["/static/console/vendor/htmx.min.js"]:
            wrong[address] = (seen, scripts)

    assert wrong == {}


def shown_of(page) -> str:
    # Today says at what minute it was looked at.
    return re.sub(MOVING, "", page.inner_text("main"))


@pytest.mark.parametrize("party", ["isa"])
def test_print_leaves_the_navigation_out_and_lays_the_tables_open(visit, party):
    page = visit("/trends/")
    table = page.locator(".chart table").first
    # A folded table may have a size all the same: the browser lays it out and does not show it.
    shown = "each => each.checkVisibility()"
    before = (page.locator(".navigation").is_visible(), table.evaluate(shown))
    page.emulate_media(media="print")

    assert before == (True, False)
    assert not page.locator(".navigation").is_visible()
    assert table.evaluate(shown)
    assert table.bounding_box()["height"] > 100
