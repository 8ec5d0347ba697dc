"""Which days are business days, and which of them this node still owes."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from django.db import transaction

from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.steps import DayStep
from renkei.node.working_days import is_working_day, next_working_day

Table = tuple[DayStep, ...]


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
