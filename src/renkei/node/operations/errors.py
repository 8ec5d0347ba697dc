"""What backing up and restoring refuse.

NodeError
└── OperationsError
    ├── BackupRefused    the backup cannot be made as asked; nothing was written
    ├── RestoreRefused   the archive or the place to restore to is not fit; nothing was changed
    └── NotAccepted      a restored trail that cannot be accepted as asked
        └── NothingExplained  no signed file differs that a restore to the entry named would explain
"""

from renkei.node.errors import NodeError


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
