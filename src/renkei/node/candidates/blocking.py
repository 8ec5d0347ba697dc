"""Blocking: which persons of the register are similar to notifications that name no card.

They are found by index, or, for many notifications, by reading the register once. A person is similar if the
search (`matching.candidates`) would consider them:

- a card number one error away, or
- the name in any order, and the same year of birth or the same day of the year, or
- birth date, nationality and sex, or
- the name alone, or birth date and nationality alone, and a card with the reported expiry or a third of the
  reported number.

Most persons with the same name or birthday meet none of these conditions and could not become candidates.
"""

from typing import Final

import polars as pl

from renkei.matching.candidates.numbers import distances
from renkei.node.records import blocking_keys, bulk_copy
from renkei.node.records.bulk_copy import expecting_few_rows, expecting_many_rows

#: A temporary table of `notification_id` and `person_id`, filled by `make_pairs`; a pair may be there twice.
PAIRS: Final = "near_pairs"
#: With more notifications than this, reading the register once is faster than some 300 lookups for each.
FEW: Final = 5_000
_SOUGHT: Final = "blocking_sought"
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
_NAMED: Final = f"FROM {_SOUGHT} u JOIN records_person p ON p.name_key = u.name_key"
_BORN: Final = (
    f"FROM {_SOUGHT} u JOIN records_person p ON p.birth_date = u.birth_date AND p.nationality = u.nationality"
)
_LIKE_BORN: Final = (
    "(substr(p.birth_date, 1, 4) = substr(u.birth_date, 1, 4) "
    "OR substr(p.birth_date, 6) = substr(u.birth_date, 6))"
)


def make_pairs(wanted: str) -> None:
    """Fill `PAIRS` for the rows of `candidates_notfound` (as `u`) that meet `wanted`, in a transaction."""
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
        _by_person()
    bulk_copy.analyze(PAIRS)
    bulk_copy.drop(_SOUGHT)


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
