"""MHLW: correction requests to ISA, where an officer considers the register wrong, and ISA's answers.

Requests are sent with the next 別紙1 as the dataset `correction_requests` and answered with the next answer
as `correction_answers`. A request names the finding and the items and gives a reason; both parties know the
values.
"""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final

import polars as pl
from django.db import transaction
from django.db.models import F, QuerySet

from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.models import Case, Event
from renkei.node.cases.workflow import MOVES
from renkei.node.corrections.models import CorrectionDay, CorrectionRequest
from renkei.node.errors import CorrectionsOutOfStep
from renkei.node.records import bulk_copy
from renkei.node.records.bulk_copy import advisory_lock
from renkei.node.working_days import after_working_days

#: Columns of the dataset of requests; `kind` is `discrepancy` or `suspected_omission`, `identifier` its
#: notification or permission, `items` columns joined by `;`.
REQUEST_COLUMNS: Final = ("request_id", "kind", "identifier", "items", "reason", "requested_on")
#: Columns of the dataset of answers; `decision` is `accepted` or `rejected`.
ANSWER_COLUMNS: Final = ("request_id", "decision", "reason", "decided_on")
ANSWERS: Final = "correction_answers"
REQUESTS: Final = "correction_requests"

_Decision = CorrectionRequest.Decision


def corrections_to_send(day: date) -> pl.DataFrame:
    """Return the correction requests that are sent with a day's 別紙1: REQUEST_COLUMNS as text, by request.

    They are selected once and stored until they are sealed. If the process stops in between, the requests
    that are marked as sent are still exactly those that were sealed. After `mark_corrections_sent` the result
    is empty: requests made in the meantime belong to another day.
    """
    with transaction.atomic():
        advisory_lock()
        chosen, new = CorrectionDay.objects.get_or_create(day=day)
        if new:
            CorrectionRequest.objects.filter(day=None, decision="").update(day=day)
        waiting = CorrectionRequest.objects.filter(day=day, sequence=None)
        rows = [] if chosen.sequence is not None else list(_rows(waiting))
    return pl.DataFrame(rows, schema=dict.fromkeys(REQUEST_COLUMNS, pl.String), orient="row")


def mark_corrections_sent(day: date, sequence: int) -> int:
    """Mark a day's requests as sealed in delivery `sequence`; returns how many, 0 if marked before.

    Raises CorrectionsOutOfStep where nothing was selected for the day, or it was sealed by another number.
    """
    with transaction.atomic():
        advisory_lock()
        if not CorrectionDay.objects.filter(day=day, sequence=None).update(sequence=sequence):
            if CorrectionDay.objects.filter(day=day, sequence=sequence).exists():
                return 0
            raise CorrectionsOutOfStep(
                f"Correction requests of {day} were not selected, or sealed by another number. "
                "Run the days in order.",
                f"{day}分の訂正依頼は未選別か、別の番号で封緘済みです。日付の順に処理してください。",
            )
        marked = CorrectionRequest.objects.filter(day=day, sequence=None).update(sequence=sequence)
        record(None, Verb.CORRECTIONS_SENT, day.isoformat(), sequence=sequence, requests=marked)
    return marked


def revert(day: date, sequence: int) -> int:
    """Have the requests of a day's refused delivery `sequence` sent again; returns how many."""
    CorrectionDay.objects.filter(day=day, sequence=sequence).update(sequence=None)
    return CorrectionRequest.objects.filter(day=day, sequence=sequence, decision="").update(sequence=None)


def import_decisions(package: Path, day: date, now: datetime) -> Mapping[str, int]:
    """Import ISA's decisions from an opened answer, if it has any; within the caller's transaction.

    Ignored are requests that are unknown, were not sent or are answered already, and values of `decision`
    other than `accepted` and `rejected`. Returns `corrections_accepted` and `corrections_rejected`.
    """
    counts = dict.fromkeys((f"corrections_{_Decision.ACCEPTED}", f"corrections_{_Decision.REJECTED}"), 0)
    path = package / f"{ANSWERS}.csv"
    if not path.exists():
        return counts
    answers = pl.read_csv(path, infer_schema=False).select(ANSWER_COLUMNS)
    decided = pl.col("decision").is_in([_Decision.ACCEPTED.value, _Decision.REJECTED.value])
    for answer in answers.filter(decided).iter_rows(named=True):
        # Only a few each day, since an officer decides each of them: one statement for each is enough.
        taken = CorrectionRequest.objects.filter(
            request_id=answer["request_id"], sequence__isnull=False, decision=""
        ).update(
            decision=answer["decision"],
            decided_on=date.fromisoformat(answer["decided_on"]),
            answer=answer["reason"] or "",
        )
        if taken:
            _apply(answer["request_id"], day, now)
            counts[f"corrections_{answer['decision']}"] += 1
    return counts


def cancel_unsent(cases: str) -> int:
    """Cancel the requests of these cases (a query for their ids) that no delivery carries yet."""
    return bulk_copy.execute(
        f"UPDATE corrections_correctionrequest SET decision = '{_Decision.TAKEN_BACK}' "
        f"WHERE day IS NULL AND decision = '' AND case_id IN ({cases})"
    )


def _apply(request_id: str, day: date, now: datetime) -> None:
    request = CorrectionRequest.objects.get(request_id=request_id)
    move = MOVES[f"correction_{request.decision}"]
    # If an officer has moved the case on in the meantime, the answer is noted and the state stays.
    Case.objects.filter(pk=request.case_id, state__in=move.before).update(
        state=move.after, due_on=after_working_days(day, move.due_days or 0)
    )
    Case.objects.filter(pk=request.case_id).update(version=F("version") + 1)
    Event.objects.create(case_id=request.case_id, at=now, what=move.name, note=request.answer)


def _rows(requests: QuerySet[CorrectionRequest]) -> list[tuple[str, ...]]:
    found = requests.values_list(
        "request_id", "case__kind", "case__identifier", "items", "reason", "requested_on"
    )
    return [(*row[:-1], row[-1].isoformat()) for row in found.order_by("request_id")]
