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


# MERGED renkei.node.errors: What matching by change, the answers and the decisions on correction requests refuse.
#
# NodeError
# ├── DayPassed          a day before the last one matched
# ├── AnswersOutOfStep   an answer marked as sent that was not selected, or was sealed by another number
# ├── RequestDecided     a correction request that does not wait, or a reason that is not of the decision
# ├── NoSuchDecision     a decision on candidates without its reason, or on somebody who is none of them
# └── CandidatesChanged  candidates that somebody else decided on, or that changed since they were looked at


class DayPassed(NodeError):
    """Days are matched in their order; an earlier one cannot come after a later one."""

    def __init__(self, day: str, last: str) -> None:
        super().__init__(
            f"{day} cannot be matched: {last} was matched already. Days go forward; check the clock.",
            f"{day}の突合はできません。{last}の突合が済んでいます。日付は進む一方です。時計を確かめてください。",
        )


class AnswersOutOfStep(NodeError):
    """Only what was selected is marked, and once."""


class RequestDecided(NodeError):
    """Somebody else decided meanwhile, or the decision does not go with its reason."""


class NoSuchDecision(NodeError):
    """A decision names one of the candidates, or none, and a reason of its own."""


class CandidatesChanged(NodeError):
    """Another officer or the day's matching was faster; look again, then decide."""


# MERGED renkei.node.errors: What cases refuse.
#
# NodeError
# ├── NoSuchMove            a move that the table does not know from where the case stands
# ├── Incomplete            a reason, outcome or item that the act needs, and that was not given
# ├── ChangedMeanwhile      somebody else changed the case since it was looked at
# ├── CorrectionsOutOfStep  a day's correction requests marked as sent that were not chosen, or sent otherwise
# ├── NotAttachable         a document that is too big, or of no kind that is kept
# ├── TooMany               a list longer than may leave in one file
# └── NoLetter              a letter that cannot be written so, or a wording that cannot be kept


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


# MERGED renkei.node.errors: What the records refuse.
#
# NodeError
# ├── NotOurs             a dataset or file name that this party's node has no table for
# ├── TooMuchGone         a full extract that would remove suspiciously much, not confirmed
# ├── DeliveryOutOfOrder  a delivery that is not later than the last one taken in
# ├── SelectionOutOfStep  a day's 別紙1 that is chosen or marked out of turn
# └── HoldOver            a hold that is lifted already


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


# MERGED renkei.node.errors: What sending again and handing over refuse.
#
# NodeError
# └── NotHandedOver   a delivery that is over, or a hand-over that two officers have not agreed on


class NotHandedOver(NodeError):
    """The sentence says what is missing."""


# MERGED renkei.node.errors: What incidents refuse.
#
# NodeError
# ├── NoSuchIncident      no incident of that name
# └── IncidentRefused     something that the act needs is missing, too long, or does not fit the incident


class NoSuchIncident(NodeError):
    """Names are I-2026-015, or isa:I-2026-015 for the counterpart's."""


class IncidentRefused(NodeError):
    """The sentence says what is wrong and what to do."""


# MERGED renkei.node.errors: What the officers' application refuses.
#
# NodeError
# ├── NoSuchPurpose   a purpose that clause 7 does not give, or that is stated for nothing
# └── AccountRefused  an account, duty or device that cannot be made, changed or used so
#     └── WeakPassword   a password that is too short, too common or like the name


class NoSuchPurpose(NodeError):
    """The purposes are those of clause 7 (`renkei.agreement.purposes`)."""


class AccountRefused(NodeError):
    """The sentence says what stands in the way."""


class WeakPassword(AccountRefused):
    """The rules are Django's, as the settings list them."""


# MERGED renkei.node.errors: What the trail's own commands refuse.
#
# NodeError
# ├── TrailBroken     the chain does not hold, or what others hold of it is not in it any more
# └── NotExported     an export of the trail that cannot be written


class TrailBroken(NodeError):
    """The sentence names the first entry or the first file that does not hold."""


class NotExported(NodeError):
    """The sentence says what stands in the way."""


# MERGED renkei.node.errors: What the cycle refuses.
#
# NodeError
# ├── NotCarriedOver   an open day that has the steps of another version
# └── NothingRefused   a day's delivery to be made again that the counterpart did not refuse


class NotCarriedOver(NodeError):
    """`renkei migrate` was not run since the steps of a day changed."""


class NothingRefused(NodeError):
    """There is nothing to make again."""


# MERGED renkei.node.errors: What backing up and restoring refuse.
#
# NodeError
# └── OperationsError
#     ├── BackupRefused    the backup cannot be made as asked; nothing was written
#     ├── RestoreRefused   the archive or the place to restore to is not fit; nothing was changed
#     └── NotAccepted      a restored trail that cannot be accepted as asked
#         └── NothingExplained  no signed file differs that a restore to the entry named would explain


class OperationsError(NodeError):
    """The root of what the operations refuse."""


class BackupRefused(OperationsError):
    """The backup cannot be made as asked; nothing was written."""


class RestoreRefused(OperationsError):
    """The archive or the place to restore to is not fit; nothing was changed."""


class NotAccepted(OperationsError):
    """A restored trail cannot be accepted as asked; whatever rings goes on ringing."""


class NothingExplained(NotAccepted):
    """Number and seal are not those of an entry that the trail was restored to."""
