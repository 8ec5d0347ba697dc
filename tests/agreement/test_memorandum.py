"""The agreement's text, as published, against what the package says of it."""

import re
from datetime import date

import pytest

from renkei.agreement.annexes import ANNEX_1, ANNEX_2, ANNEX_3, ANNEXES, Annex, Disclosure, annex_2
from renkei.agreement.clauses import AGREED_ON, CLAUSES, EFFECTIVE_FROM, PREAMBLE, TITLE
from renkei.agreement.omissions import GROUNDS
from renkei.agreement.parties import ISA, MHLW, PARTIES
from renkei.agreement.purposes import ACTS, PURPOSES
from renkei.agreement.tables import read_text

TEXT = read_text("memorandum.ja.txt")

# What the copy has on the page beside the text: seals and stamps.
STAMPS = {"西", "昌", "印", "1957年12月", "國立中央圖書館", "藏書"}

FIRST_ANNEX = TEXT.index("\n○")
BODY, ANNEX_PAGES = TEXT[:FIRST_ANNEX], TEXT[FIRST_ANNEX:]


def squeezed(text: str) -> str:
    """The text without stamps, list marks and white space, so that folds of the page do not matter."""
    lines = (line for line in text.splitlines() if line.strip() not in STAMPS)
    return re.sub(r"\s", "", "".join(re.sub(r"^- ", "", line) for line in lines))


def printed_annexes() -> list[list[str]]:
    """The lines of each annex, its title first."""
    pages = re.split(r"^○ ", ANNEX_PAGES, flags=re.MULTILINE)[1:]
    return [[line for line in page.splitlines() if line.strip() and line not in STAMPS] for page in pages]


def printed_items(lines: list[str]) -> list[tuple[str, str]]:
    """Number and label of each line of the table, in order."""
    rows = [tuple(line.split("\t")) for line in lines if "\t" in line]
    assert rows[0] == ("項番", "情報項目")
    return [(number, label) for number, label in rows[1:]]


PRINTED = dict(zip(ANNEXES, printed_annexes(), strict=True))


@pytest.mark.parametrize("annex", ANNEXES.values(), ids=lambda annex: annex.number)
def test_an_annex_names_every_published_item_as_printed_and_in_order(annex: Annex):
    published = [(item.number, item.label) for item in annex.items if item.disclosure is Disclosure.PUBLISHED]

    assert published == printed_items(PRINTED[annex.number])


@pytest.mark.parametrize(("annex", "items"), [(ANNEX_1, 19), (ANNEX_2, 2), (ANNEX_3, 19)])
def test_the_text_that_is_compared_holds_what_it_should(annex: Annex, items: int):
    assert len(printed_items(PRINTED[annex.number])) == items


@pytest.mark.parametrize("annex", ANNEXES.values(), ids=lambda annex: annex.number)
def test_an_annex_carries_its_title_and_notes_as_printed(annex: Annex):
    lines = PRINTED[annex.number]
    in_brackets = [line.strip("()") for line in lines if line.startswith("(")]

    assert lines[0] == annex.title
    assert in_brackets == ([annex.occasion] if annex.occasion else [])
    assert [line.removeprefix("※ ") for line in lines if line.startswith("※")] == list(annex.notes)


def test_the_body_is_the_clauses_and_nothing_else():
    clauses = "".join(
        re.sub(r"^.*?(\([0-9]+\)|[アイ]|\([アイ]\))$", r"\1", clause.number) + clause.heading + clause.text
        for clause in CLAUSES.values()
    )

    assert squeezed(BODY[BODY.index("\n記\n") + len("\n記\n") :]) == clauses


def test_the_head_is_the_title_the_preamble_the_dates_and_the_signatures():
    head = squeezed(BODY[: BODY.index("\n記\n")])

    assert head == (
        ISA.document_number
        + MHLW.document_number
        + f"令和{AGREED_ON.year - 2018}年{AGREED_ON.month}月{AGREED_ON.day}日"
        + "".join(party.office_ja + party.signatory for party in (ISA, MHLW))
        + TITLE
        + PREAMBLE
    )


def test_the_agreement_takes_effect_on_the_day_of_clause_8():
    found = re.search(r"令和(\d+)年(\d+)月(\d+)日", CLAUSES["8(1)"].text)
    assert found is not None
    year, month, day = map(int, found.groups())

    assert date(2018 + year, month, day) == EFFECTIVE_FROM


def test_both_offices_of_clause_8_are_the_parties_offices():
    assert all(party.office_ja in CLAUSES["8(2)"].text for party in PARTIES.values())
    assert all(party.name_ja in CLAUSES["1"].text for party in PARTIES.values())


@pytest.mark.parametrize("purpose", PURPOSES.values(), ids=lambda purpose: purpose.code)
def test_a_purpose_is_quoted_from_clause_7(purpose):
    assert purpose.text_ja in CLAUSES["7"].text
    assert all(ACTS[act].cited_as in CLAUSES["7"].text for act in purpose.acts)


@pytest.mark.parametrize("act", ACTS.values(), ids=lambda act: act.code)
def test_an_act_and_its_provisions_are_cited_somewhere(act):
    assert act.cited_as in squeezed(TEXT)
    assert [cited for cited in act.cited_provisions if cited not in squeezed(TEXT)] == []


@pytest.mark.parametrize("ground", GROUNDS.values(), ids=lambda ground: ground.code)
def test_a_ground_rests_on_the_law_its_clause_cites(ground):
    assert ground.law in CLAUSES[ground.clause].text


@pytest.mark.parametrize("annex", ANNEXES.values(), ids=lambda annex: annex.number)
def test_the_legal_basis_of_an_annex_is_cited_in_its_clause(annex: Annex):
    clause = CLAUSES["3(2)"] if annex.sender is MHLW else CLAUSES["2(2)"]

    assert annex.legal_basis in clause.text


def test_permanent_residents_items_10_to_17_stay_home():
    withheld = [item.number for item in ANNEX_1.items if item.withheld_when]

    assert withheld == list("⑩⑪⑫⑬⑭⑮⑯⑰")
    assert ANNEX_1.withheld_columns == (
        "establishment_number",
        "establishment_name",
        "establishment_postal_code",
        "establishment_address",
        "establishment_phone",
        "industry",
        "establishment_size",
        "employment_start",
        "employment_end",
    )
    assert {item.withheld_when.holds for item in ANNEX_1.items if item.withheld_when} == {
        frozenset({"permanent"})
    }


def test_annex_3_shows_the_landing_or_the_change_never_both():
    conditions = {
        item.number: (item.released_when.column, set(item.released_when.holds))
        for item in ANNEX_3.items
        if item.released_when
    }

    assert conditions == {
        "⑨": ("ground", {"coe"}),
        "⑩": ("ground", {"change"}),
        "⑪": ("ground", {"change"}),
    }


def test_the_blacked_out_items_of_annex_2_are_marked_and_the_assumed_ones_follow_the_policy():
    marks = [item.disclosure for item in annex_2(["name", "sex"]).items]
    columns = annex_2(["name", "sex"]).columns

    assert marks == [
        Disclosure.PUBLISHED,
        Disclosure.REDACTED,
        *[Disclosure.ASSUMED] * 3,
        Disclosure.PUBLISHED,
    ]
    assert columns == (
        "card_number",
        "mismatched_items",
        "linked_name",
        "latest_name",
        "linked_sex",
        "latest_sex",
        "matched_on",
    )


def test_annex_2_refuses_an_item_that_the_register_does_not_hold():
    with pytest.raises(KeyError, match="industry"):
        annex_2(["industry"])


def test_an_item_is_found_by_its_column():
    carried = ANNEX_1.item_of("updated_on")

    assert carried is not None
    assert carried.number == "⑱"
    assert ANNEX_1.item_of("notification_id") is None
