"""Which table a dataset fills, at which party, and which keys are noted when its rows change."""

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
    """One table: its dataset, our own columns, and the columns whose values are noted as changed keys.

    `keeps_missing`: a row that is missing in a full extract is not removed, since cases may refer to it.
    `also_known_by`: another column by which a row may be recognised whose identifier cannot be read.
    `faults`: the keys of rejected rows are matched (§4 `held`, `register_faults`).
    """

    dataset: Dataset
    model: type[models.Model]
    own: tuple[str, ...] = ()
    changed_keys: tuple[tuple[ChangedKey.Kind, str], ...] = ()
    keeps_missing: bool = False
    also_known_by: str = ""
    faults: bool = False

    @property
    def name(self) -> str:
        """The name in the database."""
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        """The column with the identifier."""
        return self.dataset.identifier.name


_CARD, _PERSON = ChangedKey.Kind.CARD, ChangedKey.Kind.PERSON

RECEIVED: Final = Table(
    NOTIFICATIONS, ReceivedNotification, own=("sequence",), changed_keys=((_CARD, "card_number"),)
)

#: The datasets that each party imports from files, in the order of import.
TABLES: Final[Mapping[str, Mapping[str, Table]]] = MappingProxyType(
    {
        party: MappingProxyType({table.dataset.name: table for table in tables})
        for party, tables in {
            "mhlw": (
                Table(ESTABLISHMENTS, Establishment, keeps_missing=True),
                Table(
                    NOTIFICATIONS,
                    Notification,
                    changed_keys=((ChangedKey.Kind.NOTIFICATION, "notification_id"),),
                    also_known_by="card_number",
                ),
            ),
            "isa": (
                Table(
                    PERSONS,
                    Person,
                    own=("name_key",),
                    changed_keys=((_PERSON, "person_id"),),
                    also_known_by="card_number",
                    faults=True,
                ),
                Table(
                    CARDS,
                    Card,
                    changed_keys=((_CARD, "card_number"), (_PERSON, "person_id")),
                    also_known_by="person_id",
                    faults=True,
                ),
                Table(
                    PERMISSIONS,
                    Permission,
                    own=("due_on",),
                    changed_keys=((_PERSON, "person_id"),),
                    also_known_by="person_id",
                ),
            ),
        }.items()
    }
)
