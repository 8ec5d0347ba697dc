"""How a case moves: a table, from which buttons, checks and the manual all come.

Deadlines count in working days from the day of the move; a mismatch is looked into, never presumed
(申合せ4), so that no move means a violation.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices

from renkei.node.officers.duties import Duty


class State(TextChoices):
    """Where a case stands."""

    NEW = "new", "未着手"
    CHECKING = "checking", "確認中"
    ASKED = "asked", "事業主へ照会中"
    REFERRED = "referred", "入管庁へ照会中"
    CLOSED = "closed", "終了"


class Outcome(TextChoices):
    """What came of a case."""

    EMPLOYER_CORRECTED = "employer_corrected", "事業主の届出の誤り(訂正済み)"
    REGISTER_CORRECTED = "register_corrected", "在留管理情報の誤り"
    IMPOSTOR_SUSPECTED = "impostor_suspected", "別人の疑い"
    NOT_EMPLOYED = "not_employed", "雇用に至らず"
    ALREADY_NOTIFIED = "already_notified", "届出済み"
    OTHER = "other", "その他"
    # by themselves, when ISA withdraws the finding
    AGREES_NOW = "agrees_now", "訂正後の届出が一致"
    NOTIFICATION_DELETED = "notification_deleted", "届出の削除"
    NO_LONGER_STANDS = "no_longer_stands", "出入国在留管理庁による取下げ"


@dataclass(frozen=True, slots=True)
class Move:
    """One move. `due_days`: working days until the next one; None leaves the deadline, 0 ends it."""

    name: str
    ja: str
    en: str
    before: frozenset[State]
    after: State
    duty: Duty | None = Duty.HANDLE_CASES
    needs_reason: bool = False
    outcomes: frozenset[Outcome] = frozenset()
    due_days: int | None = None


_OPEN: Final = frozenset({State.NEW, State.CHECKING, State.ASKED, State.REFERRED})
_BY_OFFICERS: Final = frozenset(
    {
        Outcome.EMPLOYER_CORRECTED,
        Outcome.IMPOSTOR_SUSPECTED,
        Outcome.NOT_EMPLOYED,
        Outcome.ALREADY_NOTIFIED,
        Outcome.OTHER,
    }
)
_BY_THEMSELVES: Final = frozenset(
    {Outcome.AGREES_NOW, Outcome.NOTIFICATION_DELETED, Outcome.NO_LONGER_STANDS}
)

#: Working days in which a new case is looked at; a decision, to be confirmed (8(2)).
FIRST_LOOK_DAYS: Final = 5

_MOVES = (
    Move("take", "着手する", "Begin", frozenset({State.NEW}), State.CHECKING, due_days=10),
    Move(
        "ask_employer",
        "事業主へ照会する",
        "Ask the employer",
        frozenset({State.CHECKING, State.NEW}),
        State.ASKED,
        due_days=14,
    ),
    Move(
        "refer",
        "入管庁へ照会する",
        "Refer to ISA",
        frozenset({State.CHECKING, State.ASKED}),
        State.REFERRED,
        needs_reason=True,
        due_days=20,
    ),
    Move(
        "resume",
        "確認に戻す",
        "Resume",
        frozenset({State.ASKED, State.REFERRED}),
        State.CHECKING,
        due_days=10,
    ),
    Move(
        "close",
        "終了する",
        "Close",
        _OPEN - {State.NEW},
        State.CLOSED,
        needs_reason=True,
        outcomes=_BY_OFFICERS | {Outcome.REGISTER_CORRECTED},
        due_days=0,
    ),
    Move(
        "reopen",
        "再開する",
        "Reopen",
        frozenset({State.CLOSED}),
        State.CHECKING,
        needs_reason=True,
        due_days=10,
    ),
    Move(
        "withdraw",
        "取り下げられた",
        "Withdrawn by ISA",
        _OPEN,
        State.CLOSED,
        duty=None,
        outcomes=_BY_THEMSELVES,
        due_days=0,
    ),
    Move(
        "report_again",
        "改めて通知された",
        "Reported again by ISA",
        frozenset({State.CLOSED}),
        State.NEW,
        duty=None,
        due_days=FIRST_LOOK_DAYS,
    ),
)

MOVES: Final = {move.name: move for move in _MOVES}
"""Every move by name; those without a duty happen by themselves."""


def open_to(state: str) -> list[Move]:
    """Return the moves that an officer may make from a state."""
    return [move for move in _MOVES if move.duty and state in move.before]
