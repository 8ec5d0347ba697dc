"""A delivery that the counterpart refused is made again: its rows, as they stand now, under the next number.

A person decides that, when the cause is gone. A refused number keeps its place in the sequence, and the day
is closed only when its next revision is accepted (exchange format §3).
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from django.conf import settings
from django.db import transaction

from renkei.node.audit.trail import Actor, record
from renkei.node.audit.verbs import Verb
from renkei.node.corrections import requests
from renkei.node.cycle.models import Step
from renkei.node.cycle.monitoring import DAILY, refused
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NothingRefused
from renkei.node.matching_run import answers
from renkei.node.records import annex1


def _take_back_annex_1(day: date, sequence: int) -> None:
    annex1.revert(day, sequence)
    requests.revert(day, sequence)


#: What lets the rows of a refused delivery go again, and the first step of the day that is done anew.
_TAKE_BACK: Final[Mapping[str, tuple[Callable[[date, int], object], str]]] = {
    "annex1": (_take_back_annex_1, "select"),
    "annex2-3": (answers.revert, "answer"),
}


def retry(day: date, actor: Actor | None) -> Delivery:
    """Let a day's refused delivery be made again by the next run; returns the refused one.

    Later days that are chosen but not sealed are chosen anew. Raises NothingRefused where the day's delivery
    was not refused, or was made again already.
    """
    service, _ = DAILY[settings.NODE.party]
    take_back, first = _TAKE_BACK[service]
    with transaction.atomic():
        found = refused(Delivery.Direction.OUT).filter(service=service, business_day=day).first()
        steps = Step.objects.filter(name=first, day__closed_at=None)
        if found is None or not steps.filter(day__business_day=day).exists():
            raise NothingRefused(
                f"The counterpart did not refuse our delivery of {day}. See `renkei status`.",
                f"{day}分の送付は不受理になっていません。`renkei status`を確かめてください。",
            )
        take_back(day, found.sequence)
        # What is sealed stays; a refused day that was let go before this one is chosen, not sealed anew.
        sealed = Step.objects.filter(name="seal", state=Step.State.DONE).exclude(day__business_day=day)
        standing = Delivery.objects.filter(direction=Delivery.Direction.OUT, service=service).exclude(
            state__in=(Delivery.State.PLANNED, Delivery.State.REFUSED)
        )
        concerned = steps.filter(day__business_day__gte=day).exclude(day__in=sealed.values("day"))
        for step in concerned.exclude(day__business_day__in=standing.values("business_day")):
            Step.objects.filter(day=step.day_id, position__gte=step.position).update(
                state=Step.State.WAITING, counts={}, finished_at=None, awaited="", trouble=""
            )
        record(actor, Verb.DELIVERY_AGAIN, f"{service} {found.sequence}", day=day.isoformat())
    return found
