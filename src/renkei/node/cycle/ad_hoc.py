"""Ad-hoc deliveries: returned rows and notices of incidents.

Every run imports and sends them; they have no fixed time, and no step of a day waits for them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from renkei.exchange.errors import ExchangeError
from renkei.node.deliveries import incoming, keystore, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport.client import Client
from renkei.node.records import rejected_rows

Commit = Callable[..., Mapping[str, int]]
"""Imports the rows of an opened delivery: `(sequence, package, *, now)`."""

#: The function that imports each such service's rows.
COMMITS: Final[Mapping[str, Commit]] = {
    "receipt": rejected_rows.import_rejects,
}
_log = structlog.get_logger()


def process(now: datetime) -> None:
    """Open the received deliveries of these services, and send what is sealed and due.

    An error here stops no day: it is logged, the delivery stays, and its own alarm is raised.
    """
    try:
        incoming.note_received(now)
        for service, commit in COMMITS.items():
            if service in keystore.home().terms().agreement.services:
                while incoming.open_next(service, partial(commit, now=now), now=now):
                    pass
        if Delivery.objects.filter(service__in=COMMITS, direction=Delivery.Direction.OUT).exists():
            outgoing.send_due(Client(now), now)
    except ExchangeError as fault:
        _log.error("unscheduled_stopped", trouble=fault.code)
