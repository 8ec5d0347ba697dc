"""What a day's matching has to look at again, closed so that nothing outside can change it or be changed.

`records` noted what was touched; docs/node.md says why the set below is closed. It lies in temporary tables,
since it may be a handful or millions.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
from django.db import DatabaseError, connection

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.node.records import touched, transfer
from renkei.node.records.models import Touched

_FROM = {
    NOTIFICATIONS.name: (
        "records_receivednotification",
        "t.card_number IN (SELECT card_number FROM scope_cards)",
    ),
    PERSONS.name: ("records_person", "t.person_id IN (SELECT person_id FROM scope_persons)"),
    CARDS.name: ("records_card", "t.card_number IN (SELECT card_number FROM scope_cards)"),
    PERMISSIONS.name: ("records_permission", "t.person_id IN (SELECT person_id FROM scope_persons)"),
}
_TOUCHED: Final = "touched_since"


@dataclass(frozen=True, slots=True)
class Scope:
    """Either everything, or what the temporary tables `scope_persons` and `scope_cards` name."""

    whole: bool

    def frame(self, dataset: Dataset) -> pl.DataFrame:
        """Return the rows of a dataset that are in scope, as text."""
        table, condition = _FROM[dataset.name]
        columns = ", ".join(f't."{name}"' for name in dataset.names)
        where = "" if self.whole else f" WHERE {condition}"
        return transfer.read(f'SELECT {columns} FROM "{table}" t{where}', dataset.names)

    @property
    def of_findings(self) -> str:
        """A condition on findings `f`: those that this matching says anew."""
        if self.whole:
            return "true"
        return (
            "((f.kind = 'discrepancy' AND f.identifier IN (SELECT n.notification_id "
            "FROM records_receivednotification n "
            "WHERE n.card_number IN (SELECT card_number FROM scope_cards))) "
            "OR (f.kind = 'suspected_omission' "
            "AND f.person_id IN (SELECT person_id FROM scope_persons)))"
        )


@contextmanager
def scope(last: date | None, day: date, *, whole: bool) -> Iterator[Scope]:
    """Give what is concerned since the day matched last; the temporary tables are gone afterwards."""
    touched.take(_TOUCHED, (Touched.Kind.CARD, Touched.Kind.PERSON))
    try:
        if not (whole or last is None):
            _close(last, day)
        yield Scope(whole=whole or last is None)
    finally:
        with suppress(DatabaseError):  # where the transaction is broken they go with it
            transfer.drop(_TOUCHED, "scope_persons", "scope_cards")


def _close(last: date, day: date) -> None:
    transfer.temporary("scope_persons", pl.DataFrame(schema={"person_id": pl.String}))
    transfer.temporary("scope_cards", pl.DataFrame(schema={"card_number": pl.String}))
    transfer.execute(
        f"INSERT INTO scope_persons SELECT key FROM {_TOUCHED} WHERE kind = 'person' "
        f"UNION SELECT c.person_id FROM {_TOUCHED} t JOIN records_card c ON c.card_number = t.key "
        "WHERE t.kind = 'card' "
        # Overdue is who was due before the day: newly so, who was due from the last day on.
        "UNION SELECT person_id FROM records_permission WHERE due_on >= %s AND due_on < %s",
        (last.isoformat(), day.isoformat()),
    )
    transfer.execute(
        f"INSERT INTO scope_cards SELECT key FROM {_TOUCHED} WHERE kind = 'card' "
        "UNION SELECT c.card_number FROM scope_persons p JOIN records_card c ON c.person_id = p.person_id"
    )
    if connection.vendor == "postgresql":
        transfer.execute("ANALYZE scope_persons")
        transfer.execute("ANALYZE scope_cards")
