"""Blocking: which persons of the register are similar to notifications that name no card.

They are found by index, or, for many notifications, by reading the register once. A person is similar if the
search (`matching.candidates`) would consider them:

- a card number one error away, or
- the name in any order, and the same year of birth or the same day of the year, or
- birth date, nationality and sex, or
- the name alone, or birth date and nationality alone, and a card with the reported expiry or a third of the
  reported number.

Most persons with the same name or birthday meet none of these conditions and could not become candidates.

Names, and birth dates with a nationality, that more persons share than `MOST_SHARING` tell hardly anybody
apart; they are counted first and not joined, except that the first persons with the name and the birth date
are always found. So the cost grows with the notifications and the register, not with their product.
"""

from typing import Final

import polars as pl

from renkei.matching.candidates.blocking import MOST_EXACT, MOST_PERSONS
from renkei.matching.candidates.numbers import distances
from renkei.node.records import blocking_keys, bulk_copy
from renkei.node.records.bulk_copy import expecting_few_rows, expecting_many_rows

#: A temporary table of `notification_id` and `person_id`, filled by `make_pairs`; a pair may be there twice.
PAIRS: Final = "near_pairs"
#: With more notifications than this, reading the register once is faster than some 300 lookups for each.
FEW: Final = 5_000
#: Persons of one name, or of one birth date and nationality. The library bounds a pass of half of them.
MOST_SHARING: Final = 2 * MOST_PERSONS
#: What `make_pairs` left out, a row for each notification and reason: the keys, joined by `+`.
LEFT_OUT: Final = ("notification_id", "reason", "persons")
_SOUGHT: Final = "blocking_sought"
_FIRST: Final = "first_persons"
#: The keys of a person, and the temporary table of those values that too many persons share.
_COMMON: Final = {("name_key",): "common_names", ("birth_date", "nationality"): "common_births"}
_REASONS: Final = {("name_key",): "name", ("birth_date", "nationality"): "birth_date+nationality"}
_NUMBERS: Final = "near_numbers"
_SIMILAR: Final = "similar_persons"
_PAIR: Final = ("notification_id", "person_id")
_ASKED: Final = (
    "notification_id",
    "card_number",
    "name_key",
    "birth_date",
    "nationality",
    "prefix6",
    "suffix6",
    "affixes",
)
_OF_NOTIFICATION: Final = ("sex", "stay_expires_on")
# The parts of a card number, cut as `blocking_keys.parts` cuts the reported one.
_CUT: Final = {
    "prefix6": "substr(c.card_number, 1, 6)",
    "suffix6": "substr(c.card_number, length(c.card_number) - 5)",
    "affixes": "substr(c.card_number, 1, 3) || substr(c.card_number, length(c.card_number) - 2)",
}
_THIRDS: Final = ("substr({}, 1, 4)", "substr({}, 5, 4)", "substr({}, length({}) - 3)")


def _same(one: str, other: str, keys: tuple[str, ...]) -> str:
    return " AND ".join(f"{one}.{key} = {other}.{key}" for key in keys)


def _sharing(keys: tuple[str, ...]) -> str:
    return (
        f"FROM {_SOUGHT} u JOIN records_person p ON {_same('p', 'u', keys)} "
        f"WHERE NOT EXISTS (SELECT 1 FROM {_COMMON[keys]} f WHERE {_same('f', 'u', keys)})"
    )


_NAMED: Final = _sharing(("name_key",))
_BORN: Final = _sharing(("birth_date", "nationality"))
_LIKE_BORN: Final = (
    "(substr(p.birth_date, 1, 4) = substr(u.birth_date, 1, 4) "
    "OR substr(p.birth_date, 6) = substr(u.birth_date, 6))"
)


def make_pairs(wanted: str) -> pl.DataFrame:
    """Fill `PAIRS` for the rows of `candidates_notfound` (as `u`) that meet `wanted`, in a transaction.

    Returns what was left out (`LEFT_OUT`).
    """
    columns = [f"u.{name}" for name in _ASKED] + [f"n.{name}" for name in _OF_NOTIFICATION]
    sought = bulk_copy.read(
        f"SELECT {', '.join(columns)} FROM candidates_notfound u JOIN records_receivednotification n "
        f"ON n.notification_id = u.notification_id WHERE {wanted}",
        (*_ASKED, *_OF_NOTIFICATION),
    )
    sought = sought.with_columns(blocking_keys.plain_number(sought["card_number"]).alias("plain"))
    bulk_copy.temporary(_SOUGHT, sought)
    many = sought.height > FEW
    with expecting_many_rows() if many else expecting_few_rows():
        bulk_copy.temporary(PAIRS, _by_parts(sought) if many else _by_number(sought))
        left_out = pl.concat([_find_common(keys) for keys in _COMMON])
        _by_person()
        _by_exact_name()
    bulk_copy.analyze(PAIRS)
    bulk_copy.drop(_SOUGHT, *_COMMON.values())
    return left_out


def _find_common(keys: tuple[str, ...]) -> pl.DataFrame:
    """Find the values that too many persons share, reading each of them once; returns `LEFT_OUT`."""
    columns = ", ".join(keys)
    table = _COMMON[keys]
    bulk_copy.drop(table)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {table} AS SELECT {', '.join(f'k.{key}' for key in keys)}, "
        f"COUNT(*) AS persons FROM (SELECT DISTINCT {columns} FROM {_SOUGHT}) k "
        f"JOIN records_person p ON {_same('p', 'k', keys)} "
        f"GROUP BY {', '.join(f'k.{key}' for key in keys)} HAVING COUNT(*) > {MOST_SHARING}"
    )
    bulk_copy.analyze(table)
    common = bulk_copy.read(
        f"SELECT u.notification_id, '{_REASONS[keys]}', CAST(f.persons AS text) "
        f"FROM {_SOUGHT} u JOIN {table} f ON {_same('f', 'u', keys)}",
        LEFT_OUT,
    )
    return common.with_columns(pl.col("persons").cast(pl.UInt32))


def _by_exact_name() -> None:
    """Add, for a common name, the first persons who have the birth date as well."""
    both = ("name_key", "birth_date")
    bulk_copy.drop(_FIRST)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {_FIRST} AS SELECT * FROM (SELECT p.name_key, p.birth_date, p.person_id, "
        "row_number() OVER (PARTITION BY p.name_key, p.birth_date ORDER BY p.person_id) AS place "
        f"FROM (SELECT DISTINCT u.name_key, u.birth_date FROM {_SOUGHT} u JOIN {_COMMON[('name_key',)]} f "
        f"ON f.name_key = u.name_key) k JOIN records_person p ON {_same('p', 'k', both)}) r "
        f"WHERE place <= {MOST_EXACT}"
    )
    bulk_copy.execute(
        f"INSERT INTO {PAIRS} SELECT u.notification_id, f.person_id FROM {_SOUGHT} u "
        f"JOIN {_FIRST} f ON {_same('f', 'u', both)}"
    )
    bulk_copy.drop(_FIRST)


def _by_number(sought: pl.DataFrame) -> pl.DataFrame:
    """Look up every number one error away; sorted, since many of them are neighbours in the index."""
    numbers = blocking_keys.near_numbers(sought.select("notification_id", "plain"))
    bulk_copy.temporary(_NUMBERS, numbers.sort("plain", "notification_id"))
    found = bulk_copy.read(
        f"SELECT m.notification_id, c.person_id FROM {_NUMBERS} m JOIN records_card c "
        "ON c.card_number = m.plain WHERE c.person_id IS NOT NULL",
        _PAIR,
    )
    bulk_copy.drop(_NUMBERS)
    return found


def _by_parts(sought: pl.DataFrame) -> pl.DataFrame:
    """Join every card with the parts of the reported numbers; one error leaves one part unchanged."""
    found = bulk_copy.read(
        " UNION ".join(
            f"SELECT u.notification_id, u.plain, c.card_number, c.person_id FROM {_SOUGHT} u "
            f"JOIN records_card c ON {cut} = u.{part} WHERE c.person_id IS NOT NULL"
            for part, cut in _CUT.items()
        ),
        ("notification_id", "plain", "card_number", "person_id"),
    )
    edits, _ = distances(found["plain"], found["card_number"])
    return found.filter(pl.Series(edits <= 1)).select(_PAIR)


def _by_person() -> None:
    """Add the persons found by name, birth date, nationality and sex, if need be with a card that fits.

    Each row of the register is fetched only once: among millions, hardly two of them lie on one page.
    """
    columns = "u.notification_id, u.plain, u.stay_expires_on, p.person_id"
    bulk_copy.drop(_SIMILAR)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {_SIMILAR} AS SELECT {columns}, "
        f"COALESCE({_LIKE_BORN}, false) AS enough {_NAMED} "
        f"UNION ALL SELECT {columns}, COALESCE(p.sex = u.sex, false) {_BORN}"
    )
    bulk_copy.analyze(_SIMILAR)
    bulk_copy.execute(f"INSERT INTO {PAIRS} SELECT notification_id, person_id FROM {_SIMILAR} WHERE enough")
    by_card = " OR ".join(
        ["c.stay_expires_on = h.stay_expires_on"]
        + [f"{third.replace('{}', 'c.card_number')} = {third.replace('{}', 'h.plain')}" for third in _THIRDS]
    )
    # The index `cards_of_a_person` covers these columns, so no card row is fetched.
    bulk_copy.execute(
        f"INSERT INTO {PAIRS} SELECT h.notification_id, h.person_id "
        f"FROM {_SIMILAR} h JOIN records_card c ON c.person_id = h.person_id "
        f"WHERE NOT h.enough AND ({by_card})"
    )
    bulk_copy.drop(_SIMILAR)
