"""What cases refuse.

NodeError
├── NoSuchMove            a move that the table does not know from where the case stands
├── Incomplete            a reason, outcome or item that the act needs, and that was not given
├── ChangedMeanwhile      somebody else changed the case since it was looked at
├── CorrectionsOutOfStep  a day's correction requests marked as sent that were not chosen, or sent otherwise
├── NotAttachable         a document that is too big, or of no kind that is kept
├── TooMany               a list longer than may leave in one file
└── NoLetter              a letter that cannot be written so, or a wording that cannot be kept
"""

from renkei.node.errors import NodeError


class NoSuchMove(NodeError):
    """The table of moves has no such row."""


class Incomplete(NodeError):
    """Something that the act needs is missing, or is not one of what may be given."""


class ChangedMeanwhile(NodeError):
    """Another's work stands in between; look again, then decide."""


class CorrectionsOutOfStep(NodeError):
    """Only what was chosen is marked, and once."""


class NotAttachable(NodeError):
    """The limits of size and kind are `attachments`' own."""


class TooMany(NodeError):
    """Narrow the list."""


class NoLetter(NodeError):
    """The sentence says what stands in the way."""
