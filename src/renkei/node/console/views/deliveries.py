"""T-01 and T-02: the deliveries in both directions with gaps in their numbers, and one with its proofs."""

from typing import IO, ClassVar, Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.exchange import media
from renkei.exchange.errors import ExchangeError
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, permitted
from renkei.node.console.access import page
from renkei.node.console.forms import (
    ConsoleForm,
    FilterForm,
    options,
    radio_field,
    said,
    select_field,
    text_field,
)
from renkei.node.console.templatetags.console import language
from renkei.node.console.templatetags.console import service as service_name
from renkei.node.deliveries import medium, outgoing, queries
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NotHandedOver, NotPermitted

_A_PAGE: Final = 50
_SERVICES: Final = ("annex1", "annex2-3", "incident", "receipt")
_DONE: Final = {
    "resend": Words("次の実行で送り直します。", "The delivery will be sent again in the next run."),
    "ask": Words("申請しました。別の職員の確認を待っています。", "Requested. Another officer must confirm."),
    "confirm": Words(
        "確認しました。媒体に書き出せます。", "Confirmed. The delivery can be written to a medium."
    ),
}
_MEDIUM_REASONS: Final = {
    "agreed": Words("双方の合意", "Both agreed"),
    "network_failure": Words("ネットワークの障害", "Network failure"),
}
_NO_ACT: Final = ("できることを選んでください。", "Please choose what to do.")


class DeliveryFilters(FilterForm):
    """The filters of the list of deliveries."""

    direction = select_field(
        said("方向", "Direction"),
        [("", said("すべて", "Both")), ("out", said("送信", "Sent")), ("in", said("受信", "Received"))],
        required=False,
    )
    service = select_field(
        said("業務", "Service"),
        lambda: [("", said("すべて", "All")), *((each, service_name(each)) for each in _SERVICES)],
        required=False,
    )


class ResendForm(ConsoleForm):
    """The reason for sending a delivery again."""

    about: ClassVar = {NotHandedOver: "reason"}

    reason = radio_field(
        said("理由", "Reason"),
        options(outgoing.REASONS),
        missing=said(
            "相手方が回答していない送付だけを、理由を選んで再送できます。",
            "Please choose a reason. Only a delivery that the counterpart has not answered is resent.",
        ),
    )


class MediumForm(ConsoleForm):
    """The reason for a handover by medium, and the persons involved."""

    reason = radio_field(
        said("理由", "Reason"),
        options({each: _MEDIUM_REASONS[each] for each in media.REASONS}),
    )
    agreed_by = text_field(said("合意した相手方の氏名", "Name of who agreed at the counterpart"), longest=60)
    handed_over_by = text_field(said("引き渡す者の氏名", "Name of who hands it over"), longest=60)
    taken_over_by = text_field(said("受け取る者の氏名", "Name of who takes it over"), longest=60)


@page("deliveries")
def deliveries(request: HttpRequest) -> HttpResponse:
    """List the deliveries, the newest first, with the gaps in their numbers."""
    direction = request.GET.get("direction", "")
    service = request.GET.get("service", "")
    direction = direction if direction in Delivery.Direction.values else ""
    service = service if service in _SERVICES else ""
    listed = Paginator(queries.listed(direction, service), _A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "console/deliveries.html",
        {
            "listed": listed,
            "lines": [(each, queries.gap_before(each)) for each in listed],
            "waiting": list(queries.waiting()) if listed.number == 1 else [],
            "form": DeliveryFilters.unsent(request.GET),
            "direction": direction,
            "service": service,
        },
    )


@page("delivery")
def delivery(request: HttpRequest, direction: str, service: str, sequence: int) -> HttpResponseBase:
    """Show one delivery, and do one of the acts on it."""
    found = get_object_or_404(Delivery, direction=direction, service=service, sequence=sequence)
    officer, now = cast(Officer, request.user), timezone.now()
    act, refused = request.POST.get("act", ""), None
    # Either one of the page's forms was sent, or a button without a form.
    resend_form = ResendForm(request.POST if act == "resend" else None, auto_id="resend-%s")
    medium_form = MediumForm(request.POST if act == "ask" else None, auto_id="medium-%s")
    form = {"resend": resend_form, "ask": medium_form}.get(act)
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            written = _do(act, found, request, officer)
        except (NotHandedOver, NotPermitted, ExchangeError) as refusal:
            refused = refusal
        else:
            if written is not None:
                name = f"{service}-{sequence:08d}-{act}.zip"
                return FileResponse(written, as_attachment=True, filename=name)
            messages.success(request, _DONE[act].say(language()))
            return redirect("delivery", direction, service, sequence)
    return render(
        request,
        "console/delivery.html",
        {
            "delivery": found,
            "proofs": queries.proofs(found),
            "refused": refused,
            "resend_form": resend_form,
            "medium_form": medium_form,
            "is_open": found.direction == Delivery.Direction.OUT
            and found.state in (Delivery.State.SEALED, Delivery.State.SENT),
            "may_send": permitted(officer, Act.RUN_DAY, now=now),
            "may_carry": permitted(officer, Act.CARRY_MEDIA, now=now),
            "handover": medium.standing(found, now),
        },
        status=422 if refused or (form and form.errors) else 200,
    )


def _do(act: str, found: Delivery, request: HttpRequest, officer: Officer) -> IO[bytes] | None:
    """Do one act; returns a file if there is one to download."""
    now, fields = timezone.now(), request.POST
    match act:
        case "resend":
            outgoing.resend(found, officer, fields.get("reason", ""), now=now)
        case "ask":
            names = {name: fields.get(name, "") for name in ("agreed_by", "handed_over_by", "taken_over_by")}
            medium.ask(found, officer, reason=fields.get("reason", ""), now=now, **names)
        case "confirm" | "medium" if (asked := medium.standing(found, now)) is not None:
            if act == "medium":
                return medium.write(asked, officer, now=now)
            medium.confirm(asked, officer, now=now)
        case "evidence":
            return medium.evidence(found, officer, now=now)
        case _:
            raise NotHandedOver(*reversed(_NO_ACT))
    return None
