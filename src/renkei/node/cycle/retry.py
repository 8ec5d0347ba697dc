"""Making a refused delivery again: its rows, as they are now, under the next number.

An officer decides this once the cause is removed. The refused number keeps its place in the sequence, and the
day is closed only when a later revision is accepted (exchange format §3).
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
from renkei.node.matching_run import outgoing
from renkei.node.records import annex1


def _revert_annex_1(day: date, sequence: int) -> None:
    annex1.revert(day, sequence)
    requests.revert(day, sequence)


#: The function that releases the rows of a refused delivery, and the first step of the day to be done again.
_REVERT: Final[Mapping[str, tuple[Callable[[date, int], object], str]]] = {
    "annex1": (_revert_annex_1, "select"),
    "annex2-3": (outgoing.revert, "answer"),
}


def retry(day: date, actor: Actor | None) -> Delivery:
    """Have the next run make a day's refused delivery again; returns the refused one.

    Later days that are selected but not sealed are selected again too. Raises NothingRefused where the day's
    delivery was not refused, or was already made again.
    """
    service, _ = DAILY[settings.NODE.party]
    revert, first = _REVERT[service]
    with transaction.atomic():
        found = refused(Delivery.Direction.OUT).filter(service=service, business_day=day).first()
        steps = Step.objects.filter(name=first, day__closed_at=None)
        if found is None or not steps.filter(day__business_day=day).exists():
            raise NothingRefused(
                f"The counterpart did not refuse our delivery of {day}. See `renkei status`.",
                f"{day}分の送付は不受理になっていません。`renkei status`を確かめてください。",
            )
        revert(day, found.sequence)
        # Sealed days are left as they are. A later refused day that was released before this one is selected
        # and not sealed, so it is selected again too.
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
