"""Read cases: one case with its values, the search by card number, lists with filters, and a list as CSV.

Reading a case's values and searching by card number need a stated purpose (申合せ7); each is recorded in the
trail before the values are returned. Lists show no personal data: only number, items, days, office, officer
and state. They are paged by key, so that the last page of half a million cases costs as much as the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.agreement.omissions import PROBABLY_NOTIFIED
from renkei.agreement.purposes import PURPOSES
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, entitled, offices_of, refusal, require
from renkei.node.accounts.purposes import offered
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.models import Case, Event, Kind
from renkei.node.cases.workflow import State
from renkei.node.errors import Incomplete, NoSuchPurpose, TooMany
from renkei.node.records.models import Notification


def subject_of(case: Case) -> Subject:
    """Return the subject that the permission check is asked about."""
    return Subject(case.number, case.office)


def by_card_number(card_number: str, purpose: str, officer: Officer, *, now: datetime) -> list[Case]:
    """Return an officer's cases whose notification or residence record has a card number.

    Only the columns of a list are loaded. The trail records the purpose and the cases found, never the
    card number. Raises NotPermitted, and NoSuchPurpose without a purpose of clause 7.
    """
    require(officer, Act.HANDLE_CASE, now=now)
    if purpose not in {each.code for each in offered()}:
        raise NoSuchPurpose(
            "Please state a purpose of use (clause 7).", "申合せ7の利用目的が必要です。申告してください。"
        )
    offices = offices_of(officer, Act.HANDLE_CASE)
    # Read first, so that the database makes two index look-ups instead of scanning every case.
    notified = list(Notification.objects.filter(card_number=card_number).values_list("pk", flat=True))
    named = Q(card_number=card_number) | Q(kind=Kind.DISCREPANCY, identifier__in=notified)
    found = Case.objects.filter(named).defer("row", "card_number").select_related("assigned_to")
    if offices is not None:
        found = found.filter(office__in=sorted(offices))
    with transaction.atomic():
        cases = list(found.order_by("pk"))
        numbers = [case.number for case in cases]
        record(officer, Verb.CARD_NUMBER_SOUGHT, f"{len(numbers)}", purpose=purpose, cases=numbers)
    return cases


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case with the values that ISA reported (`found`) and, for a mismatch, MHLW's notification, by column.

    `history` holds the events, the newest first. What officers wrote there may be personal data as well.
    """

    case: Case
    found: Mapping[str, str | None]
    notification: Mapping[str, str | None]
    history: Sequence[Event]


def open_case(number: str, officer: Officer, *, now: datetime) -> OpenedCase:
    """Return a case with its values; the reading is recorded in the trail before the values are returned.

    Raises NotPermitted, in the same way for a case of another office and for one that does not exist.
    """
    case = _case(number, officer, now)
    with transaction.atomic():
        shown = OpenedCase(case, case.values, _notification(case), _history(case))
        record(officer, Verb.CASE_READ, number, purpose=purpose_of(number, officer, now))
    return shown


@dataclass(frozen=True, slots=True)
class NamedNotification:
    """MHLW's own notification on which a suspected omission rests (reconciliation §6).

    `probable`: its card number was not found, and it is probably about this person. `held`: whether MHLW has
    it. `case`: the case of this notification, if there is one and the officer may handle it.
    """

    notification_id: str
    probable: bool
    held: bool
    case: Case | None


def named_notification(found: Mapping[str, str | None], officer: Officer) -> NamedNotification | None:
    """Return the notification that ISA names with a suspected omission, or None."""
    named = found.get("notification_id")
    if not named:
        return None
    case = Case.objects.defer("row").filter(kind=Kind.DISCREPANCY, identifier=named).first()
    if case is not None and not entitled(officer, Act.HANDLE_CASE, subject_of(case)):
        case = None
    probable = found.get("reason") == PROBABLY_NOTIFIED
    return NamedNotification(named, probable, Notification.objects.filter(pk=named).exists(), case)


def purpose_of(number: str, officer: Officer, now: datetime) -> str:
    """Return the purpose in force for a case; the permission check has already required one."""
    stated = purposes.in_force(officer, number, now=now)
    return stated.purpose if stated else ""


def _case(number: str, officer: Officer, now: datetime) -> Case:
    case = Case.objects.defer("row").select_related("assigned_to").filter(number=number).first()
    if case is None:
        raise refusal()
    require(officer, Act.READ_CASE, subject_of(case), now=now)
    return case


def _notification(case: Case) -> Mapping[str, str | None]:
    if case.kind != Kind.DISCREPANCY:
        return {}
    own = Notification.objects.filter(pk=case.identifier).values(*NOTIFICATIONS.names).first()
    return dict(own) if own else {}


def _history(case: Case) -> Sequence[Event]:
    return list(case.events.select_related("officer"))


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
    """The filters of a list; blank or None is no filter.

    `office` is a whole code or its beginning, such as the two digits of the prefecture; `unassigned_tray`
    selects the cases without an office. `due_by` and `opened_by` select the cases due or opened up to that
    day, `item` a column that differs or a reason. The list shows open cases, the most urgent first, or with
    `closed` the closed ones, the newest first.
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
    """The cases of one page (only the fields of `_LISTED` are loaded) and the next key, blank at the end."""

    cases: Sequence[Case]
    next_key: str


def page(officer: Officer, filters: Filters, *, now: datetime, after: str = "", size: int = PAGE) -> Page:
    """Return a page of the cases that an officer may see, after the `next_key` of the page before.

    Raises NotPermitted without the duty, Incomplete for an invalid key.
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
    """Group cases by establishment, because officers visit employers; starts after an establishment number.

    Returns `establishment_number`, `office`, `cases`, `cautions` (counts) and `due_on` (the earliest),
    ordered by establishment number.
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
            "This page of the list does not exist. Please start from the first page.",
            "一覧のこのページはありません。最初から開いてください。",
        ) from None
    # The first condition lets the index find the start; the second is exact.
    return Q(pk__lt=last) if due is None else Q(due_on__gte=due) & (Q(due_on__gt=due) | Q(pk__gt=last))


# --- a list as CSV ------------------------------------------------------------------------------------------
#
# The file holds the columns of the list and no more. The first line names the officer whose copy it is. A
# cell that begins like a formula is quoted, so that a spreadsheet does not run what somebody wrote into it.

#: The most rows of one file; a longer list must be narrowed first.
LONGEST: Final = 100_000
_COLUMNS: Final = {
    "number": "事案番号",
    "kind": "種別",
    "items": "相違項目・理由",
    "matched_on": "突合日",
    "office": "所管",
    "establishment_number": "事業所番号",
    "assigned_to__username": "担当",
    "due_on": "期限",
    "state": "状態",
    "outcome": "結果",
}
_FORMULA: Final = r"^([=+\-@\t\r\n|%])"


def export(officer: Officer, filters: Filters, purpose: str, *, now: datetime) -> tuple[str, bytes]:
    """Return the name and content of the file; the stated purpose and the export are both recorded.

    Raises NotPermitted, NoSuchPurpose, and TooMany above LONGEST rows.
    """
    found = visible(officer, filters, now=now)
    if found.order_by()[: LONGEST + 1].count() > LONGEST:
        raise TooMany(
            f"The list has more than {LONGEST:,} cases. Please narrow it with filters.",
            f"一覧が{LONGEST:,}件を超えています。条件を絞ってください。",
        )
    at = timezone.localtime(now)
    name = f"cases-{at:%Y%m%d-%H%M%S}"
    with transaction.atomic():
        purposes.declare(officer, purpose, [name], now=now)
        rows = list(found.order_by("due_on", "id").values_list(*_COLUMNS))
        record(officer, Verb.CASES_EXPORTED, name, purpose=purpose, rows=len(rows))
    mark = (
        f"# {name} {settings.NODE.party} {officer.get_username()} {at:%Y-%m-%d %H:%M} "
        f"{PURPOSES[purpose].text_ja} 申合せ7の目的以外に利用しないこと {len(rows)}件"
    )
    return f"{name}.csv", f"\ufeff{mark}\r\n{_csv(rows)}".encode()


def _csv(rows: list[tuple[object, ...]]) -> str:
    texts = [[None if value is None else str(value) for value in row] for row in rows]
    frame = pl.DataFrame(texts, schema=dict.fromkeys(_COLUMNS.values(), pl.String), orient="row")
    return frame.with_columns(pl.all().str.replace(_FORMULA, "'$1")).write_csv(line_terminator="\r\n")
