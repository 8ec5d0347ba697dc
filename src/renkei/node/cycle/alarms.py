"""Alarms: the events that an officer must act on, as a table.

A delivery that does not arrive always means a problem (申合せ5), so both parties raise an alarm. An alarm is
raised once and cleared automatically when its cause is over; both are recorded in the trail.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from django.db import IntegrityError, transaction

from renkei.agreement.text import Words
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cycle import confirmations
from renkei.node.cycle.models import Alarm
from renkei.node.records import plausibility


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened and what to do, with `{subject}` filled in, and `{counts}` if it is implausible input."""

    ja: str
    en: str


class AlarmKind(Enum):
    """A kind of alarm; the value says what happened and what to do."""

    STEP_STOPPED = Sentence(
        "処理 {subject} が止まっています。`renkei status`で原因を確認してください。次の実行で続きます。",
        "The step {subject} has stopped. See the cause with `renkei status`; the next run continues.",
    )
    FILE_REFUSED = Sentence(
        "{subject} を取り込めません。extracts/refused/ の説明を見て、直したファイルを置き直してください。",
        "{subject} was refused. Read the note in extracts/refused/ and put a corrected file into extracts/.",
    )
    FILE_NOT_WHOLE = Sentence(
        "{subject} は完全ではないため取り込んでいません。`renkei status`で理由を"
        "確かめ、出力し直してください。",
        "{subject} is not complete and was not imported. See why in `renkei status`; export it again.",
    )
    FILE_IMPLAUSIBLE = Sentence(
        "{subject} の内容はあり得ないため取り込んでいません。{counts}ファイルを確かめ、正しければ"
        "`renkei import {subject} --confirmed 理由`で取り込んでください。"
        "誤っていれば、直したファイルに置き換えるか、取り除いてください。",
        "{subject} cannot be true and was not imported. {counts} Check the file. If it is right: "
        "`renkei import {subject} --confirmed REASON`. If it is wrong, replace it or remove it.",
    )
    DELIVERY_IMPLAUSIBLE = Sentence(
        "{subject} の内容はあり得ないため突合を止めています。{counts}相手方と確かめ、正しければ"
        "`renkei cycle confirm --reason 理由`で先へ進めてください。",
        "{subject} cannot be true; the matching waits. {counts} Clarify it with the counterpart. If it is "
        "right: `renkei cycle confirm --reason REASON`.",
    )
    ANSWER_IMPLAUSIBLE = Sentence(
        "{subject} の突合の結果はあり得ないため回答を止めています。{counts}届出と登録を確かめ、正しければ"
        "`renkei cycle confirm --reason 理由`で先へ進めてください。",
        "The result of matching {subject} cannot be true; the answer waits. {counts} Check notifications and "
        "register. If it is right: `renkei cycle confirm --reason REASON`.",
    )
    NOT_SENT = Sentence(
        "{subject} が予定の時刻までに送られていません。`renkei status`を確認してください。",
        "{subject} was not sent by its time. See `renkei status`.",
    )
    NO_RECEIPT = Sentence(
        "{subject} の受領証が届いていません。相手方に確認し、必要なら媒体で渡してください(申合せ5)。",
        "No receipt for {subject} has arrived. Ask the counterpart; if needed, use a medium (clause 5).",
    )
    NOTHING_CAME = Sentence(
        "{subject} が相手方から届いていません。相手方に確認してください(空の日も空の送付が届きます)。",
        "{subject} has not arrived from the counterpart. Ask them: even an empty day has a delivery.",
    )
    REFUSED_BY_COUNTERPART = Sentence(
        "{subject} を相手方が受け付けませんでした。受領証の理由を確かめ、原因を除いてから"
        "`renkei cycle retry`で作り直してください。",
        "The counterpart refused {subject}. See the reason in its receipt; when the cause is gone, make it "
        "again with `renkei cycle retry`.",
    )
    REFUSED_HERE = Sentence(
        "相手方の {subject} を受け付けませんでした。理由を相手方と確認してください。",
        "The counterpart's {subject} was refused here. Clarify the reason with them.",
    )
    ROWS_RETURNED = Sentence(
        "{subject} の一部の行を相手方が取り込めなかったか、書式に合わないため送っていません。"
        "`renkei rejects list`で行と理由を確かめ、直してください。",
        "Some rows of {subject} were rejected by the counterpart, or left out because they do not fit the "
        "format. `renkei rejects list` shows rows and reasons.",
    )
    OVER_PROVIDED = Sentence(
        "{subject} に、取決めで提供しないこととした項目が記入された行がありました。"
        "その行は保存していません。直ちに相手方と電話で確認してください。",
        "{subject} had rows with an item that the agreement withholds. They were not stored. Telephone the "
        "counterpart now.",
    )
    CERTIFICATE_ENDS = Sentence(
        "証明書 {subject} の期限が近づいています。`renkei keys rollover`で更新してください。",
        "The certificate {subject} expires soon. Renew it with `renkei keys rollover`.",
    )
    TRAIL_DIFFERS = Sentence(
        "相手方が控える当方の証跡({subject})が当方にありません。監査担当に連絡してください。",
        "A head of our trail that the counterpart has ({subject}) is no longer in it. Inform the auditors.",
    )
    TRAIL_BROKEN = Sentence(
        "当方の証跡の連鎖が {subject} 番で切れています。データベースを保全し、監査担当に連絡してください。",
        "The chain of our trail is broken at entry {subject}. Keep the database and inform the auditors.",
    )
    COUNTERPART_TRAIL_BACK = Sentence(
        "相手方の証跡が後戻りしています({subject})。監査担当に連絡し、相手方に照会してください。",
        "The counterpart's trail went back ({subject}). Inform the auditors, and ask the counterpart.",
    )
    INCIDENT_UNTOLD = Sentence(
        "漏えい等 {subject} が相手方に届いていません。電話で伝え、必要なら媒体で渡してください(申合せ6)。",
        "The counterpart has not received the notice of {subject}. Telephone; if needed, use a medium "
        "(clause 6).",
    )
    INCIDENT_HEARD = Sentence(
        "相手方から漏えい等 {subject} の連絡です。漏えい等・障害の画面で見て、対応を記録してください。",
        "The counterpart reported the incident {subject}. See the incidents page, and record what you do.",
    )
    INCIDENT_DUE = Sentence(
        "漏えい等の報告 {subject} の期限です。報告したら、漏えい等・障害の画面で記録してください。",
        "A report of an incident is due: {subject}. Report it, and record that on the incidents page.",
    )


#: What says why the subject of an alarm is implausible.
_COUNTS: Final[Mapping[str, Callable[[str], Words]]] = {
    AlarmKind.FILE_IMPLAUSIBLE.name: plausibility.why_waiting,
    AlarmKind.DELIVERY_IMPLAUSIBLE.name: confirmations.why_waiting,
    AlarmKind.ANSWER_IMPLAUSIBLE.name: confirmations.why_waiting,
}


def hold(kind: AlarmKind, subjects: Iterable[str], now: datetime) -> None:
    """Make exactly these subjects the active alarms of a kind: raise new ones, clear those that are over."""
    wanted = set(subjects)
    ringing = set(Alarm.objects.filter(kind=kind.name, cleared_at=None).values_list("subject", flat=True))
    for subject in sorted(wanted - ringing):
        _raise(kind, subject, now)
    for subject in sorted(ringing - wanted):
        _clear(kind, subject, now)


def ringing() -> list[Alarm]:
    """Return the active alarms, the newest first."""
    return list(Alarm.objects.filter(cleared_at=None))


def sentence(alarm: Alarm, subject: str = "") -> Sentence:
    """Return an alarm's sentence; `subject` replaces the stored one where a page words it differently."""
    found = AlarmKind[alarm.kind].value
    named = subject or alarm.subject
    counts = _COUNTS[alarm.kind](alarm.subject) if alarm.kind in _COUNTS else Words("", "")
    return Sentence(
        found.ja.format(subject=named, counts=counts.ja), found.en.format(subject=named, counts=counts.en)
    )


def _raise(kind: AlarmKind, subject: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            Alarm.objects.create(kind=kind.name, subject=subject, raised_at=now)
            record(None, Verb.ALARM_RAISED, f"{kind.name} {subject}")
    except IntegrityError:
        return  # another worker raised it first


@transaction.atomic
def _clear(kind: AlarmKind, subject: str, now: datetime) -> None:
    mine = Alarm.objects.filter(kind=kind.name, subject=subject, cleared_at=None)
    if mine.update(cleared_at=now) == 1:
        record(None, Verb.ALARM_CLEARED, f"{kind.name} {subject}")
