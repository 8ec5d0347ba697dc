"""A refused form: its errors are listed first, hold the focus and stand at their fields, in any colours."""

import re
from collections.abc import Iterator, Mapping, Sequence

import pytest
from axe_playwright_python.sync_playwright import Axe

from node.console.colours import COLOURS, WORDS, least_contrast
from node.console.conftest import NARROW, WIDE
from node.console.every_address import Answer, fill
from node.console.test_every_page import PARTIES, RULES, picture, send
from node.console.test_officers import PASSWORD, enter
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.deliveries.models import Handover

#: Where axe looks too. The console has no dark scheme of its own: dark is the same as light. In a contrast
#: theme axe reads a colour that the theme has taken away: contrast is measured by our own rule alone there.
AXE: Mapping[str, Mapping[str, object]] = {
    "light": {},
    "dark contrast theme": {"rules": {"color-contrast": {"enabled": False}}},
}
OUTLINE = """() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return [outlineStyle, parseFloat(outlineWidth)];
}"""
_MOVE = {"step": "check", "version": "1"}

#: Every form of the console, sent empty or wrong, and the fields that are refused.
WRONG: Sequence[tuple[Answer, tuple[str, ...]]] = (
    (Answer("/incidents/new/", 422, {"step": "check"}), ("kind", "suspected", "found_at", "say-overview")),
    (
        Answer("/incidents/new/", 422, {"step": "check", "way": "days", "persons": "x", "found_at": "x"}),
        ("kind", "suspected", "found_at", "say-overview", "since", "persons"),
    ),
    (Answer("/incidents/{incident}/concerned/", 422, {"way": "numbers", "looked_at": "{mark}"}), ("first",)),
    (Answer("/incidents/{incident}/conditions/", 422, {"looked_at": "{mark}"}), ("condition",)),
    (Answer("/incidents/{incident}/report/", 422, {"looked_at": "{mark}"}), ("reported",)),
    (Answer("/deliveries/out/{service}/1/", 422, {"act": "resend"}), ("reason",)),
    (
        Answer("/deliveries/out/{service}/1/", 422, {"act": "ask"}),
        ("reason", "agreed_by", "handed_over_by", "taken_over_by"),
    ),
    (Answer("/officers/", 422), ("name",)),
    (Answer("/officers/", 422, {"name": "suzuki", "local": "1", "password": "short"}), ("password",)),
    (Answer("/officers/sato/", 422, {"act": "entrust"}), ("duty",)),
    (Answer("/officers/sato/", 422, {"act": "confirm"}), ("code",)),
    (Answer("/trail/restored/", 422, {"act": "ask"}), ("of", "number", "head", "reason", "reference")),
)
"""What both agencies have."""

WRONG_OF: Mapping[str, Sequence[tuple[Answer, tuple[str, ...]]]] = {
    "isa": (
        (Answer("/purpose/", 400, {"subject": "discrepancy N0000000002"}), ("purpose",)),
        (Answer("/findings/corrections/R8-1124-0001-1/", 422), ("decision",)),
        (Answer("/findings/candidates/N0000000003/", 422), ("choice", "reason")),
    ),
    "mhlw": (
        (Answer("/purpose/", 400, {"subject": "{N1}"}), ("purpose",)),
        (Answer("/cases/{N2}/moves/close/", 400, _MOVE), ("outcome", "reason")),
        (Answer("/cases/{N2}/moves/request_correction/", 400, _MOVE), ("items", "reason")),
        (Answer("/cases/{N2}/acts/note/", 400), ("text",)),
        (Answer("/cases/{N2}/acts/document/", 400), ("document",)),
        (Answer("/cases/{N2}/acts/place/", 400, {"office": "x"}), ("office",)),
        (Answer("/cases/search/", 200), ("sought",)),
        (Answer("/cases/assign/", 400, {"number": "{N1}", "step": "confirm"}), ("to",)),
        (Answer("/cases/export/", 400, {"kind": "discrepancy"}), ("purpose",)),
        (Answer("/cases/by-card-number/", 400, {"card_number": "AB1"}), ("card_number", "purpose")),
        (Answer("/cases/lists/", 422, {"kind": "discrepancy"}), ("name",)),
        (Answer("/letters/", 400, {"number": "{N1}", "format": "pdf"}), ("name", "reply_by")),
        (Answer("/letters/templates/inquiry/", 400, {"version": "0"}), ("text",)),
    ),
}
"""What one agency alone has."""

ASKED: Mapping[str, Sequence[tuple[str, tuple[str, ...]]]] = {
    "isa": (
        ("/findings/?kind=discrepancy&identifier=N99", ("identifier",)),
        ("/days/?on=2026-04-05", ("on",)),
        ("/trail/?first=x", ("first",)),
    ),
    "mhlw": (("/days/?on=x", ("on",)),),
}
"""Forms that narrow a list are sent in the address."""

#: What is wrong as the page lists it, and where each line leads to.
LISTED = """() => ({
    title: document.title,
    focused: document.activeElement.id,
    lines: [...document.querySelectorAll("#problems li")].map(line => {
        const control = document.getElementById(line.querySelector("a")?.hash.slice(1));
        const words = (control?.getAttribute("aria-describedby") || "").split(" ")
            .map(each => document.getElementById(each)?.innerText || "");
        return {
            text: line.innerText.trim(), name: control?.name,
            invalid: control?.getAttribute("aria-invalid"), words: words.join(" "),
        };
    }),
    invalid: [...new Set([...document.querySelectorAll("[aria-invalid=true]")].map(each => each.name))],
})"""


def not_listed(page, names: Sequence[str]) -> Iterator[str]:
    """Say what is not as a refused form has to be."""
    found = page.evaluate(LISTED)
    lines = found["lines"]
    wrong = {
        "title": not re.match("エラー: |Error: ", found["title"]),
        f"focus on {found['focused'] or 'nothing'}": found["focused"] != "problems",
        f"refused are {[each['name'] for each in lines]}": [each["name"] for each in lines] != list(names),
        f"marked are {found['invalid']}": set(found["invalid"]) != set(names),
        "not marked": any(each["invalid"] != "true" for each in lines),
        "not described": any(each["text"] not in each["words"] for each in lines),
    }
    yield from (problem for problem, is_so in wrong.items() if is_so)


def hard_to_see(page, colours: str) -> Iterator[str]:
    """Say what cannot be seen in the colours that the page is shown in."""
    if colours in AXE:
        found = Axe().run(page, context="main", options=RULES | AXE[colours])
        yield from (each["id"] for each in found.response["violations"])
    if (words := least_contrast(page, WORDS)) < 4.5:
        yield f"contrast {words:.1f}"
    if (border := least_contrast(page, "main .field[data-tone=error]", "borderLeftColor")) < 3:
        yield f"border {border:.1f}"
    for target in ("#problems", "#problems a", "[aria-invalid=true]"):
        page.locator(target).first.focus()
        style, width = page.evaluate(OUTLINE)
        if style != "solid" or width < 2 or least_contrast(page, ":focus", "outlineColor") < 3:
            yield f"focus of {target}: {style} {width}"


def problems_of_form(page, name: str, names: Sequence[str]) -> list[str]:
    problems = list(not_listed(page, names))
    name = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    for colours, media in COLOURS.items():
        page.emulate_media(**media)
        picture(page, f"{name}-{colours.replace(' ', '-')}")
        problems += [f"{colours}: {each}" for each in hard_to_see(page, colours)]
    page.set_viewport_size(NARROW)
    picture(page, f"{name}-320")
    if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW["width"]:
        problems.append(f"{width} px wide on a telephone")
    page.set_viewport_size(WIDE)
    page.emulate_media(forced_colors="none", color_scheme="light")
    return problems


# All forms within one test: making a node ready takes as long as looking at some of them.
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("party", PARTIES)
def test_what_a_form_lacks_is_listed_first_and_stands_at_its_fields(visit, shown, officer, party, tmp_path):
    fill(officer, tmp_path / "answers")
    Handover.objects.all().delete()
    wrong, page = {}, visit("/incidents/")
    send(page, Answer("/officers/sato/", 200, {"act": "enrol"}))
    for number, (answer, names) in enumerate((*WRONG, *WRONG_OF[party])):
        status = send(page, answer)
        problems = problems_of_form(page, f"form-{party}-{number}-{answer.address}", names)
        if status != answer.status:
            problems.append(f"answered with {status}")
        if problems:
            wrong[f"{number} {answer.address}"] = problems
    for address, names in ASKED[party]:
        page = visit(address, after=page)
        if problems := problems_of_form(page, f"form-{party}-{address}", names):
            wrong[address] = problems

    assert wrong == {}


@pytest.mark.django_db
@pytest.mark.parametrize("party", ["mhlw"])
@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("/enter/", ("username", "password", "code")),
        ("/account/", ("old_password", "new_password1", "new_password2")),
    ],
)
def test_the_forms_of_accounts_are_refused_alike(client, node, address, names):
    if address == "/account/":
        officer = Officer.objects.create_user("kanri", password=PASSWORD)
        Assignment.objects.create(officer=officer, duty=Duty.ADMINISTER)
        enter(client, officer)
    page = client.post(address, {}).content.decode()
    controls = {name: re.findall(rf'<input[^>]*\bid="{name}"[^>]*>', page) for name in names}

    assert "<title>エラー: " in page
    assert re.findall(r'<li><a href="#(\w+)">', page) == list(names)
    # Nothing takes the focus from the list of what is wrong.
    assert len(re.findall(r"<[^>]*\bautofocus\b[^>]*>", page)) == 1
    for name, (control,) in controls.items():
        assert 'aria-invalid="true"' in control
        assert f'aria-describedby="{name}_error"' in control.replace("code_helptext ", "")
        assert f'id="{name}_error"' in page
