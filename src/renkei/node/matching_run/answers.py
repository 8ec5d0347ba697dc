"""A day's answer: `report` what is new or different from what was told, `withdraw` what no longer stands.

Selected once and kept until it is sealed, so that whatever dies in between, what counts as told is what was.
Until the counterpart accepts a row, what was told before it is kept: that is what the counterpart holds where
it refuses. Decisions on correction requests go along.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl
from django.conf import settings
from django.db import transaction

from renkei.agreement.datasets import OMISSIONS_WITH_CANDIDATES, Dataset, discrepancies
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.corrections import decisions
from renkei.node.errors import AnswersOutOfStep
from renkei.node.matching_run.models import AnswerDay, Kind
from renkei.node.records import bulk_copy
from renkei.node.records.bulk_copy import (
    advisory_lock,
    by_partial_index,
    expecting_few_rows,
    expecting_many_rows,
)

#: So many rows of an answer are sooner joined with the findings than looked up.
_MANY: Final = 100_000


@transaction.atomic
def select(day: date) -> Mapping[str, int]:
    """Select what a day's answer carries, once: asked again it is the same.

    What changes after it is another day's, and what another day carries that is not sealed yet counts as
    told. Returns rows: `discrepancy_reported`, `suspected_omission_reported`, `withdrawn`, `corrections`.
    """
    advisory_lock()
    chosen, new = AnswerDay.objects.get_or_create(day=day)
    if new:
        with by_partial_index():
            bulk_copy.execute(
                "INSERT INTO matching_run_answer (day, kind, identifier, action, status, row, reported_digest, reported_status) "
                "SELECT %s, kind, identifier, CASE WHEN digest = '' THEN 'withdraw' ELSE 'report' END, "
                "CASE WHEN digest = '' THEN reported_status ELSE status END, row, reported_digest, reported_status "
                "FROM matching_run_finding WHERE digest <> reported_digest",
                (day.isoformat(),),
            )
            bulk_copy.execute(
                "UPDATE matching_run_finding SET reported_digest = digest, "
                "reported_status = CASE WHEN digest = '' THEN reported_status ELSE status END WHERE digest <> reported_digest"
            )
        chosen.counts = {f"{kind.value}_reported": 0 for kind in Kind} | {"withdrawn": 0}
        for kind, action, count in _counts(day):
            name = "withdrawn" if action == "withdraw" else f"{kind}_reported"
            chosen.counts[name] += int(count)
        chosen.counts["corrections"] = decisions.select_answers(day)
        chosen.save(update_fields=["counts"])
        record(None, Verb.ANSWER_SELECTED, day.isoformat(), counts=chosen.counts)
    counts: Mapping[str, int] = chosen.counts
    return counts


def to_send(day: date) -> dict[str, pl.DataFrame]:
    """Return the tables of a day's answer, as text, by dataset; without rows once it is sealed.

    `discrepancies` and `suspected_omissions` with `action`, and `correction_answers`.
    """
    disclosed = discrepancies(settings.NODE.decided().disclosed_items)
    return {
        disclosed.name: _table(day, Kind.DISCREPANCY, disclosed, ("outcome",)),
        OMISSIONS_WITH_CANDIDATES.name: _table(
            day, Kind.SUSPECTED_OMISSION, OMISSIONS_WITH_CANDIDATES, ("ground", "reason")
        ),
        decisions.ANSWERS: decisions.answers_to_send(day),
    }


@transaction.atomic
def mark_sent(day: date, sequence: int) -> int:
    """Say that a day's answer is sealed as delivery `sequence`; returns how many rows, 0 if said before.

    Raises AnswersOutOfStep where nothing was selected for the day, or it was sealed by another number.
    """
    advisory_lock()
    if not AnswerDay.objects.filter(pk=day, sequence=None).update(sequence=sequence):
        if AnswerDay.objects.filter(pk=day, sequence=sequence).exists():
            return 0
        raise AnswersOutOfStep(
            f"The answer of {day} was not selected, or sealed by another number. "
            "Run the days in their order.",
            f"{day}分の回答は未選別か、別の番号で封緘済みです。日付の順に処理してください。",
        )
    with (
        expecting_few_rows()
        if sum(AnswerDay.objects.get(pk=day).counts.values()) < _MANY
        else expecting_many_rows()
    ):
        bulk_copy.execute(
            "UPDATE matching_run_finding SET reported_sequence = %s FROM matching_run_answer a WHERE a.day = %s "
            "AND a.kind = matching_run_finding.kind AND a.identifier = matching_run_finding.identifier",
            (sequence, day.isoformat()),
        )
    sent = bulk_copy.execute(
        "UPDATE matching_run_answer SET sequence = %s, row = '' WHERE day = %s", (sequence, day.isoformat())
    )
    return sent + decisions.mark_answered(day, sequence)


@transaction.atomic
def accepted(sequence: int) -> int:
    """Forget what an accepted answer said, and findings of which nothing stands and nothing is known.

    Returns how many findings. What another answer, out or waiting, speaks of is kept: that may be refused.
    """
    advisory_lock()
    bulk_copy.execute("DELETE FROM matching_run_answer WHERE sequence = %s", (sequence,))
    with by_partial_index():
        return bulk_copy.execute(
            "DELETE FROM matching_run_finding WHERE digest = '' AND reported_digest = '' AND NOT EXISTS "
            "(SELECT 1 FROM matching_run_answer a WHERE a.kind = matching_run_finding.kind "
            "AND a.identifier = matching_run_finding.identifier)"
        )


def revert(day: date, sequence: int) -> int:
    """Undo what delivery `sequence` of a day told, since MHLW refused it; returns how many rows.

    What was told before counts again: it goes where that is not what stands now. What was selected since and
    is not sealed is undone as well: nothing older may be told after it. What a later delivery told stands.
    Within its transaction.
    """
    advisory_lock()
    unsealed = AnswerDay.objects.filter(sequence=None)
    for waiting in unsealed:
        _untell(waiting.day)
        decisions.revert(waiting.day, None)
    unsealed.delete()
    refused = AnswerDay.objects.filter(pk=day, sequence=sequence)
    again = _untell(day) if refused.exists() else 0
    refused.delete()
    return again + decisions.revert(day, sequence)


def _untell(day: date) -> int:
    """Take a day's rows out of what was told of each finding; what was told before goes to the next in line.

    That is the row that was selected after it, or the finding itself. Returns how many rows.
    """
    later = (
        "(SELECT min(l.id) FROM matching_run_answer l "
        "WHERE l.kind = a.kind AND l.identifier = a.identifier AND l.id > a.id)"
    )
    with expecting_few_rows():
        for table, is_next in (
            ("matching_run_finding", f"{later} IS NULL"),
            ("matching_run_answer", f"matching_run_answer.id = {later}"),
        ):
            bulk_copy.execute(
                f"UPDATE {table} SET reported_digest = a.reported_digest, reported_status = a.reported_status FROM matching_run_answer a "
                f"WHERE a.day = %s AND a.kind = {table}.kind AND a.identifier = {table}.identifier "
                f"AND {is_next}",
                (day.isoformat(),),
            )
        return bulk_copy.execute("DELETE FROM matching_run_answer WHERE day = %s", (day.isoformat(),))


def _counts(day: date) -> list[tuple[str, str, str]]:
    found = bulk_copy.read(
        "SELECT kind, action, CAST(count(*) AS text) FROM matching_run_answer WHERE day = %s "
        "GROUP BY kind, action",
        ("kind", "action", "count"),
        (day.isoformat(),),
    )
    return found.rows()


def _table(day: date, kind: Kind, dataset: Dataset, words: tuple[str, ...]) -> pl.DataFrame:
    """Write one annex: whole rows that are reported; of those withdrawn, identifier and `words` alone."""
    found = bulk_copy.read(
        "SELECT identifier, action, status, row FROM matching_run_answer "
        "WHERE day = %s AND kind = %s AND sequence IS NULL",
        ("identifier", "action", "status", "row"),
        (day.isoformat(), kind.value),
    )
    within = pl.Struct({name: pl.String for name in dataset.names if name != "matched_on"})
    said = found["status"].str.split(" ")
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
