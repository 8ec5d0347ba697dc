"""What the trail's own commands refuse.

NodeError
├── TrailBroken     the chain does not hold, or what others hold of it is not in it any more
└── NotExported     an export of the trail that cannot be written
"""

from renkei.node.errors import NodeError


class TrailBroken(NodeError):
    """The sentence names the first entry or the first file that does not hold."""


class NotExported(NodeError):
    """The sentence says what stands in the way."""
