"""The workflow of a case as a table. The buttons, the checks and docs/cases.md are made from it.

Deadlines count in working days from the day of the move. A finding is a reason to check, not a conclusion
(申合せ4): no move states a violation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.db.models import TextChoices

from renkei.node.accounts.duties import Duty


class State(TextChoices):
    """The state of a case."""

    NEW = "new", "未着手"
    CHECKING = "checking", "確認中"
    ASKED = "asked", "事業主へ照会中"
    REFERRED = "referred", "入管庁へ協議中"
    CORRECTION = "correction", "訂正依頼中"
    CLOSED = "closed", "終了"


class Outcome(TextChoices):
    """The outcome of a case."""

    EMPLOYER_CORRECTED = "employer_corrected", "届出の誤り（訂正済み）"
    IMPOSTOR_SUSPECTED = "impostor_suspected", "別人の疑い"
    NOT_EMPLOYED = "not_employed", "雇用に至らず"
    ALREADY_NOTIFIED = "already_notified", "届出済み"
    OTHER = "other", "その他"
    # set automatically when ISA withdraws the finding
    REGISTER_CORRECTED = "register_corrected", "在留管理情報の訂正"
    AGREES_NOW = "agrees_now", "訂正後の届出が一致"
    NOTIFICATION_DELETED = "notification_deleted", "届出の削除"
    NO_LONGER_STANDS = "no_longer_stands", "入管庁による取下げ"


@dataclass(frozen=True, slots=True)
class Move:
    """One move. `duty` None: the move is automatic. `due_days`: working days until the next deadline.

    `due_days` None leaves the deadline as it is; 0 removes it.
    """

    name: str
    ja: str
    en: str
    before: frozenset[State]
    after: State
    duty: Duty | None = Duty.HANDLE_CASES
    needs_reason: bool = False
    outcomes: frozenset[Outcome] = frozenset()
    due_days: int | None = None


_N, _C, _A, _R, _K = State.NEW, State.CHECKING, State.ASKED, State.REFERRED, State.CORRECTION
_OPEN: Final = frozenset({_N, _C, _A, _R, _K})
_BY_OFFICERS: Final = frozenset(
    {
        Outcome.EMPLOYER_CORRECTED,
        Outcome.IMPOSTOR_SUSPECTED,
        Outcome.NOT_EMPLOYED,
        Outcome.ALREADY_NOTIFIED,
        Outcome.OTHER,
    }
)

#: Working days within which a new case is checked. These periods are decisions, to be confirmed (8(2)).
FIRST_LOOK_DAYS: Final = 5
_CHECK_DAYS, _EMPLOYER_DAYS, _ISA_DAYS = 10, 14, 20

_MOVES = (
    Move("take", "着手する", "Begin", frozenset({_N}), _C, due_days=_CHECK_DAYS),
    Move(
        "ask_employer",
        "事業主へ照会する",
        "Ask the employer",
        frozenset({_N, _C}),
        _A,
        due_days=_EMPLOYER_DAYS,
    ),
    Move(
        "refer",
        "入管庁へ協議する",
        "Refer to ISA",
        frozenset({_C, _A}),
        _R,
        needs_reason=True,
        due_days=_ISA_DAYS,
    ),
    Move(
        "request_correction",
        "在留管理情報の訂正を依頼する",
        "Request a correction of the register",
        frozenset({_C, _A, _R}),
        _K,
        needs_reason=True,
        due_days=_ISA_DAYS,
    ),
    Move("resume", "確認に戻す", "Resume", frozenset({_A, _R, _K}), _C, due_days=_CHECK_DAYS),
    Move(
        "close",
        "終了する",
        "Close",
        frozenset({_C, _A, _R}),
        State.CLOSED,
        needs_reason=True,
        outcomes=_BY_OFFICERS,
        due_days=0,
    ),
    Move(
        "reopen",
        "再開する",
        "Reopen",
        frozenset({State.CLOSED}),
        _C,
        needs_reason=True,
        due_days=_CHECK_DAYS,
    ),
    Move(
        "withdraw",
        "入管庁が取り下げた",
        "Withdrawn by ISA",
        _OPEN,
        State.CLOSED,
        duty=None,
        outcomes=frozenset(Outcome) - _BY_OFFICERS,
        due_days=0,
    ),
    Move(
        "report_again",
        "入管庁が改めて通知した",
        "Reported again by ISA",
        frozenset({State.CLOSED}),
        _N,
        duty=None,
        due_days=FIRST_LOOK_DAYS,
    ),
    Move(
        "correction_accepted",
        "入管庁が訂正に応じた",
        "ISA accepted the correction",
        frozenset({_K}),
        _K,
        duty=None,
        due_days=_ISA_DAYS,
    ),
    Move(
        "correction_rejected",
        "入管庁が訂正に応じなかった",
        "ISA rejected the correction",
        frozenset({_K}),
        _C,
        duty=None,
        due_days=_CHECK_DAYS,
    ),
)

MOVES: Final[Mapping[str, Move]] = MappingProxyType({move.name: move for move in _MOVES})
"""Every move by name; those without a duty are automatic."""


def open_to(state: str) -> list[Move]:
    """Return the moves that an officer may make from a state, in the order of the table."""
    return [move for move in _MOVES if move.duty and state in move.before]
