"""The table of kanji variants: which characters are equal, and which stay different."""

import csv
import unicodedata
from pathlib import Path

import polars as pl
import pytest

import renkei.matching
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.matching.names import compare_names

ROOT = Path(__file__).parents[2]


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


ROWS = read(Path(renkei.matching.__file__).parent / "tables/kanji_variants.csv")
STANDARD = {variant: standard for variant, standard, _ in ROWS}
SECOND_ROWS = read(Path(renkei.matching.__file__).parent / "tables/kanji_second_forms.csv")
SECOND = {variant: standard for variant, standard, _ in SECOND_ROWS}
BY_HAND = read(ROOT / "tools/kanji_variants_by_hand.csv")
OFFICIAL = read(ROOT / "tools/kanji_official_pairs.csv")

# 百家姓, the surnames of one character. A merger of two of them would let one person pass for another.
SURNAMES = (
    "趙錢孫李周吳鄭王馮陳褚衛蔣沈韓楊朱秦尤許何呂施張孔曹嚴華金魏陶姜戚謝鄒喻柏水竇章雲蘇潘葛奚范彭郎"
    "魯韋昌馬苗鳳花方俞任袁柳酆鮑史唐費廉岑薛雷賀倪湯滕殷羅畢郝鄔安常樂于時傅皮卞齊康伍余元卜顧孟平黃"
    "和穆蕭尹姚邵湛汪祁毛禹狄米貝明臧計伏成戴談宋茅龐熊紀舒屈項祝董梁杜阮藍閔席季麻強賈路婁危江童顏郭"
    "梅盛林刁鍾徐邱駱高夏蔡田樊胡凌霍虞萬支柯昝管盧莫經房裘繆干解應宗丁宣賁鄧郁單杭洪包諸左石崔吉鈕龔"
    "程嵇邢滑裴陸榮翁荀羊於惠甄曲家封芮羿儲靳汲邴糜松井段富巫烏焦巴弓牧隗山谷車侯宓蓬全郗班仰秋仲伊宮"
    "寧仇欒暴甘鈄厲戎祖武符劉景詹束龍葉幸司韶郜黎薊薄印宿白懷蒲邰從鄂索咸籍賴卓藺屠蒙池喬陰鬱胥能蒼雙"
    "聞莘黨翟譚貢勞逄姬申扶堵冉宰酈雍卻璩桑桂濮牛壽通邊扈燕冀郟浦尚農溫別莊晏柴瞿閻充慕連茹習宦艾魚容"
    "向古易慎戈廖庾終暨居衡步都耿滿弘匡國文寇廣祿闕東歐殳沃利蔚越夔隆師鞏厙聶晁勾敖融冷訾辛闞那簡饒空"
    "曾毋沙乜養鞠須豐巢關蒯相查后荊紅游竺權逯蓋益桓公朴盤佘丘塗種閆"
)


def meet(one: str, other: str) -> bool:
    fold = str.maketrans(STANDARD)
    return one.translate(fold) == other.translate(fold)


def compared(one: str, other: str) -> str:
    """How the names of one more character each compare."""
    names = {"reported": [f"{one}明"], "held": ["XX YY"], "held_kanji": [f"{other}明"]}
    return compare_names(pl.DataFrame(names), DEFAULT_POLICY)["cause"].item()


def test_every_row_says_where_it_comes_from():
    assert all(source for *_, source in (*ROWS, *SECOND_ROWS))


@pytest.mark.parametrize(("name", "count"), [("常用漢字表", 368), ("人名用漢字", 230)])
def test_the_official_lists_are_whole(name: str, count: int):
    # 364 old forms stand in brackets in 常用漢字表, three of them at 弁; four characters may be written in a
    # second form (剥 叱 填 頬)
    assert len([row for row in OFFICIAL if row[0] == name]) == count


def test_official_old_and_new_forms_agree():
    forms = [unicodedata.normalize("NFKC", old + new) for _, old, new in OFFICIAL]

    assert [form for form in forms if not meet(*form)] == []


@pytest.mark.parametrize("pair", ["尭堯", "勛勲", "嫻娴", "甯宁", "钟鍾", "钟鐘", "发髪", "历暦", "赞讃"])
def test_a_simplified_character_agrees_with_each_of_its_forms(pair: str):
    assert compared(*pair) == "kanji_variant"
    assert compared(*reversed(pair)) == "kanji_variant"


@pytest.mark.parametrize("pair", ["鐘鍾", "発髪", "歴暦", "賛讃"])
def test_the_two_forms_of_a_simplified_character_stay_apart(pair: str):
    assert compared(*pair) == "different"


def test_a_second_form_is_a_standard_and_not_the_first():
    assert not set(SECOND.values()) & set(STANDARD)
    assert all(STANDARD.get(variant) != standard for variant, standard in SECOND.items())


def test_a_standard_is_never_itself_a_variant():
    assert not set(STANDARD) & set(STANDARD.values())


def test_each_variant_has_one_standard_and_the_rows_are_sorted():
    assert [row[0] for row in ROWS] == sorted(STANDARD)


def test_every_entry_is_one_kanji_that_compatibility_folding_leaves_alone():
    characters = set(STANDARD) | set(STANDARD.values())

    assert all(len(c) == 1 and unicodedata.name(c).startswith("CJK ") for c in characters)
    assert not [c for c in characters if unicodedata.normalize("NFKC", c) != c]


@pytest.mark.parametrize(
    ("forms", "kind"),
    [
        ("髙高", "name variant"),
        ("﨑崎", "name variant"),
        ("濵濱浜", "name variant, old form"),
        ("邉邊辺边", "name variant, old form, simplified"),
        ("𠮷吉", "name variant outside the basic plane"),
        ("德徳", "old form"),
        ("齊齐斉", "old form, simplified"),
        ("齋斎", "old form"),
        ("澤泽沢", "old form, simplified"),
        ("國国囯", "old form"),
        ("廣广広", "old form, simplified"),
        ("龍龙竜", "old form, simplified"),
        ("發发発", "old form, simplified"),
        ("惠恵", "old form"),
        ("眞真", "old form"),
        ("淸清", "old form"),
        ("吳吴呉", "the surname in Taiwan, the mainland and Japan"),
        ("黃黄", "old form"),
        ("張张", "simplified"),
        ("陳陈", "simplified"),
        ("劉刘", "simplified"),
        ("楊杨", "simplified"),
        ("趙赵", "simplified"),
        ("孫孙", "simplified"),
        ("鄭郑", "simplified"),
        ("馮冯", "simplified"),
        ("鄧邓", "simplified"),
        ("鍾钟", "simplified"),
        ("蕭萧", "simplified"),
        ("葉叶", "simplified, though 叶 is a character of Japan too"),
        ("傑杰", "simplified, though 杰 is a character of Japan too"),
        ("嚴严厳", "old form, simplified"),
        ("說説说", "two shapes of one character"),
        ("裵裴", "Korean surname"),
        ("沖冲", "a name's reading of a character that stands for two"),
        ("餘余馀", "the list of 常用漢字 gives 余 for 餘"),
    ],
)
def test_forms_of_one_character_meet(forms: str, kind: str):
    assert all(meet(forms[0], form) for form in forms), kind


@pytest.mark.parametrize(
    "pair",
    [
        "斉斎",
        "齊齋",
        "范範",
        "于於",
        "后後",
        "沈瀋",
        "云雲",
        "郁鬱",
        "游遊",
        "涂塗",
        "种種",
        "朴樸",
        "咸鹹",
        "丑醜",
        "征徴",
        "里裏",
        "干幹",
        "鐘鍾",
        "閆閻",
        "发髮",
        "历曆",
        "崎埼",
        "佘余",
        "准準",
        "連聯",
        "斗闘",
        "土士",
        "未末",
    ],
)
def test_different_characters_stay_apart(pair: str):
    assert not meet(pair[0], pair[1])


def test_no_two_surnames_are_merged():
    seen: dict[str, str] = {}
    merged = []
    for surname in SURNAMES:
        standard = STANDARD.get(surname, surname)
        if standard in seen:
            merged.append(seen[standard] + surname)
        seen[standard] = surname

    assert merged == []


@pytest.mark.parametrize("row", BY_HAND, ids=lambda row: row[1] + row[2])
def test_the_table_follows_what_was_decided_by_hand(row: list[str]):
    decision, variant, standard, reason = row

    assert reason
    assert meet(variant, standard) is (decision == "join")
    assert (SECOND.get(variant) == standard) is (decision == "second")
