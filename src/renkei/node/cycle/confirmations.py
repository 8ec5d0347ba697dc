"""ISA: deliveries and answers that cannot be true wait until somebody confirms them (reconciliation §1).

A delivery is always taken row by row and receipted. Of one with too many rows set aside, the matching waits:
what it lacks would make employers suspect who did notify. An answer with too many suspected omissions is not
selected. The limits are decisions; a confirmation is for one delivery, or for the answer of one day.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.agreement.text import Words
from renkei.matching.plausibility import Implausible, RowCounts, implausible, in_words
from renkei.node.audit.trail import Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NothingWaits
from renkei.node.matching_run import plausibility
from renkei.node.matching_run.models import AnswerDay, Run
from renkei.node.records import annex1
from renkei.node.records.models import Import


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a confirmation: its name in alarms and trail, the counts, the row for the reason."""

    subject: str
    findings: tuple[Implausible, ...]
    row: Import | Run


def deliveries() -> list[Waiting]:
    """Return the deliveries, opened and not matched yet, of which too many rows were set aside."""
    opened = Delivery.objects.filter(
        direction=Delivery.Direction.IN, service=annex1.SERVICE, state=Delivery.State.OPENED
    )
    if last := Run.objects.first():
        opened = opened.filter(business_day__gt=last.day)
    named = {delivery.sequence: str(delivery) for delivery in opened}
    imports = Import.objects.filter(mode=Import.Mode.DELIVERY, sequence__in=named, reason="")
    held_against = (
        Waiting(
            named[each.sequence or 0],
            implausible(
                [RowCounts(NOTIFICATIONS.name, each.counts["read"], each.counts["rejected"])],
                settings.NODE.decided(),
                never_empty=(),
            ),
            each,
        )
        for each in imports.order_by("sequence")
    )
    return [each for each in held_against if each.findings]


def answers() -> list[Waiting]:
    """Return the last matching, if its answer is not selected yet and too many permissions are suspected."""
    last = Run.objects.first()
    if last is None or last.reason or AnswerDay.objects.filter(day=last.day).exists():
        return []
    findings = plausibility.of_run(last)
    return [Waiting(last.day.isoformat(), findings, last)] if findings else []


def why_waiting(subject: str) -> Words:
    """Return why a delivery or answer waits, as counts in words; blank if it does not."""
    found = next((each for each in (*deliveries(), *answers()) if each.subject == subject), None)
    return in_words(found.findings) if found else Words("", "")


def confirm(reason: str, actor: Actor | None) -> list[str]:
    """Have the next run go on with what waits, for a reason; returns what that is. Raises NothingWaits."""
    with transaction.atomic():
        waiting = [*deliveries(), *answers()]
        if not waiting:
            raise NothingWaits(
                "No matching and no answer waits for a confirmation. See `renkei status`.",
                "確認を待つ突合や回答はありません。`renkei status`を確かめてください。",
            )
        for each in waiting:
            each.row.reason = reason
            each.row.save(update_fields=["reason"])
            counts: dict[str, int] = {finding.rule: finding.count for finding in each.findings}
            record(actor, Verb.MATCHING_CONFIRMED, each.subject, reason=reason, counts=counts)
    return [each.subject for each in waiting]
