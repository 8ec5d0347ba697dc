"""A day's answer: `report` findings that are new or changed, `withdraw` those that are no longer active.

An answer is selected once and stored until it is sealed. If the process stops in between, the findings that
are marked as reported are still exactly those that the answer carries. Until the counterpart accepts an
answer, what was reported before is kept with each row, because that is what the counterpart has if it refuses
the answer. Decisions on correction requests are sent with the answer.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl
from django.conf import settings
from django.db import transaction

from renkei.agreement.datasets import SUSPECTED_OMISSIONS, Dataset, discrepancies
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

#: From this many rows on, joining an answer with the findings is faster than looking up each row.
_MANY: Final = 100_000


@transaction.atomic
def select(day: date) -> Mapping[str, int]:
    """Select what a day's answer carries, once; called again, it returns the same.

    Changes after the selection belong to another day. What another day's answer carries counts as reported
    even if that answer is not sealed yet. Returns numbers of rows: `discrepancy_reported`,
    `suspected_omission_reported`, `withdrawn`, `corrections`.
    """
    advisory_lock()
    chosen, new = AnswerDay.objects.get_or_create(day=day)
    if new:
        with by_partial_index():
            bulk_copy.execute(
                "INSERT INTO matching_run_answer "
                "(day, kind, identifier, action, status, row, reported_digest, reported_status) "
                "SELECT %s, kind, identifier, CASE WHEN digest = '' THEN 'withdraw' ELSE 'report' END, "
                "CASE WHEN digest = '' THEN reported_status ELSE status END, "
                "row, reported_digest, reported_status "
                "FROM matching_run_finding WHERE digest <> reported_digest",
                (day.isoformat(),),
            )
            bulk_copy.execute(
                "UPDATE matching_run_finding SET reported_digest = digest, "
                "reported_status = CASE WHEN digest = '' THEN reported_status ELSE status END "
                "WHERE digest <> reported_digest"
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

    `discrepancies` and `suspected_omissions`, each with the column `action`, and `correction_answers`.
    """
    disclosed = discrepancies(settings.NODE.decided().disclosed_items)
    return {
        disclosed.name: _table(day, Kind.DISCREPANCY, disclosed, ("outcome",)),
        SUSPECTED_OMISSIONS.name: _table(
            day, Kind.SUSPECTED_OMISSION, SUSPECTED_OMISSIONS, ("ground", "reason")
        ),
        decisions.ANSWERS: decisions.answers_to_send(day),
    }


@transaction.atomic
def mark_sent(day: date, sequence: int) -> int:
    """Mark a day's answer as sealed in delivery `sequence`; returns how many rows, 0 if marked before.

    Raises AnswersOutOfStep where nothing was selected for the day, or it was sealed by another number.
    """
    advisory_lock()
    if not AnswerDay.objects.filter(pk=day, sequence=None).update(sequence=sequence):
        if AnswerDay.objects.filter(pk=day, sequence=sequence).exists():
            return 0
        raise AnswersOutOfStep(
            f"The answer of {day} was not selected, or sealed by another number. Run the days in order.",
            f"{day}分の回答は未選別か、別の番号で封緘済みです。日付の順に処理してください。",
        )
    with (
        expecting_few_rows()
        if sum(AnswerDay.objects.get(pk=day).counts.values()) < _MANY
        else expecting_many_rows()
    ):
        bulk_copy.execute(
            "UPDATE matching_run_finding SET reported_sequence = %s FROM matching_run_answer a "
            "WHERE a.day = %s AND a.kind = matching_run_finding.kind "
            "AND a.identifier = matching_run_finding.identifier",
            (sequence, day.isoformat()),
        )
    sent = bulk_copy.execute(
        "UPDATE matching_run_answer SET sequence = %s, row = '' WHERE day = %s", (sequence, day.isoformat())
    )
    return sent + decisions.mark_answered(day, sequence)


@transaction.atomic
def accepted(sequence: int) -> int:
    """Delete an accepted answer's rows, and findings neither active nor known to the counterpart.

    Returns how many findings. A finding that another answer, sent or waiting, refers to is kept, since that
    answer may be refused.
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
    """Undo the reports of a day's delivery `sequence`, since MHLW refused it; returns how many rows.

    What was reported before counts as reported again, so a finding that now differs from it is sent again.
    What was selected since and is not sealed is undone as well, because nothing older may be reported after
    it. What a later delivery reported is not reverted. Runs within the caller's transaction.
    """
    advisory_lock()
    unsealed = AnswerDay.objects.filter(sequence=None)
    for waiting in unsealed:
        _undo_day(waiting.day)
        decisions.revert(waiting.day, None)
    unsealed.delete()
    refused = AnswerDay.objects.filter(pk=day, sequence=sequence)
    again = _undo_day(day) if refused.exists() else 0
    refused.delete()
    return again + decisions.revert(day, sequence)


def _undo_day(day: date) -> int:
    """Delete a day's rows, and hand what was reported before them on to the next row of each finding.

    The next row is the answer row that was selected after it, or the finding itself. Returns how many rows.
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
                f"UPDATE {table} SET reported_digest = a.reported_digest, "
                "reported_status = a.reported_status FROM matching_run_answer a "
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
    """Return one annex: complete rows where reported; of withdrawn ones only the identifier and `words`."""
    found = bulk_copy.read(
        "SELECT identifier, action, status, row FROM matching_run_answer "
        "WHERE day = %s AND kind = %s AND sequence IS NULL",
        ("identifier", "action", "status", "row"),
        (day.isoformat(), kind.value),
    )
    within = pl.Struct({name: pl.String for name in dataset.names if name != "matched_on"})
    statuses = found["status"].str.split(" ")
    table = (
        found.with_columns(pl.col("row").replace("", None).str.json_decode(within).alias("of"))
        .unnest("of")
        .with_columns(
            pl.col("identifier").alias(dataset.identifier.name),
            *(statuses.list.get(place, null_on_oob=True).alias(word) for place, word in enumerate(words)),
        )
    )
    if "matched_on" in dataset.names:
        table = table.with_columns(matched_on=pl.lit(day.isoformat()))
    return table.select(*dataset.names, "action").sort(dataset.identifier.name)
