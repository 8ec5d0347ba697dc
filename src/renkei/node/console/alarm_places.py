"""Where an alarm is seen to: the page that Today leads to, for those whose duty opens it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.urls import reverse

from renkei.node.accounts.duties import Duty
from renkei.node.console.pages import PAGES
from renkei.node.cycle.alarms import AlarmKind
from renkei.node.cycle.models import Alarm
from renkei.node.incidents.models import Incident

_PAGE_OF: Final[Mapping[AlarmKind, str]] = {
    AlarmKind.STEP_STOPPED: "days",
    AlarmKind.NOT_SENT: "deliveries",
    AlarmKind.NO_RECEIPT: "deliveries",
    AlarmKind.NOTHING_CAME: "deliveries",
    AlarmKind.REFUSED_BY_COUNTERPART: "deliveries",
    AlarmKind.REFUSED_HERE: "deliveries",
    AlarmKind.CERTIFICATE_ENDS: "keys",
    AlarmKind.TRAIL_DIFFERS: "trail",
    AlarmKind.TRAIL_BROKEN: "trail",
    AlarmKind.COUNTERPART_TRAIL_BACK: "trail",
    AlarmKind.INCIDENT_UNTOLD: "incidents",
    AlarmKind.INCIDENT_HEARD: "incidents",
    AlarmKind.INCIDENT_DUE: "incidents",
}
#: How many words follow the incident in what such an alarm rings for: its clock and day.
_AFTER: Final = {AlarmKind.INCIDENT_DUE: 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A page, by address and name."""

    address: str
    ja: str
    en: str


def place_of(alarm: Alarm, duties: frozenset[Duty]) -> Place | None:
    """Return the page of what an alarm rings for; None where there is none or the duty is another."""
    kind = AlarmKind[alarm.kind]
    name = _PAGE_OF.get(kind)
    if name is None or not duties & PAGES[name].duties:
        return None
    page = PAGES[name]
    if name == "incidents" and (found := _incident(alarm.subject, _AFTER.get(kind, 0))):
        return Place(reverse("incident", args=[found.pk]), str(found), str(found))
    return Place(reverse(name), page.ja, page.en)


def _incident(subject: str, after: int) -> Incident | None:
    named = subject.rsplit(" ", after)[0]
    theirs = f"{settings.NODE.counterpart}:"
    origin = settings.NODE.counterpart if named.startswith(theirs) else settings.NODE.party
    return Incident.objects.filter(origin=origin, number=named.removeprefix(theirs)).first()
