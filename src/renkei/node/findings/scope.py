"""What a day's matching has to look at again, closed so that nothing outside can change it or be changed.

`records` noted what was touched; docs/node.md says why the set below is closed. It lies in temporary tables,
since it may be a handful or millions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import polars as pl

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.node.records import transfer
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
_OWNERS = (
    "SELECT person_id FROM records_card "
    "WHERE card_number IN (SELECT key FROM records_touched WHERE kind = 'card')"
)


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
    if whole or last is None or Touched.objects.filter(kind="all").exists():
        yield Scope(whole=True)
        return
    transfer.temporary("scope_persons", pl.DataFrame(schema={"person_id": pl.String}))
    transfer.temporary("scope_cards", pl.DataFrame(schema={"card_number": pl.String}))
    try:
        transfer.execute(
            "INSERT INTO scope_persons SELECT key FROM records_touched WHERE kind = 'person' "
            f"UNION {_OWNERS} "
            # Overdue is who was due before the day: newly so, who was due from the last day on.
            "UNION SELECT person_id FROM records_permission WHERE due_on >= %s AND due_on < %s",
            (last, day),
        )
        transfer.execute(
            "INSERT INTO scope_cards SELECT key FROM records_touched WHERE kind = 'card' "
            "UNION SELECT c.card_number FROM scope_persons p JOIN records_card c ON c.person_id = p.person_id"
        )
        transfer.analyze("scope_persons", "scope_cards")
        yield Scope(whole=False)
    finally:
        transfer.drop("scope_persons", "scope_cards")
