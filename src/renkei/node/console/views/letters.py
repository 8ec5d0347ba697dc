"""L-01 and L-02: a letter to an employer for one case or several, and the office's own wording of it."""

from datetime import date
from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.cases import letters
from renkei.node.cases.errors import NoLetter
from renkei.node.cases.letter_files import FORMATS
from renkei.node.cases.moves import MOVES
from renkei.node.console.access import page
from renkei.node.console.keeping import given_back
from renkei.node.console.templatetags.console import language
from renkei.node.console.views.cases import case_or_404
from renkei.node.console.views.purpose import MOST
from renkei.node.errors import NodeError
from renkei.node.officers.gate import Act, Subject, entitled, offices_of, permitted
from renkei.node.officers.models import Officer
from renkei.node.working_days import after_working_days


@page("letter")
def letter(request: HttpRequest) -> HttpResponseBase:
    """Ask for which letter and by when, then hand out the file; a purpose is needed for each case."""
    officer, now = cast(Officer, request.user), timezone.now()
    given = request.POST if request.method == "POST" else request.GET
    numbers = list(dict.fromkeys(given.getlist("number")))
    if not 0 < len(numbers) <= MOST:
        raise Http404
    cases = [case_or_404(request, number) for number in numbers]
    wanting = [
        case.number
        for case in cases
        if not permitted(officer, Act.READ_CASE, Subject(case.number, case.office), now=now)
    ]
    if wanting:
        onwards = f"{reverse('letter')}?{urlencode({'number': numbers}, doseq=True)}"
        asked = urlencode({"subject": wanting, "next": onwards}, doseq=True)
        return redirect(f"{reverse('purpose')}?{asked}")
    refused: NodeError | None = None
    if request.method == "POST":
        try:
            return _written(request, numbers, officer)
        except NodeError as error:
            refused = error
    due = after_working_days(timezone.localdate(), MOVES["ask_employer"].due_days or 0)
    return render(
        request,
        "console/letter.html",
        {
            "cases": cases,
            "names": letters.NAMES,
            "name": given.get("name", ""),
            "reply_by": given.get("reply_by") or due.isoformat(),
            "refused": refused,
        },
        status=400 if refused else 200,
    )


def _written(request: HttpRequest, numbers: list[str], officer: Officer) -> HttpResponse:
    try:
        reply_by = date.fromisoformat(request.POST.get("reply_by", ""))
        media_type, made = FORMATS[request.POST.get("format", "")]
    except (ValueError, KeyError):
        raise NoLetter(
            "A day to reply by and a format are needed. Give both.", "回答期限と形式を指定してください。"
        ) from None
    now = timezone.now()
    if reply_by < timezone.localdate(now):
        raise NoLetter(
            "The day to reply by has passed. Give a later one.",
            "回答期限が過ぎています。後の日を指定してください。",
        )
    name = request.POST.get("name", "")
    text, cases = letters.write(numbers, name, officer, reply_by=reply_by, now=now)
    response = HttpResponse(made(text), content_type=media_type)
    ending = request.POST["format"]
    response["Content-Disposition"] = f'attachment; filename="{cases[0].number}-{name}.{ending}"'
    return response


@page("letter_template")
def letter_template(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show an office's wording and change it."""
    officer, now = cast(Officer, request.user), timezone.now()
    offices = offices_of(officer, Act.HANDLE_CASE)
    office = (request.POST if request.method == "POST" else request.GET).get("office", "")
    if offices is not None and not office:
        office = min(offices, default="")
    if name not in letters.NAMES or not entitled(officer, Act.HANDLE_CASE, Subject("", office)):
        raise Http404
    wording = letters.wording(name, office)
    kept = given_back(request)
    text, version = kept.get("text", [wording.text])[0], wording.version
    refused: NodeError | None = None
    if request.method == "POST":
        text, sent = request.POST.get("text", ""), request.POST.get("version", "")
        version = int(sent) if sent.isdigit() else 0
        try:
            letters.reword(name, office, text, officer, version=version, now=now)
        except NodeError as error:
            refused = error
        else:
            messages.success(request, Words("ひな形を改めました。", "Wording changed.").say(language()))
            return redirect(f"{request.path}?{urlencode({'office': office})}")
    return render(
        request,
        "console/letter_template.html",
        {
            "name": letters.NAMES[name],
            "code": name,
            "names": letters.NAMES,
            "office": office,
            "offices": sorted(offices) if offices is not None else [],
            "text": text,
            "looked_at": version,
            "blanks": [*letters.BLANKS, "事案一覧"],
            "refused": refused,
            "longest": letters.LONGEST,
            "supplied": letters.supplied(name),
        },
        status=400 if refused else 200,
    )
