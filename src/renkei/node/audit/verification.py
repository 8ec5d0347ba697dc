"""Verifying the trail: the chain entry by entry, and the heads in signed files; both in constant memory."""

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

#: How long a verification is valid: a little less than a day, since the timer may start early.
EVERY: Final = timedelta(hours=23)
_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of checking the chain: `entries` are intact, `head` seals the last of them.

    `broken_at` is the number of the first entry that does not hold, None where all do. `why`: `missing` (a
    number is missing), `previous` (it does not continue the entry before), `seal` (it was changed).
    """

    entries: int
    head: str
    broken_at: int | None = None
    why: str = ""


def entries(entries: QuerySet[Entry] | None = None) -> Iterator[Entry]:
    """Yield entries in order, read in batches, so that neither memory nor a transaction grows with them."""
    found = Entry.objects.all() if entries is None else entries
    last = 0
    while batch := list(found.filter(number__gt=last).order_by("number")[:_BATCH]):
        yield from batch
        last = batch[-1].number


def verify() -> Verdict:
    """Check the chain from its first entry, including entries that are added during the check."""
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


def verify_all(now: datetime, actor: trail.Actor | None = None) -> Verification:
    """Verify the chain, the heads in our signed files, and the counterpart's heads as kept here.

    The result is recorded in the trail, and the alarms use it until the next verification.
    """
    home = Home(settings.NODE.exchange)
    found = verify()
    heads = cross_checks.Comparison()
    back: list[str] = []
    if settings.NODE.exchange.joinpath(
        "agreement"
    ).is_dir():  # without an agreement there is no counterpart yet
        terms = home.terms()
        heads = cross_checks.compare(home.directory, terms, terms.party)
        back = cross_checks.name_reverted(home.directory, cross_checks.accepted_lines(terms))
    with transaction.atomic():
        made = Verification.objects.create(
            at=now,
            entries=found.entries,
            head=found.head,
            broken_at=found.broken_at,
            why=found.why,
            compared=heads.compared,
            confirmed=heads.confirmed,
            differing=heads.differing[: cross_checks.MOST_NAMED],
            counterpart_back=back[: cross_checks.MOST_NAMED],
        )
        trail.record(
            actor,
            Verb.TRAIL_VERIFIED,
            entries=found.entries,
            head=found.head,
            whole=made.whole,
            compared=heads.compared,
            confirmed=heads.confirmed,
            accepted=heads.accepted,
        )
    return made


def verify_daily(now: datetime) -> Verification:
    """Return the last verification; verify again where that one is a day old or of an earlier day."""
    last = Verification.objects.first()
    if last is None or now - last.at >= EVERY or _day(last.at) != _day(now):
        return verify_all(now)
    return last


def _day(moment: datetime) -> object:
    return timezone.localtime(moment).date()
