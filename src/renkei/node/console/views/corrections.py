"""F-06 and F-07: MHLW's correction requests that wait for a decision, and the decision on one."""

from typing import ClassVar, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject
from renkei.node.console.access import page, require_purpose
from renkei.node.console.forms import ConsoleForm, radio_field, said
from renkei.node.console.templatetags.console import language
from renkei.node.corrections import decisions
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.errors import RequestDecided
from renkei.node.matching_run import queries

_DONE = (
    "{number}に回答しました。次の回答の送付に載ります。",
    "{number} is decided. The decision is sent with the next answer.",
)


class AnswerForm(ConsoleForm):
    """The decision together with its reason."""

    about: ClassVar = {RequestDecided: "decision"}

    decision = radio_field(
        said("回答と理由", "Decision and reason"),
        [
            (
                f"{each.decision}:{code}",
                said(f"応じる: {each.ja}", f"Accept: {each.en}")
                if each.decision == "accepted"
                else said(f"応じない: {each.ja}", f"Reject: {each.en}"),
            )
            for code, each in decisions.REASONS.items()
        ],
        missing=said("回答とその理由を選んでください。", "Please choose a decision and its reason."),
    )


@page("corrections")
def corrections(request: HttpRequest) -> HttpResponse:
    """List the waiting requests, oldest first, or the decided ones, newest first."""
    waiting = "decided" not in request.GET
    found = queries.correction_requests(waiting=waiting)
    listed = Paginator(found, queries.PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "console/corrections.html",
        {"waiting": waiting, "listed": listed, "reasons": decisions.REASONS, "counts": queries.counts()},
    )


@page("correction")
def correction(request: HttpRequest, request_id: str) -> HttpResponse:
    """Show one request for a stated purpose, because its text may name a person, and record the decision."""
    now = timezone.now()
    if asking := require_purpose(request, Act.DECIDE_CORRECTION, Subject(request_id), now=now):
        return asking
    found = get_object_or_404(ReceivedRequest, pk=request_id)
    english = language() == "en"
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        decision, _, reason = form.cleaned_data["decision"].partition(":")
        try:
            decisions.decide(request_id, decision, reason, cast(Officer, request.user), now=now)
        except RequestDecided as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _DONE[english].format(number=request_id))
            return redirect("corrections")
    return render(
        request,
        "console/correction.html",
        {
            "request_": found,
            "form": form,
            "reason": decisions.REASONS.get(found.decision_reason),
        },
        status=422 if form.errors else 200,
    )
