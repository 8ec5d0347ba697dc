"""ISA: rejected rows of its own register, whose numbers are not numbers of nobody (§4 `held`).

§4 is of the specification of the reconciliation. A rejected row stands until a later file of its dataset has
the row again, read or not, or a full extract lacks it. A row is known by its identifier, or by its card
number where the identifier cannot be read.
"""

from typing import Final

import polars as pl

from renkei.matching.outcomes import FAULTY
from renkei.node.records import bulk_copy, changes, staging
from renkei.node.records.models import ChangedKey, Import, Reject
from renkei.node.records.staging import INCOMING, OUTSIDE, REFUSED
from renkei.node.records.tables import Table

_REJECTS: Final = f'"{Reject._meta.db_table}"'
_OF_DATASET: Final = (
    f'r.stands AND r.taken_id IN (SELECT i.id FROM "{Import._meta.db_table}" i WHERE i.dataset = %s)'
)
_BEFORE: Final = "faults_before"
_KEYS: Final = tuple(FAULTY)

#: Card number and person of each rejected row that stands and whose number could be read.
STANDING: Final = f"SELECT {', '.join(_KEYS)} FROM {_REJECTS} WHERE stands AND card_number IS NOT NULL"


def standing() -> pl.DataFrame:
    """Return the rejected rows that stand, in the form that the matching takes (`FAULTY`)."""
    return bulk_copy.read(f"SELECT DISTINCT {', '.join(_KEYS)} FROM ({STANDING}) AS s", _KEYS)


def keep(made: Import, table: Table, *, full: bool) -> None:
    """Store the rejected rows with their import, and note the keys of the register's faults that changed.

    Runs inside the transaction of the import, while the staged rows are there. `full`: the staged rows are
    all there are.
    """
    if not table.faults:
        staging.keep_rejects(made)
        return
    now = (
        f"SELECT r.card_number, r.person_id FROM {_REJECTS} r "
        f"WHERE r.card_number IS NOT NULL AND {_OF_DATASET}"
    )
    dataset = (table.dataset.name,)
    bulk_copy.drop(_BEFORE)
    bulk_copy.execute(f"CREATE TEMPORARY TABLE {_BEFORE} AS {now}", dataset)
    _end(table, full=full)
    staging.keep_rejects(made, stand=True)
    before = f"SELECT card_number, person_id FROM {_BEFORE}"
    for kind, column in ((ChangedKey.Kind.CARD, "card_number"), (ChangedKey.Kind.PERSON, "person_id")):
        for one, other in ((before, now), (now, before)):
            changed = f"SELECT DISTINCT {column} AS key FROM ({one} EXCEPT {other}) AS changed"
            changes.note_changed_keys(kind, changed, dataset)
    bulk_copy.drop(_BEFORE)


def _end(table: Table, *, full: bool) -> None:
    """Have the rejected rows no longer stand that the staged file has again, or lacks as a whole."""
    key = table.key
    again = (
        f"r.{key} IN (SELECT {key} FROM {INCOMING}) OR r.{key} IN (SELECT named FROM {REFUSED}) "
        f"OR r.{key} IN (SELECT identifier FROM {OUTSIDE}) OR (r.{key} IS NULL AND "
        f"(r.card_number IN (SELECT card_number FROM {INCOMING}) "
        f"OR r.card_number IN (SELECT card_number FROM {REFUSED})))"
    )
    bulk_copy.execute(
        f"UPDATE {_REJECTS} AS r SET stands = false WHERE {_OF_DATASET}{'' if full else f' AND ({again})'}",
        (table.dataset.name,),
    )
