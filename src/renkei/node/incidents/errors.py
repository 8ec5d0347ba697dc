"""What incidents refuse.

NodeError
├── NoSuchIncident      no incident of that name
└── IncidentRefused     something that the act needs is missing, too long, or does not fit the incident
"""

from renkei.node.errors import NodeError


class NoSuchIncident(NodeError):
    """Names are I-2026-015, or isa:I-2026-015 for the counterpart's."""


class IncidentRefused(NodeError):
    """The sentence says what is wrong and what to do."""
