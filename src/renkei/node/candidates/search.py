"""Searching candidates for notifications that name no card, among the few similar persons of the register.

The register is never read completely: the search receives the persons found by blocking
(`candidates.blocking`), so that its cost depends on the number of notifications. They are compared by the
library in the same way as files are. What the library counts in a whole register, here the database counts by
index: how many share a name or a birthday. The frequency of the other values is the one learned with the
parameters.
"""

from collections.abc import Callable, Sequence
from math import log2
from typing import Final

import polars as pl
from django.conf import settings

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS, Dataset
from renkei.matching.candidates import default_parameters
from renkei.matching.candidates.blocking import MOST_EXACT, blocks, exact_passes, join, sizes, too_large
from renkei.matching.candidates.match_weights import agrees_exactly, value_of, weigh
from renkei.matching.candidates.pairs import (
    by_term_frequency,
    in_portions,
    look,
    weighed_values,
    with_persons,
    with_shares,
)
from renkei.matching.candidates.parameters import Item
from renkei.matching.candidates.search import Found, add_up, judge
from renkei.matching.frames import table_batches
from renkei.matching.hash_index import HashIndex
from renkei.matching.omissions import CREDITING, PROBABLE
from renkei.matching.reconciliation import kept_columns
from renkei.matching.validation import check
from renkei.node.candidates import blocking
from renkei.node.candidates.models import Candidate, NotFound
from renkei.node.records import blocking_keys, bulk_copy, changes
from renkei.node.records.bulk_copy import expecting_few_rows, expecting_many_rows
from renkei.node.records.models import Person

# --- the library's search

_ASKED: Final = "asked_values"
# log2 of odds: a sixteenth of the last of the six digits with which probabilities are stored.
_LEAST_ODDS: Final = -24


def search(notifications: pl.DataFrame, persons: pl.DataFrame, cards: pl.DataFrame) -> Found:
    """Find candidates among the given persons, best first, and what the library left out of these.

    The frames are canonical text, with the columns of their datasets. Frequencies and prior are those of the
    whole register, so the result is that of `matching.candidates.find` on all of it.
    """
    parameters = default_parameters()
    people = max(changes.row_count(Person), 1)
    sought, compared, over = _compare(notifications, persons, cards, people)
    return add_up([judge(compared, sought, parameters, people, over)], sought, parameters, over)


def possibly_affected(notifications: pl.DataFrame, persons: pl.DataFrame, cards: pl.DataFrame) -> pl.Series:
    """Return the `notification_id` of the notifications that may have one of these persons as a candidate.

    For all others, none of these persons is probable enough to change a stored digit, even as the only
    candidate.
    """
    parameters = default_parameters()
    people = max(changes.row_count(Person), 1)
    sought, compared, _ = _compare(notifications, persons, cards, people)
    # The odds of a sole candidate against no match; with other candidates the probability is lower.
    odds = pl.col("weight") * parameters.sharpness + log2(parameters.prior / (1 - parameters.prior) / people)
    # Whoever has the name and the birth date is listed, however probable.
    affected = (odds >= _LEAST_ODDS) | agrees_exactly(parameters)
    queries = weigh(compared, parameters).filter(affected)["query"].unique()
    return sought["notification_id"].gather(queries)


def _compare(
    notifications: pl.DataFrame, persons: pl.DataFrame, cards: pl.DataFrame, people: int
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the typed notifications, their compared pairs with these persons, and the passes left out."""
    parameters = default_parameters()
    known = _typed(persons, PERSONS)["person_id"]
    sought, owned = _typed(notifications, NOTIFICATIONS), with_persons(_typed(cards, CARDS, known))
    passes = parameters.passes
    blocked = blocks(sought, owned, passes)
    over = too_large(_with_exact_counts(sizes(blocked), sought, passes), passes)
    pairs = join(blocked, over, sought, owned, passes)
    portions = [pairs.clear(), *in_portions(pairs, owned)]
    compared = pl.concat(look(portion, sought, owned, parameters) for portion in portions)
    counts = {}
    for item in by_term_frequency(parameters):
        value = value_of(item.name)
        nothing = pl.DataFrame(schema={value: compared.schema[value], "holders": pl.UInt32})
        counts[item.name] = _count_persons(compared, item) if item.name in _COUNTED else nothing
    return sought, with_shares(compared, counts, people), over


def _with_exact_counts(
    counted: pl.DataFrame, sought: pl.DataFrame, passes: Sequence[Sequence[str]]
) -> pl.DataFrame:
    """Count by index who agrees in name and birth date where the given persons may be only the first ones."""
    cut = pl.col("pass").is_in(exact_passes(passes)) & (pl.col("persons") >= MOST_EXACT)
    some = counted.filter(cut)
    if some.is_empty():
        return counted
    rows = sought[some["query"]]
    keys = pl.DataFrame(
        {
            "query": some["query"],
            "name_key": blocking_keys.name_key(rows["name"]),
            "birth_date": _day(rows["birth_date"]),
        }
    )
    bulk_copy.temporary(_ASKED, keys.select("name_key", "birth_date").unique())
    with expecting_few_rows():
        whole = bulk_copy.read(
            f"SELECT a.name_key, a.birth_date, CAST(COUNT(*) AS text) FROM {_ASKED} a JOIN records_person p "
            "ON p.name_key = a.name_key AND p.birth_date = a.birth_date GROUP BY a.name_key, a.birth_date",
            ("name_key", "birth_date", "persons"),
        )
    bulk_copy.drop(_ASKED)
    known = keys.join(whole, on=["name_key", "birth_date"]).select(
        "query", whole=pl.col("persons").cast(pl.UInt32)
    )
    return (
        counted.join(known, on="query", how="left", maintain_order="left")
        .with_columns(persons=pl.when(cut).then(pl.max_horizontal("persons", "whole")).otherwise("persons"))
        .drop("whole")
    )


def _typed(frame: pl.DataFrame, dataset: Dataset, known: pl.Series | None = None) -> pl.DataFrame:
    return check(
        table_batches(frame, dataset),
        dataset,
        keep=kept_columns(dataset, settings.NODE.decided()),
        known_persons=None if known is None else lambda: HashIndex(known),
    ).taken


#: The column of `records_person` that an index finds the value by, and how the value is written there.
_COUNTED: Final = {
    "name": ("name_key", blocking_keys.name_key),
    "birth_date": ("birth_date", lambda values: _day(values)),
}


def _day(values: pl.Series) -> pl.Series:
    """Write yyyymmdd as YYYY-MM-DD, as in the database."""
    text = values.cast(pl.String).str.zfill(8)
    return pl.select(
        pl.concat_str(text.str.slice(0, 4), pl.lit("-"), text.str.slice(4, 2), pl.lit("-"), text.str.slice(6))
    ).to_series()


def _count_persons(compared: pl.DataFrame, item: Item) -> pl.DataFrame:
    value = value_of(item.name)
    column, written = _COUNTED[item.name]
    values = weighed_values(compared, item)
    asked = pl.DataFrame({value: values, "written": written(values)})
    bulk_copy.temporary(_ASKED, asked.select(pl.col("written").drop_nulls().unique()))
    with expecting_few_rows():
        counted = bulk_copy.read(
            f"SELECT a.written, CAST(COUNT(*) AS text) FROM {_ASKED} a "
            f"JOIN records_person p ON p.{column} = a.written GROUP BY a.written",
            ("written", "holders"),
        )
    bulk_copy.drop(_ASKED)
    return asked.join(counted, on="written").select(value, pl.col("holders").cast(pl.UInt32))


# --- searching for what is pending, and storing the result

#: Takes notifications, persons and cards as canonical text.
Find = Callable[[pl.DataFrame, pl.DataFrame, pl.DataFrame], Found]

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
_LEFT_OUT: Final = "left_out_of_search"
# A probable candidate is named as the reason of a suspected omission, until an officer has decided.
_PROBABLE: Final = (
    "SELECT {columns} FROM candidates_candidate c JOIN candidates_notfound u "
    "ON u.notification_id = c.notification_id "
    "JOIN records_receivednotification r ON r.notification_id = c.notification_id "
    "WHERE c.rank = 1 AND u.state = 'waiting' AND c.probability >= %s"
)


def threshold() -> float:
    """Return the probability from which a candidate counts as probable (decision candidate_threshold)."""
    return settings.NODE.decided().candidate_threshold


def search_pending(find: Find = search) -> int:
    """Search candidates for the pending notifications; returns how many these are. Within a transaction.

    A notification is searched for once, until it or a similar person changes.
    """
    pending = NotFound.objects.filter(needs_search=True).order_by("notification_id")
    names = list(pending.values_list("notification_id", flat=True))
    if not names:
        return 0
    left_out = blocking.make_pairs("u.needs_search")
    for start in range(0, len(names), _SLICE):
        bulk_copy.temporary(_SOUGHT, pl.DataFrame({"notification_id": names[start : start + _SLICE]}))
        with expecting_few_rows():
            notifications, persons, cards = _read_blocks()
        found = find(notifications, persons, cards)
        here = left_out.filter(pl.col("notification_id").is_in(names[start : start + _SLICE]))
        store(found.candidates, as_text(pl.concat([here, found.left_out])))
    bulk_copy.drop(_SOUGHT, blocking.PAIRS, _PEOPLE)
    return len(names)


def as_text(left_out: pl.DataFrame) -> pl.DataFrame:
    """Write what was left out as `reason:persons` joined by `;`: `notification_id`, `left_out`."""
    parts = left_out.sort("notification_id", "reason").select(
        "notification_id", left_out=pl.concat_str("reason", pl.lit(":"), pl.col("persons").cast(pl.String))
    )
    return parts.group_by("notification_id", maintain_order=True).agg(pl.col("left_out").str.join(";"))


def store(found: pl.DataFrame, left_out: pl.DataFrame) -> None:
    """Store the candidates found (FOUND) for the notifications of the temporary table `sought`.

    `left_out` (`as_text`) is stored with them. They replace the stored ones. Rejected candidates wait for a
    decision again only if there is a new one. Persons whose probable candidacy changed are noted as changed,
    so that they are matched again.
    """
    bulk_copy.temporary(
        _FOUND, found.with_columns(pl.col("probability", "nobody").cast(pl.String)).select(FOUND)
    )
    bulk_copy.execute(
        "UPDATE candidates_notfound SET state = 'waiting' WHERE state = 'rejected' AND notification_id IN "
        f"(SELECT f.notification_id FROM {_FOUND} f WHERE NOT EXISTS (SELECT 1 FROM candidates_candidate c "
        "WHERE c.notification_id = f.notification_id AND c.person_id = f.person_id))"
    )
    bulk_copy.temporary(_LEFT_OUT, left_out)
    before = _probable()
    bulk_copy.execute(
        f"DELETE FROM candidates_candidate WHERE notification_id IN (SELECT notification_id FROM {_SOUGHT})"
    )
    bulk_copy.execute(
        "INSERT INTO candidates_candidate "
        "(notification_id, rank, person_id, card_number, evidence, probability) "
        "SELECT notification_id, rank, person_id, card_number, evidence, "
        f"CAST(probability AS double precision) FROM {_FOUND}"
    )
    bulk_copy.execute(
        "UPDATE candidates_notfound SET needs_search = false, "
        "no_match_probability = CAST(f.nobody AS double precision), "
        "best_probability = CAST(f.probability AS double precision), left_out = COALESCE(o.left_out, '') "
        f"FROM {_SOUGHT} s LEFT JOIN {_FOUND} f "
        "ON f.notification_id = s.notification_id AND f.rank = 1 "
        f"LEFT JOIN {_LEFT_OUT} o ON o.notification_id = s.notification_id "
        "WHERE candidates_notfound.notification_id = s.notification_id"
    )
    changed = pl.concat([before, _probable()]).filter(~pl.struct(pl.all()).is_duplicated())
    bulk_copy.put(
        "records_changedkey",
        changed.select(pl.lit("person").alias("kind"), pl.col("person_id").alias("key")),
    )
    bulk_copy.drop(_FOUND, _LEFT_OUT)


def probable(among: str | None = None) -> pl.DataFrame:
    """Return the persons whom undecided notifications probably mean.

    `among` is a table with `person_id` that restricts them; without it, everybody. The columns are those
    that `reconcile` takes as `probable`. Within a transaction.
    """
    reported = ", ".join(f"r.{name}" for name in CREDITING)
    some = f" AND EXISTS (SELECT 1 FROM {among} s WHERE s.person_id = c.person_id)" if among else ""
    with expecting_few_rows() if among else expecting_many_rows():
        found = bulk_copy.read(
            _PROBABLE.format(
                columns=f"c.notification_id, c.person_id, CAST(c.probability AS text), {reported}"
            )
            + some,
            ("notification_id", "person_id", "probability", *CREDITING),
            (threshold(),),
        )
    return found.with_columns(
        pl.col("probability").cast(pl.Float64),
        *(pl.col(name).str.to_date("%Y-%m-%d") for name, kind in PROBABLE.items() if kind == pl.Date),
    )


def _probable() -> pl.DataFrame:
    return bulk_copy.read(
        _PROBABLE.format(columns="c.notification_id, c.person_id")
        + f" AND u.notification_id IN (SELECT notification_id FROM {_SOUGHT})",
        ("notification_id", "person_id"),
        (threshold(),),
    )


def _read_blocks() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read the sought notifications, and the similar persons with all their cards."""
    columns = ", ".join(f'n."{name}"' for name in NOTIFICATIONS.names)
    notifications = bulk_copy.read(
        f"SELECT {columns} FROM {_SOUGHT} s JOIN records_receivednotification n "
        "ON n.notification_id = s.notification_id",
        NOTIFICATIONS.names,
    )
    bulk_copy.drop(_PEOPLE)
    bulk_copy.execute(
        f"CREATE TEMPORARY TABLE {_PEOPLE} AS SELECT DISTINCT m.person_id FROM {_SOUGHT} s "
        f"JOIN {blocking.PAIRS} m ON m.notification_id = s.notification_id"
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
    """Return a notification's candidates, the most probable first."""
    return list(Candidate.objects.filter(notification_id=notification_id))
