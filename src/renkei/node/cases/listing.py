"""Lists of cases: filters, and pages by key: the last page of half a million costs what the first does.

No list holds a name: number, items, days, office, officer and state alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet

from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, offices_of, require
from renkei.node.cases.models import Case
from renkei.node.cases.moves import State
from renkei.node.errors import Incomplete

PAGE: Final = 50
_LISTED: Final = (
    "number",
    "kind",
    "items",
    "identity_caution",
    "matched_on",
    "office",
    "establishment_number",
    "opened_on",
    "state",
    "outcome",
    "due_on",
    "assigned_to",
    "version",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; blank or None is no filter.

    `office` begins with two digits of the prefecture or is a whole code; `unassigned_tray` is the cases of no
    office. `due_by` takes what is due up to that day, `opened_by` what was opened up to it, `item` a column
    that differs or a reason. `closed` turns from the open cases, the most urgent first, to the closed ones,
    the newest first.
    """

    kind: str = ""
    states: tuple[str, ...] = ()
    item: str = ""
    office: str = ""
    unassigned_tray: bool = False
    officer: Officer | None = None
    nobodys: bool = False
    establishment: str = ""
    identity_caution: bool = False
    due_by: date | None = None
    opened_by: date | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Cases of one page (fields of `_LISTED` alone are loaded) and the key of the next, blank at the end."""

    cases: Sequence[Case]
    next_key: str


def page(officer: Officer, filters: Filters, *, now: datetime, after: str = "", size: int = PAGE) -> Page:
    """Return a page of the cases that an officer may see, after the key that the last page ended with.

    Raises NotPermitted without the duty, Incomplete for a key that no page gave.
    """
    found = visible(officer, filters, now=now)
    order = ("-id",) if filters.closed else ("due_on", "id")
    if after:
        found = found.filter(_beyond(after, filters.closed))
    cases = list(found.order_by(*order).select_related("assigned_to")[: size + 1])
    more = len(cases) > size
    return Page(cases[:size], _key(cases[size - 1], filters.closed) if more else "")


def visible(officer: Officer, filters: Filters, *, now: datetime) -> QuerySet[Case]:
    """Return the cases that an officer may list, by their offices, narrowed."""
    require(officer, Act.LIST_CASES, now=now)
    offices = offices_of(officer, Act.LIST_CASES)
    found = Case.objects.only(*_LISTED).filter(_narrowed(filters))
    return found if offices is None else found.filter(office__in=sorted(offices))


def by_establishment(
    officer: Officer, filters: Filters, *, now: datetime, after: str = "", size: int = PAGE
) -> list[dict[str, Any]]:
    """Group cases by establishment, since officers visit employers, not rows; after an establishment number.

    Gives `establishment_number`, `office`, `cases`, `cautions` and `due_on` (the earliest), by number.
    """
    found = visible(officer, filters, now=now).filter(establishment_number__gt=after)
    grouped = found.order_by().values("establishment_number", "office")
    counted = grouped.annotate(
        cases=Count("id"), cautions=Count("id", filter=Q(identity_caution=True)), due_on=Min("due_on")
    )
    return [dict(each) for each in counted.order_by("establishment_number", "office")[:size]]


def counts(officer: Officer, *, now: datetime) -> dict[tuple[str, str], int]:
    """Count an officer's visible open cases by kind and state."""
    found = visible(officer, Filters(), now=now).order_by().values("kind", "state")
    return {(each["kind"], each["state"]): each["cases"] for each in found.annotate(cases=Count("id"))}


def _narrowed(filters: Filters) -> Q:
    closed = Q(state=State.CLOSED)
    narrowed = closed if filters.closed else ~closed
    for wanted, condition in (
        (filters.kind, Q(kind=filters.kind)),
        (filters.states, Q(state__in=filters.states)),
        (filters.item, _has_item(filters.item)),
        (filters.office, Q(office__startswith=filters.office)),
        (filters.unassigned_tray, Q(office="")),
        (filters.officer, Q(assigned_to=filters.officer)),
        (filters.nobodys, Q(assigned_to=None)),
        (filters.establishment, Q(establishment_number=filters.establishment)),
        (filters.identity_caution, Q(identity_caution=True)),
        (filters.due_by, Q(due_on__lte=filters.due_by) if filters.due_by else Q()),
        (filters.opened_by, Q(opened_on__lte=filters.opened_by) if filters.opened_by else Q()),
    ):
        if wanted:
            narrowed &= condition
    return narrowed


def _has_item(item: str) -> Q:
    return (
        Q(items=item)
        | Q(items__startswith=f"{item};")
        | Q(items__endswith=f";{item}")
        | Q(items__contains=f";{item};")
    )


def _key(case: Case, closed: bool) -> str:
    return str(case.pk) if closed or case.due_on is None else f"{case.due_on.isoformat()}_{case.pk}"


def _beyond(key: str, closed: bool) -> Q:
    day, _, number = key.rpartition("_")
    try:
        last = int(key if closed else number)
        due = None if closed else date.fromisoformat(day)
    except ValueError:
        raise Incomplete(
            "This page of the list does not exist. Begin with the first.",
            "一覧のこのページはありません。最初から開いてください。",
        ) from None
    # The first condition is what an index can begin with; the second cuts exactly.
    return Q(pk__lt=last) if due is None else Q(due_on__gte=due) & (Q(due_on__gt=due) | Q(pk__gt=last))
