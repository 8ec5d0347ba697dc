"""§3, hand-derived: verdicts and causes."""

import pytest

from . import addresses, items, names
from .rows import OLD_NUMBER, Row, a_card, a_notification, a_person, run

# §3 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reported", "name", "kanji_name", "verdict"),
    [
        ("WANG XIAOMING", "WANG XIAOMING", "", "same"),
        ("ｗａｎｇ　xiao-ming", "WANG XIAOMING", "", "equivalent"),
        ("XIAOMING WANG", "WANG XIAOMING", "", "equivalent"),
        ("O’Brien, Sean", "SEAN O'BRIEN", "", "equivalent"),
        ("ワン・王小明", "WANG", "ワン 王小明", "equivalent"),
        ("MULLER", "MÜLLER", "", "equivalent"),
        ("MUELLER", "MÜLLER", "", "equivalent"),
        ("MÜLLER", "MUELLER", "", "equivalent"),
        ("MULLER", "MUELLER", "", "different"),
        ("SORENSEN", "SØRENSEN", "", "equivalent"),
        ("SOERENSEN", "SØRENSEN", "", "equivalent"),
        ("SÖRENSEN", "SØRENSEN", "", "equivalent"),
        ("AASE", "ÅSE", "", "equivalent"),
        ("MUELLER JORG", "MÜLLER JÖRG", "", "different"),  # one folding for a whole name
        ("STRASSER", "STRAßER", "", "equivalent"),
        ("LUKASZ THOR", "ŁUKASZ ÞÓR", "", "equivalent"),
        ("DANG THI BICH", "ĐẶNG THỊ BÍCH", "", "equivalent"),
        ("ANA MARIA", "ANA ANA MARIA", "", "different"),
        ("王小明", "WANG XIAOMING", "王小明", "same"),
        ("王 小明", "WANG XIAOMING", "王小明", "equivalent"),
        ("髙橋花子", "X", "高橋花子", "equivalent"),
        ("张伟", "X", "張偉", "equivalent"),
        ("王大明", "WANG XIAOMING", "王小明", "different"),
        ("王小明", "WANG XIAOMING", "", "not_comparable"),
        ("WANG XIAOMING", "王小明", "王小明", "not_comparable"),
        ("陈美丽", "陳美麗", "", "equivalent"),
        ("李明", "陳美麗", "", "different"),  # judged for each pair: neither has a Latin letter
        ("WANG 王", "李明", "", "not_comparable"),
        ("WANG 王", "LI 李", "", "different"),
        ("AHMAD BIN ALI", "ALI BIN AHMAD", "", "different"),  # father and son
        ("AHMAD ALI", "ALI AHMAD", "", "equivalent"),
        ("UNKNOWN", "WANG", "", "not_reported"),
        ("WANG", "NO NAME", "", "not_held"),
        ("WANG", "-", "王小明", "not_held"),
        ("王大明", "", "王小明", "not_held"),  # nothing makes them differ
        ("王 小明", "", "王小明", "equivalent"),
        ("WANG\u200b XIAO`MING", "WANG XIAOMING", "", "equivalent"),
        ("葛\U000e0100城", "X", "葛城", "equivalent"),
        ("ÐORĐE", "DORDE", "", "equivalent"),
        ("ANーNA", "AN NA", "", "equivalent"),
        ("ワン シャオミン", "WANG XIAOMING", "王小明", "not_comparable"),
        ("ワン シャオミン", "ワン シャオミン", "", "not_comparable"),
        ("ﾜﾝ", "WANG", "王", "not_comparable"),
        ("王小明", "WANG XIAOMING", "ワン", "not_comparable"),
        ("ガ", "カ", "", "not_comparable"),
        ("カ明", "X", "ガ明", "different"),  # only Latin letters lose their marks
        ("", "WANG", "", "not_reported"),
    ],
)
def test_names_agree_or_not(reported: str, name: str, kanji_name: str, verdict: str) -> None:
    assert names.verdict(reported, name, kanji_name) == verdict


@pytest.mark.parametrize(
    ("reported", "name", "cause"),
    [
        ("ANA MARIA", "ANA ANA MARIA", "partial"),
        ("MARIA GARCIA LOPEZ ANA", "GARCIA-LOPEZ MARIA", "partial"),
        ("GARCIA", "GARCIA LOPEZ", "different"),
        ("ANA ANA", "ANA MARIA", "different"),
        ("NGUYEN THI THANH HUY", "NGUYEN THI THANH HUYEN", "truncated"),
        ("NGUYEN THI THANH", "NGUYEN THI THANH HUYEN", "partial"),
        ("ABCDEFGHIJKL", "ABCDEFGHIJKLM", "truncated"),
        ("ABCDEFGHIJK", "ABCDEFGHIJKLM", "different"),
        ("ABCDEFGHIJ K", "ABCDEFGHIJ KLM", "truncated"),
        ("ABCDEFGHIJKLM", "ABCDEFGHIJKL", "one_letter"),
        ("ABC DEFGHIJKL", "ABCDEFGHIJKLM", "one_letter"),
        ("SERGI IVANOV", "SERGEI IVANOV", "one_letter"),
        ("SEREGI IVANOV", "SERGEI IVANOV", "one_letter"),
        ("LI MIN", "LI MING", "different"),  # five letters
        ("A KHAMENEI", "ALI KHAMENEI", "initial"),
        ("K ALI", "ALI KHAMENEI", "different"),  # in its place
        ("MR JOHN SMITH", "JOHN SMITH", "title"),
        ("JOHN SMITH様", "JOHN SMITH", "title"),
        ("GARC?A LOPEZ", "GARCÍA LOPEZ", "lost_character"),
        ("GARC? LOPEZ", "GARCÍA LOPEZ", "different"),
        ("MOHAMMED KHAN", "MUHAMMAD KHAN", "romanisation"),
        ("PARK JI", "PAK JI", "romanisation"),
        ("PARK MIN", "PAK MIN", "one_letter"),
        ("MULLER-HANS PE", "MÜLLER HANS PETER", "truncated"),
        ("MUELLER HANS PE", "MÜLLER HANS PETER", "different"),
    ],
)
def test_a_different_name_has_a_cause(reported: str, name: str, cause: str) -> None:
    assert names.verdict(reported, name, "") == "different"
    assert names.cause(reported, name, "") == cause


@pytest.mark.parametrize(
    ("reported", "registered", "agrees"),
    [
        ("hsp", "hsp_1a", True),
        ("hsp_1a", "hsp", True),
        ("hsp_1a", "hsp_1b", False),
        ("39", "hsp_1b", True),
        ("39", "hsp", True),
        ("39", "39", True),
        ("39", "hsp_2", False),
        ("40", "hsp_1a", False),
        ("15", "titp_2b", True),
        ("49", "ssw", True),
        ("49", "ssw_2", False),
        ("05", "investor_business_manager", False),
        ("student", "留学", True),
    ],
)
def test_statuses_agree_along_one_line(reported: str, registered: str, agrees: bool) -> None:
    result = run(a_notification(status_of_residence=reported), cards=[a_card(status_of_residence=registered)])

    assert (result.matches[0]["outcome"] == "matched") is agrees


@pytest.mark.parametrize(
    ("item", "reported", "registered", "agrees"),
    [
        ("birth_date", "1985-04-00", "1985-04-12", True),
        ("birth_date", "1985-00-00", "1985-04-12", True),
        ("birth_date", "1985-04-12", "1985-00-00", True),
        ("birth_date", "1985-05-00", "1985-04-12", False),
        ("birth_date", "1984-00-00", "1985-04-12", False),
        ("sex", "1", "2", False),
        ("sex", "1", "0", True),
        ("sex", "9", "2", True),
        ("nationality", "HKG", "CHN", True),
        ("nationality", "GBN", "GBR", True),
        ("nationality", "TWN", "CHN", False),
        ("extra_activity_permission", "true", "false", False),
        ("extra_activity_permission", "", "false", True),
        ("stay_expires_on", "2027-03-31", "", True),
        ("stay_expires_on", "2027-03-31", "2027-04-01", False),
        ("address", "新宿区", "港区", True),  # off by default
    ],
)
def test_an_item_is_a_mismatch_only_where_it_differs(
    item: str, reported: str, registered: str, agrees: bool
) -> None:
    result = run(a_notification(**{item: reported}), cards=[a_card(**{item: registered})])

    assert result.matches[0]["mismatched_items"] == ("" if agrees else item)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("東京都新宿区西新宿二丁目8番1号", "新宿区西新宿2−8−1", True),
        ("新宿区西新宿2-8", "新宿区西新宿2-8-1", True),
        ("新宿区西新宿2-8", "新宿区西新宿2-81", False),
        ("新宿区西新宿", "新宿区西新宿2-8-1", True),
        ("新宿区", "新宿区西新宿2-8-1", False),
        ("新宿区西新宿2-8-1ビル", "新宿区西新宿2-8-1", True),
        ("札幌市北1条西2の1", "北海道札幌市北1条西2-1", True),
        ("中之島十二丁目二十三番", "中之島12-23", True),
        ("中之島一〇番地", "中之島10", True),
        ("横浜市中区aタワー 5", "神奈川県横浜市中区Ａタワー5", True),
        ("東京都", "新宿区", False),
        ("北二十四条", "北24条", True),
        ("新宿区一の三", "新宿区1-3", True),
        ("西町1 2", "西町1-2", True),
        ("大字西町2番地の8", "西町2─8", True),
        ("霞ヶ関1", "霞が関1", True),
    ],
)
def test_addresses_agree_as_far_as_they_go(one: str, other: str, agree: bool) -> None:
    assert addresses.agree(one, other) is agree
    assert addresses.agree(other, one) is agree


@pytest.mark.parametrize(
    ("reported", "registered", "cause"),
    [
        ("1985-12-04", "1985-04-12", "day_month_swapped"),
        ("1985-02-01", "1985-01-02", "day_month_swapped"),
        ("1985-04-13", "1985-04-12", "one_digit"),
        ("1985-04-21", "1985-04-12", "one_digit"),
        ("1958-04-12", "1985-04-12", "one_digit"),
        ("2026-12-01", "2026-10-21", "one_digit"),  # neighbours across the hyphen
        ("1985-04-12", "1895-04-12", "one_digit"),
        ("2015-04-12", "1985-04-12", "era"),  # 令和 - 平成 = 30
        ("1971-04-12", "1985-04-12", "era"),  # 昭和 - 大正 = 14
        ("2048-04-12", "1985-04-12", "era"),  # 平成 - 昭和 = 63
        ("1878-04-12", "1985-04-12", "era"),  # 令和 - 大正 = 107
        ("0008-04-01", "2026-04-01", "era"),  # 令和8 as it stands
        ("2015-04-13", "1985-04-12", "different"),
        ("2004-04-12", "1985-04-12", "different"),
        ("1984-04-00", "1985-04-12", "one_digit"),
        ("2015-00-00", "1985-04-12", "era"),
        ("1985-12-00", "1985-04-12", "different"),
    ],
)
def test_a_different_date_has_a_cause(reported: str, registered: str, cause: str) -> None:
    assert items.date_cause(reported, registered) == cause


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        ({"nationality": "PRK"}, "nationality:different"),
        ({"nationality": "TWN"}, "nationality:related"),
        ({"sex": "2"}, "sex:different"),
        ({"stay_expires_on": "2028-03-31"}, "stay_expires_on:as_latest"),
        ({"stay_expires_on": "2025-03-31"}, "stay_expires_on:other_card"),
        ({"name": "WANG DAMING"}, "name:as_latest"),
        ({"name": "XIAOMING"}, "name:different"),
        (
            {"extra_activity_permission": "1", "name": "LI", "sex": "2", "birth_date": "1985-12-04"},
            "name:different;birth_date:day_month_swapped;sex:different;extra_activity_permission:different",
        ),
    ],
)
def test_each_difference_has_the_first_cause_that_fits(changes: Row, differences: str) -> None:
    result = run(
        a_notification(**changes),
        persons=[a_person(stay_expires_on="2028-03-31", name="WANG DAMING", kanji_name="")],
        cards=[a_card(), a_card(card_number=OLD_NUMBER, stay_expires_on="2025-03-31")],
    )

    assert result.matches[0]["differences"] == differences
