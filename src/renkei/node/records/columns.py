"""Columns of the datasets in the database: canonical text, NULL where blank (docs/node.md)."""

from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

_LONGEST_IDENTIFIER: Final = 32

if TYPE_CHECKING:
    _Characters = models.CharField[str, str]
else:
    _Characters = models.CharField


class Identifier(_Characters):
    """A dataset's identifier as primary key.

    On PostgreSQL without the second index that Django gives to text keys for LIKE, which nobody asks here:
    it would double what a load of millions pays for its key.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": _LONGEST_IDENTIFIER, "primary_key": True} | options))

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Spell the type so that Django does not take it for one to index twice; it is the same type."""
        return f"character varying({self.max_length})"


def text() -> "models.TextField[str | None, str | None]":
    """Make any other column. The door has checked kind and length (`renkei.matching.validation`)."""
    return models.TextField(null=True)
