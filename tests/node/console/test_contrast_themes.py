"""What a colour tells is told by a shape or a word as well, and no theme of the system takes it away."""

import pytest

from node.console.colours import COLOURS, WORDS, least_contrast
from node.console.every_address import Answer
from node.console.test_every_page import picture, send

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.usefixtures("shown")]

#: A page, and its parts whose contrast with what is behind them is measured: words 4.5, lines and shapes 3.
SEEN = {
    "/": (("main .tag, main .steps *", "color", 4.5), (".steps li", "borderTopColor", 3)),
    "/findings/candidates/N0000000003/": (
        ("mark", "color", 4.5),
        ("mark", "textDecorationColor", 3),
        (".waterfall__bar", "fill", 3),
        (".waterfall__item, .waterfall__bits", "fill", 4.5),
    ),
    "/trends/": ((".chart__bar", "fill", 3), (".chart__tick, .chart__week", "fill", 4.5)),
    "/findings/corrections/": ((".tag", "color", 4.5), (".tag", "borderLeftColor", 3)),
}
CURRENT = """selector => [...document.querySelectorAll(selector)].map(each => {
    const style = getComputedStyle(each);
    const line = style.borderLeftWidth === "0px" ? style.borderBottomColor : style.borderLeftColor;
    return [each.hasAttribute("aria-current"), line];
})"""
BEHIND = "getComputedStyle(document.querySelector('.code svg')).backgroundColor"
DRAWN = "getComputedStyle(document.querySelector('.code svg path')).stroke"


@pytest.fixture
def party() -> str:
    return "isa"


def test_every_part_is_seen_in_each_theme(visit):
    wrong, page = [], None
    for address, parts in SEEN.items():
        page = visit(address, after=page)
        for colours, media in COLOURS.items():
            page.emulate_media(**media)
            picture(page, f"theme{address}{colours}".replace("/", "-").replace(" ", "-"))
            for selector, colour, least in (*parts, (WORDS, "color", 4.5)):
                if (found := least_contrast(page, selector, colour)) < least:
                    wrong.append((address, colours, selector, colour, round(found, 1)))
            for selector in (".navigation a", ".tabs a"):
                lines = page.evaluate(CURRENT, selector)
                current = {line for is_current, line in lines if is_current}
                if current & {line for is_current, line in lines if not is_current}:
                    wrong.append((address, colours, f"which of {selector} is current"))

    assert wrong == []


def test_the_code_to_scan_is_dark_on_light_in_each_theme(visit):
    page = visit("/officers/sato/")
    send(page, Answer("/officers/sato/", 200, {"act": "enrol"}))
    found = {}
    for colours, media in COLOURS.items():
        page.emulate_media(**media)
        found[colours] = (page.evaluate(BEHIND), page.evaluate(DRAWN))

    assert set(found.values()) == {("rgb(255, 255, 255)", "rgb(0, 0, 0)")}


def test_a_step_is_told_by_a_sign_and_a_word(visit):
    page = visit("/days/")
    names = page.locator("td:last-child .tag").all_inner_texts()

    assert {name[0] for name in names} == {"✓", "…"}
    assert all(name.rstrip().endswith(("完了", "待機", "未着手")) for name in names)
