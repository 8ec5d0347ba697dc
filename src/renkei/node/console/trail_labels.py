"""The labels of the facts in the audit trail, and of the codes that they hold.

The trail stores names and codes, which never change. A name or code without a label is shown as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from renkei.agreement.text import Lang, Words
from renkei.exchange.errors import NOTICES
from renkei.matching.labels import DATASET_NAMES
from renkei.node.audit import services
from renkei.node.audit.trail import SYSTEM
from renkei.node.audit.verbs import Verb
from renkei.node.candidates import services as candidate_services
from renkei.node.cases.letters import NAMES as LETTERS
from renkei.node.console.incident_forms import ITEMS
from renkei.node.console.incident_forms import KINDS as INCIDENTS
from renkei.node.console.labels import CASE_OUTCOMES, DELIVERY_STATES, DUTIES, EVENTS, count_in_words
from renkei.node.corrections import decisions
from renkei.node.deliveries import outgoing
from renkei.node.incidents import deadlines

FACTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "accepted": Words("認めた封印", "seals accepted"),
        "asked": Words("申請の行", "entry of the request"),
        "asked_by": Words("申請した職員", "asked by"),
        "by": Words("確認した職員", "confirmed by"),
        "by_actor": Words("職員で絞込み", "filtered by account"),
        "by_first": Words("期間(から)", "from"),
        "by_last": Words("期間(まで)", "to"),
        "by_verb": Words("行為で絞込み", "filtered by act"),
        "cases": Words("事案", "cases"),
        "changed": Words("改めたもの", "changed"),
        "characters": Words("字数", "characters"),
        "code": Words("不受理の理由", "reason for refusal"),
        "compared": Words("照合した封印", "seals compared"),
        "confirmed": Words("受領証で確かめた封印", "confirmed by receipts"),
        "counts": Words("件数", "counts"),
        "covers": Words("停止の範囲", "what it covers"),
        "dataset": Words("データ", "dataset"),
        "day": Words("日", "day"),
        "decision": Words("回答", "decision"),
        "direction": Words("方向", "direction"),
        "document": Words("文書の番号", "number of the document"),
        "duty": Words("職務", "duty"),
        "entries": Words("行数", "entries"),
        "fault": Words("障害", "fault"),
        "files": Words("ファイル数", "files"),
        "first": Words("最初の行", "first entry"),
        "head": Words("末尾の封印", "seal of the last entry"),
        "heads": Words("認めたファイルと封印", "files and their seals"),
        "items": Words("記載した項目", "items"),
        "kind": Words("種別", "kind"),
        "last": Words("最後の行", "last entry"),
        "last_sent": Words("最後に送った番号", "last number sent"),
        "letter": Words("文書", "letter"),
        "local": Words("この装置のパスワード", "password of this system"),
        "mode": Words("範囲", "extent"),
        "move": Words("したこと", "move"),
        "new": Words("新規", "new"),
        "number": Words("番号", "number"),
        "of": Words("候補者数", "candidates"),
        "office": Words("所管", "office"),
        "outcome": Words("確認の結果", "outcome"),
        "persons": Words("本人の数", "persons"),
        "rank": Words("順位", "rank"),
        "reason": Words("理由", "reason"),
        "reference": Words("文書番号", "reference"),
        "reported": Words("報告・通知したもの", "duties done"),
        "requests": Words("訂正依頼", "correction requests"),
        "rows": Words("行数", "rows"),
        "sealed": Words("暗号化", "sealed"),
        "sequence": Words("送付の番号", "number of the delivery"),
        "sha256": Words("照合値", "digest"),
        "signature": Words("署名", "signature"),
        "state": Words("状態", "state"),
        "suspected": Words("おそれの段階", "suspected"),
        "to": Words("担当", "assigned to"),
        "trouble": Words("障害", "fault"),
        "way": Words("照合の方法", "compared by"),
        "whole": Words("全件", "everything"),
        "with_whom": Words("照合の相手", "with whom"),
    }
)
"""The labels by the name of the fact in `audit.trail.record`."""

SYSTEM_ITSELF: Final = Words("システム", "the system")
ACTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        verb.name: Words(
            verb.value.ja.replace("{actor}が ", "").replace("{subject}", "…"),
            verb.value.en.replace("{actor} ", "").replace("{subject}", "…"),
        )
        for verb in Verb
    }
)
"""The label of each act by the name of its verb: its sentence without actor and subject."""

_YES_OR_NO: Final = {True: Words("はい", "yes"), False: Words("いいえ", "no")}
_REASONS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "network_failure": Words("ネットワークの障害", "network failure"),
        "agreed": Words("双方の合意", "both agreed"),
        **outgoing.REASONS,
        **services.REASONS,
    }
)
_OF_ACTS: Final[Mapping[tuple[str, str], Mapping[str, Words]]] = MappingProxyType(
    {
        (Verb.CORRECTION_DECIDED.name, "reason"): {
            code: Words(each.ja, each.en) for code, each in decisions.REASONS.items()
        },
        **{
            (verb.name, "reason"): {
                code: Words(each.ja, each.en) for code, each in candidate_services.REASONS.items()
            }
            for verb in (Verb.CANDIDATE_CONFIRMED, Verb.CANDIDATES_REJECTED, Verb.CANDIDATE_REOPENED)
        },
    }
)
_CODES: Final[Mapping[str, Mapping[str, Words]]] = MappingProxyType(
    {
        "by_actor": {SYSTEM: SYSTEM_ITSELF},
        "by_verb": ACTS,
        "changed": {
            "at_least": Words("少なくとも(人)", "persons at least"),
            "conditions": Words("報告の要件", "conditions for reporting"),
            "deliveries": Words("対象の送付", "deliveries concerned"),
            "persons": Words("本人の数", "persons"),
            "rows": Words("行数", "rows"),
            "suspected": Words("確からしさ", "certainty"),
        },
        "code": {code: Words(each.ja, each.en) for code, each in NOTICES.items()},
        "covers": {
            "everything": Words("全部", "everything"),
            "notification": Words("届出", "a notification"),
            "person": Words("本人", "a person"),
        },
        "dataset": DATASET_NAMES,
        "decision": {"accepted": Words("応じた", "accepted"), "rejected": Words("応じなかった", "rejected")},
        "direction": {"out": Words("送信", "sent"), "in": Words("受信", "received")},
        "duty": DUTIES,
        "items": ITEMS,
        "kind": INCIDENTS,
        "letter": LETTERS,
        "mode": {"full": Words("全件", "all"), "delta": Words("差分", "changes")},
        "move": EVENTS,
        "outcome": CASE_OUTCOMES,
        "reason": _REASONS,
        "reported": {each.code: Words(each.ja, each.en) for each in deadlines.CLOCKS},
        "state": DELIVERY_STATES,
        "way": {"network": Words("通信", "network"), "telephone": Words("電話", "telephone")},
    }
)
_LONGEST: Final = 200


def fact_in_words(act: str, name: str, value: Any, language: Lang) -> str:
    """Return one fact of an act as text: its label and value; counts and lists are joined."""
    said = FACTS[name].say(language) if name in FACTS else name
    written = _written(_OF_ACTS.get((act, name)) or _CODES.get(name, {}), value, language)
    return f"{said}: {written if len(written) <= _LONGEST else written[:_LONGEST] + '…'}"  # a signature


def _written(codes: Mapping[str, Words], value: Any, language: Lang) -> str:
    beside = "、" if language == "ja" else ", "
    match value:
        case bool():
            return _YES_OR_NO[value].say(language)
        case int():
            return f"{value:,}"
        case Mapping():
            counts = (
                f"{count_in_words(each, language)} {_written({}, count, language)}"
                for each, count in value.items()
            )
            return beside.join(counts) or "—"
        case list():
            return beside.join(_written(codes, each, language) for each in value) or "—"
        case str():
            return codes[value].say(language) if value in codes else value or "—"
        case _:
            return "—" if value is None else str(value)
