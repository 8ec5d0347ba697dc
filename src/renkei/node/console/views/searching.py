"""C-12: cases by a card number, for a purpose stated with it; the number stands in no address and no log."""

import re
from typing import Final, cast

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from renkei.node.accounts.models import Officer
from renkei.node.cases.models import Case
from renkei.node.cases.queries import by_card_number
from renkei.node.console.access import page
from renkei.node.console.forms import said, text_field
from renkei.node.console.views.purpose import PurposeForm
from renkei.node.errors import NoSuchPurpose

_FORM: Final = re.compile(r"[A-Z]{2}[0-9]{8}[A-Z]{2}")
_WRONG: Final = said(
    "在留カード番号は半角の英字2字・数字8字・英字2字です。",
    "A card number is two letters, eight digits and two letters.",
)


class CardForm(PurposeForm):
    """A card number, and for what it is looked for."""

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
    """Ask for number and purpose, and list what is found by case number."""
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
        # What was found is told, and the number that found it is not repeated.
        {"found": found, "form": form if found is None else CardForm()},
        status=400 if form.errors else 200,
    )
