"""What the states, outcomes and events of cases are called on the pages, in both languages."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import Lang, Words, day_in_era
from renkei.matching.labels import REJECT_REASONS, column_name
from renkei.node.cases.models import Kind
from renkei.node.cases.workflow import MOVES, Outcome, State

# MERGED renkei.node.console.labels: What the counts of the day's steps and of deliveries are called on the pages, in both languages.

COUNTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "files": Words("ファイル", "files"),
        "rows": Words("行", "rows"),
        "read": Words("読んだ行", "rows read"),
        "rejected": Words("受け取れない行", "rejected rows"),
        "bytes": Words("バイト", "bytes"),
        "number": Words("送付の番号", "number of the delivery"),
        "deliveries": Words("送付", "deliveries"),
        "accepted": Words("受理", "accepted"),
        "refused_files": Words("受け取れないファイル", "refused files"),
        "alarms": Words("残る警報", "alarms left"),
        "certificate": Words("消去の証明書の番号", "number of the certificate of erasure"),
        # What became of rows.
        "new": Words("新規", "new"),
        "update": Words("更新", "updated"),
        "delete": Words("削除", "deleted"),
        "changed": Words("変更", "changed"),
        "same": Words("変わらず", "the same"),
        "removed": Words("なくなったもの", "removed"),
        "kept": Words("前のまま残したもの", "kept as they were"),
        "opened": Words("新しい事案", "new cases"),
        "reopened": Words("再開した事案", "cases reopened"),
        "withdrawn": Words("取下げ", "withdrawn"),
        "passed_over": Words("後の回答が先にあったもの", "passed over for a later answer"),
        "unknown": Words("事案のない取下げ", "withdrawn without a case"),
        "corrections": Words("訂正依頼", "correction requests"),
        "corrections_accepted": Words("応じられた訂正依頼", "correction requests accepted"),
        "corrections_rejected": Words("応じられなかった訂正依頼", "correction requests rejected"),
        "gone": Words("なくなった記録", "records that are no more"),
        "awaiting_person": Words("本人の記録を待つもの", "whose person is not there yet"),
        "no_card_number": Words("在留カード番号なし", "without a card number"),
        "not_notifiable": Words("届出対象外の在留資格", "status outside the duty to notify"),
        "past_retention": Words("保存期間の過ぎたもの", "past their retention"),
        "requests": Words("訂正依頼", "correction requests"),
        "taken": Words("受け付けたもの", "taken"),
        "again": Words("二度目のもの", "received before"),
        # What matching found.
        "looked_at": Words("見直した届出", "notifications looked at"),
        "sought": Words("候補者を探した届出", "notifications whose candidates were sought"),
        "discrepancy": Words("立っている不一致", "discrepancies that stand"),
        "suspected_omission": Words("立っている未届の疑い", "suspicions that stand"),
        "discrepancy_reported": Words("不一致(新規・更新)", "discrepancies, new or changed"),
        "suspected_omission_reported": Words("未届の疑い(新規・更新)", "suspicions, new or changed"),
        # What a delivery holds, by table.
        "notifications": Words("届出", "notifications"),
        "discrepancies": Words("不一致", "discrepancies"),
        "suspected_omissions": Words("未届の疑い", "suspected non-notification"),
        "correction_requests": Words("訂正依頼", "correction requests"),
        "correction_answers": Words("訂正依頼への回答", "answers to correction requests"),
        "rejected_rows": Words("受け取れなかった行", "rows that could not be taken"),
        "incident": Words("漏えい等の連絡", "notice of an incident"),
        **{code: meaning.name for code, meaning in OUTCOMES.items()},
    }
)
"""By the name that the count has where it is taken."""

REJECTED: Final = "rejected:"
"""What the name of a count begins with that is of rows not taken for one reason."""

_OF_REQUESTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "request_id": Words("訂正依頼の番号", "number of the request"),
        "identifier": Words("識別番号", "identifier"),
        "kind": Words("突合結果の種別", "kind of the finding"),
        "items": Words("訂正を依頼する項目", "items to be corrected"),
        "reason": Words("理由", "reason"),
        "requested_on": Words("依頼日", "day of the request"),
    }
)
"""Columns of a correction request, and the identifier of an answer: in no dataset of the agreement."""


def count_in_words(name: str, language: Lang) -> str:
    """Name a count; of rows that could not be taken the reason stands behind it.

    A name that is not in the table stands for itself.
    """
    if name.startswith(REJECTED):
        return (
            f"{COUNTS['rejected'].say(language)} ({reason_in_words(name.removeprefix(REJECTED), language)})"
        )
    return COUNTS[name].say(language) if name in COUNTS else name


def reason_in_words(reason: str, language: Lang) -> str:
    """Say why a row could not be taken (`missing:name`); a reason or column of no table stands for itself."""
    kind, _, column = reason.partition(":")
    if kind not in REJECT_REASONS:
        return reason
    said = REJECT_REASONS[kind].name.say(language)
    if not column:
        return said
    try:
        named = (
            _OF_REQUESTS[column].say(language) if column in _OF_REQUESTS else column_name(column, language)
        )
    except KeyError:
        named = column
    return f"{said}: {named}"


# MERGED renkei.node.console.labels: Days as documents of the administration write them, with the day of the week (令和8年11月24日(火)).

_WEEKDAYS: Final = "月火水木金土日"


def in_era(day: date) -> str:
    """Write a day in its era, with the day of the week."""
    return f"{day_in_era(day)}({_WEEKDAYS[day.weekday()]})"


_STATES: Final = {
    State.NEW: "not begun",
    State.CHECKING: "being checked",
    State.ASKED: "employer asked",
    State.REFERRED: "referred to ISA",
    State.CORRECTION: "correction requested",
    State.CLOSED: "closed",
}
_OUTCOMES: Final = {
    Outcome.EMPLOYER_CORRECTED: "error in the notification (corrected)",
    Outcome.IMPOSTOR_SUSPECTED: "possibly another person",
    Outcome.NOT_EMPLOYED: "never employed",
    Outcome.ALREADY_NOTIFIED: "already notified",
    Outcome.OTHER: "other",
    Outcome.REGISTER_CORRECTED: "register corrected",
    Outcome.AGREES_NOW: "agrees after correction",
    Outcome.NOTIFICATION_DELETED: "notification deleted",
    Outcome.NO_LONGER_STANDS: "withdrawn by ISA",
}
STATES: Final[Mapping[str, Words]] = MappingProxyType(
    {state.value: Words(str(state.label), en) for state, en in _STATES.items()}
)
CASE_OUTCOMES: Final[Mapping[str, Words]] = MappingProxyType(
    {outcome.value: Words(str(outcome.label), en) for outcome, en in _OUTCOMES.items()}
)
KINDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Kind.DISCREPANCY.value: Words("不一致", "Discrepancy"),
        Kind.SUSPECTED_OMISSION.value: Words("未届の疑い", "Suspected non-notification"),
    }
)
#: What happened to a case, as its history says it: the moves, and what is none.
EVENTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        **{move.name: Words(move.ja, move.en) for move in MOVES.values()},
        "take": Words("着手しました", "Begun"),
        "ask_employer": Words("事業主へ照会しました", "Employer asked"),
        "refer": Words("入管庁へ協議しました", "Referred to ISA"),
        "request_correction": Words(
            "在留管理情報の訂正を依頼しました", "Correction of the register requested"
        ),
        "resume": Words("確認に戻しました", "Resumed"),
        "close": Words("終了しました", "Closed"),
        "reopen": Words("再開しました", "Reopened"),
        "open": Words("受領しました", "Received"),
        "change": Words("入管庁の情報が変わりました", "ISA's information changed"),
        "withdrawn_later": Words("終了後に入管庁が取り下げました", "Withdrawn by ISA after it was closed"),
        "assign": Words("担当が決まりました", "Assigned"),
        "place": Words("所管が決まりました", "Placed with an office"),
        "note": Words("経過を記録しました", "Noted"),
        "acknowledge": Words("別人の可能性を了知しました", "Took note that it may be another person"),
        "letter": Words("照会文書を作成しました", "Letter made"),
    }
)
#: How far a delivery has come.
DELIVERY_STATES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "planned": Words("準備中", "being made"),
        "sealed": Words("封緘済", "sealed"),
        "sent": Words("送信済", "sent"),
        "received": Words("受信済", "received"),
        "opened": Words("取込済", "taken in"),
        "accepted": Words("受理", "accepted"),
        "refused": Words("不受理", "refused"),
    }
)
DUTIES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "operate": Words("運用", "Operation"),
        "handle_cases": Words("事案", "Cases"),
        "audit": Words("監査", "Audit"),
        "administer": Words("管理", "Administration"),
    }
)
#: How a step of the day stands: its own state, or `awaited` where it waits for the counterpart.
STEP_STATES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "done": Words("完了", "done"),
        "running": Words("処理中", "running"),
        "stopped": Words("停止", "stopped"),
        "awaited": Words("待機", "waiting"),
        "waiting": Words("未着手", "not begun"),
    }
)
