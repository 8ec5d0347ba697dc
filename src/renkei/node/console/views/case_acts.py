"""C-05 to C-07: what an officer does with a case.

Each act has a page of its own, so that it needs no script and a refusal does not lose what was typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act
from renkei.node.cases import queries, services
from renkei.node.cases.models import Attachment, Case, Kind
from renkei.node.cases.workflow import MOVES, Move, open_to
from renkei.node.console.access import page, recovered_fields, require_purpose
from renkei.node.console.case_forms import DocumentForm, MoveForm, NoteForm, OfficeForm
from renkei.node.console.forms import ConsoleForm
from renkei.node.console.templatetags.console import language
from renkei.node.console.views.cases import address_of, case_or_404
from renkei.node.errors import ChangedMeanwhile, NodeError, NoSuchMove
from renkei.node.working_days import after_working_days

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
        _around(case, row, fields)
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


def _around(case: Case, row: Move, fields: Mapping[str, Any]) -> dict[str, Any]:
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
