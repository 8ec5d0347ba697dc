"""The notifications that name no card, and which of them need a new search for candidates.

The table `NotFound` is updated before each matching from what changed since the last one: a notification that
was added or changed, a card that was added or removed, and a person who was added or changed and may be meant
by one of the notifications. A number on a card whose person is not in the register, or in a rejected row of
the register, is no number of nobody: its notification is `held` (§4), and not searched for.
"""

import hashlib
from typing import Final

import polars as pl

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS
from renkei.agreement.decisions import COMPARABLE_ITEMS, IDENTITY_ITEMS
from renkei.node.candidates.search import possibly_affected
from renkei.node.matching_run.scope import CARD_OWNERS
from renkei.node.records import blocking_keys, bulk_copy
from renkei.node.records.bulk_copy import expecting_few_rows, expecting_many_rows
from renkei.node.records.models import ChangedKey
from renkei.node.records.register_faults import STANDING

_NOW: Final = "not_found_now"
_NEW: Final = "not_found_new"
_CARDS: Final = "not_found_cards"
_NUMBERS: Final = "not_found_numbers"
_PEOPLE: Final = "not_found_people"
_PENDING: Final = "not_found_to_seek"
_UNSURE: Final = "not_found_to_weigh"
# Probabilities are stored with six digits, so their sum for one notification may fall short by this much.
_ROUNDING: Final = 0.00001
_READ: Final = ("notification_id", "card_number", *COMPARABLE_ITEMS)
_KEPT: Final = (
    "notification_id",
    "card_number",
    "name_key",
    "birth_date",
    "nationality",
    "prefix6",
    "suffix6",
    "affixes",
    "content",
    "identity",
)
#: What a person new to the register may have in common with a notification, and a card with its number.
_SHARED: Final = (("name_key",), ("birth_date", "nationality"))
_PARTS: Final = ("prefix6", "suffix6", "affixes")
_AT_FAULT: Final = f"SELECT s.card_number FROM ({STANDING}) AS s"


def refresh(*, full: bool) -> None:
    """Update `NotFound` to the current tables, within a transaction; `full` examines everything again.

    The changed keys are read and not taken: the matching that follows takes them. Unless `full`, call
    `scope.find_card_owners` first.
    """
    with expecting_many_rows() if full else expecting_few_rows():
        _find_unmatched(full=full)
        _delete_resolved(full=full)
    _store()
    if full:
        bulk_copy.execute("UPDATE candidates_notfound SET needs_search = true WHERE state <> 'confirmed'")
    else:
        with expecting_few_rows():
            _request_searches()
    bulk_copy.drop(_NOW, _NEW, _CARDS, _NUMBERS, _PEOPLE, _PENDING)


def _find_unmatched(*, full: bool) -> None:
    columns = ", ".join(f'n."{name}"' for name in _READ)
    query = f"SELECT {columns} FROM records_receivednotification n"
    if full:
        query += (
            " WHERE n.deleted_on IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM records_card c WHERE c.card_number = n.card_number) "
            f"AND n.card_number NOT IN ({_AT_FAULT})"
        )
    else:
        bulk_copy.drop(_NUMBERS)
        # Few of the numbers are on no card; notifications are read for those only.
        bulk_copy.execute(
            f"CREATE TEMPORARY TABLE {_NUMBERS} AS SELECT t.key FROM {CARD_OWNERS} t "
            f"WHERE t.person_id IS NULL AND t.key NOT IN ({_AT_FAULT})"
        )
        bulk_copy.analyze(_NUMBERS)
        query += f" JOIN {_NUMBERS} t ON n.card_number = t.key WHERE n.deleted_on IS NULL"
    bulk_copy.temporary(_NOW, _keyed(bulk_copy.read(query, _READ)))


def _keyed(found: pl.DataFrame) -> pl.DataFrame:
    plain = blocking_keys.plain_number(found["card_number"]).alias("plain")
    return (
        found.with_columns(
            blocking_keys.name_key(found["name"]).alias("name_key"),
            plain,
            _digests(found, ("card_number", *COMPARABLE_ITEMS)).alias("content"),
            _digests(found, ("card_number", *IDENTITY_ITEMS)).alias("identity"),
        )
        .with_columns(**blocking_keys.parts(pl.col("plain")))
        .select(_KEPT)
    )


def _digests(rows: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    # Polars has no hash that is stable across versions; only one notification in a hundred comes here.
    texts = rows.select(pl.struct(columns).struct.json_encode()).to_series()
    return pl.Series([hashlib.sha256(text.encode()).hexdigest() for text in texts], dtype=pl.String)


def _delete_resolved(*, full: bool) -> None:
    """Delete notifications that are found, removed or deleted; their candidates are matched again."""
    restricted = (
        ""
        if full
        else f"EXISTS (SELECT 1 FROM {CARD_OWNERS} t WHERE t.key = candidates_notfound.card_number) AND"
    )
    gone = (
        f"FROM candidates_notfound WHERE {restricted} NOT EXISTS "
        f"(SELECT 1 FROM {_NOW} w WHERE w.notification_id = candidates_notfound.notification_id)"
    )
    bulk_copy.drop(_NEW)
    bulk_copy.execute(f"CREATE TEMPORARY TABLE {_NEW} AS SELECT notification_id {gone}")
    _note_persons_of(f"SELECT notification_id FROM {_NEW}")
    for table in ("candidates_candidate", "candidates_notfound"):
        bulk_copy.execute(
            f"DELETE FROM {table} WHERE notification_id IN (SELECT notification_id FROM {_NEW})"
        )


def _store() -> None:
    names = ", ".join(_KEPT)
    new_values = ", ".join(f"{name} = excluded.{name}" for name in _KEPT[1:])
    # A decision rests on number and identity: where these change, it is cleared.
    _note_persons_of(
        f"SELECT u.notification_id FROM {_NOW} w JOIN candidates_notfound u "
        "ON u.notification_id = w.notification_id WHERE u.identity <> w.identity"
    )
    undecided = "kept.identity <> excluded.identity"
    cleared = ", ".join(
        f"{name} = CASE WHEN {undecided} THEN {blank} ELSE kept.{name} END"
        for name, blank in (
            ("state", "'waiting'"),
            ("person_id", "NULL"),
            ("confirmed_card", "NULL"),
            ("decision_reason", "''"),
            ("decided_at", "NULL"),
            ("decided_by_id", "NULL"),
        )
    )
    bulk_copy.execute(
        f"INSERT INTO candidates_notfound AS kept ({names}, needs_search, state, decision_reason) "
        f"SELECT {names}, true, 'waiting', '' FROM {_NOW} WHERE true "
        f"ON CONFLICT (notification_id) DO UPDATE SET {new_values}, {cleared}, needs_search = true "
        "WHERE kept.content <> excluded.content"
    )


def _request_searches() -> None:
    """Request a new search where a changed person is a candidate or may become one.

    A person who shares a name or a birthday with a notification is hardly ever its candidate, so the changed
    persons are weighed first (docs/decisions/0015-who-changed-is-weighed-first.md). Only the best candidates
    are stored. Where the others share some of the probability, one of them may have been a person who is no
    longer similar, and the notification is searched for in any case.
    """
    bulk_copy.drop(_PEOPLE)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {_PEOPLE} AS SELECT DISTINCT key AS person_id FROM records_changedkey "
        f"WHERE kind = '{ChangedKey.Kind.PERSON}'"
    )
    bulk_copy.analyze(_PEOPLE)
    bulk_copy.temporary(_PENDING, pl.DataFrame(schema={"notification_id": pl.String}))
    for shared in _SHARED:
        same = " AND ".join(f"u.{name} = p.{name}" for name in shared)
        bulk_copy.execute(
            f"INSERT INTO {_PENDING} SELECT u.notification_id FROM {_PEOPLE} t "
            f"JOIN records_person p ON p.person_id = t.person_id JOIN candidates_notfound u ON {same}"
        )
    numbers = bulk_copy.read(
        f"SELECT c.card_number FROM {_PEOPLE} t JOIN records_card c ON c.person_id = t.person_id", ("plain",)
    )
    bulk_copy.temporary(_CARDS, numbers.select(**blocking_keys.parts(pl.col("plain"))))
    for part in _PARTS:
        bulk_copy.execute(
            f"INSERT INTO {_PENDING} SELECT u.notification_id FROM {_CARDS} c "
            f"JOIN candidates_notfound u ON u.{part} = c.{part}"
        )
    bulk_copy.analyze(_PENDING)
    affected = _affected()
    bulk_copy.temporary(_PENDING, affected.to_frame("notification_id"))
    bulk_copy.execute(
        f"INSERT INTO {_PENDING} SELECT c.notification_id FROM {_PEOPLE} t "
        "JOIN candidates_candidate c ON c.person_id = t.person_id"
    )
    bulk_copy.analyze(_PENDING)
    bulk_copy.execute(
        "UPDATE candidates_notfound SET needs_search = true WHERE state <> 'confirmed' AND NOT needs_search "
        f"AND notification_id IN (SELECT notification_id FROM {_PENDING})"
    )


def _affected() -> pl.Series:
    """Return the notifications of `_PENDING` whose candidates a changed person may alter."""
    others = (
        "u.no_match_probability + (SELECT COALESCE(SUM(c.probability), 0) FROM candidates_candidate c "
        f"WHERE c.notification_id = u.notification_id) < {1 - _ROUNDING}"
    )
    near = bulk_copy.read(
        f"SELECT u.notification_id, CASE WHEN {others} THEN 'others' END "
        f"FROM (SELECT DISTINCT notification_id FROM {_PENDING}) m JOIN candidates_notfound u "
        "ON u.notification_id = m.notification_id WHERE u.state <> 'confirmed' AND NOT u.needs_search",
        ("notification_id", "others"),
    )
    sure, unsure = (near.filter(pl.col("others").is_not_null() == is_sure) for is_sure in (True, False))
    if unsure.is_empty():
        return sure["notification_id"]
    bulk_copy.temporary(_UNSURE, unsure.select("notification_id"))
    rows = [
        bulk_copy.read(
            f"SELECT {', '.join(f't.{name}' for name in dataset.names)} FROM {some} s "
            f"JOIN {table} t ON t.{key} = s.{key}",
            dataset.names,
        )
        for dataset, some, table, key in (
            (NOTIFICATIONS, _UNSURE, "records_receivednotification", "notification_id"),
            (PERSONS, _PEOPLE, "records_person", "person_id"),
            (CARDS, _PEOPLE, "records_card", "person_id"),
        )
    ]
    bulk_copy.drop(_UNSURE)
    return pl.concat([sure["notification_id"], possibly_affected(*rows)])


def _note_persons_of(notifications: str) -> None:
    """Note the candidates and the confirmed persons of these notifications as changed."""
    bulk_copy.execute(
        "INSERT INTO records_changedkey (kind, key) SELECT 'person', c.person_id FROM candidates_candidate c "
        f"WHERE c.notification_id IN ({notifications}) UNION SELECT 'person', u.person_id "
        f"FROM candidates_notfound u WHERE u.person_id IS NOT NULL AND u.notification_id IN ({notifications})"
    )
