"""T-03: rows and values that were left out, at the counterpart and here, with the reasons.

The list has no identifier of a row taken here: for a card this is its number.
"""

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from renkei.node.console.access import page
from renkei.node.records import rejected_rows

_A_PAGE: Final = 100


@page("rejects")
def rejects(request: HttpRequest) -> HttpResponse:
    """List what the counterpart returned, as far as it is outstanding, and our own rejects, newest first."""
    return render(
        request,
        "console/rejects.html",
        {
            "returned": rejected_rows.outstanding()[:_A_PAGE],
            "listed": Paginator(rejected_rows.ours(), _A_PAGE).get_page(request.GET.get("page")),
        },
    )
