"""What a node refuses or cannot do.

NodeError
├── Unconfigured     renkei.toml is not there, or holds what it may not
└── NotPermitted     duty, office or purpose does not reach this far (申合せ7)
"""

from renkei.agreement.errors import RenkeiError


class NodeError(RenkeiError):
    """The root of a node's own errors."""


class Unconfigured(NodeError):
    """The node's configuration cannot be used; the sentence names the key."""


class NotPermitted(NodeError):
    """An act or a reading of personal data outside duty, office or purpose."""
