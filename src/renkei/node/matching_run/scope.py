"""The scope of a day's matching: a closed set, so that nothing outside affects it or is affected by it.

`records.changes` notes the changed keys; docs/node.md says why the set below is closed. It is kept in
temporary tables, since it may be a handful of rows or millions: `scope_persons` and `scope_cards` (empty
where everything is in scope), `scope_outcomes` and `scope_findings` (the stored results of earlier runs), and
`scope_faults` (rejected rows of the register that stand: a number and the person whom the row names).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import polars as pl
from django.db import DatabaseError

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.node.matching_run.models import Kind, Outcome
from renkei.node.records import bulk_copy, changes, register_faults
from renkei.node.records.bulk_copy import expecting_few_rows, expecting_many_rows
from renkei.node.records.models import ChangedKey

# --- the owners of changed card numbers
# They are read once, for the scope and for `candidates.queue`: among millions of cards each lies on a page of
# its own, and fetching these pages is what the query costs.

#: A temporary table: `key`, a changed card number or one of a changed person, and the card's `person_id`.
CARD_OWNERS: Final = "card_owners"


def find_card_owners() -> None:
    """Fill `CARD_OWNERS` from the changed keys, which are not taken; within a transaction.

    `drop_card_owners` drops the table.
    """
    bulk_copy.drop(CARD_OWNERS)
    with expecting_few_rows():
        bulk_copy.execute(
            f"CREATE TEMPORARY TABLE {CARD_OWNERS} AS SELECT k.key, c.person_id FROM "
            "(SELECT key FROM records_changedkey WHERE kind = 'card' "
            "UNION SELECT c.card_number FROM records_changedkey t JOIN records_card c ON c.person_id = t.key "
            "WHERE t.kind = 'person') AS k LEFT JOIN records_card c ON c.card_number = k.key"
        )
    bulk_copy.analyze(CARD_OWNERS)


def drop_card_owners() -> None:
    """Drop `CARD_OWNERS`."""
    bulk_copy.drop(CARD_OWNERS)


# --- the scope

OUTCOMES: Final = "scope_outcomes"
FINDINGS: Final = "scope_findings"
_PERSONS: Final = "scope_persons"
_CARDS: Final = "scope_cards"
_FAULTS: Final = "scope_faults"
_CHANGED: Final = "changed_since"
#: The complete stored outcome, so that an unchanged one is not written again.
_OUTCOME: Final = tuple(field.name for field in Outcome._meta.fields)
_FINDING: Final = ("kind", "identifier", "person_id", "digest")

_TABLES: Final = {
    NOTIFICATIONS.name: "records_receivednotification",
    PERSONS.name: "records_person",
    CARDS.name: "records_card",
    PERMISSIONS.name: "records_permission",
}
_OF_SCOPED_PERSON: Final = f"JOIN {_PERSONS} s ON t.person_id = s.person_id"
_OF_SCOPED_CARD: Final = f"JOIN {_CARDS} s ON t.card_number = s.card_number"
_ADDED: Final = f"NOT EXISTS (SELECT 1 FROM {_CARDS} k WHERE k.card_number = {{number}})"
#: For each dataset, the join that selects the rows in scope.
_SCOPED: Final = {
    NOTIFICATIONS.name: _OF_SCOPED_CARD,
    PERSONS.name: _OF_SCOPED_PERSON,
    # The owner of a card in scope is in scope too, so cards can be selected by person, which is one lookup
    # each.
    CARDS.name: _OF_SCOPED_PERSON,
    PERMISSIONS.name: _OF_SCOPED_PERSON,
}

#: With more persons than this, a full matching runs in parts, so that memory does not grow with the register.
PEOPLE_AT_ONCE = 300_000

Frames = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Scope:
    """Either everything, or what the temporary tables hold.

    `faulty`: the rejected rows of the register that stand (`register_faults.standing`), in scope or not.
    """

    full_rematch: bool
    faulty: pl.DataFrame

    @property
    def people(self) -> str | None:
        """The table of the persons in scope (`person_id`); None where everything is in scope."""
        return None if self.full_rematch else _PERSONS

    def parts(self) -> Iterator[Frames]:
        """Yield notifications, persons, cards and permissions, as text, for one closed part after another."""
        if not self.full_rematch:
            with expecting_few_rows():
                found = _frames(_SCOPED)
            yield found
        elif _people() <= PEOPLE_AT_ONCE:
            yield _frames({})
        else:
            with expecting_many_rows():
                yield from _by_parts()


def _frames(parts: Mapping[str, str], parameters: tuple[str, ...] = ()) -> Frames:
    """Read the rows of each dataset's table, `t`, that `parts` selects by the dataset's name; else all."""

    def rows(dataset: Dataset) -> pl.DataFrame:
        columns = ", ".join(f't."{name}"' for name in dataset.names)
        cut = parts.get(dataset.name, "")
        query = f'SELECT {columns} FROM "{_TABLES[dataset.name]}" t {cut}'
        return bulk_copy.read(query, dataset.names, parameters)

    return rows(NOTIFICATIONS), rows(PERSONS), rows(CARDS), rows(PERMISSIONS)


def _people() -> int:
    counted = bulk_copy.read("SELECT CAST(count(*) AS text) FROM records_person", ("count",))
    return int(counted.item())


def _by_parts() -> Iterator[Frames]:
    """Read everything in closed parts; no notification is in two of them.

    1. The persons and numbers that are joined by confirmations or by rejected rows of the register.
    2. The other persons, by ranges of `person_id`, with all their cards.
    3. The numbers that are on no card.
    """
    bulk_copy.execute(
        f"INSERT INTO {_PERSONS} SELECT DISTINCT person_id FROM candidates_notfound WHERE state = 'confirmed'"
    )
    _add_their_cards()
    bulk_copy.execute(
        f"INSERT INTO {_CARDS} SELECT DISTINCT f.card_number FROM {_FAULTS} f "
        f"WHERE {_ADDED.format(number='f.card_number')}"
    )
    while _follow_links():
        pass
    bulk_copy.analyze(_PERSONS)
    bulk_copy.analyze(_CARDS)
    yield _frames(_SCOPED)
    untied_person = f"NOT EXISTS (SELECT 1 FROM {_PERSONS} x WHERE x.person_id = t.person_id)"
    untied_card = f"NOT EXISTS (SELECT 1 FROM {_CARDS} x WHERE x.card_number = t.card_number)"
    for within, bounds in _ranges():
        theirs = f"WHERE {within.format(row='t')} AND {untied_person}"
        yield _frames(
            {
                # A card without a person is in the range where the person will be once imported.
                NOTIFICATIONS.name: "JOIN records_card c ON c.card_number = t.card_number "
                f"WHERE {within.format(row='c')} AND {untied_card}",
                PERSONS.name: theirs,
                CARDS.name: f"WHERE {within.format(row='t')} AND {untied_card}",
                PERMISSIONS.name: theirs,
            },
            bounds,
        )
    nobody = "WHERE false"
    yield _frames(
        {
            NOTIFICATIONS.name: "WHERE NOT EXISTS (SELECT 1 FROM records_card c "
            f"WHERE c.card_number = t.card_number) AND {untied_card}",
            PERSONS.name: nobody,
            CARDS.name: nobody,
            PERMISSIONS.name: nobody,
        }
    )


def _ranges() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Cut the register into ranges of persons: a condition on a `{row}`, and its parameters."""
    place = "row_number() OVER (ORDER BY person_id) AS place"
    cuts = bulk_copy.read(
        f"SELECT person_id FROM (SELECT person_id, {place} FROM records_person) AS p "
        f"WHERE place / {PEOPLE_AT_ONCE} * {PEOPLE_AT_ONCE} = place ORDER BY person_id",
        ("person_id",),
    )["person_id"].to_list()
    yield "{row}.person_id < %s", (cuts[0],)
    yield from (("{row}.person_id >= %s AND {row}.person_id < %s", two) for two in pairwise(cuts))
    yield "{row}.person_id >= %s", (cuts[-1],)


@contextmanager
def determine_scope(last: date | None, day: date, *, at_most: int) -> Iterator[Scope]:
    """Yield the scope since the day of the last matching (`last`); its tables are dropped at the end.

    Call it within a transaction. Unless `last` is None, call `find_card_owners` first. Everything is in scope
    where `last` is None or more than `at_most` card numbers and persons changed. The changed keys are taken:
    once the transaction commits, they count as processed.
    """
    count = changes.take_changed_keys(_CHANGED, (ChangedKey.Kind.CARD, ChangedKey.Kind.PERSON))
    full_rematch = last is None or count > at_most
    try:
        _make(_PERSONS, "person_id")
        _make(_CARDS, "card_number")
        faulty = register_faults.standing()
        bulk_copy.temporary(_FAULTS, faulty)
        if last is None or count > at_most:
            _copy_all_previous()
        else:
            with expecting_few_rows():
                _close(last, day)
                _copy_previous()
        yield Scope(full_rematch, faulty)
    finally:
        with suppress(DatabaseError):  # if the transaction is aborted, they are rolled back with it
            bulk_copy.drop(_CHANGED, _PERSONS, _CARDS, _FAULTS, OUTCOMES, FINDINGS)


def _close(last: date, day: date) -> None:
    bulk_copy.execute(
        f"INSERT INTO {_PERSONS} SELECT key FROM {_CHANGED} WHERE kind = 'person' "
        f"UNION SELECT person_id FROM {CARD_OWNERS} WHERE person_id IS NOT NULL "
        # Keys that another transaction noted since CARD_OWNERS was filled.
        f"UNION SELECT c.person_id FROM {_CHANGED} t JOIN records_card c ON c.card_number = t.key "
        "WHERE t.kind = 'card' AND c.person_id IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {CARD_OWNERS} h WHERE h.key = t.key) "
        # A permission due before `day` is overdue; newly overdue are those due from `last` on.
        "UNION SELECT person_id FROM records_permission WHERE due_on >= %s AND due_on < %s",
        (last.isoformat(), day.isoformat()),
    )
    bulk_copy.analyze(_PERSONS)
    bulk_copy.execute(
        f"INSERT INTO {_CARDS} SELECT key FROM {_CHANGED} WHERE kind = 'card' "
        f"UNION SELECT c.card_number FROM {_PERSONS} p JOIN records_card c ON c.person_id = p.person_id"
    )
    bulk_copy.analyze(_CARDS)
    while _follow_links():
        pass


#: Tables (with a condition) that join a number with a person for whom its notifications may count, besides
#: the cards of persons: confirmations, and rejected rows of the register.
_LINKS: Final = (("candidates_notfound", "u.state = 'confirmed'"), (_FAULTS, "u.person_id IS NOT NULL"))


def _follow_links() -> bool:
    """Add the persons whom `_LINKS` join with numbers in scope, and the numbers joined with persons in scope.

    One number may be joined with several persons, so one step may lead to another. A rejected row's number
    may also be on a card: then its owner is added. Returns whether anything was added.
    """
    new = f"NOT EXISTS (SELECT 1 FROM {_PERSONS} p WHERE p.person_id = u.person_id)"
    people = sum(
        bulk_copy.execute(
            f"INSERT INTO {_PERSONS} SELECT DISTINCT u.person_id FROM {_CARDS} s JOIN {table} u "
            f"ON u.card_number = s.card_number WHERE {which} AND {new}"
        )
        for table, which in _LINKS
    )
    people += bulk_copy.execute(
        f"INSERT INTO {_PERSONS} SELECT DISTINCT u.person_id FROM {_CARDS} s JOIN {_FAULTS} f "
        "ON f.card_number = s.card_number JOIN records_card u ON u.card_number = s.card_number "
        f"WHERE u.person_id IS NOT NULL AND {new}"
    )
    if people:
        _add_their_cards()
    numbers = sum(
        bulk_copy.execute(
            f"INSERT INTO {_CARDS} SELECT DISTINCT u.card_number FROM {_PERSONS} p JOIN {table} u "
            f"ON u.person_id = p.person_id WHERE {which} AND {_ADDED.format(number='u.card_number')}"
        )
        for table, which in _LINKS
    )
    return bool(people or numbers)


def _add_their_cards() -> None:
    bulk_copy.execute(
        f"INSERT INTO {_CARDS} SELECT c.card_number FROM {_PERSONS} p JOIN records_card c "
        f"ON c.person_id = p.person_id WHERE {_ADDED.format(number='c.card_number')}"
    )


def _copy_previous() -> None:
    """Copy the stored results in scope, also those of notifications that no longer exist."""
    _make(OUTCOMES, *_OUTCOME)
    _make(FINDINGS, *_FINDING)
    outcomes, findings = (
        ", ".join(f"{t}.{name}" for name in names) for t, names in (("o", _OUTCOME), ("f", _FINDING))
    )
    bulk_copy.execute(
        f"INSERT INTO {OUTCOMES} SELECT {outcomes} FROM {_CARDS} s "
        "JOIN matching_run_outcome o ON o.card_number = s.card_number"
    )
    bulk_copy.analyze(OUTCOMES)
    bulk_copy.execute(
        f"INSERT INTO {FINDINGS} SELECT {findings} FROM {OUTCOMES} o JOIN matching_run_finding f "
        f"ON f.kind = '{Kind.DISCREPANCY}' AND f.identifier = o.notification_id WHERE f.is_active "
        f"UNION ALL SELECT {findings} FROM {_PERSONS} s JOIN matching_run_finding f "
        f"ON f.person_id = s.person_id WHERE f.kind = '{Kind.SUSPECTED_OMISSION}' AND f.is_active"
    )
    bulk_copy.analyze(FINDINGS)


def _copy_all_previous() -> None:
    _make(OUTCOMES, *_OUTCOME)
    _make(FINDINGS, *_FINDING)
    bulk_copy.execute(f"INSERT INTO {OUTCOMES} SELECT {', '.join(_OUTCOME)} FROM matching_run_outcome")
    bulk_copy.execute(
        f"INSERT INTO {FINDINGS} SELECT {', '.join(_FINDING)} FROM matching_run_finding WHERE is_active"
    )
    bulk_copy.analyze(OUTCOMES)
    bulk_copy.analyze(FINDINGS)


def _make(table: str, *columns: str) -> None:
    bulk_copy.temporary(table, pl.DataFrame(schema=dict.fromkeys(columns, pl.String)))
