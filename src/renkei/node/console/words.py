"""What the states, outcomes and events of cases are called on the pages, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from renkei.agreement.text import Words
from renkei.node.cases.models import Kind
from renkei.node.cases.workflow import MOVES, Outcome, State

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
OUTCOMES: Final[Mapping[str, Words]] = MappingProxyType(
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
