"""What the records refuse.

NodeError
├── NotOurs             a dataset or file name that this party's node has no table for
├── TooMuchGone         a full extract that would remove suspiciously much, not confirmed
├── DeliveryOutOfOrder  a delivery that is not later than the last one taken in
├── SelectionOutOfStep  a day's 別紙1 that is chosen or marked out of turn
└── HoldOver            a hold that is lifted already
"""

from renkei.node.errors import NodeError


class NotOurs(NodeError):
    """Each party keeps its own datasets; the sentence names those."""


class TooMuchGone(NodeError):
    """A file cut short looks like a full extract too; someone must have looked before so much goes."""


class DeliveryOutOfOrder(NodeError):
    """Later wins, so deliveries are taken in their order and each once."""


class SelectionOutOfStep(NodeError):
    """One day's rows are sealed before another day's are chosen, and only what was chosen is marked."""


class HoldOver(NodeError):
    """The hold was lifted before."""
