"""Who may be meant by a notification that names no card: looked for among the few that come near at all.

The register is never read whole: what is handed to the search are the people met by
index under one of the keys of `records.keys`, so that a search costs by the notification.
"""

from collections.abc import Callable
from typing import Final

import polars as pl
from django.conf import settings

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS
from renkei.node.findings import near
from renkei.node.findings.models import Candidate, NotFound
from renkei.node.findings.searching import search
from renkei.node.records import bulk_copy
from renkei.node.records.bulk_copy import few, many

#: Takes canonical notifications, persons and cards; returns the columns of FOUND, best first.
Find = Callable[[pl.DataFrame, pl.DataFrame, pl.DataFrame], pl.DataFrame]

FOUND: Final = (
    "notification_id",
    "rank",
    "person_id",
    "card_number",
    "probability",
    "nobody",
    "evidence",
)
_SLICE: Final = 2_000
_SOUGHT: Final = "sought"
_PEOPLE: Final = "sought_people"
_FOUND: Final = "found_candidates"
# Whoever is probable enough lets a suspicion say so, until an officer has decided.
_PROBABLE: Final = (
    "SELECT {columns} FROM findings_candidate c JOIN findings_notfound u "
    "ON u.notification_id = c.notification_id "
    "WHERE c.rank = 1 AND u.state = 'waiting' AND c.probability >= %s"
)


def threshold() -> float:
    """Return the probability from which on a candidate counts as probable (decision candidate_threshold)."""
    return settings.NODE.decided().candidate_threshold


def seek(find: Find = search) -> int:
    """Look for candidates of what is pending; returns for how many notifications. Within a transaction.

    Looked for once, until the notification or somebody near it changes.
    """
    pending = NotFound.objects.filter(pending=True).order_by("notification_id")
    names = list(pending.values_list("notification_id", flat=True))
    if not names:
        return 0
    near.meet("u.pending")
    for start in range(0, len(names), _SLICE):
        bulk_copy.temporary(_SOUGHT, pl.DataFrame({"notification_id": names[start : start + _SLICE]}))
        with few():
            notifications, persons, cards = _near()
        store(find(notifications, persons, cards))
    bulk_copy.drop(_SOUGHT, near.PAIRS, _PEOPLE)
    return len(names)


def store(found: pl.DataFrame) -> None:
    """Keep what was found (FOUND) of the notifications of the temporary table `sought`, and it alone.

    Whom an officer rejected comes back only with somebody else; who is touched is matched again.
    """
    bulk_copy.temporary(
        _FOUND, found.with_columns(pl.col("probability", "nobody").cast(pl.String)).select(FOUND)
    )
    bulk_copy.execute(
        "UPDATE findings_notfound SET state = 'waiting' WHERE state = 'rejected' AND notification_id IN "
        f"(SELECT f.notification_id FROM {_FOUND} f WHERE NOT EXISTS (SELECT 1 FROM findings_candidate c "
        "WHERE c.notification_id = f.notification_id AND c.person_id = f.person_id))"
    )
    before = _probable()
    bulk_copy.execute(
        f"DELETE FROM findings_candidate WHERE notification_id IN (SELECT notification_id FROM {_SOUGHT})"
    )
    bulk_copy.execute(
        "INSERT INTO findings_candidate "
        "(notification_id, rank, person_id, card_number, evidence, probability) "
        "SELECT notification_id, rank, person_id, card_number, evidence, "
        f"CAST(probability AS double precision) FROM {_FOUND}"
    )
    bulk_copy.execute(
        "UPDATE findings_notfound SET pending = false, nobody = CAST(f.nobody AS double precision), "
        f"best = CAST(f.probability AS double precision) FROM {_SOUGHT} s LEFT JOIN {_FOUND} f "
        "ON f.notification_id = s.notification_id AND f.rank = 1 "
        "WHERE findings_notfound.notification_id = s.notification_id"
    )
    changed = pl.concat([before, _probable()]).filter(~pl.struct(pl.all()).is_duplicated())
    bulk_copy.put(
        "records_touched",
        changed.select(pl.lit("person").alias("kind"), pl.col("person_id").alias("key")),
    )
    bulk_copy.drop(_FOUND)


def probable(among: str | None = None) -> pl.DataFrame:
    """Return whom undecided notifications probably mean, of everybody or of a table with `person_id`.

    Columns `notification_id`, `person_id`, `probability`, `employment_start` (canonical text). Within a
    transaction.
    """
    start = (
        "(SELECT n.employment_start FROM records_receivednotification n "
        "WHERE n.notification_id = c.notification_id)"
    )
    some = f" AND EXISTS (SELECT 1 FROM {among} s WHERE s.person_id = c.person_id)" if among else ""
    with few() if among else many():
        found = bulk_copy.read(
            _PROBABLE.format(columns=f"c.notification_id, c.person_id, CAST(c.probability AS text), {start}")
            + some,
            ("notification_id", "person_id", "probability", "employment_start"),
            (threshold(),),
        )
    return found.with_columns(pl.col("probability").cast(pl.Float64))


def _probable() -> pl.DataFrame:
    return bulk_copy.read(
        _PROBABLE.format(columns="c.notification_id, c.person_id")
        + f" AND u.notification_id IN (SELECT notification_id FROM {_SOUGHT})",
        ("notification_id", "person_id"),
        (threshold(),),
    )


def _near() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read what is sought, and the people near it with all their cards."""
    columns = ", ".join(f'n."{name}"' for name in NOTIFICATIONS.names)
    notifications = bulk_copy.read(
        f"SELECT {columns} FROM {_SOUGHT} s JOIN records_receivednotification n "
        "ON n.notification_id = s.notification_id",
        NOTIFICATIONS.names,
    )
    bulk_copy.drop(_PEOPLE)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {_PEOPLE} AS SELECT DISTINCT m.person_id FROM {_SOUGHT} s "
        f"JOIN {near.PAIRS} m ON m.notification_id = s.notification_id"
    )
    bulk_copy.analyze(_PEOPLE)
    persons, cards = (
        bulk_copy.read(
            f"SELECT {', '.join(f't.{name}' for name in dataset.names)} FROM {_PEOPLE} s "
            f"JOIN {table} t ON t.person_id = s.person_id",
            dataset.names,
        )
        for dataset, table in ((PERSONS, "records_person"), (CARDS, "records_card"))
    )
    return notifications, persons, cards


def of(notification_id: str) -> list[Candidate]:
    """Return the candidates of a notification, the most probable first."""
    return list(Candidate.objects.filter(notification_id=notification_id))
