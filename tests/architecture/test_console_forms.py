"""Every control of the console comes from the one set of form templates."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path("src/renkei/node/console/templates")
RENDERERS = TEMPLATES / "console" / "forms"
ELSEWHERE = sorted(path for path in TEMPLATES.rglob("*.html") if RENDERERS not in path.parents)
CONTROL = re.compile(r"<(input|select|textarea)\b[^>]*>")
MARKS = re.compile(r"※(必須|任意)|class=\"(required|optional|error|field)\b|aria-invalid|aria-describedby")
FORM = re.compile(r"<form\b[^>]*method=\"post\"[^>]*>.*?</form>", re.DOTALL)
#: The checkbox in each row of a table that selects the row; its label is the name of the row.
OF_A_ROW = {
    "console/cases.html": '<input type="checkbox" name="number" value="{{ case.number }}"',
    "console/establishment.html": '<input type="checkbox" name="number" value="{{ case.number }}"',
}


def controls_of(text: str) -> list[str]:
    """Return the controls that a user fills in, without hidden fields and buttons."""
    return [found[0] for found in CONTROL.finditer(text) if 'type="hidden"' not in found[0]]


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_shows_fields_and_writes_none(path: Path):
    text, name = path.read_text("utf-8"), str(path.relative_to(TEMPLATES))
    allowed = OF_A_ROW.get(name)

    assert [each for each in controls_of(text) if not (allowed and each.startswith(allowed))] == []
    assert MARKS.findall(text) == []


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_what_is_sent_is_judged_by_the_server_in_the_consoles_words(path: Path):
    """If the browser validates first, its own message appears, and not our list of errors."""
    asking = [
        form
        for form in FORM.findall(path.read_text("utf-8"))
        if re.search(r"\{\{ (\w+_)?form\b|as_field_group|filters \}\}", form)
    ]

    assert [form[:80] for form in asking if not re.match(r"<form\b[^>]*\bnovalidate\b", form)] == []


def test_no_module_writes_a_control():
    written = [
        str(path) for path in Path("src/renkei/node").rglob("*.py") if CONTROL.search(path.read_text("utf-8"))
    ]

    assert written == []


def test_these_checks_see_what_they_look_for():
    assert controls_of('<input type="hidden" name="next"><button>x</button>') == []
    assert controls_of('<select id="to" name="to">') == ['<select id="to" name="to">']
    assert MARKS.search('<div class="field"><label>')
    assert FORM.search('<form method="post">{{ form }}</form>')
    assert len(ELSEWHERE) > 50
    assert all((TEMPLATES / name).exists() for name in OF_A_ROW)
