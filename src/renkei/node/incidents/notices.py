"""Notices of incidents (申合せ6): send ours at once in a separate delivery, and receive the counterpart's."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Final

import polars as pl
import structlog
from django.conf import settings
from django.utils import timezone

from renkei.exchange.schemas import INCIDENTS
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries import incoming, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.deliveries.transport.client import Client
from renkei.node.errors import IncidentRefused
from renkei.node.incidents.models import Incident, Item, Notice, Statement

SERVICE: Final = "incident"
_LONGEST: Final = {column.name: column.longest for column in INCIDENTS.columns}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
# Items with a column of their own; the others are put together in the column `known`.
_COLUMNS: Final = {Item.DATA: "data_concerned"}
_NOT_KNOWN: Final = "調査中"

_OUT, _IN, _State = Delivery.Direction.OUT, Delivery.Direction.IN, Delivery.State
_log = structlog.get_logger()


def send_due(now: datetime) -> None:
    """Open the counterpart's notices and send ours; a cycle does this first.

    A fault does not stop the rest of the cycle; the alarm stays active for what was not done.
    """
    for work in (note_receipt, tell):
        try:
            work(now)
        except Exception as fault:
            trouble = str(getattr(fault, "code", None) or type(fault).__name__)
            _log.error("incidents_stopped", work=work.__name__, trouble=trouble)


# --- our notices --------------------------------------------------------------------------------------------


def want(incident: Incident, now: datetime) -> Notice:
    """Request a notice of an incident as it is known now, in the transaction of the officer's act."""
    earlier = incident.notices.count()
    day = timezone.localtime(now).date()
    return Notice.objects.create(incident=incident, position=earlier + 1, day=day, wanted_at=now)


def tell(now: datetime) -> None:
    """Seal the requested notices and send those not received yet; must not run within a transaction.

    Another call continues where the last one stopped. If the counterpart does not answer, the next cycles try
    again at growing intervals.
    """
    for notice in Notice.objects.filter(sequence=None).select_related("incident"):

        def sealed(sequence: int, notice: Notice = notice) -> None:
            Notice.objects.filter(pk=notice.pk).update(sequence=sequence)

        about = f"{notice.incident.number}/{notice.position}"
        row = pl.DataFrame([_row(notice.incident)])
        outgoing.make(SERVICE, notice.day, {INCIDENTS.name: row}, now=now, sealed=sealed, about=about)
    out = Delivery.objects.filter(direction=_OUT, service=SERVICE, state__in=(_State.SEALED, _State.SENT))
    if out.exists():
        outgoing.send_due(Client(now), now)


def delivery(notice: Notice) -> Delivery | None:
    """Return the delivery of a notice once it is sealed; its state and times show whether it was received."""
    if notice.sequence is None:
        return None
    return Delivery.objects.get(direction=_OUT, service=SERVICE, sequence=notice.sequence)


def told(incidents: Iterable[Incident]) -> dict[int, bool]:
    """Return for our incidents, by key, whether the last notice was received, with two queries for all."""
    last: dict[int, int | None] = {}
    ours = [each.pk for each in incidents if each.ours]
    for pk, sequence in Notice.objects.filter(incident__in=ours).values_list("incident_id", "sequence"):
        last[pk] = sequence
    received = set(
        Delivery.objects.filter(
            direction=_OUT,
            service=SERVICE,
            sequence__in=[each for each in last.values() if each is not None],
            state__in=(_State.SENT, _State.ACCEPTED),
        ).values_list("sequence", flat=True)
    )
    return {pk: last.get(pk) in received for pk in ours}


def untold(incident: Incident) -> bool:
    """Whether the last notice of our incident has not been received by the counterpart."""
    last = incident.notices.last()
    found = delivery(last) if last else None
    return found is None or found.state not in (_State.SENT, _State.ACCEPTED)


def check_fits(incident: Incident) -> None:
    """Raise IncidentRefused if the statements are longer than a notice can be."""
    for name, value in _row(incident).items():
        if value is not None and len(value) > _LONGEST[name]:
            over = len(value) - _LONGEST[name]
            raise IncidentRefused(
                f"The notice is too long by {over} characters ({name}). Please shorten the text.",
                f"連絡の内容が{over}文字長すぎます({name})。短くしてください。",
            )


def _row(incident: Incident) -> dict[str, str | None]:
    """Return an incident as a row of `incidents`: texts on one line, null for blank."""
    said = dict(Statement.objects.filter(incident=incident).order_by("id").values_list("item", "text"))
    others = [item for item in Item if item in said and item not in _COLUMNS]
    known = " ".join(
        said[item] if item == Item.OVERVIEW else f"【{item.label}】{said[item]}" for item in others
    )
    # Until somebody has counted the persons, the number of rows: the upper bound.
    persons = incident.rows if incident.persons is None else incident.persons
    return {
        "incident_id": incident.number,
        "kind": incident.kind,
        "suspected": "true" if incident.suspected else "false",
        "found_on": timezone.localtime(incident.found_at).date().isoformat(),
        "known": _line(known),
        "data_concerned": _line(said.get(Item.DATA, "")) or _NOT_KNOWN,
        "deliveries_concerned": incident.deliveries or None,
        "persons_concerned": None if persons is None else str(persons),
        "contact": _line(incident.contact),
    }


def _line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


# --- the counterpart's notices ------------------------------------------------------------------------------


def note_receipt(now: datetime) -> int:
    """Open every notice from the counterpart that has arrived; returns how many."""
    opened = 0
    while incoming.open_next(
        SERVICE, lambda sequence, package: import_notices(sequence, package, now=now), now=now
    ):
        opened += 1
    return opened


def import_notices(sequence: int, package: Path, *, now: datetime) -> Mapping[str, int]:
    """Import the rows of an opened notice, in the transaction that marks it opened.

    A further notice of one incident updates it; its deadlines still count from the first notice. Each row
    makes the incident one that somebody here must take up. Returns counts: rows = `new` + `again`.
    """
    found = pl.read_csv(package / INCIDENTS.path, infer_schema=False).to_dicts()
    new = sum(_take_row(sequence, row, now) for row in found)
    return {"rows": len(found), "new": new, "again": len(found) - new}


def _take_row(sequence: int, row: Mapping[str, str | None], now: datetime) -> bool:
    day = datetime.strptime(str(row["found_on"]), "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    persons = row["persons_concerned"]
    values = {
        "kind": row["kind"],
        "suspected": row["suspected"] == "true",
        "found_at": datetime.combine(day, time(), timezone.get_default_timezone()),
        "deliveries": row["deliveries_concerned"] or "",
        "persons": int(persons) if persons else None,
        "contact": row["contact"],
        "seen_at": None,
        "closed_at": None,
    }
    origin = settings.NODE.counterpart
    incident, new = Incident.objects.update_or_create(
        origin=origin, number=row["incident_id"], defaults=values, create_defaults=values | {"known_at": now}
    )
    for item, column in {Item.OVERVIEW: "known", **_COLUMNS}.items():
        Statement.objects.create(
            incident=incident, item=item, text=row[column] or "", said_at=now, said_by=origin
        )
    record(None, Verb.INCIDENT_HEARD, str(incident), sequence=sequence, kind=incident.kind, new=new)
    return new
