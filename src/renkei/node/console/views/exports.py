"""C-10: a list as CSV, after the purpose is stated."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from renkei.node.accounts.models import Officer
from renkei.node.cases.models import Kind
from renkei.node.cases.queries import export
from renkei.node.console import filtering
from renkei.node.console.access import page
from renkei.node.console.views.lists import LISTS
from renkei.node.console.views.purpose import PurposeForm
from renkei.node.errors import NodeError


@page("case_export")
def case_export(request: HttpRequest) -> HttpResponseBase:
    """Ask for the purpose, then hand out the file."""
    posted = request.method == "POST"
    given = QueryDict(request.POST.get("query", "")) if posted else request.GET
    named = request.POST.get("kind") if posted else request.GET.get("kind")
    kind = Kind.SUSPECTED_OMISSION if named == Kind.SUSPECTED_OMISSION else Kind.DISCREPANCY
    form = PurposeForm(request.POST if posted else None)
    if form.is_valid():
        officer = cast(Officer, request.user)
        filters = filtering.filters_of(kind, given, officer, timezone.localdate())
        try:
            name, content = export(officer, filters, form.cleaned_data["purpose"], now=timezone.now())
        except NodeError as error:
            form.refuse(error)
        else:
            response = HttpResponse(content, content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
    query = filtering.query_of(given)
    return render(
        request,
        "console/case_export.html",
        {
            "kind": kind,
            "query": query,
            "onwards": f"{reverse(LISTS[kind])}?{query}",
            "chips": list(filtering.chips(kind, given)),
            "form": form,
        },
        status=400 if form.errors else 200,
    )
