"""Who may do what, and who may read whom: the one place that decides, by duty, office, purpose and party.

Whatever concerns one office is for those entrusted with it, in that office or in all of them. Whoever reads
personal data has stated for which purpose of clause 7, for this very case or document, within half an hour.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from renkei.node.accounts import purposes
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Officer
from renkei.node.errors import NotPermitted

_BOTH: Final = frozenset({"isa", "mhlw"})
_MHLW: Final = frozenset({"mhlw"})
_ISA: Final = frozenset({"isa"})


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may: any one of the duties, at these parties. `personal`: a purpose must be in force."""

    ja: str
    duties: frozenset[Duty]
    parties: frozenset[str] = _BOTH
    personal: bool = False


class Act(Enum):
    """What an officer may want to do, each with its rule. What is not here nobody may do."""

    SEE_STATUS = Rule("状況を見る", frozenset(Duty))
    RUN_DAY = Rule("日次処理を動かす", frozenset({Duty.OPERATE}))
    IMPORT_EXTRACTS = Rule("データを取り込む", frozenset({Duty.OPERATE}))
    SEE_DELIVERIES = Rule("送受信を見る", frozenset({Duty.OPERATE, Duty.AUDIT}))
    CARRY_MEDIA = Rule("媒体で受け渡す", frozenset({Duty.OPERATE}))
    DECLARE_INCIDENT = Rule("漏えい等を記録する", frozenset({Duty.OPERATE, Duty.AUDIT}))
    HOLD_AND_ERASE = Rule("消去し、又は消去を止める", frozenset({Duty.ADMINISTER}))
    LIST_CASES = Rule("事案の一覧を見る", frozenset({Duty.HANDLE_CASES}))
    HANDLE_CASE = Rule("事案を処理する", frozenset({Duty.HANDLE_CASES}), _MHLW)
    READ_CASE = Rule("事案の個人情報を見る", frozenset({Duty.HANDLE_CASES}), _MHLW, personal=True)
    READ_FINDING = Rule("突合結果の個人情報を見る", frozenset({Duty.HANDLE_CASES}), _ISA, personal=True)
    DECIDE_CORRECTION = Rule("訂正依頼に答える", frozenset({Duty.HANDLE_CASES}), _ISA, personal=True)
    DECIDE_CANDIDATE = Rule("候補者を確認する", frozenset({Duty.HANDLE_CASES}), _ISA, personal=True)
    READ_TRAIL = Rule("証跡を見る", frozenset({Duty.AUDIT}))
    VERIFY_TRAIL = Rule("証跡を検証する", frozenset({Duty.AUDIT, Duty.OPERATE}))
    ACCEPT_RESTORE = Rule("証跡の復元を認める", frozenset({Duty.AUDIT}))
    MANAGE_ACCOUNTS = Rule("職員を登録する", frozenset({Duty.ADMINISTER}))


@dataclass(frozen=True, slots=True)
class Subject:
    """What an act is about: a case or document by number, and the office it lies with.

    `office` blank is nobody's yet (the unassigned tray), for those with the duty in all offices; None where
    the thing has no office at all.
    """

    name: str
    office: str | None = None


#: What concerns the node as a whole.
NODE: Final = Subject("")


def permitted(
    officer: Officer | AnonymousUser | None, act: Act, subject: Subject = NODE, *, now: datetime
) -> bool:
    """Whether an officer may do or read this now."""
    if not entitled(officer, act, subject) or not isinstance(officer, Officer):
        return False
    return not act.value.personal or purposes.in_force(officer, subject.name, now=now) is not None


def entitled(officer: Officer | AnonymousUser | None, act: Act, subject: Subject = NODE) -> bool:
    """Whether party, duty and office are right, so that a purpose, if one is needed, is worth asking for."""
    rule = act.value
    if not isinstance(officer, Officer) or not officer.is_active or settings.NODE.party not in rule.parties:
        return False
    offices = offices_of(officer, act)
    if offices is None:
        return True
    return bool(offices) if subject.office is None else subject.office in offices


def require(
    officer: Officer | AnonymousUser | None, act: Act, subject: Subject = NODE, *, now: datetime
) -> None:
    """Let pass who may. Raises NotPermitted, which does not say whether the thing is there."""
    if not permitted(officer, act, subject, now=now):
        raise refusal()


def refusal() -> NotPermitted:
    """Return what refuses a thing that is not the officer's and one that is not there, so that asking tells
    nothing: whoever looks a thing up by its number raises this where there is none.
    """
    return NotPermitted(
        "This is not open to you: it wants another duty or office, or a purpose stated for it. "
        "State the purpose, or ask whoever administers the accounts.",
        "この操作はできません。職務・所管が異なるか、利用目的の申告がありません。"
        "利用目的を申告するか、管理の担当者に確かめてください。",
    )


def offices_of(officer: Officer, act: Act) -> frozenset[str] | None:
    """Return the offices where an officer has a duty for this act; None for all of them, empty for none."""
    held = officer.assignments.filter(duty__in=act.value.duties).values_list("office", flat=True)
    offices = frozenset(held)
    return None if "" in offices else offices
