"""C-01, C-03, C-08, C-09, C-11: lists of cases, finding one, and assigning many. No list holds a name."""

import re
from collections.abc import Callable
from typing import Any, Final, cast

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.forms import ChoiceField
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, entitled
from renkei.node.cases import queries, services
from renkei.node.cases.models import Case, Kind, SavedList
from renkei.node.console import filtering
from renkei.node.console.access import page
from renkei.node.console.forms import ConsoleForm, FilterForm, said, select_field, text_field
from renkei.node.console.templatetags.console import language
from renkei.node.console.views.cases import address_of
from renkei.node.console.views.purpose import MOST
from renkei.node.errors import NodeError

LISTS: Final = {Kind.DISCREPANCY: "discrepancies", Kind.SUSPECTED_OMISSION: "omissions"}
#: So many are counted; beyond it the list says that there are more.
_COUNTED: Final = 1000
_CARD_NUMBER: Final = re.compile(r"[A-Za-z]{2}[0-9]{8}[A-Za-z]{2}")
_LONGEST_QUERY: Final = 500
#: What the form sends to take cases from whoever has them.
_NOBODY: Final = "nobody"
_TAKEN: Final = said(
    "60字までの、まだ使っていない名前を付けてください。", "Give it a name of up to 60 characters that is new."
)


class SearchForm(FilterForm):
    """A case, notification, permission or establishment, by its number."""

    sought = text_field(
        said("番号", "Number"),
        missing=said("番号を入力してください。", "Give a number."),
        help_text=said(
            "事案番号、届出・許可の識別番号、事業所番号",
            "Case, notification, permission or establishment number",
        ),
        longest=60,
        autocomplete="off",
    )


class SaveForm(FilterForm):
    """The name under which a list's filters are kept."""

    name = text_field(said("この条件に名前を付けて保存", "Save these filters as"), missing=_TAKEN, longest=60)


class AssignForm(ConsoleForm):
    """Who is to handle the cases chosen."""

    to = select_field(said("担当", "Officer"), missing=said("担当を選んでください。", "Choose an officer."))

    def __init__(self, officer: Officer, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        cast(ChoiceField, self.fields["to"]).choices = [
            ("", said("選んでください", "Choose")),
            *((each.get_username(), str(each)) for each in colleagues(officer)),
            (_NOBODY, said("担当を外す", "Nobody")),
        ]


def _listed(kind: Kind) -> Callable[..., HttpResponseBase]:
    def view(request: HttpRequest) -> HttpResponseBase:
        """Show a page of the list, narrowed as the address says."""
        officer, now = cast(Officer, request.user), timezone.now()
        filters = filtering.filters_of(kind, request.GET, officer, timezone.localdate())
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
                "chips": list(filtering.chips(kind, request.GET)),
                "query": filtering.query_of(request.GET),
                "first": not request.GET.get("after"),
                "filters": filtering.CaseFilters.unsent(request.GET, kind),
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

    Sent as a form, so that no identifier stands in an address or a log.
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
            "sought", said("該当はありません。番号を確かめてください。", "Nothing found. Check the number.")
        )
    return render(request, "console/case_search.html", {"form": form})


@page("case_assign")
def case_assign(request: HttpRequest) -> HttpResponseBase:
    """Give chosen cases to an officer: shown by number first, then done, all or none."""
    officer = cast(Officer, request.user)
    if request.method != "POST":
        return redirect("discrepancies")
    numbers = list(dict.fromkeys(request.POST.getlist("number")))[:MOST]
    kind = (
        Kind.SUSPECTED_OMISSION if request.POST.get("kind") == Kind.SUSPECTED_OMISSION else Kind.DISCREPANCY
    )
    onwards = f"{reverse(LISTS[kind])}?{filtering.query_of(QueryDict(request.POST.get('query', '')))}"
    if not numbers:
        messages.error(request, Words("事案を選んでください。", "Choose cases.").say(language()))
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
            done = Words(f"{changed}件の担当を決めました。", f"{changed} assigned.")
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
    """Return who handles cases in one of the officer's offices or in all, the officer first."""
    offices = set(officer.assignments.filter(duty=Duty.HANDLE_CASES).values_list("office", flat=True))
    handling_cases = Officer.objects.filter(is_active=True, assignments__duty=Duty.HANDLE_CASES)
    if "" not in offices:
        handling_cases = handling_cases.filter(assignments__office__in=[*offices, ""])
    found = list(handling_cases.distinct().order_by("username"))
    return sorted(found, key=lambda each: each.pk != officer.pk)


@page("saved_lists")
def saved_lists(request: HttpRequest) -> HttpResponseBase:
    """Keep a list's filters by a name, or drop them; only one's own."""
    officer = cast(Officer, request.user)
    form: SaveForm | None = None
    kind = (
        Kind.SUSPECTED_OMISSION if request.POST.get("kind") == Kind.SUSPECTED_OMISSION else Kind.DISCREPANCY
    )
    query = filtering.query_of(QueryDict(request.POST.get("query", "")))
    if request.method == "POST":
        if drop := request.POST.get("drop", ""):
            SavedList.objects.filter(officer=officer, pk=int(drop) if drop.isdigit() else 0).delete()
            return redirect("saved_lists")
        form = SaveForm(request.POST)
        if _saved(form, kind, query, officer):
            messages.success(request, Words("条件を保存しました。", "Filters saved.").say(language()))
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
    """Keep the filters where the form is valid and its name new."""
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
