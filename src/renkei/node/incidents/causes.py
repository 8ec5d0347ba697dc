"""What of incidents wants a person, for the alarms: each gives the subjects that ring."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from renkei.node.deliveries.models import Delivery
from renkei.node.incidents import clocks, notices
from renkei.node.incidents.models import Incident


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
        for each in clocks.running(incident):
            if each.rings(today):
                yield f"{incident} {each.clock.code} {each.due_by}"
