"""The officers' manual as a table: one page for each task, with a template and a picture from the tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BOTH: Final = frozenset({"isa", "mhlw"})
ISA: Final = frozenset({"isa"})
MHLW: Final = frozenset({"mhlw"})


@dataclass(frozen=True, slots=True)
class Task:
    """One task. `page` is the URL name of the page for it; `picture` describes the picture."""

    slug: str
    ja: str
    en: str
    page: str
    picture: str
    parties: frozenset[str] = BOTH


_TASKS = (
    Task("today", "一日の始まりに確かめる", "Check the day", "today", "本日の状況の画面"),
    Task("no-receipt", "受領証が届かないとき", "When no receipt comes", "delivery", "一件の送付の画面"),
    Task("medium", "媒体で受け渡す", "Hand over by medium", "delivery", "媒体での受渡しの申請の画面"),
    Task(
        "gap",
        "番号が欠けているとき",
        "When a number is missing",
        "deliveries",
        "送受信の画面。欠番の行がある",
    ),
    Task("day", "一日の処理を確かめる", "Check a business day", "day", "一日の処理の画面"),
    Task("purpose", "利用目的を申告する", "State the purpose", "purpose", "利用目的の確認の画面"),
    Task("finding", "突合結果を一件開く", "Open one finding", "finding", "一件の突合結果の画面", ISA),
    Task(
        "correction",
        "訂正依頼に答える",
        "Decide on a correction request",
        "correction",
        "一件の訂正依頼の画面",
        ISA,
    ),
    Task("candidate", "候補者を確かめる", "Decide on a candidate", "candidate", "一件の候補者の画面", ISA),
    Task(
        "shared-numbers",
        "複数の人が使う番号・別人の可能性を調べる",
        "Check shared numbers and possible other persons",
        "shared_numbers",
        "複数の人が使う番号の画面",
        ISA,
    ),
    Task(
        "lists",
        "事案を探し、担当を決め、書き出す",
        "Find, assign and export cases",
        "discrepancies",
        "不一致の一覧の画面",
        MHLW,
    ),
    Task("discrepancy", "不一致を確かめる", "Check a mismatch", "discrepancy", "不一致の事案の画面", MHLW),
    Task(
        "omission",
        "未届の疑いを確かめる",
        "Check a suspected omission",
        "omission",
        "未届の疑いの事案の画面",
        MHLW,
    ),
    Task(
        "establishment",
        "一つの事業所の事案をまとめて扱う",
        "Handle the cases of an establishment",
        "establishment",
        "事業所の画面",
        MHLW,
    ),
    Task("letter", "事業主への照会文書を作る", "Write to an employer", "letter", "照会文書の画面", MHLW),
    Task(
        "correction-request",
        "在留管理情報の訂正を依頼する",
        "Ask ISA for a correction",
        "case_move",
        "在留管理情報の訂正を依頼する画面",
        MHLW,
    ),
    Task(
        "incident",
        "漏えい等・障害のとき",
        "When data may have leaked",
        "incident",
        "一件の漏えい等の画面。期限が並ぶ",
    ),
    Task("trail", "証跡を確かめ、書き出す", "Read and export the trail", "trail", "監査証跡の画面"),
    Task("officers", "職員を登録し、職務を与える", "Add an officer", "officer", "一人の職員の画面"),
    Task(
        "account",
        "自分の登録とパスワードを確かめる",
        "Check your account and password",
        "own_account",
        "自分の登録の画面",
    ),
    Task(
        "memorandum",
        "申合せの解釈と未確認の点を確かめる",
        "Read the memorandum and its open points",
        "memorandum",
        "申合せの画面",
    ),
    Task("keys", "証明書の期限を確かめる", "Check when certificates expire", "keys", "鍵と証明書の画面"),
)

TASKS: Final[Mapping[str, Task]] = {task.slug: task for task in _TASKS}
"""Every task by its slug."""


def tasks_of(party: str) -> list[Task]:
    """Return the tasks of a party's officers, in the order of the manual."""
    return [task for task in _TASKS if party in task.parties]
