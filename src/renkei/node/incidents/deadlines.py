"""The clocks of an incident: what must be done by when, as a table, each with where it comes from.

`verified` is False for what was read in accounts of the law and not in its text: such a deadline is shown as
a guide, and whoever is responsible looks it up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from renkei.node.deliveries.models import Delivery
from renkei.node.incidents import notices
from renkei.node.incidents.models import Condition, Incident, Kind

#: A leak of an administrative body is reported from more than so many persons (規則43条4号).
MANY: Final = 100


@dataclass(frozen=True, slots=True)
class Clock:
    """One duty. Days are calendar days after the day that the incident came to be known.

    `first` to `last` is when it is due, `last` None where the law says 速やかに and no number; from
    `rings_from` on the alarm rings. `conditions`: any of them makes it a duty; `unless` makes it none.
    """

    code: str
    ja: str
    en: str
    first: int
    last: int | None
    rings_from: int
    conditions: frozenset[Condition]
    basis: str
    verified: bool
    unless: Condition | None = None


_ANY: Final = frozenset(Condition)
_ARTICLE_68: Final = "個人情報保護法68条1項"

#: The duties of a leak beside telling the counterpart, which is 申合せ6 and done at once (`notices`).
CLOCKS: Final = (
    Clock(
        "preliminary",
        "個人情報保護委員会への速報",
        "Preliminary report to the Personal Information Protection Commission",
        3,
        5,
        3,
        _ANY,
        _ARTICLE_68,
        False,
    ),
    Clock(
        "final",
        "個人情報保護委員会への確報",
        "Final report to the Personal Information Protection Commission",
        30,
        30,
        23,
        _ANY,
        _ARTICLE_68,
        False,
        unless=Condition.MALICIOUS,
    ),
    Clock(
        "final_malicious",
        "個人情報保護委員会への確報(不正の目的)",
        "Final report to the Personal Information Protection Commission (malicious intent)",
        60,
        60,
        53,
        frozenset({Condition.MALICIOUS}),
        _ARTICLE_68,
        False,
    ),
    Clock(
        "persons", "本人への通知", "Notice to the persons", 0, None, 0, _ANY, "個人情報保護法68条2項", False
    ),
)
BY_CODE: Final = {clock.code: clock for clock in CLOCKS}


@dataclass(frozen=True, slots=True)
class Running:
    """A clock of one incident. `due_from` to `due_by` is when; `provisional`: nobody judged the conditions.

    `done_at` is when it was reported, None while it is not.
    """

    clock: Clock
    due_from: date
    due_by: date | None
    rings_on: date | None
    provisional: bool
    done_at: datetime | None

    def rings(self, today: date) -> bool:
        """Whether it wants a person now."""
        return self.done_at is None and self.rings_on is not None and today >= self.rings_on


def judged(incident: Incident) -> frozenset[Condition] | None:
    """Return the conditions that hold; None where nobody judged them and the number alone decides nothing.

    Until somebody has counted the persons, the rows concerned are taken: it cannot be more.
    """
    counted = incident.persons if incident.persons is not None else incident.rows
    many = {Condition.MANY} if (counted or 0) > MANY else set()
    if incident.conditions is None:
        return frozenset(many) or None
    return frozenset(map(Condition, incident.conditions)) | many


def running(incident: Incident) -> list[Running]:
    """Return the clocks of an incident; all that may run where the conditions were not judged yet."""
    if incident.kind != Kind.LEAK:
        return []
    hold = judged(incident)
    done = {report.clock: report.done_at for report in incident.reports.all()}
    known = timezone.localtime(incident.known_at).date()
    return [
        Running(
            clock,
            known + timedelta(days=clock.first),
            None if clock.last is None else known + timedelta(days=clock.last),
            None if clock.last is None else known + timedelta(days=clock.rings_from),
            hold is None,
            done.get(clock.code),
        )
        for clock in CLOCKS
        if _runs(clock, hold)
    ]


def _runs(clock: Clock, hold: frozenset[Condition] | None) -> bool:
    if hold is None:  # not judged: what would be due first, were one of the conditions to hold
        return clock.conditions == _ANY
    return bool(clock.conditions & hold) and clock.unless not in hold


# MERGED renkei.node.incidents.deadlines: What of incidents wants a person, for the alarms: each gives the subjects that ring.


def untold(now: datetime) -> Iterator[str]:
    """Ours that the counterpart has not received, as known last (申合せ6: promptly)."""
    for incident in Incident.objects.filter(origin=settings.NODE.party, closed_at=None):
        if notices.untold(incident):
            yield str(incident)


def heard(now: datetime) -> Iterator[str]:
    """The counterpart's that nobody here has taken up, and notices of it that could not be opened yet."""
    yield from map(str, Incident.objects.filter(seen_at=None, closed_at=None))
    came = Delivery.objects.filter(
        direction=Delivery.Direction.IN, service=notices.SERVICE, state=Delivery.State.RECEIVED
    )
    yield from map(str, came)


def due(now: datetime) -> Iterator[str]:
    """Clocks that have come near or run out."""
    today = timezone.localtime(now).date()
    for incident in Incident.objects.filter(closed_at=None).prefetch_related("reports"):
        for each in running(incident):
            if each.rings(today):
                yield f"{incident} {each.clock.code} {each.due_by}"
