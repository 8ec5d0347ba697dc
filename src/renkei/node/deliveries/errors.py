"""What sending again and handing over refuse.

NodeError
└── NotHandedOver   a delivery that is over, or a hand-over that two officers have not agreed on
"""

from renkei.node.errors import NodeError


class NotHandedOver(NodeError):
    """The sentence says what is missing."""
