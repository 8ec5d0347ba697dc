"""C-01, C-03, C-08 to C-12 and E-01: lists of cases and what is done from a list.

Lists hold no names. The search by card number (C-12) and the export as CSV (C-10) need a stated purpose; a
card number is in no URL and no log. E-01 shows one establishment with its contact, all of its cases and the
guidance given before.
"""

import re
from collections.abc import Callable
from typing import Any, Final, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.forms import ChoiceField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, entitled
from renkei.node.cases import queries, services
from renkei.node.cases.models import Case, Event, Kind, SavedList
from renkei.node.cases.queries import Filters, by_card_number, export, visible
from renkei.node.console import case_filters
from renkei.node.console.access import page
from renkei.node.console.forms import ConsoleForm, FilterForm, said, select_field, text_field
from renkei.node.console.templatetags.console import language
from renkei.node.console.views.cases import address_of
from renkei.node.console.views.purposes import MOST, PurposeForm
from renkei.node.errors import NodeError, NoSuchPurpose
from renkei.node.records.models import Establishment

# --- C-12: search by card number ----------------------------------------------------------------------------

_FORM: Final = re.compile(r"[A-Z]{2}[0-9]{8}[A-Z]{2}")
_WRONG: Final = said(
    "在留カード番号は半角の英字2字・数字8字・英字2字です。",
    "A card number has two letters, eight digits and two letters.",
)


class CardForm(PurposeForm):
    """A card number and the purpose of the search."""

    field_order = ("card_number", "purpose")

    card_number = text_field(
        said("在留カード番号", "Card number"),
        missing=_WRONG,
        help_text=said("半角 英字2字・数字8字・英字2字", "two letters, eight digits, two letters"),
        maxlength="12",
        autocapitalize="characters",
        spellcheck="false",
    )

    def clean_card_number(self) -> str:
        """Read the number, in capitals."""
        card_number: str = self.cleaned_data["card_number"].upper()
        if not _FORM.fullmatch(card_number):
            raise ValidationError(_WRONG)
        return card_number


@page("card_search")
def card_search(request: HttpRequest) -> HttpResponseBase:
    """Ask for number and purpose, and list the case numbers found."""
    found: list[Case] | None = None
    form = CardForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            found = by_card_number(
                asked["card_number"], asked["purpose"], cast(Officer, request.user), now=timezone.now()
            )
        except NoSuchPurpose as error:
            form.refuse(error)
    return render(
        request,
        "console/card_search.html",
        # The result is shown without repeating the card number.
        {"found": found, "form": form if found is None else CardForm()},
        status=400 if form.errors else 200,
    )


# --- C-01, C-03, C-08, C-09, C-11: lists, search, assignment, saved filters ---------------------------------

LISTS: Final = {Kind.DISCREPANCY: "discrepancies", Kind.SUSPECTED_OMISSION: "omissions"}
#: The most cases that are counted; for more, the list shows “or more”.
_COUNTED: Final = 1000
_CARD_NUMBER: Final = re.compile(r"[A-Za-z]{2}[0-9]{8}[A-Za-z]{2}")
_LONGEST_QUERY: Final = 500
#: The value that the form sends to remove the assignment.
_NOBODY: Final = "nobody"
_TAKEN: Final = said(
    "60字までの、まだ使っていない名前を付けてください。", "Please give a new name of up to 60 characters."
)


class SearchForm(FilterForm):
    """A case, notification, permission or establishment, by its number."""

    sought = text_field(
        said("番号", "Number"),
        missing=said("番号を入力してください。", "Please enter a number."),
        help_text=said(
            "事案番号、届出・許可の識別番号、事業所番号",
            "Case, notification, permission or establishment number",
        ),
        longest=60,
        autocomplete="off",
    )


class SaveForm(FilterForm):
    """The name for saving a list's filters."""

    name = text_field(said("この条件に名前を付けて保存", "Save these filters as"), missing=_TAKEN, longest=60)


class AssignForm(ConsoleForm):
    """The officer who is to handle the selected cases."""

    to = select_field(
        said("担当", "Officer"), missing=said("担当を選んでください。", "Please choose an officer.")
    )

    def __init__(self, officer: Officer, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        cast(ChoiceField, self.fields["to"]).choices = [
            ("", said("選んでください", "Choose")),
            *((each.get_username(), str(each)) for each in colleagues(officer)),
            (_NOBODY, said("担当を外す", "Nobody")),
        ]


def _listed(kind: Kind) -> Callable[..., HttpResponseBase]:
    def view(request: HttpRequest) -> HttpResponseBase:
        """Show a page of the list with the filters of the query string."""
        officer, now = cast(Officer, request.user), timezone.now()
        filters = case_filters.filters_of(kind, request.GET, officer, timezone.localdate())
        try:
            found = queries.page(officer, filters, now=now, after=request.GET.get("after", ""))
        except NodeError as error:
            raise Http404 from error
        count = queries.visible(officer, filters, now=now).order_by()[: _COUNTED + 1].count()
        return render(
            request,
            "console/cases.html",
            {
                "listed": found,
                "count": min(count, _COUNTED),
                "more": count > _COUNTED,
                "kind": kind,
                "chips": list(case_filters.chips(kind, request.GET)),
                "query": case_filters.query_of(request.GET),
                "first": not request.GET.get("after"),
                "filters": case_filters.CaseFilters.unsent(request.GET, kind),
                "search_form": SearchForm(),
                "save_form": SaveForm(),
                "saved": SavedList.objects.filter(officer=officer, kind=kind),
                "today": timezone.localdate(),
            },
        )

    return page(LISTS[kind])(view)


discrepancies = _listed(Kind.DISCREPANCY)
omissions = _listed(Kind.SUSPECTED_OMISSION)


@page("case_search")
def case_search(request: HttpRequest) -> HttpResponseBase:
    """Find a case by its number, a notification's or permission's identifier, or an establishment.

    It is sent by POST, so that no identifier gets into a URL or a log.
    """
    form = SearchForm(request.POST if request.method == "POST" else None)
    form.marks = True
    if form.is_valid():
        sought = form.cleaned_data["sought"]
        if _CARD_NUMBER.fullmatch(sought):
            return redirect("card_search")
        officer = cast(Officer, request.user)
        visible = Case.objects.filter(Q(number=sought.upper()) | Q(identifier=sought)).order_by("pk")
        mine = [case for case in visible[:2] if entitled(officer, Act.HANDLE_CASE, queries.subject_of(case))]
        if len(mine) == 1:
            return redirect(address_of(mine[0]))
        if Case.objects.filter(establishment_number=sought).exists() and re.fullmatch(
            r"[-0-9A-Za-z]+", sought
        ):
            return redirect("establishment", number=sought)
        form.add_error(
            "sought",
            said("該当はありません。番号を確かめてください。", "Nothing was found. Please check the number."),
        )
    return render(request, "console/case_search.html", {"form": form})


@page("case_assign")
def case_assign(request: HttpRequest) -> HttpResponseBase:
    """Assign the selected cases to an officer: first show their numbers, then assign all or none."""
    officer = cast(Officer, request.user)
    if request.method != "POST":
        return redirect("discrepancies")
    numbers = list(dict.fromkeys(request.POST.getlist("number")))[:MOST]
    kind = (
        Kind.SUSPECTED_OMISSION if request.POST.get("kind") == Kind.SUSPECTED_OMISSION else Kind.DISCREPANCY
    )
    onwards = f"{reverse(LISTS[kind])}?{case_filters.query_of(QueryDict(request.POST.get('query', '')))}"
    if not numbers:
        messages.error(request, Words("事案を選んでください。", "Please select cases.").say(language()))
        return redirect(onwards)
    form = AssignForm(officer, request.POST if request.POST.get("step") == "confirm" else None)
    if form.is_valid():
        name = form.cleaned_data["to"]
        to = next((each for each in colleagues(officer) if each.get_username() == name), None)
        try:
            changed = services.assign(numbers, to, officer, now=timezone.now())
        except NodeError as error:
            form.refuse(error)
        else:
            done = Words(f"{changed}件の担当を決めました。", f"{changed} cases were assigned.")
            messages.success(request, done.say(language()))
            return redirect(onwards)
    return render(
        request,
        "console/case_assign.html",
        {
            "numbers": numbers,
            "kind": kind,
            "query": request.POST.get("query", ""),
            "onwards": onwards,
            "form": form,
        },
        status=400 if form.errors else 200,
    )


def colleagues(officer: Officer) -> list[Officer]:
    """Return the officers who handle cases in one of the officer's offices or in all, the officer first."""
    offices = set(officer.assignments.filter(duty=Duty.HANDLE_CASES).values_list("office", flat=True))
    handling_cases = Officer.objects.filter(is_active=True, assignments__duty=Duty.HANDLE_CASES)
    if "" not in offices:
        handling_cases = handling_cases.filter(assignments__office__in=[*offices, ""])
    found = list(handling_cases.distinct().order_by("username"))
    return sorted(found, key=lambda each: each.pk != officer.pk)


@page("saved_lists")
def saved_lists(request: HttpRequest) -> HttpResponseBase:
    """Save a list's filters by a name, or delete saved ones; only the officer's own."""
    officer = cast(Officer, request.user)
    form: SaveForm | None = None
    kind = (
        Kind.SUSPECTED_OMISSION if request.POST.get("kind") == Kind.SUSPECTED_OMISSION else Kind.DISCREPANCY
    )
    query = case_filters.query_of(QueryDict(request.POST.get("query", "")))
    if request.method == "POST":
        if drop := request.POST.get("drop", ""):
            SavedList.objects.filter(officer=officer, pk=int(drop) if drop.isdigit() else 0).delete()
            return redirect("saved_lists")
        form = SaveForm(request.POST)
        if _saved(form, kind, query, officer):
            messages.success(
                request, Words("条件を保存しました。", "The filters were saved.").say(language())
            )
            return redirect(f"{reverse(LISTS[kind])}?{query}")
    return render(
        request,
        "console/saved_lists.html",
        {
            "saved": SavedList.objects.filter(officer=officer),
            "form": form,
            "kind": kind,
            "query": query,
        },
        status=422 if form else 200,
    )


def _saved(form: SaveForm, kind: Kind, query: str, officer: Officer) -> bool:
    """Save the filters if the form is valid and its name is new."""
    if not form.is_valid():
        return False
    try:
        if len(query) > _LONGEST_QUERY:
            raise IntegrityError
        with transaction.atomic():
            SavedList.objects.create(officer=officer, kind=kind, name=form.cleaned_data["name"], query=query)
    except IntegrityError:
        form.add_error("name", _TAKEN)
        return False
    return True


__all__ = ["case_assign", "case_search", "colleagues", "discrepancies", "omissions", "saved_lists"]


# --- C-10: a list as CSV ------------------------------------------------------------------------------------


@page("case_export")
def case_export(request: HttpRequest) -> HttpResponseBase:
    """Ask for the purpose, then return the file."""
    posted = request.method == "POST"
    given = QueryDict(request.POST.get("query", "")) if posted else request.GET
    named = request.POST.get("kind") if posted else request.GET.get("kind")
    kind = Kind.SUSPECTED_OMISSION if named == Kind.SUSPECTED_OMISSION else Kind.DISCREPANCY
    form = PurposeForm(request.POST if posted else None)
    if form.is_valid():
        officer = cast(Officer, request.user)
        filters = case_filters.filters_of(kind, given, officer, timezone.localdate())
        try:
            name, content = export(officer, filters, form.cleaned_data["purpose"], now=timezone.now())
        except NodeError as error:
            form.refuse(error)
        else:
            response = HttpResponse(content, content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
    query = case_filters.query_of(given)
    return render(
        request,
        "console/case_export.html",
        {
            "kind": kind,
            "query": query,
            "onwards": f"{reverse(LISTS[kind])}?{query}",
            "chips": list(case_filters.chips(kind, given)),
            "form": form,
        },
        status=400 if form.errors else 200,
    )


# --- E-01: one establishment --------------------------------------------------------------------------------

#: The most cases shown; for more, the officer uses the lists with filters.
_MOST: Final = 100
#: The events that count as guidance: the employer was asked or written to, or the case was closed.
_GUIDANCE: Final = ("ask_employer", "letter", "close")
_PAST: Final = 50


@page("establishment")
def establishment(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show an establishment by its number; 404 if the officer may see none of its cases."""
    officer, now = cast(Officer, request.user), timezone.now()
    listed = {
        closed: list(
            visible(officer, Filters(establishment=number, closed=closed), now=now)
            .select_related("assigned_to")
            .order_by("due_on", "id")[: _MOST + 1]
        )
        for closed in (False, True)
    }
    if not any(listed.values()):
        raise Http404
    shown = [case.pk for cases in listed.values() for case in cases]
    past = Event.objects.filter(case__in=shown, what__in=_GUIDANCE).select_related("officer", "case")
    return render(
        request,
        "console/establishment.html",
        {
            "number": number,
            "found": Establishment.objects.filter(pk=number).first(),
            "open": listed[False][:_MOST],
            "closed": listed[True][:_MOST],
            "more": any(len(cases) > _MOST for cases in listed.values()),
            "past": past.defer("note", "case__row").order_by("-id")[:_PAST],
            "today": timezone.localdate(),
        },
    )
