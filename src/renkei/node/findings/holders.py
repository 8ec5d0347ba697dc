"""Who holds the card numbers that were touched: asked of the register once, for all who want to know.

Of millions of cards each lies on a page of its own, and to fetch it is what the question costs.
"""

from typing import Final

from renkei.node.records import bulk_copy
from renkei.node.records.bulk_copy import few

#: A temporary table: `key`, a number that was touched or is of somebody who was, and the card's `person_id`.
HOLDERS: Final = "touched_holders"


def ask() -> None:
    """Fill `HOLDERS` from what is touched, which stays so; within a transaction, until `forget`."""
    bulk_copy.drop(HOLDERS)
    with few():
        bulk_copy.execute(
            f"CREATE TEMPORARY TABLE {HOLDERS} AS SELECT k.key, c.person_id FROM "
            "(SELECT key FROM records_touched WHERE kind = 'card' "
            "UNION SELECT c.card_number FROM records_touched t JOIN records_card c ON c.person_id = t.key "
            "WHERE t.kind = 'person') AS k LEFT JOIN records_card c ON c.card_number = k.key"
        )
    bulk_copy.analyze(HOLDERS)


def forget() -> None:
    """Drop the table."""
    bulk_copy.drop(HOLDERS)
