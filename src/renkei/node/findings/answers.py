"""A day's answer: `report` what is new or different from what was told, `withdraw` what no longer stands.

Selected first and sealed after, so that a node that dies between the two neither loses a row nor counts one
as told that was not.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl
from django.conf import settings

from renkei.agreement.datasets import SUSPECTED_OMISSIONS, Dataset, discrepancies
from renkei.node.findings.models import Kind
from renkei.node.records import transfer


def select(day: date) -> Mapping[str, int]:
    """Select what a day's answer carries; within a transaction. Returns rows by kind and action."""
    transfer.execute("DELETE FROM findings_answer WHERE day = %s", (day.isoformat(),))
    transfer.execute(
        "INSERT INTO findings_answer (day, kind, identifier, action, word, row, digest) "
        "SELECT %s, kind, identifier, CASE WHEN digest = '' THEN 'withdraw' ELSE 'report' END, "
        "CASE WHEN digest = '' THEN told_word ELSE word END, row, digest "
        "FROM findings_finding WHERE digest <> told",
        (day.isoformat(),),
    )
    counts = {f"{kind.value}_reported": 0 for kind in Kind} | {"withdrawn": 0}
    for kind, action, count in _counts(day):
        name = "withdrawn" if action == "withdraw" else f"{kind}_reported"
        counts[name] += int(count)
    return counts


def to_send(day: date) -> dict[str, pl.DataFrame]:
    """Return the tables of a day's answer: columns of the datasets and `action`, as text."""
    disclosed = discrepancies(settings.NODE.decided().disclosed_items)
    return {
        disclosed.name: _table(day, Kind.DISCREPANCY, disclosed, ("outcome",)),
        SUSPECTED_OMISSIONS.name: _table(
            day, Kind.SUSPECTED_OMISSION, SUSPECTED_OMISSIONS, ("ground", "reason")
        ),
    }


def mark_sent(day: date, sequence: int) -> int:
    """Note that a day's answer was sealed under a number; returns how many rows. Within a transaction."""
    told = transfer.execute(
        "UPDATE findings_finding SET told = a.digest, told_word = a.word, told_sequence = %s "
        "FROM findings_answer a WHERE a.day = %s "
        "AND a.kind = findings_finding.kind AND a.identifier = findings_finding.identifier",
        (sequence, day.isoformat()),
    )
    transfer.execute("DELETE FROM findings_answer WHERE day = %s", (day.isoformat(),))
    # Nothing stands and nothing is known of it: there is nothing left to keep.
    transfer.execute("DELETE FROM findings_finding WHERE digest = '' AND told = ''")
    return told


def _counts(day: date) -> list[tuple[str, str, str]]:
    found = transfer.read(
        "SELECT kind, action, CAST(count(*) AS text) FROM findings_answer "
        f"WHERE day = '{day.isoformat()}' GROUP BY kind, action",
        ("kind", "action", "count"),
    )
    return found.rows()


def _table(day: date, kind: Kind, dataset: Dataset, words: tuple[str, ...]) -> pl.DataFrame:
    """Write one annex: whole rows that are reported; of those withdrawn, identifier and `words` alone."""
    found = transfer.read(
        f"SELECT identifier, action, word, row FROM findings_answer "
        f"WHERE day = '{day.isoformat()}' AND kind = '{kind.value}'",
        ("identifier", "action", "word", "row"),
    )
    within = pl.Struct({name: pl.String for name in dataset.names if name != "matched_on"})
    said = found["word"].str.split(" ")
    table = (
        found.with_columns(pl.col("row").replace("", None).str.json_decode(within).alias("of"))
        .unnest("of")
        .with_columns(
            pl.col("identifier").alias(dataset.identifier.name),
            *(said.list.get(place, null_on_oob=True).alias(word) for place, word in enumerate(words)),
        )
    )
    if "matched_on" in dataset.names:
        table = table.with_columns(matched_on=pl.lit(day.isoformat()))
    return table.select(*dataset.names, "action").sort(dataset.identifier.name)
