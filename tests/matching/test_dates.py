"""Dates: every accepted shape of §1, and what must be refused."""

import pytest
from canonical_forms import UNREADABLE, canonical

from renkei.agreement.datasets import NOTIFICATIONS, Column

DATE = NOTIFICATIONS.column("stay_expires_on")
PARTIAL_DATE = NOTIFICATIONS.column("birth_date")

DATES = [
    ("2026-04-01", "2026-04-01"),
    ("2026-4-1", "2026-04-01"),
    ("2026-12-1", "2026-12-01"),
    ("20260401", "2026-04-01"),
    ("2026/4/1", "2026-04-01"),
    ("2026/04/01", "2026-04-01"),
    ("2026年4月1日", "2026-04-01"),
    ("2026年04月01日", "2026-04-01"),
    ("令和8年4月1日", "2026-04-01"),
    ("令和08年04月01日", "2026-04-01"),
    ("R8.4.1", "2026-04-01"),
    ("R08.04.01", "2026-04-01"),
    ("r8.4.1", "2026-04-01"),
    ("Ｒ８．４．１", "2026-04-01"),
    ("令和元年5月1日", "2019-05-01"),
    ("平成元年1月8日", "1989-01-08"),
    ("昭和元年12月25日", "1926-12-25"),
    ("大正元年7月30日", "1912-07-30"),
    ("明治6年1月1日", "1873-01-01"),
    ("M6.1.1", "1873-01-01"),
    ("M45.7.29", "1912-07-29"),
    ("T15.12.24", "1926-12-24"),
    ("S64.1.7", "1989-01-07"),
    ("H31.4.30", "2019-04-30"),
    ("R1.5.1", "2019-05-01"),
    ("平成33年4月1日", "2021-04-01"),  # past the era's end, as §1 has it
    ("H40.1.1", "2028-01-01"),
    ("昭和99年1月1日", "2024-01-01"),
    ("S99.1.1", "2024-01-01"),
    ("2026.4.1", "2026-04-01"),
    ("2026・4・1", "2026-04-01"),
    ("2026 4 1", "2026-04-01"),
    ("2026 / 4 / 1", "2026-04-01"),
    ("2026−04−01", "2026-04-01"),
    ("2026—04—01", "2026-04-01"),
    ("2026ー4ー1", "2026-04-01"),
    ("R080401", "2026-04-01"),
    ("Ｒ０８０４０１", "2026-04-01"),
    ("令和 8年 4月 1日", "2026-04-01"),
    ("令和　８ 年４月１日", "2026-04-01"),
    ("令和三年一月一日", "2021-01-01"),
    ("令和元年五月一日", "2019-05-01"),
    ("平成三十一年四月三十日", "2019-04-30"),
    ("昭和六十四年一月七日", "1989-01-07"),
    ("二〇二一年十二月三十一日", "2021-12-31"),
    ("二千二十六年四月一日", "2026-04-01"),
    ("令和八・四・一", "2026-04-01"),
    ("2026\u200b-04-01", "2026-04-01"),
    ("\ufeff2026-04-01", "2026-04-01"),
    ("２０２６－０４－０１", "2026-04-01"),
    ("２０２６年４月１日", "2026-04-01"),
    ("２０２６／４／１", "2026-04-01"),
    ("２０２６０４０１", "2026-04-01"),
    ("令和８年４月１日", "2026-04-01"),
    ("  2026-04-01\t", "2026-04-01"),
    ("　2026-04-01　", "2026-04-01"),
    ("2024-02-29", "2024-02-29"),
    ("2000-02-29", "2000-02-29"),
    ("R6.2.29", "2024-02-29"),
    ("9999-12-31", "9999-12-31"),
]


@pytest.mark.parametrize(("written", "expected"), DATES)
@pytest.mark.parametrize("column", [DATE, PARTIAL_DATE], ids=lambda column: column.kind.value)
def test_a_date_has_one_canonical_form(column: Column, written: str, expected: str) -> None:
    assert canonical(column, written) == expected


NO_DATES = [
    "2026-02-29",
    "1900-02-29",
    "2026-04-31",
    "2026-13-01",
    "2026-04-32",
    "20261301",
    "R7.2.29",
    "昭和100年1月1日",  # an era's years run to 99
    "S100.1.1",
    "令和八年",
    "R8041",
    "R800401a",
    "2026-04.01",
    "2026--04--01",
    "46113",  # a spreadsheet's day number
    "二〇二一年十三月一日",
    "明治五年十二月二日",
    "令和8年13月1日",
    "令和0年4月1日",
    "0000-01-01",
    "2026-04",
    "2026",
    "26-04-01",
    "2026-04/01",
    "2026040",
    "202604010",
    "01/04/2026",
    "April 1, 2026",
    "2026-04-01T00:00:00",
    "慶応3年1月1日",
    "明治元年10月23日",  # 明治 before 6年 is of another calendar
    "明治5年12月2日",
    "M5.12.2",
    "令和0年1月1日",
    "X8.4.1",
    "2026年4月",
    "-2026-04-01",
    "不明",
    "2026-04-01x",
    "2026-04-01\n2026-04-02",
]


@pytest.mark.parametrize("written", NO_DATES)
@pytest.mark.parametrize("column", [DATE, PARTIAL_DATE], ids=lambda column: column.kind.value)
def test_what_is_no_date_is_refused(column: Column, written: str) -> None:
    assert canonical(column, written) == UNREADABLE


PARTIAL_DATES = [
    ("1985-00-00", "1985-00-00"),
    ("1985-04-00", "1985-04-00"),
    ("1985-4-0", "1985-04-00"),
    ("1985-0-0", "1985-00-00"),
    ("19850000", "1985-00-00"),
    ("19850400", "1985-04-00"),
    ("1985/0/0", "1985-00-00"),
    ("1985/4/0", "1985-04-00"),
    ("1985年0月0日", "1985-00-00"),
    ("昭和60年4月0日", "1985-04-00"),
    ("S60.0.0", "1985-00-00"),
    ("１９８５－００－００", "1985-00-00"),
]


@pytest.mark.parametrize(("written", "expected"), PARTIAL_DATES)
def test_an_unknown_part_of_a_partial_date_is_00(written: str, expected: str) -> None:
    assert canonical(PARTIAL_DATE, written) == expected


@pytest.mark.parametrize("written", [written for written, _ in PARTIAL_DATES])
def test_a_date_knows_all_its_parts(written: str) -> None:
    assert canonical(DATE, written) == UNREADABLE


@pytest.mark.parametrize("written", ["1985-13-00", "0000-00-00", "1985-00-32"])
def test_what_is_known_of_a_partial_date_must_exist(written: str) -> None:
    assert canonical(PARTIAL_DATE, written) == UNREADABLE
