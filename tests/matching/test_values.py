"""Every accepted shape of §1, its canonical form, and what must be refused."""

import polars as pl
import pyarrow as pa
import pytest
from canonical_forms import BLANK, UNREADABLE, canonical, read_all
from hypothesis import given
from hypothesis import strategies as st

from renkei.agreement.datasets import NOTIFICATIONS, PERMISSIONS, PERSONS, Column
from renkei.agreement.nationalities import NATIONALITIES
from renkei.agreement.statuses import MHLW_CODES, STATUSES
from renkei.matching.values import is_card_number, read

DATE = NOTIFICATIONS.column("stay_expires_on")
PARTIAL_DATE = NOTIFICATIONS.column("birth_date")
SEX = NOTIFICATIONS.column("sex")
BOOLEAN = NOTIFICATIONS.column("extra_activity_permission")
STATUS = NOTIFICATIONS.column("status_of_residence")
NATIONALITY = NOTIFICATIONS.column("nationality")
CARD_NUMBER = NOTIFICATIONS.column("card_number")
ESTABLISHMENT = NOTIFICATIONS.column("establishment_number")
POSTAL_CODE = NOTIFICATIONS.column("postal_code")
NAME = NOTIFICATIONS.column("name")
INDUSTRY = NOTIFICATIONS.column("industry")
PHONE = NOTIFICATIONS.column("establishment_phone")
CORPORATE = PERMISSIONS.column("organisation_corporate_number")
GROUND = PERMISSIONS.column("ground")

SEXES = [
    ("0", "0"), ("1", "1"), ("2", "2"), ("9", "9"),
    ("3", "0"),
    ("男", "1"), ("女", "2"), ("不詳", "0"),
    ("M", "1"), ("F", "2"), ("m", "1"), ("f", "2"), ("Ｍ", "1"), ("ｆ", "2"),
    ("male", "1"), ("female", "2"), ("Male", "1"), ("FEMALE", "2"), ("ＭＡＬＥ", "1"),
    ("１", "1"), ("９", "9"), ("　女 ", "2"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), SEXES)
def test_sex_is_iso_5218(written: str, expected: str) -> None:
    assert canonical(SEX, written) == expected


@pytest.mark.parametrize("written", ["4", "8", "X", "01", "1.0", "men", "その他"])
def test_what_is_no_sex_is_refused(written: str) -> None:
    assert canonical(SEX, written) == UNREADABLE


TRUE = ["true", "True", "TRUE", "1", "有", "あり", "yes", "YES", "Yes", "１", "ｔｒｕｅ", " 有 "]
FALSE = ["false", "False", "FALSE", "0", "2", "２", "無", "なし", "no", "NO", "０", "ｆａｌｓｅ", "　なし"]


@pytest.mark.parametrize(("written", "expected"), [(t, "true") for t in TRUE] + [(f, "false") for f in FALSE])
def test_a_boolean_is_true_or_false(written: str, expected: str) -> None:
    assert canonical(BOOLEAN, written) == expected


@pytest.mark.parametrize("written", ["3", "-1", "y", "n", "t", "f", "はい", "○", "有無"])
def test_what_is_no_boolean_is_refused(written: str) -> None:
    assert canonical(BOOLEAN, written) == UNREADABLE


@pytest.mark.parametrize("code", STATUSES)
def test_a_status_is_read_by_code_and_by_both_names(code: str) -> None:
    status = STATUSES[code]
    shapes = [code, code.upper(), status.name_ja, status.name_en, status.name_en.upper(), f" {code}　"]

    assert read_all(STATUS, shapes) == [code] * len(shapes)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("35", "engineer_humanities_intl"),
        ("３５", "engineer_humanities_intl"),
        ("01", "professor"),
        ("09", "instructor"),
        ("10", "engineer"),
        ("15", "titp"),
        ("26", "permanent"),
        ("40", "hsp_2"),
        ("54", "ssw_1"),
        ("63", "ssw_2"),
        ("25", "designated"),
        ("30", "unknown_sofa"),
        ("77", "provisional_stay"),
        ("39", "hsp"),  # stands for 1号イ, ロ and ハ: their common parent
        ("高度専門職１号イ", "hsp_1a"),
        ("ＨＳＰ＿１Ａ", "hsp_1a"),
        ("engineer/specialist in humanities/international services", "engineer_humanities_intl"),
    ],
)
def test_a_status_is_read_by_the_ministrys_code_and_in_any_width(written: str, expected: str) -> None:
    assert canonical(STATUS, written) == expected


def test_every_code_of_the_ministry_is_read() -> None:
    assert UNREADABLE not in read_all(STATUS, list(MHLW_CODES))


@pytest.mark.parametrize("written", ["99", "9", "19", "22", "78", "就労", "visitor", "35 ", "350"])
def test_what_is_no_status_is_refused(written: str) -> None:
    expected = "engineer_humanities_intl" if written.strip() == "35" else UNREADABLE

    assert canonical(STATUS, written) == expected


def _every_name() -> list[tuple[str, str]]:
    """Names and the first row each stands in, in the order of the table."""
    first: dict[str, str] = {}
    for code, row in NATIONALITIES.items():
        for name in (row.name_ja, row.name_en, row.name_on_card_ja):
            if name:
                first.setdefault(name, code)
    return list(first.items())


def test_a_nationality_is_read_by_every_name_in_the_table() -> None:
    names = _every_name()

    assert read_all(NATIONALITY, [name for name, _ in names]) == [code for _, code in names]
    assert read_all(NATIONALITY, [name.upper() for name, _ in names]) == [code for _, code in names]


def test_a_nationality_is_read_by_alpha_3_and_alpha_2_in_any_case_and_width() -> None:
    with_alpha2 = {code: row.alpha2 for code, row in NATIONALITIES.items() if row.alpha2}
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(ord("A"), ord("Z") + 1)})

    assert read_all(NATIONALITY, list(NATIONALITIES)) == list(NATIONALITIES)
    assert read_all(NATIONALITY, [code.lower() for code in NATIONALITIES]) == list(NATIONALITIES)
    assert read_all(NATIONALITY, [code.translate(wide) for code in NATIONALITIES]) == list(NATIONALITIES)
    assert read_all(NATIONALITY, list(with_alpha2.values())) == list(with_alpha2)
    assert read_all(NATIONALITY, [alpha2.lower() for alpha2 in with_alpha2.values()]) == list(with_alpha2)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("中国", "CHN"),  # also the card's word for 香港 and マカオ
        ("英国", "GBR"),  # also the card's word for five kinds of British passport
        ("イギリス", "GBR"),
        ("米国", "USA"),
        ("アメリカ合衆国", "USA"),
        ("朝鮮", "QZK"),
        ("北朝鮮", "PRK"),
        ("無国籍", "XXA"),
        ("パレスチナ", "PSE"),
        ("ﾍﾞﾄﾅﾑ", "VNM"),
        ("vietnam", "VNM"),
        ("ＶＮ", "VNM"),
        ("Türkiye", "TUR"),
        ("côte d’ivoire", "CIV"),
        ("コンゴ民主共和国（キンシャサ）", "COD"),
        ("D", UNREADABLE),
        ("VNMX", UNREADABLE),
        ("Vietnamese", UNREADABLE),
        ("ZZZ", UNREADABLE),
        ("117", UNREADABLE),
    ],
)
def test_nationalities_by_hand(written: str, expected: str) -> None:
    assert canonical(NATIONALITY, written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "AB12345678CD",
        "ab12345678cd",
        "Ab12345678cD",
        "ＡＢ１２３４５６７８ＣＤ",
        "ａｂ１２３４５６７８ｃｄ",
        "AB 12345678 CD",
        "AB-12345678-CD",
        "AB　12345678　CD",
        "ＡＢ－１２３４５６７８－ＣＤ",
        "AB 12345678-CD",
        "AB- 12345678CD",
        "  ab-12345678-cd ",
    ],
)
def test_a_card_number_is_two_letters_eight_digits_two_letters(written: str) -> None:
    assert canonical(CARD_NUMBER, written) == "AB12345678CD"


MALFORMED = [
    "AB1234567CD",
    "AB123456789CD",
    "A112345678CD",
    "AB12345678C1",
    "ABO2345678CD",
    "AB1234 5678CD",
    "AB1234-5678CD",
    "A B12345678CD",
    "AB12345678C D",
    "АB12345678CD",  # a Cyrillic А
    "ÄB12345678CD",
    "123456789012",
    "ab1234567cd",
    "AB12345678CD/",
    "AB12345678CD\nAB12345678CD",
    "不明",
]


@pytest.mark.parametrize("written", MALFORMED)
def test_anything_else_is_malformed_and_kept_as_written(written: str) -> None:
    raw = pa.array([written], pa.string())
    values = read(CARD_NUMBER, raw)

    assert values.typed.to_list() == [written]
    assert values.unreadable.to_list() == [True]
    assert values.typed.to_frame("n").select(is_card_number(pl.col("n"))).to_series().to_list() == [False]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("13010123456", "13010123456"),
        ("1301-012345-6", "13010123456"),
        ("１３０１－０１２３４５－６", "13010123456"),
        ("１３０１０１２３４５６", "13010123456"),
        (" 13010123456 ", "13010123456"),
        ("1301012345", UNREADABLE),
        ("130101234567", UNREADABLE),
        ("1301-01234-56", UNREADABLE),
        ("13010-12345-6", UNREADABLE),
        ("1301-0123456", UNREADABLE),
        ("1301 012345 6", UNREADABLE),
        ("1301012345X", UNREADABLE),
    ],
)
def test_an_establishment_number_has_eleven_digits(written: str, expected: str) -> None:
    assert canonical(ESTABLISHMENT, written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # Check digits by hand: 9 - (sum of Pn*Qn mod 9), Qn 1 and 2 in turn from the right.
        # 700110005901: (1+9+0+0+1+0)*1 + (0+5+0+1+0+7)*2 = 11 + 26 = 37; 37 mod 9 = 1; 9 - 1 = 8.
        ("8700110005901", "8700110005901"),  # the example of the National Tax Agency
        # 000000000000: 0 mod 9 = 0, so the check digit is 9.
        ("9000000000000", "9000000000000"),
        # 000000000001: 9 - 1 = 8; 000000000010: 9 - 2 = 7.
        ("8000000000001", "8000000000001"),
        ("7000000000010", "7000000000010"),
        ("８７００１１０００５９０１", "8700110005901"),
        ("8 7001 1000 5901", "8700110005901"),
        ("8　7001　1000　5901", "8700110005901"),
        (" 8700110005901 ", "8700110005901"),
        ("7700110005901", "7700110005901"),
        ("8700110005902", "8700110005902"),
        ("0000000000000", "0000000000000"),
        ("870011000590", UNREADABLE),
        ("87001100059010", UNREADABLE),
        ("T8700110005901", UNREADABLE),
        ("8-7001-1000-5901", UNREADABLE),
    ],
)
def test_a_corporate_number_has_thirteen_digits_and_its_check_digit(written: str, expected: str) -> None:
    assert canonical(CORPORATE, written) == expected


def test_check_digits_are_verified_in_the_middle_of_other_rows() -> None:
    texts = [None, "8700110005901", "７７００１１０００５９０１", "x", "9000000000000", ""]

    assert read_all(CORPORATE, texts) == [
        BLANK, "8700110005901", "7700110005901", UNREADABLE, "9000000000000", BLANK,
    ]  # fmt: skip
    wrong = read(CORPORATE, pa.array(texts, pa.string())).wrong
    assert wrong is not None
    assert wrong.to_list() == [False, False, True, False, False, False]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1000001", "1000001"),
        ("100-0001", "1000001"),
        ("１００－０００１", "1000001"),
        ("１０００００１", "1000001"),
        ("100000", UNREADABLE),
        ("10000011", UNREADABLE),
        ("1000-001", UNREADABLE),
        ("10-00001", UNREADABLE),
        ("100A001", UNREADABLE),
    ],
)
def test_a_postal_code_has_seven_digits(written: str, expected: str) -> None:
    assert canonical(POSTAL_CODE, written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [("coe", "coe"), ("change", "change"), ("COE", "coe"), ("Ｃｈａｎｇｅ", "change"), ("other", UNREADABLE)],
)
def test_a_ground_is_coe_or_change(written: str, expected: str) -> None:
    assert canonical(GROUND, written) == expected


@pytest.mark.parametrize(
    ("column", "written", "expected"),
    [
        (NAME, "A" * 120, "A" * 120),
        (NAME, "A" * 121, UNREADABLE),
        (NAME, "髙" * 120, "髙" * 120),  # 360 bytes
        (NAME, "髙" * 121, UNREADABLE),
        (NAME, "𠮷" * 120, "𠮷" * 120),  # 240 UTF-16 units
        (NAME, "𠮷" * 121, UNREADABLE),
        (NAME, " " * 50 + "A" * 120 + "　" * 50, "A" * 120),
        (INDUSTRY, "製造業製造業製造", "製造業製造業製造"),
        (INDUSTRY, "製造業製造業製造業", UNREADABLE),
        (PERSONS.column("person_id"), "P" * 32, "P" * 32),
        (PERSONS.column("person_id"), "P" * 33, UNREADABLE),
        (PHONE, "03-1234-5678 (内線 12)", "03-1234-5678 (内線 12)"),
    ],
    ids=lambda value: value.name if isinstance(value, Column) else str(len(str(value))),
)
def test_lengths_count_characters(column: Column, written: str, expected: str) -> None:
    assert canonical(column, written) == expected


@pytest.mark.parametrize(
    "written", ["李　明", "Ｎｇｕｙｅｎ", "O'Neill-Smith, J.", "ｶﾅ", "a\tb", "山\n田", "é", "e\u0301"]
)
def test_text_stays_as_written(written: str) -> None:
    assert canonical(NAME, f" {written}　") == written


@pytest.mark.parametrize("blank", [None, "", " ", "　", " \t　\n", "\u00a0"])
@pytest.mark.parametrize(
    "column",
    [
        DATE,
        PARTIAL_DATE,
        SEX,
        BOOLEAN,
        STATUS,
        NATIONALITY,
        CARD_NUMBER,
        ESTABLISHMENT,
        POSTAL_CODE,
        NAME,
        PHONE,
        CORPORATE,
        GROUND,
    ],
    ids=lambda column: column.name,
)
def test_white_space_alone_is_blank(column: Column, blank: str | None) -> None:
    assert canonical(column, blank) == BLANK


# Unicode's White_Space: what "white space" means, whatever its bytes.
WHITE = "\t\n\u000b\u000c\r \u0085\u00a0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
# Neighbours in bytes, that are no white space: they share lead or trail bytes with some of the above.
INK = "A á Â ー　あ、〈 ᚁ ‐ ’ ⁰ 㐀 㔀 丅 \u200b\u180e\ufeff 髙𠮷".replace(" ", "").replace("　", "")
INVISIBLE = "\u200b\u180e\ufeff"


@given(st.lists(st.one_of(st.none(), st.text(WHITE + INK, max_size=6)), max_size=8))
def test_outer_white_space_is_removed_whatever_its_bytes(texts: list[str | None]) -> None:
    expected = [(text or "").strip(WHITE) or BLANK for text in texts]

    assert read_all(NAME, texts) == expected
    # Invisible characters are removed first, but not from free text.
    seen = [(text or "").translate(dict.fromkeys(map(ord, INVISIBLE))).strip(WHITE) for text in texts]
    assert read_all(CARD_NUMBER, texts) == [UNREADABLE if text else BLANK for text in seen]
