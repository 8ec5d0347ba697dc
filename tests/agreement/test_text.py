"""Eras: one table, without a gap, which the specification and the independent reference agree with."""

import ast
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import renkei
from reference import values
from renkei.agreement.text import ERAS, day_in_era, day_in_words

SOURCES = Path(renkei.__file__).parent
TABLE = SOURCES / "agreement/text.py"
OF_ERAS = {era.name for era in ERAS} | {era.before_first for era in ERAS}
DAYS = {(day.year, day.month, day.day) for day in (era.first for era in ERAS)}
DAYS |= {(1868, 1, 25), (1868, 10, 23)}  # where two modules had 明治 begin


def eras_in(text: str) -> list[int]:
    """Lines of code, comments and docstrings aside, that know an era: its name, its years, its first day."""
    knowing = OF_ERAS | {date(*day).isoformat() for day in DAYS}
    return sorted(
        node.lineno
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Constant) and node.value in knowing)
        or (isinstance(node, ast.Call) and ast.unparse(node) in {f"date{day}" for day in DAYS})
    )


def test_there_is_no_gap_between_eras():
    for later, earlier in pairwise(ERAS):
        assert earlier.last is not None
        assert earlier.last + timedelta(days=1) == later.first
    assert ERAS[0].last is None


def test_the_first_year_is_the_one_that_the_specification_reads():
    # reconciliation §2: 明治 before 6年, of another calendar, is unreadable
    assert {era.letter: era.first_year for era in ERAS} == {"M": 6, "T": 1, "S": 1, "H": 1, "R": 1}


def test_the_reference_has_a_table_of_its_own_that_agrees():
    ours = {era.name: (era.letter, era.before_first, era.first.isoformat()) for era in ERAS}

    assert ours == values.ERAS


@pytest.mark.parametrize("era", ERAS, ids=lambda era: era.romaji)
def test_a_day_is_written_in_its_era(era):
    first = "元" if era.first_year == 1 else era.first_year
    last = era.last or date(2026, 12, 31)

    assert day_in_era(era.first) == f"{era.name}{first}年{era.first.month}月{era.first.day}日"
    assert day_in_era(last).startswith(f"{era.name}{last.year - era.before_first}年")


def test_a_day_before_all_eras_has_its_western_year():
    assert day_in_era(date(1872, 12, 31)) == "1872年12月31日"
    assert day_in_words("1868-10-23", "ja") == "1868年10月23日"


def test_no_other_module_knows_an_era():
    knowing = [path for path in SOURCES.rglob("*.py") if eras_in(path.read_text(encoding="utf-8"))]

    assert knowing == [TABLE]


def test_this_search_sees_what_it_looks_for():
    assert eras_in('ERAS = {"M": 1867}\nFIRST = (date(1868, 1, 25), "明治")\nDAY = "2019-05-01"\n') == [
        1,
        2,
        2,
        3,
    ]
    assert eras_in('"""明治 1867"""\nx = 3  # 2018\n') == []
