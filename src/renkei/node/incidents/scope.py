"""The deliveries that an incident concerns, chosen by period, number or medium, and how many persons.

Rows are known from the counts of every delivery ever made. Persons are counted as far as the records can tell
them apart. The records keep only the last delivery of each row, so a person whose row was sent again since
counts with the later delivery. The rows are therefore the upper bound, the persons the lower bound.
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
#: The services that carry personal data, and the name of these data.
DATA: Final[Mapping[str, Words]] = {
    "annex1": Words("別紙1(外国人雇用状況届出)", "Annex 1 (notifications)"),
    "annex2-3": Words("別紙2・別紙3(突合の回答)", "Annexes 2 and 3 (answers)"),
}


@dataclass(frozen=True, slots=True)
class Concerned:
    """What is concerned: `deliveries` as a notice names them; persons at most (`rows`) and `at_least`."""

    deliveries: str
    services: tuple[str, ...]
    rows: int
    at_least: int


def of_period(since: date, until: date, service: str | None = None) -> QuerySet[Delivery]:
    """Return the deliveries of a period of business days, both days included, in both directions."""
    found = _all().filter(business_day__range=(since, until))
    return found.filter(service=service) if service else found


def of_numbers(service: str, first: int, last: int) -> QuerySet[Delivery]:
    """Return the deliveries of a service by number, both numbers included."""
    return _all().filter(service=service, sequence__range=(first, last))


def of_medium(day: date) -> QuerySet[Delivery]:
    """Return the deliveries that were written to a medium on a day (Asia/Tokyo), according to the trail."""
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
    """Count the rows that deliveries carried, and the persons that the records can tell apart."""
    numbers: dict[tuple[str, str], list[int]] = {}
    rows = 0
    for each in deliveries:
        numbers.setdefault((each.direction, each.service), []).append(each.sequence)
        # Outgoing counts are by dataset; incoming counts are by result, with `rows` as the total.
        rows += sum(each.counts.values()) if each.direction == _OUT else each.counts.get("rows", 0)
    persons = sum(_persons(way, service, those) for (way, service), those in numbers.items())
    named = [_named(way, service, sorted(those)) for (way, service), those in sorted(numbers.items())]
    services = tuple(service for service in DATA if any(service == each for _, each in numbers))
    return Concerned("; ".join(named), services, rows, persons)


def _all() -> QuerySet[Delivery]:
    """Return the deliveries that carry personal data."""
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
    """MHLW: count persons by card number, the only identifier of a person in a notification."""
    return SentNotification.objects.filter(sequence__in=numbers).values("card_number").distinct().count()


def _received_notifications(numbers: list[int]) -> int:
    """ISA: count persons of the register where the card number was found, card numbers where it was not."""
    of = ReceivedNotification.objects.filter(sequence__in=numbers)
    known = Outcome.objects.filter(
        notification_id__in=of.values("notification_id"), person_id__isnull=False
    ).exclude(person_id="")
    found = known.values("person_id").distinct().count()
    rest = of.exclude(notification_id__in=known.values("notification_id"))
    return found + rest.values("card_number").distinct().count()


def _reported_findings(numbers: list[int]) -> int:
    """ISA: count persons of the reported findings, identifiers where the card number belongs to nobody."""
    reported = Finding.objects.filter(reported_sequence__in=numbers)
    return reported.annotate(who=Coalesce("person_id", "identifier")).values("who").distinct().count()


def _reported_cases(numbers: list[int]) -> int:
    """MHLW: count persons of the cases by their notification's card number; each other case counts as one."""
    reported = Case.objects.filter(reported_in__in=numbers)
    notified = Notification.objects.filter(notification_id__in=reported.values("identifier"))
    rest = reported.exclude(identifier__in=notified.values("notification_id"))
    return notified.values("card_number").distinct().count() + rest.count()


_COUNTED: Final[Mapping[tuple[str, str, str], Callable[[list[int]], int]]] = {
    ("mhlw", _OUT, "annex1"): _sent_notifications,
    ("mhlw", _IN, "annex2-3"): _reported_cases,
    ("isa", _IN, "annex1"): _received_notifications,
    ("isa", _OUT, "annex2-3"): _reported_findings,
}
