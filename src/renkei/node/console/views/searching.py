"""C-12: cases by a card number, for a purpose stated with it; the number stands in no address and no log."""

import re
from typing import Final, cast

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.cases.models import Case
from renkei.node.cases.searching import by_card_number
from renkei.node.console.access import page
from renkei.node.officers import declarations
from renkei.node.officers.errors import NoSuchPurpose
from renkei.node.officers.models import Officer

_FORM: Final = re.compile(r"[A-Z]{2}[0-9]{8}[A-Z]{2}")


@page("card_search")
def card_search(request: HttpRequest) -> HttpResponseBase:
    """Ask for number and purpose, and list what is found by case number."""
    found: list[Case] | None = None
    problem: Words | NoSuchPurpose | None = None
    card_number = request.POST.get("card_number", "").strip().upper()
    if request.method == "POST":
        if not _FORM.fullmatch(card_number):
            problem = Words(
                "在留カード番号は半角の英字2字・数字8字・英字2字です。",
                "A card number is two letters, eight digits and two letters.",
            )
        else:
            try:
                officer, purpose = cast(Officer, request.user), request.POST.get("purpose", "")
                found = by_card_number(card_number, purpose, officer, now=timezone.now())
            except NoSuchPurpose as error:
                problem = error
    return render(
        request,
        "console/card_search.html",
        {
            "found": found,
            "refused": problem,
            "card_number": card_number if problem else "",
            "offered": declarations.offered(),
        },
        status=400 if problem else 200,
    )
