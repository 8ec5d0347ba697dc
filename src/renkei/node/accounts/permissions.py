"""The gate: the only place that decides who may do or read what, by duty, office, purpose and party.

What concerns one office is for officers with the duty in that office or in all offices. To read personal
data, an officer must have stated a purpose of clause 7 for this case or document within the last half hour.
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
    """Who may do an act: any one of the duties, at these parties. `personal`: a purpose must be in force."""

    ja: str
    duties: frozenset[Duty]
    parties: frozenset[str] = _BOTH
    personal: bool = False


class Act(Enum):
    """Every act of an officer, with its rule. An act that is not listed here is not permitted."""

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
    """What an act is about: a case or document by number, and its office.

    A blank `office` means not assigned yet, which is for officers with the duty in all offices; None means
    that the case or document belongs to no office.
    """

    name: str
    office: str | None = None


#: The subject of acts that concern the node as a whole.
NODE: Final = Subject("")


def permitted(
    officer: Officer | AnonymousUser | None, act: Act, subject: Subject = NODE, *, now: datetime
) -> bool:
    """Whether an officer may do or read this now, with a purpose in force if one is needed."""
    if not entitled(officer, act, subject) or not isinstance(officer, Officer):
        return False
    return not act.value.personal or purposes.in_force(officer, subject.name, now=now) is not None


def entitled(officer: Officer | AnonymousUser | None, act: Act, subject: Subject = NODE) -> bool:
    """Whether party, duty and office allow the act, whether or not a purpose is stated."""
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
    """Check that an act is permitted. Raises NotPermitted, which does not tell whether the subject exists."""
    if not permitted(officer, act, subject, now=now):
        raise refusal()


def refusal() -> NotPermitted:
    """Return the one error for a subject that is not permitted and for one that does not exist.

    A function that looks up a subject by its number raises it where there is none, so that the answer does
    not reveal whether it exists.
    """
    return NotPermitted(
        "You are not permitted to do this: it needs another duty or office, or a stated purpose. "
        "State the purpose, or ask an administrator of the accounts.",
        "この操作はできません。職務・所管が異なるか、利用目的の申告がありません。"
        "利用目的を申告するか、管理の担当者に確かめてください。",
    )


def offices_of(officer: Officer, act: Act) -> frozenset[str] | None:
    """Return the offices where an officer has a duty for this act; None for all of them, empty for none."""
    assigned = officer.assignments.filter(duty__in=act.value.duties).values_list("office", flat=True)
    offices = frozenset(assigned)
    return None if "" in offices else offices
