"""Which deliveries an incident concerns, and how many people: by period, by number, by what left on a medium.

What is counted are rows, which the deliveries' counts know of any delivery ever made, and persons as far as
the records tell them apart. Records keep the last delivery of each row: of one sent again since, the person
counts with that later delivery. So the rows are the most that it can be, the persons the least.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Final

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.audit.models import Entry
from renkei.node.audit.verbs import Verb
from renkei.node.cases.models import Case
from renkei.node.deliveries.models import Delivery
from renkei.node.matching_run.models import Finding, Outcome
from renkei.node.records.models import Notification, ReceivedNotification, SentNotification

_OUT, _IN = Delivery.Direction.OUT, Delivery.Direction.IN
#: The services that carry persons' data, and what it is.
DATA: Final[Mapping[str, Words]] = {
    "annex1": Words("別紙1(外国人雇用状況届出)", "Annex 1 (notifications)"),
    "annex2-3": Words("別紙2・別紙3(突合の回答)", "Annexes 2 and 3 (answers)"),
}


@dataclass(frozen=True, slots=True)
class Concerned:
    """What is concerned: `deliveries` as a notice names them, persons at most (`rows`) and at least."""

    deliveries: str
    services: tuple[str, ...]
    rows: int
    at_least: int


def of_period(since: date, until: date, service: str | None = None) -> QuerySet[Delivery]:
    """Return the deliveries of some business days, both included, either way."""
    found = _all().filter(business_day__range=(since, until))
    return found.filter(service=service) if service else found


def of_numbers(service: str, first: int, last: int) -> QuerySet[Delivery]:
    """Return the deliveries of a service by number, both included."""
    return _all().filter(service=service, sequence__range=(first, last))


def of_medium(day: date) -> QuerySet[Delivery]:
    """Return the deliveries that were written to a medium on a day (Asia/Tokyo), as the trail says."""
    begin = datetime.combine(day, time(), timezone.get_default_timezone())
    written = Entry.objects.filter(
        verb=Verb.DELIVERY_EXPORTED.name, at__gte=begin, at__lt=begin + timedelta(days=1)
    )
    numbers: dict[str, set[int]] = {}
    for subject in written.values_list("subject", flat=True):
        service, _, number = subject.rpartition(" ")
        numbers.setdefault(service, set()).add(int(number))
    found = _all().none()
    for service, those in numbers.items():
        found |= _all().filter(direction=_OUT, service=service, sequence__in=those)
    return found


def count(deliveries: Iterable[Delivery]) -> Concerned:
    """Count what deliveries carried: their rows, and the persons that the records tell apart."""
    numbers: dict[tuple[str, str], list[int]] = {}
    rows = 0
    for each in deliveries:
        numbers.setdefault((each.direction, each.service), []).append(each.sequence)
        # What went out is counted by dataset; what came in by what became of its rows, `rows` being all.
        rows += sum(each.counts.values()) if each.direction == _OUT else each.counts.get("rows", 0)
    persons = sum(_persons(way, service, those) for (way, service), those in numbers.items())
    named = [_named(way, service, sorted(those)) for (way, service), those in sorted(numbers.items())]
    services = tuple(service for service in DATA if any(service == each for _, each in numbers))
    return Concerned("; ".join(named), services, rows, persons)


def _all() -> QuerySet[Delivery]:
    """Only what carries rows of persons."""
    return Delivery.objects.filter(service__in=DATA).exclude(state=Delivery.State.PLANNED)


def _named(way: str, service: str, numbers: list[int]) -> str:
    """Name deliveries by direction, service and ranges of numbers: mhlw-isa-annex1 12-15, 18."""
    here, there = settings.NODE.party, settings.NODE.counterpart
    sender, receiver = (here, there) if way == _OUT else (there, here)
    ranges = []
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        those = [number for _, number in run]
        ranges.append(str(those[0]) if len(those) == 1 else f"{those[0]}-{those[-1]}")
    return f"{sender}-{receiver}-{service} {', '.join(ranges)}"


def _persons(way: str, service: str, numbers: list[int]) -> int:
    count = _COUNTED.get((settings.NODE.party, way, service))
    return count(numbers) if count else 0


def _sent_notifications(numbers: list[int]) -> int:
    """MHLW: people by card number, which is all that a notification knows of who is who."""
    return SentNotification.objects.filter(sequence__in=numbers).values("card_number").distinct().count()


def _received_notifications(numbers: list[int]) -> int:
    """ISA: people of the register where the number was found, by card number where it was not."""
    of = ReceivedNotification.objects.filter(sequence__in=numbers)
    known = Outcome.objects.filter(
        notification_id__in=of.values("notification_id"), person_id__isnull=False
    ).exclude(person_id="")
    found = known.values("person_id").distinct().count()
    rest = of.exclude(notification_id__in=known.values("notification_id"))
    return found + rest.values("card_number").distinct().count()


def _told_findings(numbers: list[int]) -> int:
    """ISA: people of the findings told, by identifier where the number belongs to nobody."""
    told = Finding.objects.filter(reported_sequence__in=numbers)
    return told.annotate(who=Coalesce("person_id", "identifier")).values("who").distinct().count()


def _told_cases(numbers: list[int]) -> int:
    """MHLW: people of the cases by the card number of their notification; of the rest each case is one."""
    told = Case.objects.filter(reported_in__in=numbers)
    notified = Notification.objects.filter(notification_id__in=told.values("identifier"))
    rest = told.exclude(identifier__in=notified.values("notification_id"))
    return notified.values("card_number").distinct().count() + rest.count()


_COUNTED: Final[Mapping[tuple[str, str, str], Callable[[list[int]], int]]] = {
    ("mhlw", _OUT, "annex1"): _sent_notifications,
    ("mhlw", _IN, "annex2-3"): _told_cases,
    ("isa", _IN, "annex1"): _received_notifications,
    ("isa", _OUT, "annex2-3"): _told_findings,
}
