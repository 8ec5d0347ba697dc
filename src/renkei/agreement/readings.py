"""Readings: rules that the text leaves open and a policy file cannot change; the two offices confirm them.

A `Decision` has a value; a reading says how the matching works. Both are subject to clause 8(2).
"""

from dataclasses import dataclass

from renkei.agreement.decisions import Basis
from renkei.agreement.parties import ISA, MHLW


@dataclass(frozen=True, slots=True)
class Reading:
    """One rule of the matching, the clause it interprets, and whether the text or the project set it."""

    clause: str
    ja: str
    en: str
    basis: Basis = "decision"
    confirmed_by: tuple[str, ...] = (ISA.office_ja, MHLW.office_ja)  # 8(2)
    confirmed: bool = False


#: The readings, in the order of the work: prepare, match, disclose, suspected omissions, send changes.
READINGS = (
    Reading(
        "2(1)",
        "在留カード番号のない届出は送らず、件数のみ数える。",
        "A notification without a card number is counted and not sent.",
        basis="memorandum",
    ),
    Reading(
        "2(1)",
        "届出の対象外の在留資格（外交、公用、特別永住者等）による届出は送らず、件数のみ数える。",
        "A notification whose status is outside the duty to notify is counted and not sent.",
    ),
    Reading(
        "別紙1",
        "届出識別番号を19項目に添えて送る。双方が一つの届出を指すために要る。",
        "An identifier is sent with the 19 items: both sides need it to refer to the same notification.",
    ),
    Reading(
        "別紙1⑱",
        "同じ届出が再び送られたときは、後の送信の全体が前のものに代わる。",
        "If a notification is sent again, the later version replaces the whole earlier one.",
    ),
    Reading(
        "別紙2",
        "届出のカード番号にひも付く在留管理情報と比較し、最新のものとは比較しない。",
        "A notification is compared with the record linked to its card number, not with the latest one.",
        basis="memorandum",
    ),
    Reading(
        "3(1)ア",
        "届出又は在留管理情報が空欄の項目は、不一致としない。",
        "An item that is blank on either side is not a mismatch.",
    ),
    Reading(
        "3(1)ア",
        "全角・半角、大小文字、記号、空白、ローマ字の符号、語順、異体字による氏名の違いは不一致としない。",
        "Differences in width, case, signs, spaces, diacritics, word order or kanji variants of a name are "
        "not a mismatch.",
    ),
    Reading(
        "3(1)ア",
        "氏名の一部のみ、途中までの氏名は不一致とし、その旨を原因に示す。仮名は比較しない。",
        "A partial or truncated name is a mismatch, and the cause says so. Kana is not compared.",
    ),
    Reading(
        "3(1)ア",
        "在留資格は、区分とその親区分（技能実習と技能実習1号イ等）を一致とする。",
        "A status agrees with its parent status (技能実習1号イ with 技能実習).",
    ),
    Reading(
        "3(1)ア",
        "生年月日は、双方で分かっている年・月・日のみを比較する。",
        "Only the parts of a birth date that both sides know are compared.",
    ),
    Reading(
        "3(1)ア",
        "突合できなかった届出も別紙2で知らせるが、在留管理情報は載せない。",
        "A notification that was not found is reported in Annex 2 without any residence information.",
    ),
    Reading(
        "3(1)イ",
        "不一致の届出も、同一人のカード番号であり別人の可能性がなければ、届出があったものとする。",
        "A mismatched notification still counts, unless it may be someone else's.",
    ),
    Reading(
        "3(1)イ",
        "別人の可能性がある届出は、届出があったものとしない。",
        "A notification with an identity conflict does not count.",
    ),
    Reading(
        "3(1)イ",
        "雇用開始日が空欄の届出（永住者のものを含む）は、届出があったものとする。許可の当日の開始も同じ。",
        "A notification without a start date counts (a permanent resident's has none), and so does one "
        "with a start on the day of the permission.",
    ),
    Reading(
        "5",
        "新たな結果と変わった結果を送り、成り立たなくなった結果は取り下げる。",
        "New and changed findings are sent, and findings that no longer hold are withdrawn.",
    ),
)
