"""What the cycle refuses.

NodeError
├── NotCarriedOver   an open day that has the steps of another version
└── NothingRefused   a day's delivery to be made again that the counterpart did not refuse
"""

from renkei.node.errors import NodeError


class NotCarriedOver(NodeError):
    """`renkei migrate` was not run since the steps of a day changed."""


class NothingRefused(NodeError):
    """There is nothing to make again."""
