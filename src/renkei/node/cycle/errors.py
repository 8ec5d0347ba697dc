"""What the cycle refuses.

NodeError
└── NothingRefused   a day's delivery to be made again that the counterpart did not refuse
"""

from renkei.node.errors import NodeError


class NothingRefused(NodeError):
    """There is nothing to make again."""
