"""Causes: why an item of a notification differs from the record, or why its number led to no record (§3, §4).

One closed list for all code that finds, counts, writes or explains a cause. CONTRIBUTING.md says how to add
one. `CAUSES` and `DIFFERENCES` raise UnknownCode for a code that has no row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Final

from renkei.agreement.decisions import COMPARABLE_ITEMS
from renkei.agreement.tables import Closed
from renkei.agreement.text import Words

_DATES: Final = ("stay_expires_on", "birth_date")


class Found(Enum):
    """How a cause is found."""

    COMPARING = "comparing"  # by comparing the two values
    RECORDS = "records"  # another record of the person agrees
    NUMBER = "number"  # the card number of a notification that was not found
    REGISTER = "register"  # the register's row with the number was set aside: of no concern to MHLW
    OFFICER = "officer"  # an officer of a node decided


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. `code` is its value in `differences` (`item:cause`), `items` are those it can explain.

    `name` and `sentence` are for the report, `explain` and the console; a sentence gives the likely innocent
    reason and never an accusation (申合せ4). `agrees`: the item still counts as agreeing, and the cause is
    not written in `differences`.

    `level`: the comparison level of `matching.candidates` that a pair with this cause gets (the weights of
    levels are learned). None if the level must be measured from the values, or if they are not compared.
    `level_words`: the words for a level that belongs to this cause alone, in a candidate's evidence.
    """

    code: str
    items: tuple[str, ...]
    found: Found
    name: Words
    sentence: Words
    agrees: bool = False
    level: str | None = None
    level_words: Words | None = None


# In the order in which they are tried: if several fit an item, the first is its cause.
_CAUSES = (
    Cause(
        code="as_latest",
        items=COMPARABLE_ITEMS,
        found=Found.RECORDS,
        name=Words("最新の記録とは一致", "agrees with the latest record"),
        sentence=Words(
            "その人の最新の記録とは一致します。届け出られたカードの交付後に記録が変わり、届出は新しい内容で"
            "書かれたとみられます。",
            "It agrees with the person's latest record. The record probably changed after the reported "
            "card was issued, and the notification gives the new data.",
        ),
    ),
    Cause(
        code="other_card",
        items=COMPARABLE_ITEMS,
        found=Found.RECORDS,
        name=Words("同じ人の別のカードとは一致", "agrees with another card of the person"),
        sentence=Words(
            "同じ人の別の在留カードの記録とは一致します。更新の前後など、別のカードを見て書かれたとみられま"
            "す。",
            "It agrees with another card of the same person. It was probably copied from that card, as "
            "happens around a renewal.",
        ),
    ),
    Cause(
        code="format",
        items=("name",),
        found=Found.COMPARING,
        agrees=True,
        level="agrees",
        name=Words("書き方の違い", "written differently"),
        sentence=Words(
            "全角・半角、大文字・小文字、空白、記号、発音区別符号だけが違います。同じ氏名です。",
            "Only width, case, spaces, punctuation or diacritics differ. The name is the same.",
        ),
    ),
    Cause(
        code="order",
        items=("name",),
        found=Found.COMPARING,
        agrees=True,
        level="agrees",
        name=Words("語順の違い", "words in another order"),
        sentence=Words(
            "同じ語が別の順に並んでいます。同じ氏名です。",
            "The same words are in another order. The name is the same.",
        ),
    ),
    Cause(
        code="kanji_variant",
        items=("name",),
        found=Found.COMPARING,
        agrees=True,
        level="agrees",
        name=Words("字体の違い", "variant characters"),
        sentence=Words(
            "異体字、簡体字、繁体字を正字に直すと一致します。同じ氏名です。",
            "It agrees once variant, simplified and traditional characters are replaced by the standard "
            "ones. The name is the same.",
        ),
    ),
    Cause(
        code="title",
        items=("name",),
        found=Found.COMPARING,
        level="partial",
        name=Words("敬称・称号の有無", "a title or honorific"),
        sentence=Words(
            "敬称又は称号(MR、U、様など)が一方にだけ付いています。ほかは一致します。",
            "Only one of the two names has a title or honorific (such as MR or U). The rest agrees.",
        ),
    ),
    Cause(
        code="partial",
        items=("name",),
        found=Found.COMPARING,
        level="partial",
        level_words=Words("一部の語が省かれている", "some words are left out"),
        name=Words("氏名の一部がない", "part of the name is missing"),
        sentence=Words(
            "一方の氏名の語はすべてもう一方に含まれています。ミドルネームなどが省かれたとみられます。",
            "One name contains all words of the other. A middle name was probably left out.",
        ),
    ),
    Cause(
        code="truncated",
        items=("name",),
        found=Found.COMPARING,
        level="truncated",
        level_words=Words("途中で切れている", "cut short"),
        name=Words("氏名が途中で切れている", "the name is cut short"),
        sentence=Words(
            "届出の氏名は、記録の氏名の始めの部分です。様式の文字数が足りず、途中で切れたとみられます。",
            "The notification's name is the beginning of the record's. A form with too few characters "
            "probably cut it short.",
        ),
    ),
    Cause(
        code="lost_character",
        items=("name",),
        found=Found.COMPARING,
        name=Words("文字の欠落", "a character was lost"),
        sentence=Words(
            "一方の氏名で、文字が「?」「〓」などに置き換わっています。ほかの文字は一致します。システムで扱え"
            "ない文字が失われたとみられます。",
            "In one of the names a letter became “?”, “〓” or the like; all other letters agree. Probably a "
            "system could not store the letter.",
        ),
    ),
    Cause(
        code="initial",
        items=("name",),
        found=Found.COMPARING,
        name=Words("頭文字だけの語", "an initial for a word"),
        sentence=Words(
            "一方の氏名で、語が頭文字だけになっています。ほかの語は一致します。",
            "One of the names gives only the first letter of a word. The other words agree.",
        ),
    ),
    Cause(
        code="one_letter",
        items=("name",),
        found=Found.COMPARING,
        name=Words("1字の違い", "one letter"),
        sentence=Words(
            "1字だけ違うか、多いか、少ないか、隣り合う2字が入れ替わっています。書き間違い、打ち間違いとみら"
            "れます。",
            "One letter differs, is added or is missing, or two neighbouring letters are exchanged: probably "
            "a writing error.",
        ),
    ),
    Cause(
        code="romanisation",
        items=("name",),
        found=Found.COMPARING,
        name=Words("ローマ字のつづりの違い", "another romanisation"),
        sentence=Words(
            "同じ名のローマ字のつづりとして知られるもの(MOHAMMEDとMUHAMMADなど)だけが違います。",
            "Only known spellings of the same name in Latin letters differ, such as MOHAMMED and MUHAMMAD.",
        ),
    ),
    Cause(
        code="day_month_swapped",
        items=_DATES,
        found=Found.COMPARING,
        level="day_month_swapped",
        level_words=Words("日と月が逆", "day and month are swapped"),
        name=Words("日と月の入れ替わり", "day and month exchanged"),
        sentence=Words(
            "日と月を入れ替えると一致します。書式の違う日付を写すときの取り違えとみられます。",
            "It agrees with day and month exchanged: probably a date copied from another format.",
        ),
    ),
    Cause(
        code="one_digit",
        items=_DATES,
        found=Found.COMPARING,
        level="one_digit",
        level_words=Words("1桁だけ異なる", "one digit differs"),
        name=Words("数字1つの違い", "one digit"),
        sentence=Words(
            "数字が1つだけ違うか、隣り合う2つの数字が入れ替わっています。書き間違い、打ち間違いとみられます。",
            "One digit differs, or two neighbouring digits are exchanged: probably a writing error.",
        ),
    ),
    Cause(
        code="era",
        items=_DATES,
        found=Found.COMPARING,
        level="era",
        level_words=Words("元号の読み違えとみられる", "one era's year read as another's"),
        name=Words("元号の読み違え", "era misread"),
        sentence=Words(
            "元号の年を別の元号又は西暦の年と読むと一致します。和暦と西暦の換算の誤りとみられます。",
            "It agrees once the year of one era is read as that of another: probably an error in "
            "converting the Japanese calendar.",
        ),
    ),
    Cause(
        code="related",
        items=("nationality",),
        found=Found.COMPARING,
        level="related",
        level_words=Words("混同されやすい国・地域", "often taken for one another"),
        name=Words("取り違えやすい国籍・地域", "nationalities easily taken for one another"),
        sentence=Words(
            "韓国と朝鮮、中国と台湾のように、様式の上で取り違えやすい国籍・地域の組です。",
            "The two are nationalities that forms easily take for one another, such as Korea and 朝鮮, or "
            "China and Taiwan.",
        ),
    ),
    Cause(
        code="different",
        items=COMPARABLE_ITEMS,
        found=Found.COMPARING,
        name=Words("その他の違い", "other differences"),
        sentence=Words(
            "決まった型に当てはまらない違いです。書き間違い、選び間違い、記録の更新が間に合っていないことな"
            "どがあり得、この違いだけから原因は分かりません。",
            "The difference fits none of the known patterns. A writing error, a wrong choice on a form, or a "
            "record not yet updated are all possible; the difference alone does not tell which.",
        ),
    ),
    Cause(
        code="malformed",
        items=("card_number",),
        found=Found.NUMBER,
        name=Words("番号の形でない", "not the form of a card number"),
        sentence=Words(
            "番号が在留カード番号の形(英字2字・数字8字・英字2字)をしていません。文字の欠けや、0とO、1とIの"
            "取り違えがよくあります。",
            "The number does not have the form of a card number (2 letters, 8 digits, 2 letters). Often a "
            "character is missing, or O stands for 0 and I for 1.",
        ),
    ),
    Cause(
        code="unknown_number",
        items=("card_number",),
        found=Found.NUMBER,
        name=Words("登録簿にない番号", "number not in the register"),
        sentence=Words(
            "番号の形は正しいものの、登録簿のどのカードの番号でもありません。1字の写し間違いであることが多"
            "く、届出の番号を在留カードと見比べれば分かります。",
            "The number has the right form, but no card in the register has it. Often one character was "
            "copied wrongly: compare the notification's number with the card.",
        ),
    ),
    Cause(
        code="register_fault",
        items=("card_number",),
        found=Found.REGISTER,
        name=Words("登録簿の行の誤り", "a fault of the register"),
        sentence=Words(
            "この番号のカード又はその人の行は、登録簿の側の誤りのため受け取られていません。届出の誤りではあり"
            "ません。",
            "The register's row of this card, or of its person, was set aside because of a fault in the "
            "register. The notification is not at fault.",
        ),
    ),
    Cause(
        code="confirmed_candidate",
        items=("card_number",),
        found=Found.OFFICER,
        name=Words("職員が確認した候補者", "a candidate that an officer confirmed"),
        sentence=Words(
            "番号では見つかりませんでしたが、職員が候補者の一人を届出の労働者と確認しました。",
            "The number was not found, but an officer confirmed that one of the candidates is the worker.",
        ),
    ),
)

#: Every cause by its code, in order.
CAUSES: Final = Closed(Words("相違の原因", "causes"), _CAUSES)


def _in_differences(item: str) -> Closed[Cause]:
    name = Words(f"{item}の相違の原因", f"causes of a difference in {item}")
    return Closed(name, (cause for cause in _CAUSES if item in cause.items and not cause.agrees))


#: The causes that `differences` can give for each item; those of the card number say why it was not found.
DIFFERENCES: Final[Mapping[str, Closed[Cause]]] = MappingProxyType(
    {item: _in_differences(item) for item in ("card_number", *COMPARABLE_ITEMS)}
)


@cache
def found_by(found: Found, item: str) -> Closed[Cause]:
    """Return the causes of an item that are found in one way, in the order in which they are tried."""
    name = Words(f"{item}の原因({found.value})", f"causes of {item} found by {found.value}")
    return Closed(name, (cause for cause in _CAUSES if cause.found is found and item in cause.items))


def causes_in(differences: str | None) -> dict[str, Cause]:
    """Return the cause of each item in a value of `differences` (`item:cause` joined by `;`), in its order.

    Raises UnknownCode for a cause that has no row.
    """
    pairs = (pair.partition(":") for pair in (differences or "").split(";") if pair)
    return {item: CAUSES[code] for item, _, code in pairs}
