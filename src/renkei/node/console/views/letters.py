"""L-01 and L-02: a letter to an employer for one or more cases, and the office's own wording of it."""

from datetime import date
from typing import ClassVar, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from renkei.agreement.text import Words
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, entitled, offices_of, permitted
from renkei.node.cases import letters
from renkei.node.cases.letters import FORMATS
from renkei.node.cases.workflow import MOVES
from renkei.node.console.access import page, recovered_fields
from renkei.node.console.forms import ConsoleForm, date_field, options, prose_field, radio_field, said
from renkei.node.console.templatetags.console import language
from renkei.node.console.views.cases import case_or_404
from renkei.node.console.views.purposes import MOST
from renkei.node.errors import NodeError, NoLetter
from renkei.node.working_days import after_working_days


def _blanks() -> SafeString:
    """Return how to write a wording and what can be filled in; the names of blanks are always Japanese."""
    how = Words(
        "行頭の # は表題、= は中央、> は右寄せ。差し込めるのは次だけです:",
        "A line that begins with # is the title, with = centred, with > aligned to the right. "
        "Blanks that can be filled in:",
    )
    blanks = "".join(f"《{each}》" for each in (*letters.BLANKS, "事案一覧"))
    return format_html('{} <span lang="ja">{}</span>', how.say(language()), blanks)


class LetterForm(ConsoleForm):
    """The kind of letter and the day to reply by; the button gives the format."""

    name = radio_field(said("文書", "Letter"), options(letters.NAMES))
    reply_by = date_field(
        said("回答期限", "Reply by"),
        missing=said("回答期限と形式を指定してください。", "Please give the day to reply by and the format."),
    )

    def clean_reply_by(self) -> date:
        """Refuse a day that has passed."""
        reply_by: date = self.cleaned_data["reply_by"]
        if reply_by < timezone.localdate():
            raise ValidationError(
                said(
                    "回答期限が過ぎています。後の日を指定してください。",
                    "The day to reply by has passed. Please give a later day.",
                )
            )
        return reply_by


class WordingForm(ConsoleForm):
    """An office's own wording of a letter."""

    about: ClassVar = {NoLetter: "text"}

    text = prose_field(
        said("文面", "Text"),
        rows=20,
        help_text=lazy(_blanks, str)(),
        # The service checks the wording and its length.
        maxlength=str(letters.LONGEST),
        lang="ja",
        **{"class": "wide"},
    )


@page("letter")
def letter(request: HttpRequest) -> HttpResponseBase:
    """Show the form, then return the file; each case needs a purpose in force."""
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
    due = after_working_days(timezone.localdate(), MOVES["ask_employer"].due_days or 0)
    form = (
        LetterForm(request.POST)
        if request.method == "POST"
        else LetterForm.unsent(request.GET, initial={"reply_by": due.isoformat()})
    )
    if form.is_valid():
        try:
            return _written(form, request.POST.get("format", ""), numbers, officer)
        except NodeError as error:
            form.refuse(error)
    return render(
        request,
        "console/letter.html",
        {
            "cases": cases,
            "names": letters.NAMES,
            "form": form,
        },
        status=400 if form.errors else 200,
    )


def _written(form: LetterForm, ending: str, numbers: list[str], officer: Officer) -> HttpResponse:
    if ending not in FORMATS:
        raise NoLetter(
            "Please give the day to reply by and the format.", "回答期限と形式を指定してください。"
        )
    media_type, made = FORMATS[ending]
    name, reply_by = form.cleaned_data["name"], form.cleaned_data["reply_by"]
    text, cases = letters.write(numbers, name, officer, reply_by=reply_by, now=timezone.now())
    response = HttpResponse(made(text), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{cases[0].number}-{name}.{ending}"'
    return response


@page("letter_template")
def letter_template(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show and change an office's wording."""
    officer, now = cast(Officer, request.user), timezone.now()
    offices = offices_of(officer, Act.HANDLE_CASE)
    office = (request.POST if request.method == "POST" else request.GET).get("office", "")
    if offices is not None and not office:
        office = min(offices, default="")
    if name not in letters.NAMES or not entitled(officer, Act.HANDLE_CASE, Subject("", office)):
        raise Http404
    wording = letters.wording(name, office)
    kept = recovered_fields(request)
    version = wording.version
    form = WordingForm(initial={"text": kept.get("text", [wording.text])[0]})
    if request.method == "POST":
        form, sent = WordingForm(request.POST), request.POST.get("version", "")
        version = int(sent) if sent.isdigit() else 0
    if form.is_valid():
        try:
            letters.reword(name, office, request.POST["text"], officer, version=version, now=now)
        except NodeError as error:
            form.refuse(error)
        else:
            messages.success(
                request, Words("ひな形を改めました。", "The wording was changed.").say(language())
            )
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
            "form": form,
            "looked_at": version,
            "supplied": letters.supplied(name),
        },
        status=400 if form.errors else 200,
    )
