"""What the officers' application refuses.

NodeError
├── NoSuchPurpose   a purpose that clause 7 does not give, or that is stated for nothing
└── AccountRefused  an account, duty or device that cannot be made, changed or used so
    └── WeakPassword   a password that is too short, too common or like the name
"""

from renkei.node.errors import NodeError


class NoSuchPurpose(NodeError):
    """The purposes are those of clause 7 (`renkei.agreement.purposes`)."""


class AccountRefused(NodeError):
    """The sentence says what stands in the way."""


class WeakPassword(AccountRefused):
    """The rules are Django's, as the settings list them."""
