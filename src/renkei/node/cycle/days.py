"""Which days are business days, which of them this node still owes, and what steps they have.

A step of a day is known by its name. Its position is that of the table, and says only what comes before what.
When a version changes the table, `renkei migrate` carries the open days over to it (`carry_over`).
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.steps import DayStep
from renkei.node.errors import NotCarriedOver
from renkei.node.working_days import is_working_day, next_working_day

Table = tuple[DayStep, ...]
#: Beyond any position: where steps stand for the moment in which they change places.
_ASIDE: Final = 10_000


def open_up_to(today: date, closed: Collection[date], table: Table) -> None:
    """Make a row for every business day since the last one, today included, so that none is passed over."""
    last = Day.objects.order_by("-business_day").values_list("business_day", flat=True).first()
    day = next_working_day(last, closed) if last else today
    while day <= today:
        if is_working_day(day, closed):
            _open(day, table)
        day += timedelta(days=1)


def unfinished(up_to: date) -> Iterator[Day]:
    """Give the days that are not closed, oldest first."""
    yield from Day.objects.filter(closed_at=None, business_day__lte=up_to).prefetch_related("steps")


@transaction.atomic
def _open(day: date, table: Table) -> None:
    row, made = Day.objects.get_or_create(business_day=day)
    if made:
        Step.objects.bulk_create(
            Step(day=row, position=place, name=step.name) for place, step in enumerate(table, start=1)
        )


def close_if_done(day_id: int, now: datetime) -> None:
    """Close a day of which every step is done; within the transaction that ends its last step."""
    if not Step.objects.filter(day=day_id).exclude(state=Step.State.DONE).exists():
        Day.objects.filter(pk=day_id).update(closed_at=now)


def require_carried_over(table: Table) -> None:
    """Let pass where every open day has the steps of the table. Raises NotCarriedOver."""
    names = [row.name for row in table]
    for day in Day.objects.filter(closed_at=None).prefetch_related("steps"):
        if [step.name for step in day.steps.all()] != names:
            raise NotCarriedOver(
                f"The day {day} was begun with the steps of another version. Run `renkei migrate`.",
                f"{day}分は別の版の手順で始まっています。`renkei migrate`を実行してください。",
            )


@transaction.atomic
def carry_over(table: Table, renamed: Mapping[str, str], now: datetime) -> list[Day]:
    """Give every open day the steps of the table; returns the days that had others. No worker may be running.

    `renamed` gives the names of today by those of before, oldest first, and holds for closed days as well, so
    that their figures are still found. A step that is new waits; where later ones are done already, it is
    worked on next. A step that is no more goes with its row, since the trail keeps what it did; with
    nothing left to do its day is closed.
    """
    names = [row.name for row in table]
    for before, name in renamed.items():
        there = Step.objects.filter(name=name).values("day")
        Step.objects.filter(name=before).exclude(day__in=there).update(name=name)
    changed = []
    for day in Day.objects.filter(closed_at=None).select_for_update():
        had = {step.name: step for step in day.steps.all()}
        if list(had) == names:
            continue
        gone = had.keys() - set(names)
        new = [name for name in names if name not in had]
        day.steps.filter(name__in=gone).delete()
        day.steps.update(position=F("position") + _ASIDE)
        for place, name in enumerate(names, start=1):
            Step.objects.update_or_create(day=day, name=name, defaults={"position": place})
        close_if_done(day.pk, now)
        said = [*(f"-{name}" for name in had if name in gone), *(f"+{name}" for name in new)]
        record(None, Verb.DAY_CARRIED_OVER, str(day), changed=said)
        changed.append(day)
    return changed
