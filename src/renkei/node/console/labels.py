"""The labels of the pages in both languages: states, outcomes and events of cases, counts, reasons, days."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import Lang, Words, day_in_era
from renkei.matching.labels import REJECT_REASONS, column_name
from renkei.node.cases.models import Kind
from renkei.node.cases.workflow import MOVES, Outcome, State

# --- counts of the day's steps and of deliveries ------------------------------------------------------------

COUNTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "files": Words("ファイル", "files"),
        "rows": Words("行", "rows"),
        "read": Words("読んだ行", "rows read"),
        "rejected": Words("受け取れない行", "rejected rows"),
        "noted": Words("値を読めない行", "rows without a value that could not be read"),
        "bytes": Words("バイト", "bytes"),
        "number": Words("送付の番号", "number of the delivery"),
        "deliveries": Words("送付", "deliveries"),
        "accepted": Words("受理", "accepted"),
        "refused_files": Words("受け取れないファイル", "refused files"),
        "alarms": Words("残る警報", "remaining alarms"),
        "certificate": Words("消去の証明書の番号", "number of the certificate of erasure"),
        # Results of importing rows.
        "new": Words("新規", "new"),
        "update": Words("更新", "updated"),
        "delete": Words("削除", "deleted"),
        "changed": Words("変更", "changed"),
        "same": Words("変わらず", "unchanged"),
        "removed": Words("なくなったもの", "removed"),
        "set_aside": Words("受理できない行", "rows set aside"),
        "shrunk": Words("減った行", "rows fewer"),
        "empty": Words("行がない", "no rows"),
        "suspected": Words("未届の疑い", "suspected omissions"),
        "kept": Words("前のまま残したもの", "kept unchanged"),
        "unrecognised": Words(
            "うち識別番号を読めない行があるため残したもの",
            "of these, a row whose identifier was unreadable may be it",
        ),
        "opened": Words("新しい事案", "new cases"),
        "reopened": Words("再開した事案", "reopened cases"),
        "withdrawn": Words("取下げ", "withdrawn"),
        "passed_over": Words("後の回答が先にあったもの", "passed over for a later answer"),
        "unknown": Words("事案のない取下げ", "withdrawn without a case"),
        "corrections": Words("訂正依頼", "correction requests"),
        "corrections_accepted": Words("応じられた訂正依頼", "correction requests accepted"),
        "corrections_rejected": Words("応じられなかった訂正依頼", "correction requests rejected"),
        "gone": Words("なくなった記録", "records that no longer exist"),
        "awaiting_person": Words("本人の記録を待つもの", "waiting for the person's record"),
        "no_card_number": Words("在留カード番号なし", "without a card number"),
        "not_notifiable": Words("届出対象外の在留資格", "status of residence without a duty to notify"),
        "past_retention": Words("保存期間の過ぎたもの", "past the retention period"),
        "requests": Words("訂正依頼", "correction requests"),
        "taken": Words("受け付けたもの", "accepted"),
        "again": Words("二度目のもの", "received before"),
        # Results of matching.
        "looked_at": Words("見直した届出", "notifications matched again"),
        "sought": Words("候補者を探した届出", "notifications with a search for candidates"),
        "discrepancy": Words("立っている不一致", "active mismatches"),
        "suspected_omission": Words("立っている未届の疑い", "active suspected omissions"),
        "discrepancy_reported": Words("不一致(新規・更新)", "mismatches, new or changed"),
        "suspected_omission_reported": Words("未届の疑い(新規・更新)", "suspected omissions, new or changed"),
        # Contents of a delivery, by table.
        "notifications": Words("届出", "notifications"),
        "discrepancies": Words("不一致", "mismatches"),
        "suspected_omissions": Words("未届の疑い", "suspected omissions"),
        "correction_requests": Words("訂正依頼", "correction requests"),
        "correction_answers": Words("訂正依頼への回答", "answers to correction requests"),
        "rejected_rows": Words("受け取れなかった行", "rejected rows"),
        "incident": Words("漏えい等の連絡", "notice of an incident"),
        **{code: meaning.name for code, meaning in OUTCOMES.items()},
    }
)
"""The labels by the name of the count."""

DATASETS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "persons": Words("本人", "persons"),
        "cards": Words("在留カード", "cards"),
        "permissions": Words("許可", "permissions"),
        "establishments": Words("事業所", "establishments"),
        "notifications": COUNTS["notifications"],
        "discrepancies": COUNTS["discrepancies"],
        "suspected_omissions": COUNTS["suspected_omissions"],
        "correction_requests": COUNTS["correction_requests"],
        "correction_answers": COUNTS["correction_answers"],
    }
)
"""The datasets, as a list names them."""

REJECTED: Final = "rejected:"
"""The prefix of a count of rows that were rejected for one reason."""

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
"""Columns of a correction request and the identifier of an answer: in no dataset of the agreement."""


def count_in_words(name: str, language: Lang) -> str:
    """Return the label of a count, for rejected rows with the reason; an unknown name is returned itself."""
    if name.startswith(REJECTED):
        return (
            f"{COUNTS['rejected'].say(language)} ({reason_in_words(name.removeprefix(REJECTED), language)})"
        )
    return COUNTS[name].say(language) if name in COUNTS else name


def reason_in_words(reason: str, language: Lang) -> str:
    """Return why a row was rejected (`missing:name`); an unknown reason or column is returned as it is."""
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


# --- days as administrative documents write them, with the day of the week (令和8年11月24日(火)) ------------

_WEEKDAYS: Final = "月火水木金土日"


def in_era(day: date) -> str:
    """Return a day in its era, with the day of the week."""
    return f"{day_in_era(day)}({_WEEKDAYS[day.weekday()]})"


# --- cases, deliveries, duties and steps --------------------------------------------------------------------

_STATES: Final = {
    State.NEW: "not started",
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
        Kind.DISCREPANCY.value: Words("不一致", "Mismatch"),
        Kind.SUSPECTED_OMISSION.value: Words("未届の疑い", "Suspected omission"),
    }
)
#: The events in the history of a case: the moves, and other events.
EVENTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        **{move.name: Words(move.ja, move.en) for move in MOVES.values()},
        "take": Words("着手しました", "Started"),
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
        "note": Words("経過を記録しました", "Note added"),
        "acknowledge": Words("別人の可能性を了知しました", "Acknowledged that it may be another person"),
        "letter": Words("照会文書を作成しました", "Letter created"),
    }
)
#: The states of a delivery.
DELIVERY_STATES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "planned": Words("準備中", "being prepared"),
        "sealed": Words("封緘済", "sealed"),
        "sent": Words("送信済", "sent"),
        "received": Words("受信済", "received"),
        "opened": Words("取込済", "imported"),
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
#: The states of a step of the day; `awaited`: it waits for the counterpart.
STEP_STATES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "done": Words("完了", "done"),
        "running": Words("処理中", "running"),
        "stopped": Words("停止", "stopped"),
        "awaited": Words("待機", "waiting"),
        "waiting": Words("未着手", "not started"),
    }
)
