"""A self-contained page of figures, charts and tables, for the report and the evaluation of candidates.

Charts are SVG laid out in per cent of the page's width, so that they fit a phone and a sheet of paper with
the same letter size. The page loads nothing from any network: its policy (CSP) allows one style, by hash.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from textwrap import wrap
from unicodedata import east_asian_width

from jinja2 import Environment, StrictUndefined, Template

from renkei.agreement.text import Lang, Words
from renkei.matching.report import labels

_WIDEST_BAR = 62  # per cent; the rest is for the number after it
_LABEL_COLUMNS = 40  # half-width characters that fit a page of 320 px


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text: heads, rows, optionally a foot; `folded` is shown on request (`<details>`)."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: Sequence[str] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a label and its height on the chart (px)."""

    text: str
    y: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar with label and value.

    `bar` and `value_at` are in per cent of the chart's width, `y` is the top of the bar in px.
    """

    lines: Sequence[Line]
    bar: float
    value: str
    value_at: float
    y: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars under one another, optionally with a table of the same numbers."""

    id: str
    title: str
    description: str
    marks: Sequence[Mark]
    height: int
    mean: float | None
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with notes, charts and tables."""

    heading: str
    notes: Sequence[str]
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    care: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart before it is laid out: `size` in the chart's own unit."""

    label: str
    size: float
    value: str


def render_page(
    lang: Lang,
    day: str,
    figures: Sequence[tuple[str, str]],
    sections: Sequence[Section],
    words: Mapping[str, str],
) -> str:
    """Render one self-contained page: figures on top, cautions, sections; `words` are the page's own."""
    style = _file("report.css")
    return _template().render(
        lang=lang,
        day=day,
        style=style,
        style_hash=f"sha256-{b64encode(sha256(style.encode()).digest()).decode()}",
        figures=figures,
        sections=sections,
        words=words,
    )


@cache
def _file(name: str) -> str:
    return (Path(__file__).with_name("templates") / name).read_text("utf-8")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(_file("report.html.jinja"))


def bar_chart(
    ident: str,
    title: str,
    bars: Sequence[Bar],
    table: Table | None,
    lang: Lang,
    *,
    mean: float | None = None,
    largest: float | None = None,
) -> Chart:
    """Lay out bars under one another; `largest` (default: the longest) fills the width; `mean` is marked."""
    scale = _WIDEST_BAR / ((largest or max((bar.size for bar in bars), default=0)) or 1)
    at = None if mean is None else round(mean * scale, 2)
    marks: list[Mark] = []
    y = 0
    for bar in bars:
        lines = [Line(text, y + 18 + 19 * number) for number, text in enumerate(_fold(bar.label))]
        y += 19 * len(lines) + 6
        width = round(bar.size * scale, 2)
        # The number goes after the mark of the mean as well, which would otherwise cross it.
        marks.append(Mark(lines, width, bar.value, max(width, at or 0), y))
        y += 24
    spoken = Words("、", "; ").say(lang).join(f"{bar.label} {bar.value}" for bar in bars)
    return Chart(ident, title, labels.DESCRIPTION.say(lang).format(bars=spoken), marks, y + 4, at, table)


def _fold(label: str) -> Iterator[str]:
    """Break a label to fit a narrow page: Japanese at any character, other scripts between words."""
    if not any(_columns(sign) > 1 for sign in label):
        yield from wrap(label, _LABEL_COLUMNS)
        return
    line = ""
    for sign in label:
        if sum(map(_columns, line)) + _columns(sign) > _LABEL_COLUMNS:
            yield line
            line = ""
        line += sign
    yield line


def _columns(sign: str) -> int:
    return 2 if east_asian_width(sign) in "WF" else 1
