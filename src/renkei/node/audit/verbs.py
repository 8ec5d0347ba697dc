"""Every act that the trail records, each with its sentence in both languages."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Sentence:
    """The sentence for an act, with `{actor}` and `{subject}`; `reads`: personal data was shown."""

    ja: str
    en: str
    reads: bool = False


class Verb(Enum):
    """An act. The name goes into the trail and never changes; the sentence may."""

    NODE_MADE = Sentence("{actor}が ノードを作成した", "{actor} made the node")
    BACKUP_MADE = Sentence("{actor}が バックアップ {subject} を作成した", "{actor} made the backup {subject}")
    RESTORE_CONFIRMED = Sentence(
        "{actor}が {subject} のバックアップから復元した後の番号を相手方と照合した",
        "{actor} compared the numbers after restoring the backup of {subject}",
    )
    DELIVERY_TAKEN_BACK = Sentence(
        "{actor}が 送付 {subject} を相手方の控えから戻した",
        "{actor} recovered the delivery {subject} from the counterpart's copy",
    )
    STEP_DONE = Sentence("{actor}が 処理 {subject} を終えた", "{actor} finished the step {subject}")
    STEP_FAILED = Sentence("{actor}が 処理 {subject} で止まった", "{actor} stopped at the step {subject}")
    DAY_CARRIED_OVER = Sentence(
        "{actor}が {subject} の処理を新しい手順に引き継いだ",
        "{actor} carried the day {subject} over to the new steps",
    )
    ALARM_RAISED = Sentence("{actor}が 警報 {subject} を鳴らした", "{actor} raised the alarm {subject}")
    ALARM_CLEARED = Sentence("{actor}が 警報 {subject} を解いた", "{actor} cleared the alarm {subject}")
    FILE_IMPORTED = Sentence("{actor}が {subject} を取り込んだ", "{actor} imported {subject}")
    DELIVERY_SEALED = Sentence("{actor}が 送付 {subject} を封緘した", "{actor} sealed the delivery {subject}")
    DELIVERY_RECEIVED = Sentence(
        "{actor}が 送付 {subject} を受信した", "{actor} received the delivery {subject}"
    )
    DELIVERY_OPENED = Sentence(
        "{actor}が 送付 {subject} を取り込んだ", "{actor} imported the delivery {subject}"
    )
    DELIVERY_REFUSED = Sentence(
        "{actor}が 送付 {subject} を受け付けなかった", "{actor} refused the delivery {subject}"
    )
    DELIVERY_AGAIN = Sentence(
        "{actor}が 不受理の送付 {subject} を作り直すこととした",
        "{actor} decided to make the refused delivery {subject} again",
    )
    DELIVERY_EXPORTED = Sentence(
        "{actor}が 送付 {subject} を媒体に書いた", "{actor} wrote the delivery {subject} to a medium"
    )
    DELIVERY_RESENT = Sentence(
        "{actor}が 送付 {subject} の再送を指示した", "{actor} had the delivery {subject} sent again"
    )
    HANDOVER_ASKED = Sentence(
        "{actor}が 送付 {subject} の媒体での受渡しを申請した",
        "{actor} requested the hand-over of the delivery {subject} on a medium",
    )
    HANDOVER_CONFIRMED = Sentence(
        "{actor}が 送付 {subject} の媒体での受渡しを確認した",
        "{actor} confirmed the hand-over of the delivery {subject} on a medium",
    )
    EVIDENCE_TAKEN = Sentence(
        "{actor}が 送付 {subject} の証拠を書き出した",
        "{actor} exported the evidence of the delivery {subject}",
    )
    RECEIPT_KEPT = Sentence(
        "{actor}が 送付 {subject} の受領証を保管した", "{actor} kept a receipt for {subject}"
    )
    FILE_REFUSED = Sentence("{actor}が {subject} の取込を拒んだ", "{actor} refused to import {subject}")
    FILE_DOUBTED = Sentence(
        "{actor}が あり得ない内容の {subject} の取込を止めた", "{actor} stopped the implausible {subject}"
    )
    DELIVERY_TAKEN = Sentence(
        "{actor}が 受信 {subject} を取り込んだ", "{actor} imported the received {subject}"
    )
    ROWS_RETURNED = Sentence(
        "{actor}が 受信 {subject} で返された行を記録した", "{actor} recorded the rows returned by {subject}"
    )
    ROWS_LEFT_OUT = Sentence(
        "{actor}が 送付 {subject} から書式に合わない行を除いた",
        "{actor} left rows that do not fit the format out of {subject}",
    )
    ROWS_SETTLED = Sentence(
        "{actor}が 送付 {subject} から返された行を処理済みとした",
        "{actor} settled the returned rows of {subject}",
    )
    NOTIFICATIONS_SELECTED = Sentence(
        "{actor}が {subject} の別紙1に載せる届出を選別した", "{actor} selected the notifications of {subject}"
    )
    RECORDS_ERASED = Sentence("{actor}が 消去 {subject} を行った", "{actor} carried out erasure {subject}")
    HOLD_PLACED = Sentence("{actor}が 消去の停止 {subject} を命じた", "{actor} placed the hold {subject}")
    HOLD_LIFTED = Sentence("{actor}が 消去の停止 {subject} を解いた", "{actor} lifted the hold {subject}")
    ANSWERS_TAKEN = Sentence(
        "{actor}が 回答 {subject} を事案にした", "{actor} imported the answers of {subject} as cases"
    )
    CORRECTIONS_SENT = Sentence(
        "{actor}が {subject} の訂正依頼を送付に載せた",
        "{actor} put the correction requests of {subject} into the delivery",
    )
    CASE_MOVED = Sentence("{actor}が 事案 {subject} を進めた", "{actor} moved the case {subject}")
    CASE_NOTED = Sentence(
        "{actor}が 事案 {subject} に経過を記録した", "{actor} added a note to the case {subject}"
    )
    CASES_ASSIGNED = Sentence(
        "{actor}が 事案 {subject} の担当を決めた", "{actor} assigned the cases {subject}"
    )
    CASE_PLACED = Sentence(
        "{actor}が 事案 {subject} の所管を決めた", "{actor} assigned the case {subject} to an office"
    )
    CASE_READ = Sentence("{actor}が 事案 {subject} を開いた", "{actor} opened the case {subject}", reads=True)
    CAUTION_ACKNOWLEDGED = Sentence(
        "{actor}が 事案 {subject} で別人の可能性を了知した",
        "{actor} acknowledged in the case {subject} that it may be another person's record",
    )
    CASES_EXPORTED = Sentence(
        "{actor}が 事案の一覧 {subject} を書き出した", "{actor} exported the list {subject}"
    )
    CARD_NUMBER_SOUGHT = Sentence(
        "{actor}が 在留カード番号で事案を探した(結果 {subject})",
        "{actor} searched for cases by card number (found {subject})",
        reads=True,
    )
    LETTER_MADE = Sentence(
        "{actor}が 事案 {subject} の照会文書を作成した", "{actor} made a letter for {subject}"
    )
    TEMPLATE_CHANGED = Sentence(
        "{actor}が 照会文書のひな形 {subject} を改めた", "{actor} changed the template {subject}"
    )
    DOCUMENT_ATTACHED = Sentence(
        "{actor}が 事案 {subject} に文書を添えた", "{actor} attached a document to {subject}"
    )
    DOCUMENT_READ = Sentence(
        "{actor}が 事案 {subject} の文書を開いた",
        "{actor} opened a document of the case {subject}",
        reads=True,
    )
    MATCHED = Sentence("{actor}が {subject} の突合を行った", "{actor} matched as of {subject}")
    MATCHING_CONFIRMED = Sentence(
        "{actor}が あり得ない内容の {subject} を確かめ、突合を進めた",
        "{actor} confirmed the implausible {subject} and had the matching go on",
    )
    ANSWER_SELECTED = Sentence(
        "{actor}が {subject} の回答に載せる突合結果を選別した", "{actor} selected the answer of {subject}"
    )
    CORRECTIONS_TAKEN = Sentence(
        "{actor}が 受信 {subject} の訂正依頼を受け付けた",
        "{actor} imported the correction requests of {subject}",
    )
    CORRECTION_DECIDED = Sentence(
        "{actor}が 訂正依頼 {subject} に答えた", "{actor} decided on the correction request {subject}"
    )
    FINDING_READ = Sentence(
        "{actor}が 突合結果 {subject} を開いた", "{actor} opened the finding {subject}", reads=True
    )
    CANDIDATES_READ = Sentence(
        "{actor}が 届出 {subject} の候補者を開いた",
        "{actor} opened the candidates of the notification {subject}",
        reads=True,
    )
    CANDIDATE_CONFIRMED = Sentence(
        "{actor}が 届出 {subject} の候補者を本人と確認した",
        "{actor} confirmed a candidate of the notification {subject}",
    )
    CANDIDATES_REJECTED = Sentence(
        "{actor}が 届出 {subject} の候補者を本人でないとした",
        "{actor} rejected the candidates of the notification {subject}",
    )
    CANDIDATE_REOPENED = Sentence(
        "{actor}が 届出 {subject} の候補者についての判断を取り消した",
        "{actor} withdrew the decision on the candidates of the notification {subject}",
    )
    PURPOSE_DECLARED = Sentence(
        "{actor}が {subject} の利用目的を申告した", "{actor} stated the purpose for {subject}"
    )
    ACCOUNT_MADE = Sentence("{actor}が 職員 {subject} を登録した", "{actor} made the account {subject}")
    ACCOUNT_DISABLED = Sentence(
        "{actor}が 職員 {subject} を停止した", "{actor} disabled the account {subject}"
    )
    ACCOUNT_ENABLED = Sentence("{actor}が 職員 {subject} を再開した", "{actor} enabled the account {subject}")
    ACCOUNT_LOCKED = Sentence(
        "{actor}が 職員 {subject} を一時的に締め出した", "{actor} locked the account {subject} temporarily"
    )
    DUTY_ASSIGNED = Sentence("{actor}が 職員 {subject} に職務を与えた", "{actor} gave a duty to {subject}")
    DUTY_WITHDRAWN = Sentence(
        "{actor}が 職員 {subject} の職務を解いた", "{actor} withdrew a duty of {subject}"
    )
    DEVICE_ENROLLED = Sentence(
        "{actor}が 職員 {subject} の確認コードを登録した", "{actor} enrolled the one-time codes of {subject}"
    )
    DEVICE_REMOVED = Sentence(
        "{actor}が 職員 {subject} の確認コードを抹消した", "{actor} removed the one-time codes of {subject}"
    )
    PASSWORD_CHANGED = Sentence(
        "{actor}が 職員 {subject} のパスワードを変えた", "{actor} changed the password of {subject}"
    )
    TRAIL_VERIFIED = Sentence("{actor}が 証跡を検証した", "{actor} verified the trail")
    TRAIL_EXPORTED = Sentence("{actor}が 証跡を書き出した", "{actor} exported the trail")
    TRAIL_READ = Sentence("{actor}が 証跡を閲覧した", "{actor} read the trail")
    RESTORE_ACCEPTANCE_ASKED = Sentence(
        "{actor}が 証跡が {subject} 番に復元されたものと認めるよう申請した",
        "{actor} asked to accept that the trail was restored to entry {subject}",
    )
    RESTORE_ACCEPTED = Sentence(
        "{actor}が 証跡が {subject} 番に復元されたものと認めた",
        "{actor} accepted that the trail was restored to entry {subject}",
    )
    INCIDENT_DECLARED = Sentence(
        "{actor}が 漏えい等 {subject} を記録した", "{actor} declared the incident {subject}"
    )
    INCIDENT_ADDED = Sentence(
        "{actor}が 漏えい等 {subject} に追記した", "{actor} added to the incident {subject}"
    )
    INCIDENT_NOTIFIED = Sentence(
        "{actor}が 漏えい等 {subject} を相手方に連絡させた",
        "{actor} notified the counterpart of the incident {subject}",
    )
    INCIDENT_CLOSED = Sentence(
        "{actor}が 漏えい等 {subject} を終結した", "{actor} closed the incident {subject}"
    )
    INCIDENT_HEARD = Sentence(
        "{actor}が 相手方の漏えい等 {subject} の連絡を受けた",
        "{actor} received the notice of the incident {subject}",
    )
