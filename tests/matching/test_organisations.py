"""Organisations: when the employer of a notification is that of a permission (§6)."""

from typing import Any

import polars as pl
import pytest

from renkei.matching.organisations import EMPLOYER, ORGANISATIONS, agree

_ALL = (*EMPLOYER, *(name for names in ORGANISATIONS for name in names))


def agreeing(employer: tuple[Any, ...], organisation: tuple[Any, ...], dispatch: tuple[Any, ...] = ()) -> Any:
    """Each side is a name, an address and a telephone number; what is left out is blank."""
    values = [value for side in (employer, organisation, dispatch) for value in (*side, None, None, None)[:3]]
    return agree(pl.DataFrame([values], schema=dict.fromkeys(_ALL, pl.String), orient="row")).item()


NAMES = [
    ("見本商事株式会社", "見本商事株式会社", True),
    ("見本商事株式会社", "株式会社見本商事", True),
    ("㈱見本商事", "見本商事　株式会社", True),
    ("(株)見本商事", "見本商事（株）", True),
    ("見本商事㈲", "有限会社見本商事", True),
    ("社会福祉法人みほん会", "(福)みほん会", True),
    ("医療法人社団見本会", "(医社)見本会", True),
    ("カ)ミホンシヨウジ", "株式会社ミホンショウジ", True),
    ("ﾐﾎﾝｼｮｳｼﾞ(ｶ", "ミホンショウジ株式会社", True),
    ("Mihon Trading Co., Ltd.", "ＭＩＨＯＮ ＴＲＡＤＩＮＧ", True),
    ("MIHON TRADING INC.", "Mihon Trading", True),
    ("VINCI", "V", False),  # the letters of a form within a word are no form
    ("キャノン見本", "キヤノン見本", True),
    ("見本商事大阪支店", "見本商事", True),  # four characters
    ("見本屋大阪支店", "見本屋", False),  # three
    ("見本", "株式会社見本", True),  # equal, however short
    ("大阪見本商事", "見本商事", False),  # a prefix only
    ("見本商事", "見本工業", False),
    ("株式会社", "見本商事", None),  # nothing left of it
    (None, "見本商事", None),
    ("見本商事", None, None),
]


@pytest.mark.parametrize(("one", "other", "expected"), NAMES)
def test_names_agree_without_legal_forms_width_and_small_kana(
    one: str | None, other: str | None, expected: bool | None
) -> None:
    assert agreeing((one,), (other,)) is expected
    assert agreeing((other,), (one,)) is expected


def test_a_chain_agrees_by_name_whatever_the_address() -> None:
    assert agreeing(("見本ストア", "大阪府大阪市北区1-1"), ("見本ストア", "東京都千代田区1-1"))


TOKYO, OSAKA = "東京都千代田区霞が関1-2-2", "大阪府大阪市北区梅田1"
ADDRESSES = [
    (TOKYO, TOKYO, True),
    (TOKYO, OSAKA, False),
    (TOKYO, None, True),
    (TOKYO, "千代田区霞が関", True),
    ("千代田区霞が関", "港区芝", False),
    ("東京都府中市宮西町", "広島県府中市府川町", False),
    ("府中市宮西町", "広島県府中市府川町", True),
    ("北海道石狩郡当別町白樺町", "北海道札幌市中央区", True),  # the table has no districts: none is said
    ("北海道当別町白樺町", "北海道札幌市中央区", False),
    ("北海道札幌市", "北海道札幌市中央区北3条", False),
    ("北海道札幌市北区", "北海道札幌市中央区北3条", False),
    ("神奈川県茅ヶ崎市1", "神奈川県茅ケ崎市1", True),
    ("奈良県大和郡山市北郡山町", "大和郡山市", True),
    ("霞が関ビル", "梅田ビル", True),  # neither says a municipality
]


@pytest.mark.parametrize(("one", "other", "expected"), ADDRESSES)
def test_telephone_numbers_agree_unless_the_addresses_contradict(
    one: str | None, other: str | None, expected: bool
) -> None:
    assert agreeing(("甲", one, "03-5253-1111"), ("乙", other, "0352531111")) is expected
    assert agreeing(("甲", other, "０３（５２５３）１１１１"), ("乙", one, "0352531111")) is expected


@pytest.mark.parametrize("phone", ["03-5253-1112", "110", "", None])
def test_other_telephone_numbers_do_not_agree(phone: str | None) -> None:
    assert agreeing(("甲", TOKYO, "03-5253-1111"), ("乙", TOKYO, phone)) is False
    assert agreeing(("甲", TOKYO, "110"), ("乙", TOKYO, "110")) is False


def test_the_place_of_dispatch_agrees_as_well() -> None:
    assert agreeing(("派遣先商事",), ("派遣元商事",), ("株式会社派遣先商事",)) is True
    assert agreeing(("第三商事",), ("派遣元商事",), ("株式会社派遣先商事",)) is False
    assert agreeing(("第三商事",), (None,), ("第三商事",)) is True
    assert agreeing((None, TOKYO), ("派遣元商事", TOKYO, "0352531111"), ("派遣先",)) is None
