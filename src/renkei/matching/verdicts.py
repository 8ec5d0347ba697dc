"""What comparing one item can say (reconciliation §3). Only DIFFERENT is a mismatch."""

from enum import IntEnum


class Verdict(IntEnum):
    """The verdict on one item of one notification, as stored in UInt8 columns."""

    SAME = 0
    EQUIVALENT = 1
    DIFFERENT = 2
    NOT_REPORTED = 3
    NOT_HELD = 4
    NOT_COMPARABLE = 5


AGREES = (Verdict.SAME, Verdict.EQUIVALENT)
