"""C-02 and C-04: one case with its values, for a stated purpose, and what an officer may do next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from renkei.agreement.annexes import ANNEX_3
from renkei.agreement.causes import causes_in
from renkei.agreement.omissions import EXPLANATIONS, GROUNDS, IDENTITY_CONFLICT, REASONS
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import Words
from renkei.matching.labels import IDENTITY_CAUTION, NO_ACCUSATION, NO_FINDING
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, entitled
from renkei.node.cases import queries, services
from renkei.node.cases.models import Attachment, Case, Kind
from renkei.node.cases.queries import OpenedCase, named_notification, open_case, subject_of
from renkei.node.cases.workflow import MOVES, Move, open_to
from renkei.node.console import comparison
from renkei.node.console.access import page, recovered_fields, require_purpose
from renkei.node.console.case_forms import DocumentForm, MoveForm, NoteForm, OfficeForm
from renkei.node.console.forms import ConsoleForm
from renkei.node.console.templatetags.console import language
from renkei.node.errors import ChangedMeanwhile, NodeError, NoSuchMove
from renkei.node.working_days import after_working_days

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
        "explanation": EXPLANATIONS[code] if (code := found.get("explanation")) else None,
        "named": named_notification(found, cast(Officer, request.user)),
        "caution": IDENTITY_CAUTION if reason and reason.code == IDENTITY_CONFLICT else None,
        "lists": [(title, _facts(found, first, last)) for title, first, last in _THREE],
        "no_finding": NO_FINDING,
    }


def _facts(found: Mapping[str, str | None], first: str, last: str) -> list[tuple[str, str, str | None]]:
    numbers = [item.number for item in ANNEX_3.items]
    covered = ANNEX_3.items[numbers.index(first) : numbers.index(last) + 1]
    facts = [(item, column, found.get(column)) for item in covered for column in item.columns]
    # Items that 別紙3※ withholds in such a case are left out, not shown as blank.
    return [(item.number, column, text) for item, column, text in facts if text or not item.withheld_when]


# C-05 to C-07: what an officer does with a case. Each act has a page of its own: it needs no script, and a
# refusal does not lose what was typed.

_REFUSED, _CONFLICT = 400, 409


def typed(request: HttpRequest) -> QueryDict:
    """Return the fields for a form: sent now, kept from a session that ended, or from the query string."""
    if request.method == "POST":
        return request.POST
    kept = recovered_fields(request)
    if not kept:
        return request.GET
    found = QueryDict(mutable=True)
    for name, values in kept.items():
        found.setlist(name, values)
    return found


@page("case_move")
def case_move(request: HttpRequest, number: str, move: str) -> HttpResponseBase:
    """Ask for what a move needs, ask for a confirmation if it needs a reason, and make it."""
    case = case_or_404(request, number)
    row = MOVES.get(move)
    if row is None or row.duty is None:
        raise Http404
    fields = typed(request)
    step = fields.get("step", "") if request.method == "POST" else ""
    form = MoveForm(row, fields) if step else MoveForm.unsent(fields, row)
    refused: NodeError | None = None
    if form.is_valid():
        try:
            if step == "confirm" or not row.needs_reason:
                return _moved(request, case, row, fields)
            _look(case, row, fields)
        except NodeError as error:
            refused = error
            # If somebody was faster, show the case as it is now, so that the officer can decide again.
            case = case_or_404(request, number)
    if refused is None and not form.errors and row not in open_to(case.state):
        refused = NoSuchMove(
            "This step is not possible in the present state of the case. Please check the case.",
            "事案の現在の状態からは、この操作はできません。内容を確かめてください。",
        )
    return render(
        request,
        "console/case_move.html",
        _form_values(case, row, fields)
        | ({"looked_at": case.version} if isinstance(refused, ChangedMeanwhile) else {})
        | {
            "form": form,
            "refused": refused,
            "confirming": step == "check" and form.is_valid() and refused is None,
        },
        status=_REFUSED if form.errors else _status(refused),
    )


def _look(case: Case, row: Move, fields: Mapping[str, Any]) -> None:
    """Refuse before the confirmation what the move itself would refuse."""
    services.check(case, row.name, version=_version(case, fields), **_words(fields))


def _moved(request: HttpRequest, case: Case, row: Move, fields: Mapping[str, Any]) -> HttpResponseBase:
    officer, now = cast(Officer, request.user), timezone.now()
    version = _version(case, fields)
    services.move(case, row.name, officer, version=version, now=now, **_words(fields))
    done = Words(f"{case.number}: {row.ja} — 記録しました。", f"{case.number}: {row.en} — recorded.")
    messages.success(request, done.say(language()))
    return redirect(address_of(case))


def _words(fields: Mapping[str, Any]) -> dict[str, Any]:
    items = cast(QueryDict, fields).getlist("items")
    return {"reason": fields.get("reason", ""), "outcome": fields.get("outcome", ""), "items": items}


def _version(case: Case, fields: Mapping[str, Any]) -> int:
    given = str(fields.get("version", ""))
    return int(given) if given.isascii() and given.isdigit() else case.version


def _form_values(case: Case, row: Move, fields: Mapping[str, Any]) -> dict[str, Any]:
    day = timezone.localdate()
    due = after_working_days(day, row.due_days) if row.due_days else None
    return {
        "case": case,
        "address": address_of(case),
        "move": row,
        "due": due,
        **_words(fields),
        "looked_at": _version(case, fields),
        "latest": case.events.select_related("officer").first(),
    }


def _status(refused: NodeError | None) -> int:
    if refused is None:
        return 200
    return _CONFLICT if isinstance(refused, ChangedMeanwhile | NoSuchMove) else _REFUSED


@dataclass(frozen=True, slots=True)
class CaseAct:
    """An act that adds to a case: its name, the button, the form, and the function that does it."""

    ja: str
    en: str
    button_ja: str
    button_en: str
    do: Callable[[HttpRequest, Case, datetime], object]
    form: type[ConsoleForm] = ConsoleForm
    personal: bool = False


def _note(request: HttpRequest, case: Case, now: datetime) -> object:
    return services.note(case, request.POST.get("text", ""), cast(Officer, request.user), now=now)


def _attach(request: HttpRequest, case: Case, now: datetime) -> object:
    given = request.FILES.get("document")
    name, content = "", b""
    if isinstance(given, UploadedFile):
        # Read one byte more than allowed, so that a larger file is refused without reading all of it.
        name, content = given.name or "", given.read(services.LARGEST + 1)
    return services.attach(case, name, content, cast(Officer, request.user), now=now)


def _acknowledge(request: HttpRequest, case: Case, now: datetime) -> object:
    services.acknowledge(case, cast(Officer, request.user), now=now)
    return None


def _place(request: HttpRequest, case: Case, now: datetime) -> object:
    office, version = request.POST.get("office", ""), _version(case, request.POST)
    return services.place(case, office, cast(Officer, request.user), version=version, now=now)


ACTS: Final[Mapping[str, CaseAct]] = {
    "note": CaseAct("経過を記録する", "Add a note", "記録する", "Add", _note, NoteForm),
    "document": CaseAct("文書を添える", "Attach a document", "添える", "Attach", _attach, DocumentForm),
    "acknowledge": CaseAct(
        "別人の可能性の了知",
        "Acknowledge the caution",
        "了知して開く",
        "Acknowledge and open",
        _acknowledge,
        personal=True,
    ),
    "place": CaseAct(
        "所管を変える", "Transfer to another office", "所管を変える", "Transfer", _place, OfficeForm
    ),
}


@page("case_act")
def case_act(request: HttpRequest, number: str, act: str) -> HttpResponseBase:
    """Do one of the acts, or show its form."""
    case, row, now = case_or_404(request, number), ACTS.get(act), timezone.now()
    if row is None or (act == "acknowledge" and case.kind != Kind.DISCREPANCY):
        raise Http404
    if row.personal and (
        asking := require_purpose(request, Act.READ_CASE, queries.subject_of(case), now=now)
    ):
        return asking
    refused: NodeError | None = None
    sent = request.method == "POST"
    form = row.form(request.POST, request.FILES) if sent else row.form.unsent(typed(request))
    if form.is_valid():
        try:
            row.do(request, case, now)
            messages.success(
                request,
                Words(f"{case.number}: 記録しました。", f"{case.number}: recorded.").say(language()),
            )
            there = case_or_404(request, number) if act != "place" else None
            return redirect(address_of(there) if there else "discrepancies")
        except NodeError as error:
            refused, case = error, case_or_404(request, number)
            form.refuse(error)
    return render(
        request,
        "console/case_act.html",
        {
            "case": case,
            "address": address_of(case),
            "act": act,
            "row": row,
            "form": form,
            "looked_at": case.version,
        },
        status=_status(refused) if refused else _REFUSED if form.errors else 200,
    )


@page("case_document")
def case_document(request: HttpRequest, number: str, document: int) -> HttpResponseBase:
    """Return a document of a case, for the purpose stated for the case."""
    case, now = case_or_404(request, number), timezone.now()
    if asking := require_purpose(request, Act.READ_CASE, queries.subject_of(case), now=now):
        return asking
    found = get_object_or_404(Attachment.objects.defer("content"), case=case, pk=document)
    content = services.read(found, cast(Officer, request.user), now=now)
    response = HttpResponse(content, content_type=found.media_type)
    # Named by number, because the employer's file name may hold a person's name.
    ending = found.media_type.rpartition("/")[2]
    response["Content-Disposition"] = f'attachment; filename="{case.number}-{document}.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
