"""Who of the register comes near notifications that name no card: met by index; where many ask, read once.

Near is whom the search (`matching.candidates`) would let through: a card number one slip away; the name in
any order, born in the same year or on the same day of a year; birth date, nationality and sex. Whoever has
the name, or birth date and nationality, and no more must have a card with the expiry or with a third of the
number that was reported. All others of a name or of a day, most of them, could not become candidates.
"""

from typing import Final

import polars as pl

from renkei.matching.candidates.numbers import distances
from renkei.node.records import blocking_keys, bulk_copy
from renkei.node.records.bulk_copy import expecting_few_rows, expecting_many_rows

#: Pairs of `notification_id` and `person_id`, some twice: a temporary table, filled by `meet`.
PAIRS: Final = "near_pairs"
#: Beyond so many the register is sooner read through than asked some three hundred times for each.
FEW: Final = 5_000
_ASKING: Final = "near_asking"
_NUMBERS: Final = "near_numbers"
_MET: Final = "near_met"
_PAIR: Final = ("notification_id", "person_id")
_ASKED: Final = (
    "notification_id", "card_number", "name_key", "birth_date", "nationality", "prefix6", "suffix6", "affixes",
)  # fmt: skip
_OF_NOTIFICATION: Final = ("sex", "stay_expires_on")
# Of a card number, as `keys.parts` cuts what was reported.
_CUT: Final = {
    "prefix6": "substr(c.card_number, 1, 6)",
    "suffix6": "substr(c.card_number, length(c.card_number) - 5)",
    "affixes": "substr(c.card_number, 1, 3) || substr(c.card_number, length(c.card_number) - 2)",
}
_THIRDS: Final = ("substr({}, 1, 4)", "substr({}, 5, 4)", "substr({}, length({}) - 3)")
_NAMED: Final = f"FROM {_ASKING} u JOIN records_person p ON p.name_key = u.name_key"
_BORN: Final = (
    f"FROM {_ASKING} u JOIN records_person p ON p.birth_date = u.birth_date AND p.nationality = u.nationality"
)
_LIKE_BORN: Final = (
    "(substr(p.birth_date, 1, 4) = substr(u.birth_date, 1, 4) "
    "OR substr(p.birth_date, 6) = substr(u.birth_date, 6))"
)


def make_pairs(wanted: str) -> None:
    """Fill `PAIRS` for the rows of `candidates_notfound` (as `u`) that `wanted` names; within a transaction."""
    columns = [f"u.{name}" for name in _ASKED] + [f"n.{name}" for name in _OF_NOTIFICATION]
    asking = bulk_copy.read(
        f"SELECT {', '.join(columns)} FROM candidates_notfound u JOIN records_receivednotification n "
        f"ON n.notification_id = u.notification_id WHERE {wanted}",
        (*_ASKED, *_OF_NOTIFICATION),
    )
    asking = asking.with_columns(blocking_keys.plain_number(asking["card_number"]).alias("plain"))
    bulk_copy.temporary(_ASKING, asking)
    several = asking.height > FEW
    with expecting_many_rows() if several else expecting_few_rows():
        bulk_copy.temporary(PAIRS, _by_parts(asking) if several else _by_number(asking))
        _by_person()
    bulk_copy.analyze(PAIRS)
    bulk_copy.drop(_ASKING)


def _by_number(asking: pl.DataFrame) -> pl.DataFrame:
    """Ask for every number one slip away, in their order: many lie beside each other."""
    numbers = blocking_keys.near_numbers(asking.select("notification_id", "plain"))
    bulk_copy.temporary(_NUMBERS, numbers.sort("plain", "notification_id"))
    found = bulk_copy.read(
        f"SELECT m.notification_id, c.person_id FROM {_NUMBERS} m JOIN records_card c "
        "ON c.card_number = m.plain WHERE c.person_id IS NOT NULL",
        _PAIR,
    )
    bulk_copy.drop(_NUMBERS)
    return found


def _by_parts(asking: pl.DataFrame) -> pl.DataFrame:
    """Hold every card against the parts of all numbers reported, of which one slip leaves one whole."""
    found = bulk_copy.read(
        " UNION ".join(
            f"SELECT u.notification_id, u.plain, c.card_number, c.person_id FROM {_ASKING} u "
            f"JOIN records_card c ON {cut} = u.{part} WHERE c.person_id IS NOT NULL"
            for part, cut in _CUT.items()
        ),
        ("notification_id", "plain", "card_number", "person_id"),
    )
    edits, _ = distances(found["plain"], found["card_number"])
    return found.filter(pl.Series(edits <= 1)).select(_PAIR)


def _by_person() -> None:
    """Add whom name, birth date, nationality and sex tell; of those met by half of it, whom a card tells.

    Each row of the register is fetched once: of millions, hardly two of them lie on one page.
    """
    told = "u.notification_id, u.plain, u.stay_expires_on, p.person_id"
    bulk_copy.drop(_MET)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {_MET} AS SELECT {told}, COALESCE({_LIKE_BORN}, false) AS enough {_NAMED} "
        f"UNION ALL SELECT {told}, COALESCE(p.sex = u.sex, false) {_BORN}"
    )
    bulk_copy.analyze(_MET)
    bulk_copy.execute(f"INSERT INTO {PAIRS} SELECT notification_id, person_id FROM {_MET} WHERE enough")
    by_card = " OR ".join(
        ["c.stay_expires_on = h.stay_expires_on"]
        + [f"{third.replace('{}', 'c.card_number')} = {third.replace('{}', 'h.plain')}" for third in _THIRDS]
    )
    # An index holds what is asked of the cards (`cards_of_a_person`): none is fetched.
    bulk_copy.execute(
        f"INSERT INTO {PAIRS} SELECT h.notification_id, h.person_id "
        f"FROM {_MET} h JOIN records_card c ON c.person_id = h.person_id WHERE NOT h.enough AND ({by_card})"
    )
    bulk_copy.drop(_MET)
