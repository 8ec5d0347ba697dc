"""Causes, outcomes and reasons are closed lists: all code takes them from their rows, or fails."""

import ast
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import renkei
from renkei.agreement.causes import CAUSES, DIFFERENCES, Found, causes_in, found_by
from renkei.agreement.decisions import COMPARABLE_ITEMS, DEFAULT_POLICY
from renkei.agreement.errors import UnknownCode
from renkei.agreement.omissions import GROUNDS, REASONS
from renkei.agreement.outcomes import AGREES, LIVE, OUTCOMES, REPORTED, Verdict
from renkei.agreement.tables import Closed
from renkei.agreement.text import Words
from renkei.matching.candidates.comparison_levels import KINDS, _level_by_cause
from renkei.matching.candidates.evidence import LEVELS
from renkei.matching.causes import explain_differences
from renkei.matching.codes import first_that_fits
from renkei.matching.compare import judge
from renkei.matching.values import NATIONALITY_KEYS, STATUS_KEYS
from renkei.simulation.flaws import GIVES_A_CAUSE, default_flaws

SOURCES = Path(renkei.__file__).parent
LISTS = [CAUSES, OUTCOMES, REASONS, GROUNDS, *DIFFERENCES.values()]
UNKNOWN = "never_heard_of"
#: One pair of values, reported and held, for each cause that is found by comparing an item.
FOUND = [
    ("name", "nguyen-van anh", "NGUYEN VAN ANH", "format"),
    ("name", "ANH NGUYEN VAN", "NGUYEN VAN ANH", "order"),
    ("name", "高橋 一郎", "髙橋 一郎", "kanji_variant"),
    ("name", "MR JOHN SMITH", "JOHN SMITH", "title"),
    ("name", "NGUYEN ANH", "NGUYEN VAN ANH", "partial"),
    ("name", "NGUYEN THITH", "NGUYEN THITHANH", "truncated"),
    ("name", "NGUY?N VAN ANH", "NGUYEN VAN ANH", "lost_character"),
    ("name", "NGUYEN V ANH", "NGUYEN VAN ANH", "initial"),
    ("name", "NGUYEN VAM ANH", "NGUYEN VAN ANH", "one_letter"),
    ("name", "MOHAMMED ALI", "MUHAMMAD ALI", "romanisation"),
    ("name", "TRAN BINH", "NGUYEN VAN ANH", "different"),
    ("birth_date", 19980104, 19980401, "day_month_swapped"),
    ("birth_date", 19980402, 19980401, "one_digit"),
    ("birth_date", 19350401, 19980401, "era"),
    ("birth_date", 19720715, 19980401, "different"),
    ("stay_expires_on", date(2027, 4, 1), date(2027, 1, 4), "day_month_swapped"),
    ("stay_expires_on", date(2027, 9, 30), date(2028, 9, 30), "one_digit"),
    ("stay_expires_on", date(1997, 4, 1), date(2027, 4, 1), "era"),
    ("stay_expires_on", date(2026, 3, 15), date(2027, 9, 30), "different"),
    ("nationality", "KOR", "PRK", "related"),
    ("nationality", "VNM", "PHL", "different"),
    ("status_of_residence", "student", "engineer", "different"),
    ("sex", 1, 2, "different"),
    ("extra_activity_permission", True, False, "different"),
    ("address", "東京都港区1-1", "大阪市北区2-2", "different"),
]
TYPES = {
    "name": pl.String,
    "birth_date": pl.Int32,
    "stay_expires_on": pl.Date,
    "nationality": NATIONALITY_KEYS,
    "status_of_residence": STATUS_KEYS,
    "sex": pl.UInt8,
    "extra_activity_permission": pl.Boolean,
    "address": pl.String,
}


def compared(item: str, reported: object, held: object) -> pl.DataFrame:
    pairs = pl.DataFrame(
        {"reported": [reported], "held": [held], "held_kanji": [held if item == "name" else None]},
        schema={"reported": TYPES[item], "held": TYPES[item], "held_kanji": pl.String},
    )
    return judge(item, pairs if item == "name" else pairs.drop("held_kanji"), DEFAULT_POLICY)


# --- the rows


@pytest.mark.parametrize("rows", [CAUSES, OUTCOMES], ids=["causes", "outcomes"])
def test_every_row_has_its_words_in_both_languages(rows):
    for row in rows.values():
        assert all([*row.name, *row.sentence]), row.code


def test_every_reason_and_ground_has_its_words_in_both_languages():
    for row in (*REASONS.values(), *GROUNDS.values()):
        assert all([row.name_ja, row.name_en, row.sentence_ja, row.sentence_en]), row.code


def test_a_cause_explains_items_that_there_are():
    assert {item for cause in CAUSES.values() for item in cause.items} == {*COMPARABLE_ITEMS, "card_number"}


def test_what_counts_as_agreement_is_never_written():
    assert {code for causes in DIFFERENCES.values() for code in causes}.isdisjoint(
        code for code, cause in CAUSES.items() if cause.agrees
    )


def test_the_documentation_lists_every_cause_of_a_difference_in_order():
    page = (SOURCES.parents[1] / "docs/matching.md").read_text(encoding="utf-8")
    table = page.partition("## Causes\n")[2].partition("## ")[0]
    written = {code for item in COMPARABLE_ITEMS for code in DIFFERENCES[item]}

    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [code for code in CAUSES if code in written]


# --- a code without a row


@pytest.mark.parametrize("rows", LISTS, ids=lambda rows: rows.name.en)
def test_a_code_without_a_row_is_an_error(rows):
    with pytest.raises(UnknownCode) as refusal:
        rows[UNKNOWN]
    with pytest.raises(UnknownCode):
        rows.get(UNKNOWN)

    assert UNKNOWN not in rows
    for lang in ("ja", "en"):
        assert UNKNOWN in refusal.value.say(lang)
        assert rows.name.say(lang) in refusal.value.say(lang)


def test_what_has_not_the_form_of_a_code_is_not_repeated():
    with pytest.raises(UnknownCode) as refusal:
        CAUSES["NGUYEN VAN ANH"]

    assert "NGUYEN" not in refusal.value.en + refusal.value.ja


def test_two_rows_of_one_code_are_refused():
    with pytest.raises(ValueError, match="era"):
        Closed(Words("表", "a list"), [CAUSES["era"], CAUSES["era"]])


def test_a_cause_of_another_item_is_an_error():
    with pytest.raises(UnknownCode):
        DIFFERENCES["name"]["era"]
    with pytest.raises(UnknownCode):
        causes_in(f"name:partial;birth_date:{UNKNOWN}")


# --- matching


@pytest.mark.parametrize(("item", "reported", "held", "cause"), FOUND)
def test_a_cause_is_found_by_its_comparison(item, reported, held, cause):
    said = compared(item, reported, held)

    assert said["cause"].item() == cause
    assert (Verdict(said["verdict"].item()) in AGREES) == CAUSES[cause].agrees


def test_every_cause_that_is_found_by_comparing_has_its_comparison():
    listed = {(item, code) for item in COMPARABLE_ITEMS for code in found_by(Found.COMPARING, item)}

    assert {(item, cause) for item, _, _, cause in FOUND} == listed


def test_a_comparison_gives_no_cause_that_is_not_in_the_list():
    with pytest.raises(UnknownCode):
        first_that_fits("name", {UNKNOWN: pl.lit(True)})
    with pytest.raises(UnknownCode):
        first_that_fits("name", {"era": pl.lit(True)})


def test_the_first_of_the_list_is_the_cause_whatever_the_order_of_the_comparisons():
    fits = {"era": pl.lit(True), "one_digit": pl.lit(True), "day_month_swapped": pl.lit(None, pl.Boolean)}

    assert pl.select(first_that_fits("birth_date", fits)).item() == "one_digit"


def test_an_unknown_cause_is_not_written():
    judged = pl.DataFrame({"verdict": [2], "cause": [UNKNOWN]}, schema_overrides={"verdict": pl.UInt8})
    sexes = pl.Series([1], dtype=pl.UInt8)
    people = pl.DataFrame({"person": pl.Series([0], dtype=pl.UInt32), "sex": sexes})
    notifications = people.with_columns(sex_held=pl.lit(2, pl.UInt8), sex=pl.lit(9, pl.UInt8))
    with pytest.raises(UnknownCode):
        explain_differences(notifications, {"sex": judged}, people, people, DEFAULT_POLICY)


# --- candidates


@pytest.mark.parametrize("item", [item for item in COMPARABLE_ITEMS if item in KINDS])
def test_a_cause_says_how_near_it_is(item):
    levels = [level.name for level in KINDS[item].levels]
    for cause in found_by(Found.COMPARING, item).values():
        assert cause.level is None or cause.level in levels
        if cause.level == cause.code:
            assert LEVELS[item][cause.level] == cause.level_words
        else:
            assert cause.level_words is None


def test_how_near_an_unknown_cause_is_nobody_says():
    said = pl.DataFrame(
        {"verdict": [0, 2, 2, 5], "cause": [None, "era", "different", "scripts"]},
        schema_overrides={"verdict": pl.UInt8},
    )
    levels = KINDS["birth_date"].levels

    assert _level_by_cause("birth_date", levels, said).to_list() == [0, 3, None, None]
    with pytest.raises(UnknownCode, match=UNKNOWN):
        _level_by_cause("birth_date", levels, said.with_columns(cause=pl.lit(UNKNOWN)))


# --- simulation, and everybody else


def test_the_simulation_expects_causes_of_the_list():
    expected = [flaw for flaw in default_flaws() if flaw.verdict in GIVES_A_CAUSE]

    assert len(expected) > 10
    assert all(flaw.cause in DIFFERENCES[flaw.item] for flaw in expected)


def test_live_and_reported_outcomes():
    # §4: a tombstone is not matched; §5: a row for each that is mismatched or not found
    assert LIVE == ("matched", "mismatched", "not_found", "held")
    assert REPORTED == ("mismatched", "not_found")


def written_by_hand(text: str) -> list[int]:
    """Lines that write a cause or an outcome as a literal, or keep a table of their words."""
    codes = {*CAUSES, *OUTCOMES, *REASONS}
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pl.lit":
            found += [node.lineno for each in node.args if getattr(each, "value", None) in codes]
        if isinstance(node, ast.Dict):
            kept = [getattr(key, "value", None) for key in node.keys]
            words = [
                isinstance(value, ast.Call) and ast.unparse(value.func) in {"Words", "Meaning"}
                for value in node.values
            ]
            said = [key for key, has in zip(kept, words, strict=True) if has and key in codes]
            found += [node.lineno] * (len(said) > 1)
    return found


def test_nobody_keeps_causes_of_their_own():
    # The comparisons themselves are asked for by code; `first_that_fits` refuses one that has no row.
    allowed = {SOURCES / "agreement/causes.py"}
    for path in set(SOURCES.rglob("*.py")) - allowed:
        assert written_by_hand(path.read_text(encoding="utf-8")) == [], path


def test_this_search_sees_what_it_looks_for():
    text = (
        'x = pl.lit("era")\nCAUSES = {"era": Words("a", "b"), "partial": Words("c", "d")}\ny = pl.lit("z")\n'
    )

    assert sorted(written_by_hand(text)) == [1, 2]
