"""Outcomes of a notification (§4) and verdicts on its items (§3): closed lists.

An outcome without a row raises UnknownCode; a verdict is always a member of `Verdict`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from renkei.agreement.tables import Closed
from renkei.agreement.text import Words


class Verdict(IntEnum):
    """The result of comparing one item, numbered as columns store it. Only DIFFERENT is a mismatch."""

    SAME = 0
    EQUIVALENT = 1
    DIFFERENT = 2
    NOT_REPORTED = 3
    NOT_HELD = 4
    NOT_COMPARABLE = 5


#: The verdicts that count as agreeing.
AGREES: Final = (Verdict.SAME, Verdict.EQUIVALENT)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a notification that was accepted.

    `live`: it was matched against the register, as all are except tombstones. `reported`: MHLW gets a row of
    別紙2 about it. `next_step` says what happens then.
    """

    code: str
    live: bool
    reported: bool
    name: Words
    sentence: Words
    next_step: Words


#: The outcomes by code, in the order in which they are counted. Why a card was not found is a cause.
OUTCOMES: Final = Closed(
    Words("届出の突合結果", "outcomes"),
    (
        Outcome(
            code="matched",
            live=True,
            reported=False,
            name=Words("一致", "matched"),
            sentence=Words(
                "届け出られた在留カード番号の在留管理情報が見つかり、比較した項目に異なるものはありません。",
                "The residence record of the reported card was found, and no compared item differs.",
            ),
            next_step=Words(
                "この届出について厚生労働省に提供される情報はありません。",
                "Nothing is sent to MHLW about this notification.",
            ),
        ),
        Outcome(
            code="mismatched",
            live=True,
            reported=True,
            name=Words("不一致", "mismatched"),
            sentence=Words(
                "届け出られた在留カード番号の在留管理情報が見つかりましたが、異なる項目があります。",
                "The residence record of the reported card was found, and some items differ.",
            ),
            next_step=Words(
                "別紙2の1行として厚生労働省に提供されます(申合せ3(1)ア、送信は日次)。まず届出と在留カードを"
                "見比べ、届出の誤りであれば訂正し、記録が後から変わったのであれば何も直す必要はありません。",
                "It goes to MHLW as one row of Annex 2 (clause 3(1)ア; deliveries are daily). Compare the "
                "notification with the card first. If the notification is wrong, correct it; if only the "
                "record has changed since, nothing needs correcting.",
            ),
        ),
        Outcome(
            code="not_found",
            live=True,
            reported=True,
            name=Words("突合できず", "not found"),
            sentence=Words(
                "届け出られた在留カード番号では在留管理情報が見つかりませんでした。",
                "No residence record was found for the reported card number.",
            ),
            next_step=Words(
                "別紙2の1行として厚生労働省に提供されますが、在留管理情報は一切載りません。届出の番号が訂正"
                "されれば、あらためて突合されます。",
                "It goes to MHLW as one row of Annex 2, without any residence information. Once the number "
                "is corrected, the notification is matched again.",
            ),
        ),
        Outcome(
            code="held",
            live=True,
            reported=False,
            name=Words("登録簿側の保留", "held"),
            sentence=Words(
                "届け出られた在留カード番号は、受け取れなかった登録簿の行のものです。原因は出入国在留管理庁の"
                "記録にあり、届出にはありません。",
                "The reported card number is that of a row of the register that was set aside. ISA's own "
                "record is at fault, not the notification.",
            ),
            next_step=Words(
                "厚生労働省に提供される情報はありません。登録簿の行が直されれば、あらためて突合されます。",
                "Nothing is sent to MHLW. Once the row of the register is corrected, the notification is "
                "matched again.",
            ),
        ),
        Outcome(
            code="deleted",
            live=False,
            reported=False,
            name=Words("削除", "deleted"),
            sentence=Words(
                "この届出は削除されています。突合はされず、どの許可についての届出としても数えられません。",
                "This notification was deleted. It is not matched and counts for no permission.",
            ),
            next_step=Words("することはありません。", "There is nothing to do."),
        ),
    ),
)
LIVE: Final = tuple(outcome.code for outcome in OUTCOMES.values() if outcome.live)
REPORTED: Final = tuple(outcome.code for outcome in OUTCOMES.values() if outcome.reported)
