"""Which table a dataset fills, at which party, and what a change of its rows touches."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.db import models

from renkei.agreement.datasets import (
    CARDS,
    ESTABLISHMENTS,
    NOTIFICATIONS,
    PERMISSIONS,
    PERSONS,
    Dataset,
)
from renkei.node.records.models import (
    Card,
    ChangedKey,
    Establishment,
    Notification,
    Permission,
    Person,
    ReceivedNotification,
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its dataset, columns of our own, and the columns whose values a change of a row touches.

    `keeps_missing`: a whole extract without a row does not remove it, since cases go on speaking of it.
    """

    dataset: Dataset
    model: type[models.Model]
    own: tuple[str, ...] = ()
    touches: tuple[tuple[ChangedKey.Kind, str], ...] = ()
    keeps_missing: bool = False

    @property
    def name(self) -> str:
        """The name in the database."""
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        """The column that names a row."""
        return self.dataset.identifier.name


_CARD, _PERSON = ChangedKey.Kind.CARD, ChangedKey.Kind.PERSON

RECEIVED: Final = Table(
    NOTIFICATIONS, ReceivedNotification, own=("sequence",), touches=((_CARD, "card_number"),)
)

#: The datasets that each party takes in as files, in the order in which they are taken.
TABLES: Final[Mapping[str, Mapping[str, Table]]] = MappingProxyType(
    {
        party: MappingProxyType({table.dataset.name: table for table in tables})
        for party, tables in {
            "mhlw": (
                Table(ESTABLISHMENTS, Establishment, keeps_missing=True),
                Table(
                    NOTIFICATIONS, Notification, touches=((ChangedKey.Kind.NOTIFICATION, "notification_id"),)
                ),
            ),
            "isa": (
                Table(PERSONS, Person, own=("name_key",), touches=((_PERSON, "person_id"),)),
                Table(CARDS, Card, touches=((_CARD, "card_number"), (_PERSON, "person_id"))),
                Table(PERMISSIONS, Permission, own=("due_on",), touches=((_PERSON, "person_id"),)),
            ),
        }.items()
    }
)
