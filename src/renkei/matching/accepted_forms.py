"""How a value of each kind may be written, in words for whoever makes the files (§1)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from renkei.agreement.datasets import Column, Kind
from renkei.agreement.text import Words

ACCEPTED_FORMS: Final[Mapping[Kind, Words]] = MappingProxyType(
    {
        Kind.TEXT: Words("{longest}文字まで", "up to {longest} characters"),
        Kind.DATE: Words(
            "2026-04-01の形(2026/4/1、20260401、2026年4月1日、令和8年4月1日、R8.4.1も可)。実在する日付に限る",
            "a day that exists, as 2026-04-01 (also 2026/4/1, 20260401, 2026年4月1日, 令和8年4月1日, R8.4.1)",
        ),
        Kind.PARTIAL_DATE: Words(
            "1985-04-12の形(1985/4/12、昭和60年4月12日、S60.4.12も可)。不明な月日は00(1985-00-00、1985-04-00)",
            "as 1985-04-12 (also 1985/4/12, 昭和60年4月12日, S60.4.12); an unknown month or day is 00 "
            "(1985-00-00, 1985-04-00)",
        ),
        Kind.SEX: Words(
            "1(男)、2(女)、0(不詳)、9(該当なし)。男・女・不詳、M・Fも可",
            "1 (male), 2 (female), 0 (unknown) or 9 (not applicable); also 男, 女, 不詳, M, F, male, female",
        ),
        Kind.BOOLEAN: Words(
            "true又はfalse(1・0、1・2、有・無、あり・なし、yes・noも可)",
            "true or false (also 1 0, 1 2, 有 無, あり なし, yes no)",
        ),
        Kind.STATUS: Words(
            "在留資格の符号、日本語名(例: 技術・人文知識・国際業務)、英語名、厚生労働省の2桁の符号のいずれか",
            "a code of the table of statuses of residence, a Japanese name (技術・人文知識・国際業務), an "
            "English name, or MHLW's code of two digits",
        ),
        Kind.NATIONALITY: Words(
            "ISO 3166の3文字(例: VNM)又は2文字の符号、国名(日本語・英語)のいずれか",
            "an ISO 3166 code of three letters (VNM) or two, or the Japanese or English name",
        ),
        Kind.CARD_NUMBER: Words(
            "英字2・数字8・英字2の12文字(例: AB12345678CD)",
            "two letters, eight digits, two letters (AB12345678CD)",
        ),
        Kind.ESTABLISHMENT_NUMBER: Words(
            "数字11桁(例: 1301-123456-7)", "11 digits (1301-123456-7 or without hyphens)"
        ),
        Kind.CORPORATE_NUMBER: Words("数字13桁", "13 digits"),
        Kind.POSTAL_CODE: Words("数字7桁(例: 100-0001)", "7 digits (100-0001 or without the hyphen)"),
        Kind.PHONE: Words("{longest}文字まで", "up to {longest} characters"),
        Kind.GROUND: Words(
            "coe(在留資格認定証明書)又はchange(在留資格変更許可)",
            "coe (certificate of eligibility) or change (change of status)",
        ),
    }
)


def accepted_form(column: Column) -> Words:
    """Return how a column's values may be written, with its own greatest length."""
    words = ACCEPTED_FORMS[column.kind]
    return Words(*(text.format(longest=column.max_length) for text in words))
