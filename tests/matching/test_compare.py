"""Every item's verdicts, and the causes of differences (§3)."""

from collections.abc import Iterable
from datetime import date
from functools import cache

import polars as pl
import pytest
from builders import a_card, a_match, a_notification, a_person, reconciled, rows

from renkei.agreement.datasets import CARDS
from renkei.agreement.decisions import COMPARABLE_ITEMS, DEFAULT_POLICY, Policy
from renkei.agreement.outcomes import Verdict
from renkei.agreement.statuses import STATUSES
from renkei.matching.compare import RULES, judge

Pairs = tuple[tuple[str, str], ...]

# The card and the person have the same values: the causes then come from comparing alone.


@cache
def _differences(item: str, cases: Pairs, policy: Policy) -> dict[tuple[str, str], str]:
    """`item:cause` of every pair of reported and held, from one reconciliation: one takes as long as many."""
    numbers = {pair: f"AB{place:08}CD" for place, pair in enumerate(cases)}
    result = reconciled(
        notifications=[
            a_notification(notification_id=number, card_number=number, **{item: reported})
            for (reported, _), number in numbers.items()
        ],
        cards=[
            a_card(card_number=number, person_id=number, **{item: held})
            for (_, held), number in numbers.items()
        ],
        persons=[
            a_person(person_id=number, card_number=number, **{item: held})
            for (_, held), number in numbers.items()
        ],
        policy=policy,
    )
    said = {match["notification_id"]: match for match in rows(result.matches)}
    assert all(match["mismatched_items"] == match["differences"].split(":")[0] for match in said.values())
    return {pair: said[number]["differences"] for pair, number in numbers.items()}


def both_ways(table: Iterable[tuple[str, str, object]]) -> Pairs:
    return tuple({pair: 0 for one, other, _ in table for pair in ((one, other), (other, one))})


def differences(item: str, reported: str, held: str, among: Pairs, policy: Policy = DEFAULT_POLICY) -> str:
    """`item:cause` of the output, "" where the item does not differ."""
    return _differences(item, among, policy)[reported, held]


def test_every_item_that_can_be_compared_has_a_rule_and_its_reason() -> None:
    assert tuple(RULES) == COMPARABLE_ITEMS
    assert all(rule.why_ja and rule.why_en for rule in RULES.values())


# --- dates -------------------------------------------------------------------------------------------

DATE_CAUSES = [
    ("1998-04-21", "1998-04-21", ""),
    # day and month
    ("1998-04-11", "1998-11-04", "day_month_swapped"),
    ("1998-01-02", "1998-02-01", "day_month_swapped"),
    ("1999-01-02", "1998-02-01", "different"),  # and another year: more than that
    # one digit replaced
    ("1998-04-21", "1998-04-22", "one_digit"),
    ("1998-04-21", "1998-05-21", "one_digit"),
    ("1998-04-21", "1988-04-21", "one_digit"),
    ("1998-04-21", "2998-04-21", "one_digit"),
    # two neighbours exchanged
    ("1998-04-21", "1998-04-12", "one_digit"),
    ("1998-10-21", "1998-01-21", "one_digit"),
    ("1989-04-21", "1998-04-21", "one_digit"),
    ("1998-10-21", "1998-12-01", "one_digit"),  # across the hyphen: 1021 and 1201
    ("1998-04-21", "1998-04-10", "different"),  # two digits replaced
    ("1998-12-30", "1998-10-23", "different"),
    # swapped comes before one digit: 0110 and 1001 are no neighbours, 0101 is its own swap
    ("1998-01-10", "1998-10-01", "day_month_swapped"),
    ("1998-11-12", "1998-12-11", "day_month_swapped"),
    # era: the year of one read as the year of another
    ("2021-04-21", "1951-04-21", "different"),  # seventy years are none
    ("2009-04-21", "1979-04-21", "era"),  # 30: Reiwa, Heisei
    ("1986-04-21", "2079-04-21", "era"),  # 93: Reiwa, Showa
    ("1962-04-21", "2025-04-21", "era"),  # 63: Heisei, Showa
    ("1949-04-21", "1935-04-21", "era"),  # 14: Showa, Taisho
    ("1998-04-21", "1921-04-21", "era"),  # 77: Heisei, Taisho
    ("2019-04-21", "1912-04-21", "era"),  # 107: Reiwa, Taisho
    ("2008-05-21", "2038-04-21", "different"),  # month and day must be the same
    # one digit comes before era: 1950 and 1980 are thirty years and one digit apart
    ("1950-04-21", "1980-04-21", "one_digit"),
    ("1950-04-21", "1998-11-03", "different"),
]


@pytest.mark.parametrize(("one", "other", "cause"), DATE_CAUSES)
@pytest.mark.parametrize("item", ["birth_date", "stay_expires_on"])
def test_a_date_that_differs_says_how(item: str, one: str, other: str, cause: str) -> None:
    expected = cause and f"{item}:{cause}"

    assert differences(item, one, other, both_ways(DATE_CAUSES)) == expected
    assert differences(item, other, one, both_ways(DATE_CAUSES)) == expected


@pytest.mark.parametrize("offset", [2018, 1988, 1925, 1911])
def test_a_year_of_an_era_read_as_a_western_one_is_an_era(offset: int) -> None:
    year = 8
    table = [(f"{year:04}-04-21", f"{offset + year}-04-21", "era")]

    assert set(_differences("birth_date", both_ways(table), DEFAULT_POLICY).values()) == {"birth_date:era"}


PARTIAL_DATES = [
    ("1985-00-00", "1985-04-12", ""),
    ("1985-04-12", "1985-00-00", ""),
    ("1985-04-00", "1985-04-12", ""),
    ("1985-00-00", "1985-04-00", ""),
    ("1985-04-00", "1985-05-12", "one_digit"),
    ("1984-00-00", "1985-04-12", "one_digit"),
    ("1985-04-00", "1985-12-01", "different"),
    ("1955-00-00", "1985-04-12", "one_digit"),
    ("1978-00-00", "1985-04-12", "different"),
    ("1979-00-00", "2009-04-12", "era"),
    ("1979-04-00", "2009-04-12", "era"),
]


@pytest.mark.parametrize(("reported", "held", "cause"), PARTIAL_DATES)
def test_only_the_parts_known_on_both_sides_are_compared(reported: str, held: str, cause: str) -> None:
    assert differences("birth_date", reported, held, both_ways(PARTIAL_DATES)) == (
        cause and f"birth_date:{cause}"
    )


# --- sex, nationality, status ------------------------------------------------------------------------

SEXES = [
    (reported, held, "" if reported == held or {reported, held} & {"0", "9"} else "sex:different")
    for reported in "0129"
    for held in "0129"
]


@pytest.mark.parametrize(("reported", "held", "expected"), SEXES)
def test_sex_is_not_comparable_where_either_is_unknown(reported: str, held: str, expected: str) -> None:
    assert differences("sex", reported, held, both_ways(SEXES)) == expected


@pytest.mark.parametrize(
    ("reported", "held", "expected"),
    [
        (0, 0, Verdict.NOT_COMPARABLE),
        (9, 9, Verdict.NOT_COMPARABLE),
        (1, 0, Verdict.NOT_COMPARABLE),
        (1, 1, Verdict.SAME),
        (1, 2, Verdict.DIFFERENT),
    ],
)
def test_two_unknowns_do_not_agree(reported: int, held: int, expected: Verdict) -> None:
    pairs = pl.DataFrame(
        {"reported": [reported], "held": [held]}, schema=dict.fromkeys(("reported", "held"), pl.UInt8)
    )

    assert judge("sex", pairs, DEFAULT_POLICY)["verdict"].to_list() == [expected]


NATIONALITIES = [
    ("VNM", "VNM", ""),
    ("VNM", "PHL", "different"),
    ("GBN", "GBR", ""),  # British National (Overseas): compare_as GBR
    ("GBN", "GBS", ""),
    ("UNK", "RKS", ""),
    ("KOR", "PRK", "related"),
    ("KOR", "QZK", "related"),
    ("PRK", "QZK", "related"),
    ("CHN", "TWN", "related"),
    ("KOR", "CHN", "different"),
    ("TWN", "PRK", "different"),
    ("XXA", "XXB", "different"),
    ("韓国", "朝鮮", "related"),
    ("中国", "台湾", "related"),
]


@pytest.mark.parametrize(("one", "other", "cause"), NATIONALITIES)
def test_nationalities_agree_by_what_they_compare_as(one: str, other: str, cause: str) -> None:
    expected = cause and f"nationality:{cause}"

    assert differences("nationality", one, other, both_ways(NATIONALITIES)) == expected
    assert differences("nationality", other, one, both_ways(NATIONALITIES)) == expected


STATUS_PAIRS = [
    ("hsp_1a", "hsp_1a", True),
    ("hsp", "hsp_1a", True),
    ("hsp_1a", "hsp", True),
    ("hsp", "hsp_2", True),
    ("hsp_1a", "hsp_1b", False),  # siblings
    ("hsp_1a", "hsp_2", False),
    ("39", "hsp_1a", True),
    ("39", "hsp_1b", True),
    ("39", "hsp_1c", True),
    ("39", "hsp", True),
    ("39", "hsp_2", False),
    ("40", "hsp_2", True),
    ("40", "hsp_1a", False),
    ("15", "titp_2b", True),
    ("titp_1a", "titp", True),
    ("titp_1a", "titp_1b", False),
    ("49", "ssw_1", True),
    ("49", "ssw", True),
    ("49", "ssw_2", False),
    ("63", "ssw_2", True),
    ("12", "intra_company_1", True),
    ("25", "designated", True),
    ("35", "engineer_humanities_intl", True),
    ("35", "engineer", False),  # the old status is not the new one's parent
    ("student", "dependent", False),
]


@pytest.mark.parametrize(("reported", "held", "agree"), STATUS_PAIRS)
def test_statuses_agree_with_their_ancestors_and_within_a_code_of_the_ministry(
    reported: str, held: str, agree: bool
) -> None:
    expected = "" if agree else "status_of_residence:different"

    assert differences("status_of_residence", reported, held, both_ways(STATUS_PAIRS)) == expected


def test_no_status_agrees_with_one_outside_its_line() -> None:
    # Notifications with a status that is not notifiable are set aside.
    notified = {code for code, status in STATUSES.items() if status.notifiable}
    pairs = tuple((one, other) for one in notified for other in STATUSES)
    said = _differences("status_of_residence", pairs, DEFAULT_POLICY)

    agreeing = {pair for pair, difference in said.items() if not difference}
    same = {(code, code) for code in STATUSES}
    children = {(code, status.parent) for code, status in STATUSES.items() if status.parent}
    every = same | children | {(parent, child) for child, parent in children}
    assert agreeing == {pair for pair in every if pair[0] in notified}


# --- the rest ----------------------------------------------------------------------------------------


PERMITTED = [
    ("true", "true", ""),
    ("有", "yes", ""),
    ("true", "false", "extra_activity_permission:different"),
    ("false", "true", "extra_activity_permission:different"),
    ("", "true", ""),  # not reported
    ("true", "", ""),  # not held
    ("", "", ""),
]


@pytest.mark.parametrize(("reported", "held", "expected"), PERMITTED)
def test_the_extra_activity_permission_is_the_same_or_not(reported: str, held: str, expected: str) -> None:
    assert differences("extra_activity_permission", reported, held, both_ways(PERMITTED)) == expected


@pytest.mark.parametrize(
    ("reported", "held", "expected"),
    [
        (None, date(2027, 9, 30), Verdict.NOT_REPORTED),
        (date(2027, 9, 30), None, Verdict.NOT_HELD),
        (None, None, Verdict.NOT_REPORTED),
        (date(2027, 9, 30), date(2027, 9, 30), Verdict.SAME),
        (date(2027, 9, 30), date(2027, 9, 3), Verdict.DIFFERENT),
    ],
)
def test_a_blank_is_no_mismatch(reported: date | None, held: date | None, expected: Verdict) -> None:
    pairs = pl.DataFrame(
        {"reported": [reported], "held": [held]}, schema=dict.fromkeys(("reported", "held"), pl.Date)
    )

    assert judge("stay_expires_on", pairs, DEFAULT_POLICY)["verdict"].to_list() == [expected]


# --- address -----------------------------------------------------------------------------------------

WITH_ADDRESS = Policy(compared_items=COMPARABLE_ITEMS)

ADDRESSES = [
    ("東京都新宿区西新宿2-8-1", "東京都新宿区西新宿2-8-1", True),
    # width, white space, dashes
    ("東京都 新宿区　西新宿２－８－１", "東京都新宿区西新宿2-8-1", True),
    ("東京都新宿区西新宿2‐8–1", "東京都新宿区西新宿2-8-1", True),
    ("東京都新宿区西新宿2−8—1", "東京都新宿区西新宿2-8-1", True),
    # 丁目, 番, 号, 番地, の
    ("東京都新宿区西新宿2丁目8番1号", "東京都新宿区西新宿2-8-1", True),
    ("東京都新宿区西新宿２丁目８番１号", "東京都新宿区西新宿2-8-1", True),
    ("東京都新宿区西新宿二丁目八番一号", "東京都新宿区西新宿2-8-1", True),
    ("札幌市北区北十条十二丁目二十三番地", "札幌市北区北十条12-23", True),
    ("見本市見本町123番地", "見本市見本町123", True),
    ("見本市見本町123の4", "見本市見本町123-4", True),
    ("見本市見本町百二十三番地", "見本市見本町123", True),
    # kanji numerals wherever they stand
    ("札幌市北区北二十四条西5", "札幌市北区北24条西5", True),
    ("見本市見本町一の三", "見本市見本町1-3", True),
    ("見本市見本町一ノ三", "見本市見本町1-3", True),
    ("見本市見本町一之三", "見本市見本町1-3", True),
    ("三重県四日市市一番町1", "四日市市一番町1", True),
    ("四日市市見本町3", "4日市市見本町3", True),
    ("千代田区一番町1", "東京都千代田区一番町1", True),
    ("見本市見本町二十三", "見本市見本町2-3", False),
    # の and the like only between digits
    ("見本市森の里1", "見本市森-里1", False),
    ("見本市番町1", "見本市-町1", False),
    # white space between two digits is a dash, elsewhere nothing
    ("見本市見本町1 2　3", "見本市見本町1-2-3", True),
    ("見本市 見本町 1", "見本市見本町1", True),
    ("見本市見本町1 23", "見本市見本町12-3", False),
    # lines of boxes, a long vowel mark, and nothing at the end
    ("見本市見本町1─2━3", "見本市見本町1-2-3", True),
    ("見本市見本町1ー2ー3", "見本市見本町1-2-3", True),
    ("見本市見本町1-2-3-", "見本市見本町1-2-3", True),
    ("見本市コーポ1", "見本市コ-ポ1", False),
    # 大字, 字, and the three ways of ケ
    ("見本市大字見本字森1", "見本市見本森1", True),
    ("茅ヶ崎市1", "茅ケ崎市1", True),
    ("茅が崎市1", "茅ケ崎市1", True),
    ("茅の崎市1", "茅ケ崎市1", False),
    # the prefecture
    ("新宿区西新宿2-8-1", "東京都新宿区西新宿2-8-1", True),
    ("京都府京都市中京区1", "京都市中京区1", True),
    ("北海道札幌市1", "札幌市1", True),
    ("埼玉県府中市1", "東京都府中市1", True),
    # a prefix up to a boundary
    ("東京都新宿区西新宿2-8-1", "東京都新宿区西新宿2-8-1見本荘101", True),
    ("東京都新宿区西新宿2-8-1", "東京都新宿区西新宿2-8-1-101", True),
    ("東京都新宿区西新宿2-8", "東京都新宿区西新宿2-8-1", True),
    ("東京都新宿区西新宿", "東京都新宿区西新宿2-8-1", True),
    ("東京都新宿区西新宿2-8-1", "東京都新宿区西新宿2-8-10", False),
    ("東京都新宿区西新", "東京都新宿区西新宿2-8-1", False),
    ("東京都新宿区西新宿2-8-1見本", "東京都新宿区西新宿2-8-1見本荘101", False),
    # case
    ("見本市1-2 Sample Heights A", "見本市1-2SAMPLE HEIGHTS a", True),
    ("見本市1-2-3", "見本市1-2-4", False),
]


@pytest.mark.parametrize(("one", "other", "agree"), ADDRESSES)
def test_addresses_agree_when_folded_or_up_to_a_boundary(one: str, other: str, agree: bool) -> None:
    expected = "" if agree else "address:different"

    assert differences("address", one, other, both_ways(ADDRESSES), WITH_ADDRESS) == expected
    assert differences("address", other, one, both_ways(ADDRESSES), WITH_ADDRESS) == expected


def test_an_address_is_not_compared_unless_that_is_decided() -> None:
    assert differences("address", "見本市1", "東京都2", (("見本市1", "東京都2"),)) == ""


def test_items_stand_in_the_order_of_annex_1() -> None:
    reported = a_notification(
        name="SATO", status_of_residence="student", stay_expires_on="2030-01-01", birth_date="1970-12-31",
        sex="2", nationality="PHL", address="大阪市1", extra_activity_permission="true",
    )  # fmt: skip
    held = {"address": "札幌市2"}

    match = a_match(reported, cards=[a_card(**held)], persons=[a_person(**held)], policy=WITH_ADDRESS)

    assert match["mismatched_items"] == ";".join(COMPARABLE_ITEMS)
    assert [name for name in CARDS.names if name in COMPARABLE_ITEMS] == list(COMPARABLE_ITEMS)
