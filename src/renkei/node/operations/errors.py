"""What backing up and restoring refuse.

NodeError
└── OperationsError
    ├── BackupRefused    the backup cannot be made as asked; nothing was written
    ├── RestoreRefused   the archive or the place to restore to is not fit; nothing was changed
    └── NotAccepted      a restored trail that cannot be accepted as asked
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
