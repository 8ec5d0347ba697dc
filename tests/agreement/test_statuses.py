"""The tables of statuses and nationalities: sound in themselves, and what is asked of them."""

from datetime import date

import pytest

from renkei.agreement.nationalities import NATIONALITIES, RELATED
from renkei.agreement.statuses import (
    MHLW_CODES,
    MHLW_LABELS,
    PERMANENT_RESIDENT,
    STATUSES,
    Work,
    ancestors,
    canonical,
    common_parent,
    is_work_status,
    related,
    valid_on,
)
from renkei.agreement.tables import read_rows


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("status_of_residence.csv", "code"),
        ("status_of_residence.csv", "name_ja"),
        ("status_of_residence.csv", "name_en"),
        ("mhlw_status_codes.csv", "mhlw_code"),
        ("mhlw_status_codes.csv", "label_ja"),
        ("nationalities.csv", "code"),
    ],
)
def test_a_table_names_nothing_twice(table, key):
    values = [row[key] for row in read_rows(table)]

    assert len(set(values)) == len(values)


def test_every_parent_is_a_status_and_no_status_is_its_own_ancestor():
    assert all(code not in ancestors(code) for code in STATUSES)
    assert {status.parent for status in STATUSES.values()} - {None} <= set(STATUSES)


@pytest.mark.parametrize("status", STATUSES.values(), ids=lambda status: status.code)
def test_a_status_begins_before_it_ends_and_not_before_its_parent(status):
    first, last = status.valid_from or date.min, status.valid_to or date.max

    assert first <= last
    if status.parent:
        assert first >= (STATUSES[status.parent].valid_from or date.min)


def test_a_part_works_as_the_whole_does():
    parts = [status for status in STATUSES.values() if status.parent]

    assert all(part.work is STATUSES[part.parent].work for part in parts)
    assert all(part.notifiable is STATUSES[part.parent].notifiable for part in parts)


def test_every_ministry_code_stands_for_known_statuses_which_list_it():
    listed = {row["code"]: row["mhlw_codes"].split() for row in read_rows("status_of_residence.csv")}

    assert [
        (mhlw, code) for mhlw, codes in MHLW_CODES.items() for code in codes if mhlw not in listed[code]
    ] == []


def test_the_reserved_ministry_codes_stand_for_nothing_but_have_a_label():
    assert set(MHLW_LABELS) - set(MHLW_CODES) == {str(code) for code in range(78, 86)}


def test_the_permanent_resident_is_a_status():
    assert STATUSES[PERMANENT_RESIDENT].name_ja == "永住者"


@pytest.mark.parametrize(
    ("a", "b", "are_related"),
    [
        ("student", "student", True),
        ("titp", "titp_1a", True),
        ("titp_1a", "titp", True),
        ("hsp_2", "hsp", True),
        ("intra_company", "intra_company_2", True),
        ("titp_1a", "titp_1b", False),
        ("ssw_1", "ssw_2", False),
        ("hsp_1a", "hsp_2", False),
        ("engineer", "engineer_humanities_intl", False),
        ("permanent", "special_permanent", False),
        ("spouse_jp", "spouse_pr", False),
    ],
)
def test_statuses_are_related_up_and_down_but_not_sideways(a, b, are_related):
    assert related(a, b) is are_related
    assert related(b, a) is are_related


@pytest.mark.parametrize(
    ("mhlw", "code"),
    [
        ("39", "hsp"),
        ("40", "hsp_2"),
        ("15", "titp"),
        ("12", "intra_company"),
        ("05", "business_manager"),
        ("49", "ssw_1"),
        ("63", "ssw_2"),
        ("25", "designated"),
        ("26", "permanent"),
        ("30", "unknown_sofa"),
    ],
)
def test_a_ministry_code_is_written_as_one_status(mhlw, code):
    assert canonical(MHLW_CODES[mhlw]) == code


@pytest.mark.parametrize(
    ("codes", "written"),
    [
        (["student"], "student"),
        (["titp_3b", "titp_1a"], "titp"),
        (["engineer", "humanities_intl"], "engineer"),
        (["ssw_1", "titp_1a"], "ssw_1"),
        (["student", "titp_1a"], "student"),
    ],
)
def test_a_set_is_written_as_its_common_parent_or_else_its_first(codes, written):
    assert canonical(codes) == written


def test_an_empty_set_cannot_be_written():
    with pytest.raises(ValueError, match="no status code"):
        canonical([])


@pytest.mark.parametrize(
    ("codes", "parent"),
    [
        (["hsp_1a", "hsp_1b", "hsp_1c"], "hsp"),
        (["hsp_1a"], "hsp"),
        (["hsp_1a", "ssw_1"], None),
        (["student", "dependent"], None),
        ([], None),
    ],
)
def test_a_common_parent_is_shared_by_all(codes, parent):
    assert common_parent(codes) == parent


@pytest.mark.parametrize("ask", [lambda: related("student", "x"), lambda: is_work_status("x", None)])
def test_an_unknown_code_is_an_error(ask):
    with pytest.raises(KeyError):
        ask()


@pytest.mark.parametrize(
    ("code", "designated", "works"),
    [
        ("engineer_humanities_intl", None, True),
        ("engineer_humanities_intl", False, True),
        ("titp_2b", None, True),
        ("designated", True, True),
        ("designated", False, False),
        ("designated", None, False),
        ("diplomat", None, False),  # 外交及び公用の在留資格を除く
        ("official", True, False),
        ("student", True, False),
        ("permanent", None, False),
        ("cultural", None, False),
    ],
)
def test_a_work_status_is_what_3_1_i_says(code, designated, works):
    assert is_work_status(code, designated) is works


def test_work_statuses_lie_in_the_tables_that_3_1_i_names():
    tables = {
        work: {status.appended_table for status in STATUSES.values() if status.work is work} for work in Work
    }

    assert tables[Work.YES] == {"別表第1の1", "別表第1の2"}
    assert tables[Work.BY_DESIGNATION] == {"別表第1の5"}
    assert [s.code for s in STATUSES.values() if s.appended_table == "別表第1の1" and s.work is Work.NO] == [
        "diplomat",
        "official",
    ]


def test_only_three_statuses_are_outside_the_duty_to_notify():
    assert [status.code for status in STATUSES.values() if not status.notifiable] == [
        "diplomat",
        "official",
        "special_permanent",
    ]


@pytest.mark.parametrize(
    ("code", "day", "valid"),
    [
        ("engineer", date(2015, 3, 31), True),
        ("engineer", date(2015, 4, 1), False),
        ("engineer_humanities_intl", date(2015, 3, 31), False),
        ("engineer_humanities_intl", date(2015, 4, 1), True),
        ("esd", date(2027, 3, 31), False),
        ("esd", date(2027, 4, 1), True),
        ("titp_1a", date(2027, 4, 1), True),  # holders keep it: the code has no end
        ("intra_company", date(2027, 4, 1), False),
        ("unknown_sofa", date(1900, 1, 1), True),
    ],
)
def test_a_status_is_valid_from_its_first_day_to_its_last(code, day, valid):
    assert valid_on(code, day) is valid


def test_what_nationalities_compare_as_is_a_nationality():
    assert {row.compare_as for row in NATIONALITIES.values()} <= set(NATIONALITIES)
    assert {code for codes in RELATED for code in codes} <= {row.compare_as for row in NATIONALITIES.values()}


@pytest.mark.parametrize("code", [code for codes in RELATED for code in sorted(codes)])
def test_related_nationalities_are_not_the_same(code):
    assert NATIONALITIES[code].compare_as == code
    assert sum(code in codes for codes in RELATED) == 1


@pytest.mark.parametrize(
    ("code", "compare_as"), [("HKG", "CHN"), ("MAC", "CHN"), ("TWN", "TWN"), ("QZK", "QZK"), ("PRK", "PRK")]
)
def test_a_passport_of_a_part_compares_as_the_whole(code, compare_as):
    assert NATIONALITIES[code].compare_as == compare_as


def test_the_regions_of_article_2_are_taiwan_and_palestine():
    assert {row.code for row in NATIONALITIES.values() if row.kind == "region"} == {"TWN", "PSE"}
    assert NATIONALITIES["PSE"].name_on_card_ja == "パレスチナ"


def test_a_nationality_is_three_letters_and_has_both_names():
    assert [
        row.code
        for row in NATIONALITIES.values()
        if not (len(row.code) == 3 and row.code.isupper() and row.name_ja and row.name_en)
    ] == []


def test_no_alpha_2_code_stands_for_two_nationalities_of_another_compare_as():
    compare_as: dict[str, set[str]] = {}
    for row in NATIONALITIES.values():
        if row.alpha2:
            compare_as.setdefault(row.alpha2, set()).add(row.compare_as)

    assert [alpha2 for alpha2, codes in compare_as.items() if len(codes) > 1] == []
