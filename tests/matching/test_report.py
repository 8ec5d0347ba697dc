"""The report: counts that add up, no personal data, nothing loaded from elsewhere."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import polars as pl
import pytest
from builders import OTHER_CARD, a_card, a_notification, a_permission, a_person, a_tombstone, reconciled
from hypothesis import given
from hypothesis import strategies as st

from renkei.matching.report.disclosure_control import protect
from renkei.matching.report.report import render_report
from renkei.matching.report.statistics import Statistics

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The page as tags, texts and tables; fails on a tag that is closed wrongly."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._cell: list[str] | None = None
        self._rows: list[list[str]] = []
        self._caption = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th", "caption"):
            self._cell = []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag in ("td", "th", "caption"):
            text = "".join(self._cell or []).strip()
            self._cell = None
            if tag == "caption":
                self._caption = text
            else:
                self._rows[-1].append(text)
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, text):
        if self._cell is not None:
            self._cell.append(text)


def number(text: str) -> int:
    return int(text.replace(",", ""))


def a_world() -> dict:
    """Twelve who agree, six who do not, two not found, one deleted, one rejected, one suspected."""
    people = [f"P{n}" for n in range(21)]
    cards = [f"AB{n:04d}0000CD" for n in range(21)]
    who = {"name": "MARKED PERSON", "address": "MARKED ADDRESS"}
    persons = [a_person(person_id=p, card_number=c, **who) for p, c in zip(people, cards, strict=True)]
    held = [a_card(person_id=p, card_number=c, **who) for p, c in zip(people, cards, strict=True)]
    sent = [a_notification(notification_id=f"N{n}", card_number=cards[n], **who) for n in range(12)]
    sent += [
        a_notification(notification_id=f"N{n}", card_number=cards[n], **{**who, "sex": "2"})
        for n in range(12, 18)
    ]
    sent += [a_notification(notification_id=f"N{n}", card_number=OTHER_CARD, **who) for n in (18, 19)]
    sent += [
        a_tombstone(notification_id="N20"),
        a_notification(notification_id="N21", registered_on="MARKED"),
    ]
    permissions = [a_permission(person_id="P20", organisation_name="MARKED EMPLOYER")]
    return {"notifications": sent, "persons": persons, "cards": held, "permissions": permissions}


@pytest.fixture(scope="module")
def statistics() -> Statistics:
    return reconciled(**a_world()).statistics


@pytest.fixture(scope="module", params=["ja", "en"])
def source(request, statistics) -> str:
    return render_report(statistics, request.param)


@pytest.fixture(scope="module")
def page(statistics) -> Page:
    return Page(render_report(statistics, "en"))


def test_nothing_of_anybody_is_on_the_page(source):
    assert "MARKED" not in source
    assert re.search(r"[A-Z]{2}[0-9]{8}[A-Z]{2}|\b[NPK][0-9]{1,2}\b", source) is None


def test_the_page_is_well_formed(source):
    assert Page(source).open == []


def test_the_page_asks_nothing_of_any_network(source):
    addresses = set(re.findall(r"[a-z]+://[^\s\"'<>]+", source))
    names = {name for _, attributes in Page(source).tags for name in attributes}

    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert names & {"src", "href", "srcset", "data", "action", "style", "onload", "onclick"} == set()
    assert "url(" not in source
    assert "@import" not in source
    assert "<script" not in source


def test_the_page_allows_its_own_style_and_nothing_else(source):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', source)
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()

    assert f"style-src &#39;sha256-{digest}&#39;".replace("&#39;", "'") in policy.group(1)
    assert "default-src 'none'" in policy.group(1)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ja", ("令和8年4月13日現在", "違反の認定ではありません", "申合せ4", "意味しません")),
        ("en", ("As of 2026-04-13", "no finding of a violation", "clause 4", "does not mean")),
    ],
)
def test_the_page_says_its_day_and_what_its_counts_do_not_mean(statistics, lang, words):
    source = render_report(statistics, lang)

    assert f'<html lang="{lang}">' in source
    assert [word for word in words if word not in source] == []


def test_every_chart_has_a_title_a_description_and_its_numbers_in_a_table(source):
    page = Page(source)
    charts = [attributes for tag, attributes in page.tags if tag == "svg"]
    idents = {attributes["id"] for _, attributes in page.tags if "id" in attributes}

    assert len(charts) >= 6
    assert all(chart["role"] == "img" for chart in charts)
    assert {ident for chart in charts for ident in str(chart["aria-labelledby"]).split()} <= idents
    assert len([tag for tag, _ in page.tags if tag == "details"]) >= 5


def test_identifiers_of_elements_are_unique(source):
    idents = [attributes["id"] for _, attributes in Page(source).tags if "id" in attributes]

    assert len(idents) == len(set(idents))


def test_rows_taken_and_set_aside_add_up_to_rows_read(page):
    _, *rows = page.tables["Rows by dataset"]

    assert len(rows) == 4
    assert [row for row in rows if number(row[1]) != number(row[2]) + number(row[3])] == []
    assert rows[0] == ["notifications", "22", "21", "1"]


def test_outcomes_add_up_to_the_notifications_taken(page):
    _, *rows, total = page.tables["Outcomes of the accepted notifications"]

    assert {row[0]: number(row[1]) for row in rows} == {
        "matched": 12,
        "mismatched": 6,
        "not found": 2,
        "held": 0,
        "deleted": 1,
    }
    assert total[1] == "21"


@pytest.mark.parametrize(
    "title", ["Share mismatched, by nationality", "Share mismatched, by status of residence"]
)
def test_groups_add_up_to_all_live_notifications(page, title):
    _, *rows, total = page.tables[title]
    sums = [sum(number(row[place]) for row in rows) for place in range(1, 5)]

    assert [number(cell) for cell in total[1:5]] == sums == [20, 12, 6, 2]


def test_every_difference_omission_and_reject_is_counted(page):
    (_, *items, total) = page.tables["Differences by item and cause"]

    assert items == [["sex: other differences", "6"], ["card number: number not in the register", "2"]]
    assert total[1] == "8"
    assert page.tables["Suspected omissions by ground and reason"][-1][1] == "1"
    assert page.tables["Reasons by dataset"][1] == ["notifications: unreadable: day of registration", "1"]


def test_a_day_with_nothing_still_has_a_page():
    nothing = reconciled(as_of=date(2026, 4, 13)).statistics
    page = Page(render_report(nothing, "ja"))

    assert page.open == []
    assert page.tables["データごとの行数"][1] == ["雇用状況届出", "0", "0", "0"]


def test_words_from_the_tables_are_escaped(statistics):
    odd = replace(statistics, outcomes=statistics.outcomes.with_columns(nationality=pl.lit("<script>")))
    source = render_report(odd, "ja", fewest=1)

    assert "<script>" not in source
    assert "&lt;script&gt;" in source


def counts(rows: dict[str | None, tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        [(key, *cells) for key, cells in rows.items()],
        schema={"key": pl.String, "a": pl.Int64, "b": pl.Int64},
        orient="row",
    )


@pytest.mark.parametrize(
    ("given_rows", "alone", "rest", "merged"),
    [
        # every count is zero or large enough: all are shown
        ({"X": (50, 9), "Y": (20, 0)}, ["X", "Y"], (0, 0), 0),
        # two small groups make a rest that is large enough
        ({"X": (50, 9), "Y": (9, 3), "Z": (9, 4)}, ["X"], (18, 7), 2),
        # a single small count in the rest could be computed by subtraction: the next group joins it
        ({"X": (50, 9), "Y": (20, 6), "Z": (9, 1)}, ["X"], (29, 7), 2),
        # no group can be shown
        ({"X": (5, 1), "Y": (2, 2)}, [], (7, 3), 2),
        # a blank key is never a group of its own
        ({"X": (50, 9), None: (9, 9)}, ["X"], (9, 9), 1),
    ],
)
def test_small_groups_stand_within_the_rest(given_rows, alone, rest, merged):
    shown = protect(counts(given_rows), fewest=5, most_rows=10)

    assert [key for key, _ in shown.rows] == alone
    assert (shown.rest, shown.merged) == (rest, merged)


def test_no_more_groups_stand_alone_than_asked_for():
    shown = protect(counts(dict.fromkeys("ABCDE", (50, 9))), fewest=5, most_rows=3)

    assert [key for key, _ in shown.rows] == ["A", "B", "C"]
    assert shown.rest == (100, 18)


@given(
    st.dictionaries(
        st.text("ABCDEFGH", min_size=1, max_size=2), st.tuples(*[st.integers(0, 30)] * 2), max_size=12
    ),
    st.integers(1, 8),
    st.integers(0, 6),
)
def test_whatever_the_counts_no_small_one_is_shown_and_all_add_up(table, fewest, most_rows):
    shown = protect(counts(table), fewest=fewest, most_rows=most_rows)
    parts = [*(cells for _, cells in shown.rows), shown.rest]
    small = [cell for cells in parts for cell in cells if 0 < cell < fewest]

    assert [sum(cells) for cells in zip(*parts, strict=True)] == [
        sum(cells[place] for cells in table.values()) for place in range(2)
    ]
    # Where everything is in the rest it is the total, which the page shows in any case.
    assert small == [] or shown.rows == []
