"""What a node refuses or cannot do, by application.

NodeError
├── Unconfigured          renkei.toml is missing, or has a value that is not allowed
├── NotPermitted          duty, office or purpose does not allow this (申合せ7)
│
│   accounts
├── NoSuchPurpose         a purpose that clause 7 does not give, or that is stated for no case or document
├── AccountRefused        an account, duty or device that cannot be created, changed or used in this way
│   └── WeakPassword      a password that is too short, too common or similar to the name
│
│   records
├── NotOurs               a dataset or file name that this party's node has no table for
├── NotWhole              a file that changed while it was imported
├── Overtaken             an extract that waited for a confirmation until a later full one was imported
├── DeliveryOutOfOrder    a delivery that is not later than the last one imported
├── SelectionOutOfStep    a day's 別紙1 that is selected or marked out of order
├── HoldOver              a hold that is already lifted
│
│   matching_run, candidates, corrections
├── DayPassed             a day before the last one matched
├── NothingWaits          a confirmation although nothing waits for one
├── AnswersOutOfStep      an answer marked as sent that was not selected, or was sealed by another number
├── RequestDecided        a correction request that does not wait, or a reason that does not fit the decision
├── CorrectionsOutOfStep  correction requests marked as sent that were not selected, or were sent otherwise
├── NoSuchDecision        a decision on candidates without a fitting reason, or on a person not among them
├── CandidatesChanged     candidates that another officer decided on, or that changed since they were read
│
│   cases
├── NoSuchMove            a move that the table does not have for the state of the case
├── Incomplete            a reason, outcome or item that the act needs is missing
├── ChangedMeanwhile      another officer changed the case since it was read
├── NotAttachable         a document that is too large, or of a type that is not kept
├── TooMany               a list longer than one exported file may be
├── NoLetter              a letter that cannot be written, or a wording that cannot be saved
│
│   deliveries
├── NotHandedOver         a delivery that is already settled, or a hand-over that two officers have not agreed
│
│   incidents
├── NoSuchIncident        no incident with that name
├── IncidentRefused       something that the act needs is missing, too long, or does not fit the incident
│
│   audit
├── TrailBroken           the chain does not hold, or lacks a head that others hold of it
├── NotExported           an export of the trail that cannot be written
│
│   cycle
├── NotCarriedOver        an open day that has the steps of another version
├── NothingRefused        a delivery to be made again that the counterpart did not refuse
│
│   operations
└── OperationsError
    ├── BackupRefused     the backup cannot be made as asked; nothing was written
    ├── RestoreRefused    the archive or the target of the restore is not fit; nothing was changed
    └── NotAccepted       a restored trail that cannot be accepted as asked
        └── NothingExplained  a restore to the entry named explains no difference in any signed file
"""

from renkei.agreement.errors import RenkeiError


class NodeError(RenkeiError):
    """The root of a node's own errors."""


class Unconfigured(NodeError):
    """The node's configuration cannot be used; the message names the key."""


class NotPermitted(NodeError):
    """An act, or an access to personal data, that duty, office or purpose does not allow."""


# --- accounts


class NoSuchPurpose(NodeError):
    """The purposes are those of clause 7 (`renkei.agreement.purposes`)."""


class AccountRefused(NodeError):
    """The message says why."""


class WeakPassword(AccountRefused):
    """The rules are Django's password validators, as listed in the settings."""


# --- records


class NotOurs(NodeError):
    """Each party keeps its own datasets; the message names them."""


class NotWhole(NodeError):
    """A file that is still being written; it is imported once it is complete."""


class Overtaken(NodeError):
    """What a later full extract says must not be replaced by an earlier file."""


class DeliveryOutOfOrder(NodeError):
    """A later delivery replaces an earlier one, so deliveries are imported in order and each once."""


class SelectionOutOfStep(NodeError):
    """One day's rows are sealed before the next day's are selected; only selected rows are marked."""


class HoldOver(NodeError):
    """The hold was lifted before."""


# --- matching_run, candidates, corrections


class DayPassed(NodeError):
    """Days are matched in order; an earlier day cannot be matched after a later one."""

    def __init__(self, day: str, last: str) -> None:
        super().__init__(
            f"{day} cannot be matched: {last} is already matched. Days go in order; check the clock.",
            f"{day}の突合はできません。{last}の突合が済んでいます。日付は進む一方です。時計を確かめてください。",
        )


class NothingWaits(NodeError):
    """No matching and no answer waits for a confirmation."""


class AnswersOutOfStep(NodeError):
    """Only what was selected is marked as sent, and only once."""


class RequestDecided(NodeError):
    """Another officer has decided in the meantime, or the reason does not fit the decision."""


class CorrectionsOutOfStep(NodeError):
    """Only what was selected is marked as sent, and only once."""


class NoSuchDecision(NodeError):
    """A decision names one of the candidates, or none, and a reason that fits the decision."""


class CandidatesChanged(NodeError):
    """Another officer or the day's matching came first; read the candidates again, then decide."""


# --- cases


class NoSuchMove(NodeError):
    """The table of moves has no such row."""


class Incomplete(NodeError):
    """Something that the act needs is missing, or is not one of the allowed values."""


class ChangedMeanwhile(NodeError):
    """Another officer changed the case in the meantime; read it again, then decide."""


class NotAttachable(NodeError):
    """The limits of size and type are those of attachments (`renkei.node.cases`)."""


class TooMany(NodeError):
    """Narrow the list."""


class NoLetter(NodeError):
    """The message says why."""


# --- deliveries


class NotHandedOver(NodeError):
    """The message says what is missing."""


# --- incidents


class NoSuchIncident(NodeError):
    """Names have the form I-2026-015, or isa:I-2026-015 for the counterpart's."""


class IncidentRefused(NodeError):
    """The message says what is wrong and what to do."""


# --- audit


class TrailBroken(NodeError):
    """The message names the first entry or the first file that does not hold."""


class NotExported(NodeError):
    """The message says why."""


# --- cycle


class NotCarriedOver(NodeError):
    """`renkei migrate` was not run since the steps of a day changed."""


class NothingRefused(NodeError):
    """There is no refused delivery to make again."""


# --- operations


class OperationsError(NodeError):
    """The root of what backup and restore refuse."""


class BackupRefused(OperationsError):
    """The backup cannot be made as asked; nothing was written."""


class RestoreRefused(OperationsError):
    """The archive or the target of the restore is not fit; nothing was changed."""


class NotAccepted(OperationsError):
    """A restored trail cannot be accepted as asked; the alarms stay raised."""


class NothingExplained(NotAccepted):
    """Number and seal are not those of an entry that the trail was restored to."""
