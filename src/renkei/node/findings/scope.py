"""What a day's matching has to look at again, closed so that nothing outside can change it or be changed.

`records` noted what was touched; docs/node.md says why the set below is closed. It lies in temporary tables,
since it may be a handful or millions: `scope_persons` and `scope_cards` (empty where everything is in scope),
`scope_outcomes` and `scope_findings`: what the last matchings said of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import polars as pl
from django.db import DatabaseError

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.node.findings.models import Kind
from renkei.node.findings.planner import few
from renkei.node.records import touched, transfer
from renkei.node.records.models import Touched

OUTCOMES: Final = "scope_outcomes"
FINDINGS: Final = "scope_findings"
_PERSONS: Final = "scope_persons"
_CARDS: Final = "scope_cards"
_TOUCHED: Final = "touched_since"

# What is tied by confirmations, kept apart while the rest is matched part by part.
_TIED: Final = {_PERSONS: "tied_persons", _CARDS: "tied_cards"}
_SCOPED: Final = " JOIN {scope} s ON t.{key} = s.{key}"

#: The table of each dataset, and the temporary table and column that its rows in scope are found by.
_FROM: Final = {
    NOTIFICATIONS.name: ("records_receivednotification", _CARDS, "card_number"),
    PERSONS.name: ("records_person", _PERSONS, "person_id"),
    CARDS.name: ("records_card", _CARDS, "card_number"),
    PERMISSIONS.name: ("records_permission", _PERSONS, "person_id"),
}


#: Beyond so many people, everything is matched part by part: what is in memory does not grow with a register.
PEOPLE_AT_ONCE = 300_000

Frames = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Scope:
    """Either everything, or what the temporary tables name."""

    whole: bool

    def parts(self) -> Iterator[Frames]:
        """Yield notifications, persons, cards, permissions, as text, of one closed part after the other."""
        if not self.whole:
            with few():
                found = _frames(_SCOPED)
            yield found
        elif _people() <= PEOPLE_AT_ONCE:
            yield _frames("")
        else:
            for _ in _fill_by_parts():
                yield _frames(_SCOPED)


def _frames(scoped: str) -> Frames:
    def rows(dataset: Dataset) -> pl.DataFrame:
        table, scope_table, key = _FROM[dataset.name]
        columns = ", ".join(f't."{name}"' for name in dataset.names)
        joined = scoped.format(scope=scope_table, key=key)
        return transfer.read(f'SELECT {columns} FROM "{table}" t{joined}', dataset.names)

    return rows(NOTIFICATIONS), rows(PERSONS), rows(CARDS), rows(PERMISSIONS)


def _people() -> int:
    counted = transfer.read("SELECT CAST(count(*) AS text) FROM records_person", ("count",))
    return int(counted.item())


def _fill_by_parts() -> Iterator[None]:
    """Fill what names the scope with one part of everything after the other; no notification is in two.

    First whoever is tied to others by confirmations; then people by ranges, with all their cards; at last the
    numbers that are in no card.
    """
    transfer.execute(
        f"INSERT INTO {_PERSONS} SELECT DISTINCT person_id FROM findings_notfound WHERE state = 'confirmed'"
    )
    while _follow_confirmations():
        pass
    transfer.drop(*_TIED.values())
    for scope_table, tied in _TIED.items():
        transfer.execute(f"CREATE TEMPORARY TABLE {tied} AS SELECT * FROM {scope_table}")
        transfer.analyze(tied)
        transfer.analyze(scope_table)
    yield
    untied_person = f"NOT EXISTS (SELECT 1 FROM {_TIED[_PERSONS]} x WHERE x.person_id = t.person_id)"
    untied_card = f"NOT EXISTS (SELECT 1 FROM {_TIED[_CARDS]} x WHERE x.card_number = t.card_number)"
    for within, bounds in _ranges():
        # A card whose person has not come is in the range where the person will be.
        _refill(
            f"SELECT t.person_id FROM records_person t WHERE {within} AND {untied_person}",
            f"SELECT t.card_number FROM records_card t WHERE {within} AND {untied_card}",
            bounds,
        )
        yield
    _refill(
        f"SELECT person_id FROM {_TIED[_PERSONS]} WHERE false",
        "SELECT DISTINCT t.card_number FROM records_receivednotification t WHERE NOT EXISTS "
        f"(SELECT 1 FROM records_card c WHERE c.card_number = t.card_number) AND {untied_card}",
    )
    yield


def _ranges() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Cut the register into ranges of so many people: a condition on `t`, and its parameters."""
    place = "row_number() OVER (ORDER BY person_id) AS place"
    cuts = transfer.read(
        f"SELECT person_id FROM (SELECT person_id, {place} FROM records_person) AS p "
        f"WHERE place / {PEOPLE_AT_ONCE} * {PEOPLE_AT_ONCE} = place ORDER BY person_id",
        ("person_id",),
    )["person_id"].to_list()
    yield "t.person_id < %s", (cuts[0],)
    yield from (("t.person_id >= %s AND t.person_id < %s", two) for two in pairwise(cuts))
    yield "t.person_id >= %s", (cuts[-1],)


def _refill(persons: str, cards: str, parameters: tuple[str, ...] = ()) -> None:
    # Made anew, since what is deleted stays to be read through until the transaction is over.
    for table, query in ((_PERSONS, persons), (_CARDS, cards)):
        transfer.drop(table)
        transfer.execute(f"CREATE TEMPORARY TABLE {table} AS {query}", parameters)
        transfer.analyze(table)


@contextmanager
def scope(last: date | None, day: date, *, at_most: int) -> Iterator[Scope]:
    """Give what is concerned since the day matched last, within a transaction; afterwards it is forgotten.

    Everything is, where nothing was matched before or more than `at_most` numbers and persons were touched.
    What is touched counts as looked at once the transaction is committed.
    """
    count = touched.take(_TOUCHED, (Touched.Kind.CARD, Touched.Kind.PERSON))
    whole = last is None or count > at_most
    try:
        _make(_PERSONS, "person_id")
        _make(_CARDS, "card_number")
        if last is None or count > at_most:
            _look_back_at_everything()
        else:
            with few():
                _close(last, day)
                _look_back()
        yield Scope(whole)
    finally:
        with suppress(DatabaseError):  # where the transaction is broken they go with it
            transfer.drop(_TOUCHED, _PERSONS, _CARDS, OUTCOMES, FINDINGS, *_TIED.values())


def _close(last: date, day: date) -> None:
    transfer.execute(
        f"INSERT INTO {_PERSONS} SELECT key FROM {_TOUCHED} WHERE kind = 'person' "
        f"UNION SELECT c.person_id FROM {_TOUCHED} t JOIN records_card c ON c.card_number = t.key "
        "WHERE t.kind = 'card' AND c.person_id IS NOT NULL "
        # Overdue is who was due before the day: newly so, who was due from the last day on.
        "UNION SELECT person_id FROM records_permission WHERE due_on >= %s AND due_on < %s",
        (last.isoformat(), day.isoformat()),
    )
    transfer.analyze(_PERSONS)
    transfer.execute(
        f"INSERT INTO {_CARDS} SELECT key FROM {_TOUCHED} WHERE kind = 'card' "
        f"UNION SELECT c.card_number FROM {_PERSONS} p JOIN records_card c ON c.person_id = p.person_id"
    )
    transfer.analyze(_CARDS)
    while _follow_confirmations():
        pass


def _follow_confirmations() -> bool:
    """Bring in whom a number in scope was confirmed for, and the numbers confirmed for whoever is in scope.

    A number may have been mistaken for several people's, so that one leads to another; whether any did.
    """
    new = f"NOT EXISTS (SELECT 1 FROM {_PERSONS} p WHERE p.person_id = u.person_id)"
    added = "NOT EXISTS (SELECT 1 FROM {cards} k WHERE k.card_number = {number})"
    people = transfer.execute(
        f"INSERT INTO {_PERSONS} SELECT DISTINCT u.person_id FROM {_CARDS} s JOIN findings_notfound u "
        f"ON u.card_number = s.card_number WHERE u.state = 'confirmed' AND {new}"
    )
    held = transfer.execute(
        f"INSERT INTO {_CARDS} SELECT c.card_number FROM {_PERSONS} p JOIN records_card c "
        f"ON c.person_id = p.person_id WHERE {added.format(cards=_CARDS, number='c.card_number')}"
    )
    numbers = transfer.execute(
        f"INSERT INTO {_CARDS} SELECT DISTINCT u.card_number FROM {_PERSONS} p JOIN findings_notfound u "
        "ON u.person_id = p.person_id WHERE u.state = 'confirmed' AND "
        f"{added.format(cards=_CARDS, number='u.card_number')}"
    )
    return bool(people or held or numbers)


def _look_back() -> None:
    """Note what was said before of what is in scope, also of notifications that are no more."""
    _make(OUTCOMES, "notification_id", "outcome", "mismatched_items")
    _make(FINDINGS, "kind", "identifier")
    transfer.execute(
        f"INSERT INTO {OUTCOMES} SELECT o.notification_id, o.outcome, o.mismatched_items FROM {_CARDS} s "
        "JOIN findings_outcome o ON o.card_number = s.card_number"
    )
    transfer.analyze(OUTCOMES)
    transfer.execute(
        f"INSERT INTO {FINDINGS} SELECT f.kind, f.identifier FROM {OUTCOMES} o JOIN findings_finding f "
        f"ON f.kind = '{Kind.DISCREPANCY}' AND f.identifier = o.notification_id WHERE f.standing "
        f"UNION ALL SELECT f.kind, f.identifier FROM {_PERSONS} s JOIN findings_finding f "
        f"ON f.person_id = s.person_id WHERE f.kind = '{Kind.SUSPECTED_OMISSION}' AND f.standing"
    )
    transfer.analyze(FINDINGS)


def _look_back_at_everything() -> None:
    _make(OUTCOMES, "notification_id", "outcome", "mismatched_items")
    _make(FINDINGS, "kind", "identifier")
    transfer.execute(
        f"INSERT INTO {OUTCOMES} SELECT notification_id, outcome, mismatched_items FROM findings_outcome"
    )
    transfer.execute(f"INSERT INTO {FINDINGS} SELECT kind, identifier FROM findings_finding WHERE standing")
    transfer.analyze(OUTCOMES)
    transfer.analyze(FINDINGS)


def _make(table: str, *columns: str) -> None:
    transfer.temporary(table, pl.DataFrame(schema=dict.fromkeys(columns, pl.String)))
