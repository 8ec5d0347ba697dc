"""What matching by change refuses.

NodeError
└── DayPassed          a day before the last one matched
"""

from renkei.node.errors import NodeError


class DayPassed(NodeError):
    """Days are matched in their order; an earlier one cannot come after a later one."""

    def __init__(self, day: str, last: str) -> None:
        super().__init__(
            f"{day} cannot be matched: {last} was matched already. Days go forward; check the clock.",
            f"{day}の突合はできません。{last}の突合が済んでいます。日付は進む一方です。時計を確かめてください。",
        )
