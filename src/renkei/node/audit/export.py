"""Exporting the trail for checks without Renkei: each line has the SHA-256 of the line before.

`FILE` has one entry on each line, as the JSON that is sealed: the SHA-256 of a line without its line feed is
the value `previous` of the next line. `FILE.head` gives the seal before the first line and the seal of the
last line. docs/incidents.md shows the check with Python, and with jq and sha256sum.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from renkei.exchange import durable
from renkei.node.audit import trail
from renkei.node.audit.models import Entry
from renkei.node.audit.verbs import Verb
from renkei.node.audit.verification import entries
from renkei.node.errors import NotExported

FORMAT: Final = "renkei-trail/1"


@dataclass(frozen=True, slots=True)
class Exported:
    """The content of `FILE.head`. `previous` is the value in the first line; `head` the SHA-256 of the last
    line.

    `sha256` is of the whole file. `first` and `last` are numbers of entries, 0 where there is none.
    """

    format: str
    party: str
    exported_at: str
    entries: int
    first: int
    last: int
    previous: str
    head: str
    sha256: str


def export(
    path: Path,
    now: datetime,
    *,
    since: date | None = None,
    until: date | None = None,
    actor: trail.Actor | None = None,
) -> Exported:
    """Export the entries from `since` to `until` (both included, Asia/Tokyo), or all; recorded in the trail.

    An export has no gap: it has all entries between the first and the last one of these days. Raises
    NotExported where the file already exists: an export is never overwritten.
    """
    if path.exists() or _head_of(path).exists():
        raise NotExported(
            f"{path} or its .head already exists. Choose another name: an export is never overwritten.",
            f"{path}又はその.headが既にあります。別の名前にしてください(上書きはしません)。",
        )
    first, last = _range(since, until)
    file = durable.Unnamed(path.parent, path.name)
    whole, previous, head, count = hashlib.sha256(), trail.FIRST_PREVIOUS, trail.FIRST_PREVIOUS, 0
    for entry in entries(Entry.objects.filter(number__gte=first, number__lte=last)):
        line = f"{trail.written(entry)}\n".encode()
        previous = previous if count else entry.previous_sha256
        head, count = entry.sha256, count + 1
        whole.update(line)
        file.write(line)
    made = Exported(
        FORMAT,
        settings.NODE.party,
        now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        count,
        first if count else 0,
        last if count else 0,
        previous,
        head,
        whole.hexdigest(),
    )
    file.keep()
    durable.write(_head_of(path), json.dumps(asdict(made), indent=2).encode() + b"\n")
    with transaction.atomic():
        trail.record(
            actor, Verb.TRAIL_EXPORTED, entries=count, first=made.first, last=made.last, sha256=made.sha256
        )
    return made


def _range(since: date | None, until: date | None) -> tuple[int, int]:
    """Return the numbers of the first and the last entry of these days, 0 where there is none."""
    chosen = Entry.objects.all()
    if since:
        chosen = chosen.filter(at__gte=_midnight(since))
    if until:
        chosen = chosen.filter(at__lt=_midnight(until + timedelta(days=1)))
    found = chosen.aggregate(first=Min("number"), last=Max("number"))
    return found["first"] or 0, found["last"] or 0


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def _head_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.head")
