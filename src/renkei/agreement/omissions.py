"""Suspected omissions (3(1)イ): the two grounds, and why no notification counts for a permission.

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

_REASONS = (
    Reason(
        code="no_notification",
        clause="3(1)イ",
        name_ja="届出が連携されていない",
        name_en="no notification",
        sentence_ja="期限までに突合できた届出がない。届出の遅れ、番号の誤記、雇用に至らなかったことなどもあり得る。",
        sentence_en="No notification was matched by the due date. It may be late or have a wrong number, "
        "or the employment may never have begun.",
    ),
    Reason(
        code="start_before_permission",
        clause="3(1)イ",
        name_ja="雇用開始日が許可日より前",
        name_en="employment started before the permission",
        sentence_ja="突合できた届出はあるが、雇用開始日が上陸許可日又は変更許可日より前である。"
        "在学中の採用が続いている場合などもこれに当たる。",
        sentence_en="A notification was matched, but its employment starts before the landing or the change. "
        "This includes a person who was hired as a student and kept the job.",
    ),
    Reason(
        code="identity_conflict",
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

#: The grounds by code: (ア), then (イ).
GROUNDS = Closed(Words("未届の疑いの事由", "grounds of a suspected omission"), _GROUNDS)
#: The reasons by code.
REASONS = Closed(Words("未届の疑いの理由", "reasons of a suspected omission"), _REASONS)
