"""A-02: accepting that a trail was restored from a backup; one officer asks, another confirms."""

from typing import ClassVar, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from renkei.agreement.parties import PARTIES
from renkei.agreement.text import Words
from renkei.exchange.errors import ExchangeError
from renkei.node.accounts.models import Officer
from renkei.node.audit import restore_acceptance
from renkei.node.audit.models import Verification
from renkei.node.console.access import page
from renkei.node.console.forms import ConsoleForm, radio_field, said, text_field
from renkei.node.console.templatetags.console import language
from renkei.node.errors import NotAccepted, NothingExplained, NotPermitted

_DONE: Final = {
    "ask": Words("申請しました。別の職員の確認を待っています。", "Asked. Another officer has to confirm."),
    "confirm": Words(
        "認めました。警報は次の日次処理で解けます。",
        "Accepted. The alarm is cleared by the next run of the day.",
    ),
}


class AcceptForm(ConsoleForm):
    """Whose trail was restored to which entry, and what that stands on."""

    about: ClassVar = {NothingExplained: "head", NotAccepted: "reference"}

    of = radio_field(
        said("復元された証跡", "Whose trail was restored"),
        [(code, said(party.name_ja, party.name_en)) for code, party in PARTIES.items()],
    )
    number = text_field(
        said("復元された行の番号", "Number of the entry it was restored to"),
        help_text=said("復元した側が文書で知らせます。", "The letter of whoever restored it tells."),
        maxlength="17",
        inputmode="numeric",
    )
    head = text_field(
        said("その行の封印(64桁)", "Its seal, 64 digits"), longest=64, autocomplete="off", spellcheck="false"
    )
    reason = radio_field(
        said("理由", "Reason"), [(code, said(*words)) for code, words in restore_acceptance.REASONS.items()]
    )
    reference = text_field(
        said("事案又は公文書の番号", "Number of the incident or letter"),
        help_text=said(
            "空白なし。氏名を書かないでください。例: I-2026-015", "Without blanks; name nobody. As I-2026-015"
        ),
        longest=60,
    )


@page("restored_trail")
def restored_trail(request: HttpRequest) -> HttpResponse:
    """Show what differs and what was asked for; POST asks or confirms."""
    officer, refused = cast(Officer, request.user), None
    asks = request.method == "POST" and request.POST.get("act") != "confirm"
    form = AcceptForm(request.POST if asks else None)
    if form.is_valid() or (request.method == "POST" and not asks):
        try:
            act = _do(request, officer)
        except (NotAccepted, NotPermitted, ExchangeError) as refusal:
            if asks:
                form.refuse(refusal)
            else:
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
            "asked": restore_acceptance.standing(timezone.now()),
            "reasons": {code: said[language() == "en"] for code, said in restore_acceptance.REASONS.items()},
            "form": form,
            "refused": refused,
        },
        status=422 if refused or form.errors else 200,
    )


def _do(request: HttpRequest, officer: Officer) -> str:
    """Do what was chosen; returns which it was."""
    told, now = request.POST, timezone.now()
    if told.get("act") == "confirm":
        restore_acceptance.confirm(_number(told.get("asked", "")), officer, now=now)
        return "confirm"
    restore_acceptance.ask(
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
