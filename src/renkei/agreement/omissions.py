"""Suspected omissions (3(1)イ): scope, the two grounds, reasons and explanations, as closed lists.

A suspected omission is not a finding: there can be causes that the registers do not show. Every sentence
says so.
"""

from dataclasses import dataclass

from renkei.agreement.tables import Closed
from renkei.agreement.text import Words


@dataclass(frozen=True, slots=True)
class Ground:
    """One of the two permissions after which a notification is awaited.

    `code` is the value of `permissions.ground`; `date_column` is the column of 別紙3 with its day.
    """

    code: str
    clause: str
    law: str
    date_column: str
    name_ja: str
    name_en: str
    sentence_ja: str
    sentence_en: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why no notification credits a permission; `code` is the value of `suspected_omissions.reason`."""

    code: str
    clause: str
    name_ja: str
    name_en: str
    sentence_ja: str
    sentence_en: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What probably happened; `code` is the value of `suspected_omissions.explanation` (§6).

    The explanations of one reason are tried in the order of their list: the first that fits a notification
    is given.
    """

    code: str
    reason: str
    name_ja: str
    name_en: str
    sentence_ja: str
    sentence_en: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a permission stands in 3(1)イ: each is in exactly one scope, the first that fits (§6)."""

    code: str
    name_ja: str
    name_en: str


_GROUNDS = (
    Ground(
        code="coe",
        clause="3(1)イ(ア)",
        law="入管法第7条の2",
        date_column="landed_on",
        name_ja="在留資格認定証明書の交付",
        name_en="certificate of eligibility",
        sentence_ja="就労資格に係る在留資格認定証明書の交付を受けて上陸し、申請書で雇用契約が確認できる。",
        sentence_en="The person landed with a certificate of eligibility for a work status, and the "
        "application shows an employment contract.",
    ),
    Ground(
        code="change",
        clause="3(1)イ(イ)",
        law="入管法第20条",
        date_column="changed_on",
        name_ja="在留資格変更許可",
        name_en="change of status",
        sentence_ja="就労資格への在留資格変更許可を受け、申請書で雇用契約が確認できる。",
        sentence_en="The person was permitted to change to a work status, and the application shows an "
        "employment contract.",
    ),
)

#: Given only if candidates were searched for: the employer probably did notify, with another number.
PROBABLY_NOTIFIED = "unmatched_notification"
NO_NOTIFICATION = "no_notification"
START_BEFORE_PERMISSION = "start_before_permission"
OTHER_EMPLOYER = "other_employer"
IDENTITY_CONFLICT = "identity_conflict"

_REASONS = (
    Reason(
        code=NO_NOTIFICATION,
        clause="3(1)イ",
        name_ja="届出が連携されていない",
        name_en="no notification",
        sentence_ja="期限までに突合できた届出がない。届出の遅れ、番号の誤記、雇用に至らなかったことなどもあり得る。",
        sentence_en="No notification was matched by the due date. It may be late or have a wrong number, "
        "or the employment may never have begun.",
    ),
    Reason(
        code=START_BEFORE_PERMISSION,
        clause="3(1)イ",
        name_ja="雇用開始日が許可日より前",
        name_en="employment started before the permission",
        sentence_ja="突合できた届出はあるが、雇用開始日が上陸許可日又は変更許可日より前である。"
        "在学中の採用が続いている場合などもこれに当たる。",
        sentence_en="A notification was matched, but its employment starts before the landing or the change. "
        "This includes a person who was hired as a student and kept the job.",
    ),
    Reason(
        code=OTHER_EMPLOYER,
        clause="3(1)イ",
        name_ja="別の事業主の届出のみ",
        name_en="only another employer notified",
        sentence_ja="突合できた届出はあるが、申請書の所属機関又は派遣先と異なる事業主のものである。"
        "名称の変更、合併、転職などもあり得る。",
        sentence_en="A notification was matched, but from another employer than the organisation of the "
        "application. Its name may have changed, or the person may have moved.",
    ),
    Reason(
        code=IDENTITY_CONFLICT,
        clause="4",
        name_ja="別人の届出の可能性",
        name_en="identity conflict",
        sentence_ja="この人のカード番号による届出はあるが、身分事項が異なり、別人の届出である可能性がある。",
        sentence_en="A notification has a card number of this person, but the identity differs: it may be "
        "someone else's.",
    ),
    Reason(
        code=PROBABLY_NOTIFIED,
        clause="3(1)イ",
        name_ja="番号が一致しない届出がある",
        name_en="a notification with another number",
        sentence_ja="在留カード番号では突合できなかった届出が、この人についてのものである可能性が高い。"
        "事業主は届け出ており、番号の記載誤りと考えられる。",
        sentence_en="A notification whose card number could not be found is probably about this person: the "
        "employer did notify, and a digit may be wrong.",
    ),
)

CONTINUES = "continues"
NOTIFIED_AFTER = "notified_after"
CANCELLED = "cancelled"
_EXPLANATIONS = (
    Explanation(
        code=NOTIFIED_AFTER,
        reason=START_BEFORE_PERMISSION,
        name_ja="許可後の届出（開始日が許可前）",
        name_en="notified after the permission, with an earlier start",
        sentence_ja="届出にある在留カードは許可の日以後に交付されている。許可の後に届け出られ、"
        "雇用開始日として許可より前の日が書かれたとみられる。",
        sentence_en="The notification gives a card that was issued on or after the day of the permission: "
        "it was made after the permission, with an earlier day as the start of the employment.",
    ),
    Explanation(
        code=CONTINUES,
        reason=START_BEFORE_PERMISSION,
        name_ja="引き続き雇用",
        name_en="the same employment went on",
        sentence_ja="同じ所属機関（又は派遣先）による雇用が、許可の前から続いているとみられる。"
        "在留資格の変更だけでは、届出の義務は生じない。",
        sentence_en="The same organisation seems to employ the person before and after the permission. "
        "A change of status alone needs no notification.",
    ),
    Explanation(
        code="just_before",
        reason=START_BEFORE_PERMISSION,
        name_ja="上陸直前の開始日",
        name_en="begins shortly before the landing",
        sentence_ja="雇用開始日が上陸許可の日の前31日以内である。上陸が予定より遅れたとみられる。",
        sentence_en="The employment begins at most 31 days before the landing, which probably came later "
        "than planned.",
    ),
    Explanation(
        code="continues_elsewhere",
        reason=START_BEFORE_PERMISSION,
        name_ja="別の事業主での雇用が続いている",
        name_en="an employment elsewhere went on",
        sentence_ja="許可の前からの、所属機関と異なる事業主での雇用が終わっていない。"
        "離職の届出がされていない場合が多い。",
        sentence_en="An employment with another employer, from before the permission, has no end. Often the "
        "separation was not notified.",
    ),
    Explanation(
        code="ended_before",
        reason=START_BEFORE_PERMISSION,
        name_ja="許可前に終わった雇用",
        name_en="ended before the permission",
        sentence_ja="届出の雇用は、許可の日より前に終わっている。",
        sentence_en="The notified employment ended before the permission.",
    ),
    Explanation(
        code="separation_only",
        reason=START_BEFORE_PERMISSION,
        name_ja="離職の届出のみ",
        name_en="only a separation was notified",
        sentence_ja="許可の日以後の離職の届出だけがあり、雇入れの届出がない。",
        sentence_en="Only a separation on or after the day of the permission was notified, and no hire.",
    ),
    Explanation(
        code=CANCELLED,
        reason=NO_NOTIFICATION,
        name_ja="取り消された届出",
        name_en="a notification was cancelled",
        sentence_ja="この人の在留カード番号による届出があったが、削除されている。",
        sentence_en="A notification with a card number of this person was deleted.",
    ),
)

_SCOPES = (
    Scope("no_contract", "雇用契約が確認できない", "no contract confirmed"),
    Scope("not_work_status", "就労資格でない", "not a work status"),
    Scope("designation_unknown", "指定活動の就労可否が不明", "designation unknown"),
    Scope("not_designated", "就労が指定されていない", "work not designated"),
    Scope("not_used", "上陸していない", "not landed"),
    Scope("before_agreement", "申合せの発効前", "before the agreement"),
    Scope("not_due", "期限前", "not due"),
    Scope("credited", "届出が連携されている", "credited"),
    Scope("suspected", "未届の疑い", "suspected"),
)

#: The grounds by code: (ア), then (イ).
GROUNDS = Closed(Words("未届の疑いの事由", "grounds of a suspected omission"), _GROUNDS)
#: The reasons by code.
REASONS = Closed(Words("未届の疑いの理由", "reasons of a suspected omission"), _REASONS)
#: The explanations by code, in the order in which they are tried.
EXPLANATIONS = Closed(Words("未届の疑いの説明", "explanations of a suspected omission"), _EXPLANATIONS)
#: The scopes by code, in the order in which they are tried.
SCOPES = Closed(Words("許可の区分", "scopes of a permission"), _SCOPES)
