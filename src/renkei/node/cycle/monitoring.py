"""Monitoring: which alarms there is cause for, in this node and from the counterpart (exchange format §6)."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from renkei.exchange.keys import USES, due_alarm
from renkei.node.audit import verification
from renkei.node.cycle import confirmations
from renkei.node.cycle.alarms import AlarmKind, hold
from renkei.node.cycle.models import Day, Step
from renkei.node.deliveries import keystore
from renkei.node.deliveries.models import Delivery
from renkei.node.incidents import deadlines
from renkei.node.records import control_files, extracts, rejected_rows

#: The services that each party sends and receives daily.
DAILY: Final = {"mhlw": ("annex1", "annex2-3"), "isa": ("annex2-3", "annex1")}
#: How long what the counterpart sent beyond the agreement rings here; the trail keeps it.
_OVER_PROVIDED: Final = timedelta(days=7)
_FORBIDDEN: Final = "rejected:forbidden:"
_OUT, _IN, _State = Delivery.Direction.OUT, Delivery.Direction.IN, Delivery.State


def check(now: datetime) -> None:
    """Raise every alarm that there is cause for, and clear the others."""
    for kind, subjects in _CAUSES.items():
        hold(kind, subjects(now), now)


def refused_files() -> list[str]:
    """Return the names of refused extracts that are still in refused/."""
    return sorted(
        path.name
        for path in (settings.NODE.extracts / extracts.REFUSED).glob("*")
        if path.suffix not in (".txt", control_files.SUFFIX)
    )


def refused(direction: Delivery.Direction) -> QuerySet[Delivery]:
    """Return the refused deliveries that have not been made again since."""
    again = Delivery.objects.filter(
        **{name: OuterRef(name) for name in ("direction", "service", "business_day", "about")},
        revision__gt=OuterRef("revision"),
    )
    return Delivery.objects.filter(direction=direction, state=_State.REFUSED).exclude(Exists(again))


def _stopped(now: datetime) -> Iterator[str]:
    yield from (str(step) for step in Step.objects.filter(state=Step.State.STOPPED).select_related("day"))


def _refused_files(now: datetime) -> Iterator[str]:
    yield from refused_files()


def _not_whole(now: datetime) -> Iterator[str]:
    yield from extracts.waiting()


def _implausible_files(now: datetime) -> Iterator[str]:
    yield from (each.path.name for each in extracts.implausible())


def _implausible_deliveries(now: datetime) -> Iterator[str]:
    yield from (each.subject for each in confirmations.deliveries())


def _implausible_answer(now: datetime) -> Iterator[str]:
    yield from (each.subject for each in confirmations.answers())


def _not_sent(now: datetime) -> Iterator[str]:
    calendar = keystore.home().terms().agreement.calendar
    service, _ = DAILY[settings.NODE.party]
    yield from (f"{service} {day}" for day in _missing(_OUT, service, calendar.due_hour, now))


def _nothing_came(now: datetime) -> Iterator[str]:
    calendar = keystore.home().terms().agreement.calendar
    _, service = DAILY[settings.NODE.party]
    yield from (f"{service} {day}" for day in _missing(_IN, service, calendar.alarm_hour, now))


def _missing(direction: Delivery.Direction, service: str, hour: time, now: datetime) -> Iterator[Day]:
    there = Delivery.objects.filter(direction=direction, service=service).exclude(state=_State.PLANNED)
    known = there.values("business_day")
    for day in Day.objects.filter(closed_at=None).exclude(business_day__in=known):
        if now >= _at(day, hour):
            yield day


def _no_receipt(now: datetime) -> Iterator[str]:
    hour = keystore.home().terms().agreement.calendar.alarm_hour
    days = {day.business_day: day for day in Day.objects.filter(closed_at=None)}
    waiting = Delivery.objects.filter(direction=_OUT, state__in=(_State.SEALED, _State.SENT))
    for delivery in waiting:
        day = days.get(delivery.business_day)
        if day is not None and now >= _at(day, hour):
            yield str(delivery)


def _refused_by_counterpart(now: datetime) -> Iterator[str]:
    yield from map(str, refused(_OUT))


def _refused_here(now: datetime) -> Iterator[str]:
    yield from map(str, refused(_IN))


def _returned(now: datetime) -> Iterator[str]:
    rows = rejected_rows.outstanding().order_by("service", "sequence")
    for service, sequence in rows.values_list("service", "sequence").distinct():
        yield rejected_rows.source(service, sequence)


def _over_provided(now: datetime) -> Iterator[str]:
    """At the receiver for some days after the opening, at the sender until the rows are sent again."""
    opened = Delivery.objects.filter(direction=_IN, state=_State.OPENED, settled_at__gt=now - _OVER_PROVIDED)
    for delivery in opened:
        if any(name.startswith(_FORBIDDEN) for name in delivery.counts):
            yield str(delivery)
    ours = rejected_rows.outstanding().filter(reasons__contains="forbidden:").order_by("service", "sequence")
    for service, sequence in ours.values_list("service", "sequence").distinct():
        yield rejected_rows.source(service, sequence)


def _certificates(now: datetime) -> Iterator[str]:
    for use in USES:
        for name, certificate in keystore.own_certificates(use):
            if (left := due_alarm(certificate, now)) is not None:
                yield f"{use} {name} ({left})"


def _trail(now: datetime) -> Iterator[str]:
    """Our trail must still have the heads in our signed files, which the counterpart keeps."""
    yield from verification.verify_daily(now).differing


def _chain(now: datetime) -> Iterator[str]:
    broken_at = verification.verify_daily(now).broken_at
    if broken_at is not None:
        yield str(broken_at)


def _counterpart_back(now: datetime) -> Iterator[str]:
    yield from verification.verify_daily(now).counterpart_back


def _at(day: Day, hour: time) -> datetime:
    return datetime.combine(day.business_day, hour, timezone.get_default_timezone())


_CAUSES: Final[dict[AlarmKind, Callable[[datetime], Iterator[str]]]] = {
    AlarmKind.STEP_STOPPED: _stopped,
    AlarmKind.FILE_REFUSED: _refused_files,
    AlarmKind.FILE_NOT_WHOLE: _not_whole,
    AlarmKind.FILE_IMPLAUSIBLE: _implausible_files,
    AlarmKind.DELIVERY_IMPLAUSIBLE: _implausible_deliveries,
    AlarmKind.ANSWER_IMPLAUSIBLE: _implausible_answer,
    AlarmKind.NOT_SENT: _not_sent,
    AlarmKind.NOTHING_CAME: _nothing_came,
    AlarmKind.NO_RECEIPT: _no_receipt,
    AlarmKind.REFUSED_BY_COUNTERPART: _refused_by_counterpart,
    AlarmKind.REFUSED_HERE: _refused_here,
    AlarmKind.ROWS_RETURNED: _returned,
    AlarmKind.OVER_PROVIDED: _over_provided,
    AlarmKind.CERTIFICATE_ENDS: _certificates,
    AlarmKind.TRAIL_DIFFERS: _trail,
    AlarmKind.TRAIL_BROKEN: _chain,
    AlarmKind.COUNTERPART_TRAIL_BACK: _counterpart_back,
    AlarmKind.INCIDENT_UNTOLD: deadlines.untold,
    AlarmKind.INCIDENT_HEARD: deadlines.heard,
    AlarmKind.INCIDENT_DUE: deadlines.due,
}
