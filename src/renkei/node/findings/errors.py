"""What matching by change, the answers and the decisions on correction requests refuse.

NodeError
├── DayPassed          a day before the last one matched
├── AnswersOutOfStep   an answer marked as sent that was not selected, or was sealed by another number
├── RequestDecided     a correction request that does not wait, or a reason that is not of the decision
├── NoSuchDecision     a decision on candidates without its reason, or on somebody who is none of them
└── CandidatesChanged  candidates that somebody else decided on, or that changed since they were looked at
"""

from renkei.node.errors import NodeError


class DayPassed(NodeError):
    """Days are matched in their order; an earlier one cannot come after a later one."""

    def __init__(self, day: str, last: str) -> None:
        super().__init__(
            f"{day} cannot be matched: {last} was matched already. Days go forward; check the clock.",
            f"{day}の突合はできません。{last}の突合が済んでいます。日付は進む一方です。時計を確かめてください。",
        )


class AnswersOutOfStep(NodeError):
    """Only what was selected is marked, and once."""


class RequestDecided(NodeError):
    """Somebody else decided meanwhile, or the decision does not go with its reason."""


class NoSuchDecision(NodeError):
    """A decision names one of the candidates, or none, and a reason of its own."""


class CandidatesChanged(NodeError):
    """Another officer or the day's matching was faster; look again, then decide."""
