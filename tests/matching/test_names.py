"""When two spellings are of the same name: a table per level, and per fold (§3)."""

import polars as pl
import pytest

from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.agreement.outcomes import Verdict
from renkei.matching.names import LEVELS, compare_names

Names = tuple[str, str] | tuple[str, str, str]


def level(names: Names, policy: Policy = DEFAULT_POLICY) -> str:
    reported, held, *kanji = names
    pairs = pl.DataFrame(
        {"reported": [reported], "held": [held], "held_kanji": kanji or [None]},
        schema=dict.fromkeys(("reported", "held", "held_kanji"), pl.String),
    )
    judged = compare_names(pairs, policy)
    (verdict,), (cause,) = judged["verdict"], judged["cause"]
    assert dict(LEVELS)[cause] is Verdict(verdict)
    return cause


FOLDS = [
    # width and case
    ("ＮＧＵＹＥＮ　ＶＡＮ　ＡＮＨ", "NGUYEN VAN ANH"),
    ("nguyen van anh", "NGUYEN VAN ANH"),
    ("ｎｇｕｙｅｎ van ＡＮＨ", "Nguyen Van Anh"),
    # hyphens, commas and middle dots become a space
    ("JEAN-PIERRE", "JEAN PIERRE"),
    ("JEAN‐PIERRE", "JEAN PIERRE"),
    ("JEAN‑PIERRE", "JEAN PIERRE"),
    ("JEAN–PIERRE", "JEAN PIERRE"),
    ("JEAN—PIERRE", "JEAN PIERRE"),
    ("JEAN−PIERRE", "JEAN PIERRE"),
    ("JEAN,PIERRE", "JEAN PIERRE"),
    ("JEAN、PIERRE", "JEAN PIERRE"),
    ("JEAN・PIERRE", "JEAN PIERRE"),
    ("JEAN･PIERRE", "JEAN PIERRE"),
    ("JEAN·PIERRE", "JEAN PIERRE"),
    ("JEAN，PIERRE", "JEAN PIERRE"),
    # apostrophes and periods go
    ("O'NEILL", "ONEILL"),
    ("O’NEILL", "ONEILL"),
    ("OʼNEILL", "ONEILL"),
    ("O＇NEILL", "ONEILL"),
    ("J. R. SMITH", "J R SMITH"),
    ("J.R.SMITH", "JR SMITH"),
    # white space collapses, and then does not matter
    ("NGUYEN  VAN   ANH", "NGUYEN VAN ANH"),
    ("NGUYEN　VAN\tANH", "NGUYEN VAN ANH"),
    ("NGUYENVANANH", "NGUYEN VAN ANH"),
    ("JEANPIERRE", "JEAN-PIERRE"),
    # (a): diacritics dropped
    ("JOSE NUNEZ", "JOSÉ NÚÑEZ"),
    ("NGUYEN", "NGUYỄN"),
    ("SAO", "SÃO"),
    ("SIMSEK", "ŞİMŞEK"),
    ("CURACAO", "CURAÇAO"),
    ("JOSE", "JOSE\u0301"),
    # (a): letters of their own
    ("DANG", "ĐẶNG"),
    ("LUKASZ", "ŁUKASZ"),
    ("SOREN", "SØREN"),
    ("AEGIR", "ÆGIR"),
    ("OEUVRE", "ŒUVRE"),
    ("STRAUSS", "STRAUß"),
    ("STRAUSS", "strauß"),
    ("THOR", "ÞOR"),
    ("ISIK", "ıŞıK"),
    # (b): two letters
    ("JAEGER", "JÄGER"),
    ("SCHROEDER", "SCHRÖDER"),
    ("MUELLER", "MÜLLER"),
    ("AASE", "ÅSE"),
    ("SOEREN", "SØREN"),
    # (a) for the same letters
    ("JAGER", "JÄGER"),
    ("SCHRODER", "SCHRÖDER"),
    ("MULLER", "MÜLLER"),
    ("ASE", "ÅSE"),
    # each name by its own folding
    ("MÜLLER", "MUELLER"),
    ("MU\u0308LLER", "MUELLER"),
    ("SØREN MÜLLER", "SOEREN MUELLER"),
]


@pytest.mark.parametrize(("reported", "held"), FOLDS)
def test_another_writing_of_a_name_is_equivalent_in_format(reported: str, held: str) -> None:
    assert level((reported, held)) == "format"
    assert level((held, reported)) == "format"


def test_the_very_same_writing_is_the_same() -> None:
    assert level(("NGUYEN VAN ANH", "NGUYEN VAN ANH")) == "same"


ORDERS = [
    ("ANH NGUYEN VAN", "NGUYEN VAN ANH"),
    ("PIERRE-JEAN", "JEAN PIERRE"),
    ("Müller, Jörg", "JORG MULLER"),
    ("JOERG MUELLER", "MÜLLER JÖRG"),
    ("LI LI MEI", "LI MEI LI"),
]


@pytest.mark.parametrize(("reported", "held"), ORDERS)
def test_the_same_words_in_another_order_are_equivalent(reported: str, held: str) -> None:
    assert level((reported, held)) == "order"
    assert level((held, reported)) == "order"


def test_words_count_as_often_as_they_stand() -> None:
    assert level(("LI MEI MEI", "MEI LI LI")) == "different"


KANJI = [
    ("髙橋", "TAKAHASHI", "高橋"),
    ("山﨑", "YAMAZAKI", "山崎"),
    ("陈美丽", "CHEN MEILI", "陳美麗"),
    ("王 国华", "WANG GUOHUA", "王國華"),
]


@pytest.mark.parametrize(("reported", "held", "kanji"), KANJI)
def test_variants_of_a_kanji_agree(reported: str, held: str, kanji: str) -> None:
    assert level((reported, held, kanji)) == "kanji_variant"
    assert level((kanji, held, reported)) == "kanji_variant"


EITHER_NAME = [
    (("WANG LI", "WANG LI", "王力"), "same"),
    (("王力", "WANG LI", "王力"), "format"),
    (("王　力", "WANG LI", "王力"), "format"),
    (("LI WANG", "WANG LI", "王力"), "order"),
    (("力 王", "WANG LI", "王 力"), "order"),
    (("李明", "WANG LI", "王力"), "different"),
    (("LI MING", "WANG LI", "王力"), "different"),
]


@pytest.mark.parametrize(("names", "expected"), EITHER_NAME)
def test_both_names_of_the_register_are_tried_and_the_better_stands(names: Names, expected: str) -> None:
    assert level(names) == expected


PARTIALS = [
    (("NGUYEN ANH", "NGUYEN VAN ANH"), "partial"),
    (("ANH NGUYEN", "NGUYEN VAN ANH"), "partial"),
    (("NGUYEN VAN ANH", "NGUYEN ANH"), "partial"),  # the register may be the shorter
    (("MUELLER JOERG", "MÜLLER JÖRG KARL"), "partial"),
    (("GARCIA", "GARCIA LOPEZ"), "different"),  # one word says too little
    (("GARCIA LOPEZ", "GARCIA"), "different"),
    (("NGUYEN MAI", "NGUYEN VAN ANH"), "different"),
    (("LI LI", "LI MEI"), "different"),  # a multiset has one LI only
    (("LI LI", "LI MEI LI"), "partial"),
]


@pytest.mark.parametrize(("names", "expected"), PARTIALS)
def test_two_words_of_more_are_a_part_of_the_name(names: Names, expected: str) -> None:
    assert level(names) == expected


TRUNCATIONS = [
    (("NGUYEN THITH", "NGUYEN THITHANH"), "truncated"),  # 12 characters
    (("NGUYEN THIT", "NGUYEN THITHANH"), "different"),  # 11 characters
    (("ＮＧＵＹＥＮ　ＴＨＩＴＨ", "NGUYEN THITHANH"), "truncated"),
    (("ABCDEFGHIJKL", "ABCDEFGHIJKLM"), "truncated"),
    (("ABCDEFGHIJK", "ABCDEFGHIJKL"), "different"),
    (("ABCDEFGHIJKLM", "ABCDEFGHIJKL"), "different"),  # the register's is the shorter: no form cut it
    (("NGUYỄN THỊTH", "NGUYEN THITHANH"), "truncated"),
    (("NGUYENTHITHA", "NGUYEN THITHANH"), "different"),  # white space is kept here
    (("BCDEFGHIJKLM", "ABCDEFGHIJKLM"), "different"),  # no beginning
    (("NGUYEN VAN THANH", "NGUYEN VAN THANH BINH"), "partial"),  # partial comes first
    (("JAEGER HEINRI", "JÄGER HEINRICH"), "different"),  # folded (a) only: JAGER
    (("JAGER HEINRI", "JÄGER HEINRICH"), "truncated"),
]


@pytest.mark.parametrize(("names", "expected"), TRUNCATIONS)
def test_a_name_of_twelve_characters_may_have_been_cut_short(names: Names, expected: str) -> None:
    assert level(names) == expected


def test_from_how_many_characters_on_a_name_may_be_cut_is_a_decision() -> None:
    names = ("NGUYEN THI", "NGUYEN THITHANH")

    assert level(names) == "different"
    assert level(names, Policy(truncated_from=10)) == "truncated"


SCRIPTS = [
    (("王力", "WANG LI"), "scripts"),  # no Latin letter against no kanji name
    (("王力", "WANG LI", "李明"), "different"),
    (("WANG LI", "王力"), "scripts"),  # Latin only against no Latin letter
    (("WANG LI", "王力", "王力"), "scripts"),
    (("WANG LI 王力", "WANG LI"), "partial"),  # some Latin, some kanji: they can meet
    (("WANG 王", "王力"), "different"),
    (("김철수", "KIM CHULSOO"), "scripts"),
    (("김철수", "KIM CHULSOO", "金哲洙"), "different"),
    (("ИВАНОВ", "IVANOV"), "scripts"),
]


@pytest.mark.parametrize(("names", "expected"), SCRIPTS)
def test_scripts_that_cannot_meet_are_not_comparable(names: Names, expected: str) -> None:
    assert level(names) == expected


KANA = [
    ("グエン ヴァン アン", "NGUYEN VAN ANH"),
    ("グエン・ヴァン・アン", "NGUYEN VAN ANH"),
    ("ｸﾞｴﾝ ｳﾞｧﾝ ｱﾝ", "NGUYEN VAN ANH"),
    ("ぐえん", "NGUYEN VAN ANH"),
    ("オウ リー", "WANG LI", "王力"),
    ("オウ", "WANG LI", "オン"),
    ("NGUYEN VAN ANH", "グエン ヴァン アン"),
    ("王力", "WANG LI", "オウ リキ"),
]


@pytest.mark.parametrize("names", KANA, ids=lambda names: names[0])
def test_kana_alone_is_never_compared(names: Names) -> None:
    assert level(names) == "scripts"


def test_marks_of_kana_are_part_of_the_letter() -> None:
    assert level(("王ガ", "WANG", "王カ")) == "different"


KANJI_ONLY = [
    (("王力", "王 力"), "format"),
    (("李明", "王力"), "different"),
    (("王力", "WANG LI"), "scripts"),
]


@pytest.mark.parametrize(("names", "expected"), KANJI_ONLY)
def test_kanji_meet_a_record_whose_only_name_is_in_kanji_where_that_is_decided(
    names: Names, expected: str
) -> None:
    assert level(names, Policy(kanji_only_names_meet=True)) == expected
    assert level(names) == "scripts"


def test_names_keep_the_order_of_their_rows() -> None:
    cases = [*PARTIALS, *TRUNCATIONS, *SCRIPTS, *EITHER_NAME, *(((*pair,), "order") for pair in ORDERS)]
    pairs = pl.DataFrame(
        [(*names, None)[:3] for names, _ in cases],
        schema=dict.fromkeys(("reported", "held", "held_kanji"), pl.String),
        orient="row",
    )

    assert compare_names(pairs, DEFAULT_POLICY)["cause"].to_list() == [expected for _, expected in cases]
