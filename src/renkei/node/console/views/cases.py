"""C-02 and C-04: one case with its values, for a stated purpose, and what an officer may do next."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from renkei.agreement.annexes import ANNEX_3
from renkei.agreement.causes import causes_in
from renkei.agreement.omissions import GROUNDS, REASONS
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import Words
from renkei.matching.labels import IDENTITY_CAUTION, NO_ACCUSATION, NO_FINDING
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, entitled
from renkei.node.cases import services
from renkei.node.cases.models import Attachment, Case, Kind
from renkei.node.cases.queries import OpenedCase, open_case, probable_notification, subject_of
from renkei.node.cases.workflow import open_to
from renkei.node.console import comparison
from renkei.node.console.access import page, require_purpose
from renkei.node.console.case_forms import DocumentForm, NoteForm
from renkei.node.console.templatetags.console import language

_PAGES: Final = {Kind.DISCREPANCY: "discrepancy", Kind.SUSPECTED_OMISSION: "omission"}
#: 別紙3 as three lists of items: of the person, the organisation, the dispatch.
_THREE: Final[tuple[tuple[Words, str, str], ...]] = (
    (Words("本人(別紙3①–⑪)", "The person (Annex 3 ①–⑪)"), "①", "⑪"),
    (Words("所属機関(別紙3⑫–⑯)", "The organisation (Annex 3 ⑫–⑯)"), "⑫", "⑯"),
    (Words("派遣先(別紙3⑰–⑲)", "Where dispatched to (Annex 3 ⑰–⑲)"), "⑰", "⑲"),
)


def address_of(case: Case) -> str:
    """Return the address of a case's page."""
    return reverse(_PAGES[Kind(case.kind)], kwargs={"number": case.number})


def case_or_404(request: HttpRequest, number: str, kind: Kind | None = None) -> Case:
    """Return a case that the officer may handle; the same 404 for another office's case and for no case."""
    found = Case.objects.defer("row").select_related("assigned_to").filter(number=number)
    case = (found.filter(kind=kind) if kind else found).first()
    if case is None or not entitled(request.user, Act.HANDLE_CASE, subject_of(case)):
        raise Http404
    return case


def _shown(kind: Kind) -> Callable[..., HttpResponseBase]:
    def view(request: HttpRequest, number: str) -> HttpResponseBase:
        """Show a case; the reading is recorded."""
        now = timezone.now()
        case = case_or_404(request, number, kind)
        if asking := require_purpose(request, Act.READ_CASE, subject_of(case), now=now):
            return asking
        opened = open_case(number, cast(Officer, request.user), now=now)
        values = _mismatch(opened, request) if kind == Kind.DISCREPANCY else _omission(opened, request)
        return render(request, f"console/{_PAGES[kind]}.html", _around(opened) | values)

    return page(_PAGES[kind])(view)


discrepancy = _shown(Kind.DISCREPANCY)
omission = _shown(Kind.SUSPECTED_OMISSION)


def _around(opened: OpenedCase) -> dict[str, Any]:
    """Return what both kinds of case show besides the values."""
    case = opened.case
    return {
        "case": case,
        "note_form": NoteForm(),
        "document_form": DocumentForm(),
        "found": opened.found,
        "history": opened.history,
        "moves": open_to(case.state),
        "documents": Attachment.objects.filter(case=case).defer("content").select_related("added_by"),
        "requests": case.correction_requests.all(),
        "today": timezone.localdate(),
    }


def _mismatch(opened: OpenedCase, request: HttpRequest) -> dict[str, Any]:
    case, found = opened.case, opened.found
    folded = case.identity_caution and not services.acknowledged(case, cast(Officer, request.user))
    not_found = found.get("outcome") == "not_found"
    return {
        "items": list(comparison.compared(opened.notification, found, settings.NODE.decided(), language())),
        "likely": comparison.likely(found),
        "folded": folded and not not_found,
        "not_found": OUTCOMES["not_found"] if not_found else None,
        "unmatched": list(causes_in(found.get("differences")).values()),
        "notified": bool(opened.notification),
        "unnamed": not found.get("mismatched_items"),
        "caution": IDENTITY_CAUTION,
        "no_accusation": NO_ACCUSATION,
    }


def _omission(opened: OpenedCase, request: HttpRequest) -> dict[str, Any]:
    found = opened.found
    ground = GROUNDS[code] if (code := found.get("ground")) else None
    reason = REASONS[code] if (code := found.get("reason")) else None
    permitted_on = found.get(ground.date_column) if ground else None
    until = opened.case.matched_on or opened.case.opened_on
    return {
        "ground": ground,
        "permitted_on": permitted_on,
        "waited": (until - date.fromisoformat(permitted_on)).days if permitted_on else None,
        "reason": reason,
        "reasons": REASONS.values(),
        "probable": probable_notification(found, cast(Officer, request.user)),
        "lists": [(title, _facts(found, first, last)) for title, first, last in _THREE],
        "no_finding": NO_FINDING,
    }


def _facts(found: Mapping[str, str | None], first: str, last: str) -> list[tuple[str, str, str | None]]:
    numbers = [item.number for item in ANNEX_3.items]
    covered = ANNEX_3.items[numbers.index(first) : numbers.index(last) + 1]
    facts = [(item, column, found.get(column)) for item in covered for column in item.columns]
    # Items that 別紙3※ withholds in such a case are left out, not shown as blank.
    return [(item.number, column, text) for item, column, text in facts if text or not item.withheld_when]
