"""Verifying the trail: the chain entry by entry, and what others hold of it; both in constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from renkei.exchange.home import Home
from renkei.node.audit import cross_checks, trail
from renkei.node.audit.models import Entry, Verification
from renkei.node.audit.verbs import Verb

#: How long one look at the whole trail is good for, short of a day: the timer may come a little early.
EVERY: Final = timedelta(hours=23)
_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of following the chain: `entries` held, `head` seals the last of them.

    `broken_at` is the number of the first entry that does not hold, None where all do. `why`: `missing` (a
    number is not there), `previous` (it does not continue the one before), `seal` (it was changed).
    """

    entries: int
    head: str
    broken_at: int | None = None
    why: str = ""


def entries(entries: QuerySet[Entry] | None = None) -> Iterator[Entry]:
    """Give entries in order, a batch at a time: neither memory nor one long transaction grows with them."""
    found = Entry.objects.all() if entries is None else entries
    last = 0
    while batch := list(found.filter(number__gt=last).order_by("number")[:_BATCH]):
        yield from batch
        last = batch[-1].number


def verify() -> Verdict:
    """Follow the chain from its first entry; what is added meanwhile is followed as well."""
    number, head = 0, trail.FIRST_PREVIOUS
    for entry in entries():
        if why := _fault(entry, number + 1, head):
            return Verdict(number, head, number + 1 if why == "missing" else entry.number, why)
        number, head = entry.number, entry.sha256
    return Verdict(number, head)


def _fault(entry: Entry, expected: int, previous: str) -> str:
    if entry.number != expected:
        return "missing"
    if entry.previous_sha256 != previous:
        return "previous"
    return "" if entry.sha256 == trail.seal_of(entry) else "seal"


def look(now: datetime, actor: trail.Actor | None = None) -> Verification:
    """Verify everything that this node has: its chain, the heads it gave, the counterpart's as kept here.

    Noted in the trail itself, and what the alarms go by until the next look.
    """
    home = Home(settings.NODE.exchange)
    found = verify()
    given = cross_checks.Comparison()
    back: list[str] = []
    if settings.NODE.exchange.joinpath("agreement").is_dir():  # before that there is nobody to hold anything
        terms = home.terms()
        given = cross_checks.compare(home.directory, terms, terms.party)
        back = cross_checks.went_back(home.directory, cross_checks.lines(terms))
    with transaction.atomic():
        made = Verification.objects.create(
            at=now,
            entries=found.entries,
            head=found.head,
            broken_at=found.broken_at,
            why=found.why,
            compared=given.compared,
            confirmed=given.confirmed,
            differing=given.differing[: cross_checks.MOST_NAMED],
            counterpart_back=back[: cross_checks.MOST_NAMED],
        )
        trail.record(
            actor,
            Verb.TRAIL_VERIFIED,
            entries=found.entries,
            head=found.head,
            whole=made.whole,
            compared=given.compared,
            confirmed=given.confirmed,
            accepted=given.accepted,
        )
    return made


def look_daily(now: datetime) -> Verification:
    """Return the last look, or take another where that is a day old or of a day before."""
    last = Verification.objects.first()
    if last is None or now - last.at >= EVERY or _day(last.at) != _day(now):
        return look(now)
    return last


def _day(moment: datetime) -> object:
    return timezone.localtime(moment).date()
