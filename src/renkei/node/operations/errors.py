"""What backing up and restoring refuse.

NodeError
└── OperationsError
    ├── BackupRefused    the backup cannot be made as asked; nothing was written
    └── RestoreRefused   the archive or the place to restore to is not fit; nothing was changed
"""

from renkei.node.errors import NodeError


class OperationsError(NodeError):
    """The root of what the operations refuse."""


class BackupRefused(OperationsError):
    """The backup cannot be made as asked; nothing was written."""


class RestoreRefused(OperationsError):
    """The archive or the place to restore to is not fit; nothing was changed."""
