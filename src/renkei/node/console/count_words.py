"""What the counts of the day's steps and of deliveries are called on the pages, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from renkei.agreement.errors import Lang
from renkei.matching.wording import OUTCOMES, Words

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

_REJECTED: Final = "rejected:"


def count_in_words(name: str, language: Lang) -> str:
    """Name a count; of rows that could not be taken the reason's code stands behind it.

    A name that is not in the table stands for itself.
    """
    if name.startswith(_REJECTED):
        return f"{COUNTS['rejected'].say(language)} ({name.removeprefix(_REJECTED)})"
    return COUNTS[name].say(language) if name in COUNTS else name
