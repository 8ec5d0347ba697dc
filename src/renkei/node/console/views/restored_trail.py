"""A-02: accepting that a trail was restored from a backup; one officer asks, another confirms."""

from typing import Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from renkei.agreement.parties import PARTIES
from renkei.agreement.text import Words
from renkei.exchange.errors import ExchangeError
from renkei.node.audit.models import Verification
from renkei.node.console.access import page
from renkei.node.console.templatetags.console import language
from renkei.node.errors import NotPermitted
from renkei.node.officers.models import Officer
from renkei.node.operations import accepting
from renkei.node.operations.errors import NotAccepted

_DONE: Final = {
    "ask": Words("申請しました。別の職員の確認を待っています。", "Asked. Another officer has to confirm."),
    "confirm": Words(
        "認めました。警報は次の日次処理で解けます。",
        "Accepted. The alarm is cleared by the next run of the day.",
    ),
}


@page("restored_trail")
def restored_trail(request: HttpRequest) -> HttpResponse:
    """Show what differs and what was asked for; POST asks or confirms."""
    officer, refused = cast(Officer, request.user), None
    if request.method == "POST":
        try:
            act = _do(request, officer)
        except (NotAccepted, NotPermitted, ExchangeError) as refusal:
            refused = refusal
        else:
            messages.success(request, _DONE[act].say(language()))
            return redirect("restored_trail")
    last = Verification.objects.first()
    return render(
        request,
        "console/restored_trail.html",
        {
            "last": last,
            "differing": [*last.differing, *last.counterpart_back] if last else [],
            "asked": accepting.standing(timezone.now()),
            "parties": PARTIES,
            "reasons": {code: said.say(language()) for code, said in accepting.REASONS.items()},
            "entered": request.POST if refused else {},
            "refused": refused,
        },
        status=422 if refused else 200,
    )


def _do(request: HttpRequest, officer: Officer) -> str:
    """Do what was chosen; returns which it was."""
    told, now = request.POST, timezone.now()
    if told.get("act") == "confirm":
        accepting.confirm(_number(told.get("asked", "")), officer, now=now)
        return "confirm"
    accepting.ask(
        told.get("of", ""),
        told.get("head", "").strip(),
        _number(told.get("number", "")),
        told.get("reason", ""),
        told.get("reference", "").strip(),
        officer,
        now=now,
    )
    return "ask"


def _number(text: str) -> int:
    """Read the number of an entry; one that is none is that of no entry."""
    return int(text) if text.isdecimal() and len(text) < 18 else 0
