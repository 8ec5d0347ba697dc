"""The deadlines of an incident as a table, each with its legal basis, and the alarms for incidents.

`verified` is False if a deadline was taken from descriptions of the law and not from its text. Such a
deadline is shown as a guide, and the responsible officer checks it.
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

#: An administrative body must report a leak that concerns more persons than this (規則43条4号).
MANY: Final = 100


@dataclass(frozen=True, slots=True)
class Clock:
    """One duty and its deadline. Days are calendar days after the day on which the incident became known.

    It is due from `first` to `last`; `last` is None if the law says 速やかに without a number. The alarm is
    active from `rings_from` on. Any of `conditions` makes it a duty, except when `unless` holds.
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

#: The duties after a leak, besides informing the counterpart, which is done at once (申合せ6, `notices`).
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
    """A deadline of one incident, due from `due_from` to `due_by`.

    `provisional`: the conditions have not been judged yet. `done_at` is when it was reported, or None.
    """

    clock: Clock
    due_from: date
    due_by: date | None
    rings_on: date | None
    provisional: bool
    done_at: datetime | None

    def rings(self, today: date) -> bool:
        """Whether its alarm is active."""
        return self.done_at is None and self.rings_on is not None and today >= self.rings_on


def judged(incident: Incident) -> frozenset[Condition] | None:
    """Return the conditions that hold; None if nobody judged them and the number of persons decides nothing.

    Until somebody has counted the persons, the number of rows is used, which is the upper bound.
    """
    counted = incident.persons if incident.persons is not None else incident.rows
    many = {Condition.MANY} if (counted or 0) > MANY else set()
    if incident.conditions is None:
        return frozenset(many) or None
    return frozenset(map(Condition, incident.conditions)) | many


def running(incident: Incident) -> list[Running]:
    """Return the deadlines of an incident; if the conditions are not judged yet, all that may apply."""
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
    if hold is None:  # not judged: the deadlines that any of the conditions would set
        return clock.conditions == _ANY
    return bool(clock.conditions & hold) and clock.unless not in hold


# --- alarms: each function yields the subjects that need attention ------------------------------------------


def untold(now: datetime) -> Iterator[str]:
    """Yield our incidents whose last notice the counterpart has not received (申合せ6: promptly)."""
    for incident in Incident.objects.filter(origin=settings.NODE.party, closed_at=None):
        if notices.untold(incident):
            yield str(incident)


def heard(now: datetime) -> Iterator[str]:
    """Yield the counterpart's incidents that nobody here has taken up, and its notices not opened yet."""
    yield from map(str, Incident.objects.filter(seen_at=None, closed_at=None))
    came = Delivery.objects.filter(
        direction=Delivery.Direction.IN, service=notices.SERVICE, state=Delivery.State.RECEIVED
    )
    yield from map(str, came)


def due(now: datetime) -> Iterator[str]:
    """Yield deadlines that are near or have passed."""
    today = timezone.localtime(now).date()
    for incident in Incident.objects.filter(closed_at=None).prefetch_related("reports"):
        for each in running(incident):
            if each.rings(today):
                yield f"{incident} {each.clock.code} {each.due_by}"
