"""ISA: correction requests of MHLW, received with 別紙1, decided by an officer, answered with the next
answer.

A request names a finding and the items that MHLW considers wrong in the register; both parties know the
values. Accepting a request changes no record: the register is corrected in its own system, the correction is
imported with the next extract, and the matching then withdraws the finding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

import polars as pl
from django.db import transaction
from django.utils import timezone

from renkei.agreement.datasets import PERSONS
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.errors import RequestDecided
from renkei.node.matching_run.models import Kind

REQUESTS: Final = "correction_requests"
ANSWERS: Final = "correction_answers"
#: Columns of the received dataset; `kind` is `discrepancy` or `suspected_omission`, `identifier` its
#: notification or permission, `items` columns joined by `;`.
REQUEST_COLUMNS: Final = ("request_id", "kind", "identifier", "items", "reason", "requested_on")
#: Columns of the dataset of answers; `decision` is `accepted` or `rejected`.
ANSWER_COLUMNS: Final = ("request_id", "decision", "reason", "decided_on")

_State = ReceivedRequest.State
_LONGEST: Final = {"request_id": 32, "identifier": 32, "reason": 300}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a decision: the decision that it belongs to, and its text."""

    decision: ReceivedRequest.State
    ja: str
    en: str


#: The reasons by code. The code is sent to MHLW.
REASONS: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "corrected": Reason(_State.ACCEPTED, "在留管理情報を訂正した", "the record was corrected"),
        "being_corrected": Reason(_State.ACCEPTED, "訂正の手続を始めた", "the record is being corrected"),
        "record_is_right": Reason(_State.REJECTED, "在留管理情報に誤りはない", "the record is correct"),
        "not_established": Reason(_State.REJECTED, "誤りを確認できない", "no error could be established"),
        "not_standing": Reason(
            _State.REJECTED, "当該の突合結果は取下げ済み", "the finding has been withdrawn"
        ),
    }
)


@transaction.atomic
def import_requests(requests: pl.DataFrame, sequence: int, now: datetime) -> Mapping[str, int]:
    """Import the correction requests (REQUEST_COLUMNS, as text) of delivery `sequence` of 別紙1.

    Each is imported once: a known one is left unchanged. Returns the counts `requests` = `taken` + `again` +
    the rejected rows, by `rejected:REASON` (a row counts once, by its first reason).
    """
    refused = requests.select(REQUEST_COLUMNS).with_columns(refused=_refusal())
    good = refused.filter(pl.col("refused").is_null()).unique("request_id", keep="first", maintain_order=True)
    known = ReceivedRequest.objects.filter(pk__in=good["request_id"].to_list())
    new = good.filter(~pl.col("request_id").is_in(list(known.values_list("pk", flat=True))))
    ReceivedRequest.objects.bulk_create(
        ReceivedRequest(**row, sequence=sequence) for row in new.select(REQUEST_COLUMNS).iter_rows(named=True)
    )
    counts = {"requests": requests.height, "taken": new.height}
    reasons = dict(refused["refused"].drop_nulls().value_counts().sort("refused").iter_rows())
    counts["again"] = requests.height - new.height - sum(reasons.values())
    counts |= {f"rejected:{reason}": count for reason, count in reasons.items()}
    if requests.height:
        taken_at = timezone.localtime(now).date().isoformat()
        record(None, Verb.CORRECTIONS_TAKEN, f"annex1 {sequence}", counts=counts, day=taken_at)
    return counts


def decide(
    request_id: str, decision: str, reason: str, officer: Officer, *, now: datetime
) -> ReceivedRequest:
    """Accept or reject a waiting request, with a code of REASONS; the next answer carries the decision.

    Raises NotPermitted; RequestDecided where no request with that number waits, or where the reason does not
    fit the decision.
    """
    require(officer, Act.DECIDE_CORRECTION, Subject(request_id), now=now)
    if reason not in REASONS or REASONS[reason].decision != decision:
        of_it = ", ".join(code for code, each in REASONS.items() if each.decision == decision)
        raise RequestDecided(
            f"A decision (accepted or rejected) needs a fitting reason ({of_it or 'none'}). Choose both.",
            f"回答(応じる・応じない)と、その理由({of_it or 'なし'})を選んでください。",
        )
    with transaction.atomic():
        decided = ReceivedRequest.objects.filter(pk=request_id, state=_State.WAITING).update(
            state=decision,
            decision_reason=reason,
            decided_on=timezone.localtime(now).date(),
            decided_by=officer,
        )
        if decided != 1:  # unknown, or another officer decided first
            raise RequestDecided(
                f"{request_id} does not wait for a decision. Check the list again.",
                f"{request_id}は回答待ちではありません。一覧を確かめてください。",
            )
        record(officer, Verb.CORRECTION_DECIDED, request_id, decision=decision, reason=reason)
    return ReceivedRequest.objects.get(pk=request_id)


def select_answers(day: date) -> int:
    """Select the decisions that no answer carries yet for a day's answer; returns how many.

    Runs within the caller's transaction.
    """
    waiting = ReceivedRequest.objects.filter(answer_day=None).exclude(state=_State.WAITING)
    return waiting.update(answer_day=day)


def answers_to_send(day: date) -> pl.DataFrame:
    """Return the decisions that a day's answer carries: ANSWER_COLUMNS as text, by request."""
    decided = ReceivedRequest.objects.filter(answer_day=day, answer_sequence=None).order_by("request_id")
    rows = [
        (*row[:-1], row[-1].isoformat() if row[-1] else None)
        for row in decided.values_list("request_id", "state", "decision_reason", "decided_on")
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(ANSWER_COLUMNS, pl.String), orient="row")


def mark_answered(day: date, sequence: int) -> int:
    """Note the delivery that carries a day's decisions; returns how many. Within the caller's transaction."""
    return ReceivedRequest.objects.filter(answer_day=day, answer_sequence=None).update(
        answer_sequence=sequence
    )


def revert(day: date, sequence: int | None) -> int:
    """Release the decisions of a day's answer for another answer; returns how many.

    `sequence` is the delivery that carried them, None where it is not sealed.
    """
    carried = ReceivedRequest.objects.filter(answer_day=day, answer_sequence=sequence)
    return carried.update(answer_day=None, answer_sequence=None)


def _refusal() -> pl.Expr:
    """Return why a row is rejected, null where it is valid; reasons as for rejected rows of datasets."""
    items = pl.col("items").str.split(";")
    unreadable = {
        "kind": ~pl.col("kind").is_in([kind.value for kind in Kind]),
        "items": ~items.list.eval(pl.element().is_in(PERSONS.names)).list.all(),
        "requested_on": pl.col("requested_on").str.to_date("%Y-%m-%d", strict=False).is_null(),
        **{name: pl.col(name).str.len_chars() > longest for name, longest in _LONGEST.items()},
    }
    refusal = pl.lit(None, pl.String)
    for name, condition in unreadable.items():
        refusal = pl.when(condition).then(pl.lit(f"unreadable:{name}")).otherwise(refusal)
    for name in REQUEST_COLUMNS:
        blank = pl.col(name).is_null() | (pl.col(name) == "")
        refusal = pl.when(blank).then(pl.lit(f"missing:{name}")).otherwise(refusal)
    return refusal
