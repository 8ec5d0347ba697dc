"""D-01 and D-02: every business day, and one day as a table of its steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.matching.plausibility import in_words
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, permitted
from renkei.node.console.access import page
from renkei.node.console.forms import ConsoleForm, FilterForm, date_field, said, text_field
from renkei.node.console.labels import REJECTED, STEP_STATES
from renkei.node.console.pages import PAGES
from renkei.node.console.templatetags.console import language
from renkei.node.cycle import confirmations
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.steps import AWAITED
from renkei.node.cycle.steps_by_party import step_labels
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NothingWaits

_DAYS_A_PAGE = 60
_CONFIRMED = Words("確認しました。次の実行で続きます。", "Confirmed. The next run goes on.")
_NO_DAY = said(
    "その日の日次処理はありません。営業日を選んでください。",
    "There is no daily cycle on that day. Please choose a business day.",
)


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of a day with its label."""

    row: Words
    step: Step

    @property
    def standing(self) -> Words:
        """The label of the step's state."""
        awaited = self.step.state == Step.State.WAITING and self.step.awaited
        return STEP_STATES["awaited" if awaited else self.step.state]

    @property
    def awaited(self) -> Words | None:
        """What a waiting step waits for."""
        return AWAITED.get(self.step.awaited) if self.step.state == Step.State.WAITING else None

    @property
    def counts(self) -> Sequence[tuple[str, int]]:
        """The counts of the step, by name."""
        return [each for each in self.step.counts.items() if not each[0].startswith(REJECTED)]

    @property
    def rejections(self) -> Sequence[tuple[str, int]]:
        """The rejected rows by reason, the most frequent first."""
        by_reason = [
            (name.removeprefix(REJECTED), count)
            for name, count in self.step.counts.items()
            if name.startswith(REJECTED)
        ]
        return sorted(by_reason, key=lambda each: (-each[1], each[0]))


def shown_steps(day: Day) -> list[ShownStep]:
    """Return the steps of a day in their order."""
    names = step_labels(settings.NODE.party)
    # A day of an older version may have a step that no longer exists: it is shown by its name.
    return [ShownStep(Words(*names.get(step.name, (step.name, step.name))), step) for step in day.steps.all()]


class DayForm(FilterForm):
    """The day to go to."""

    on = date_field(said("日付で移動", "Go to a day"), missing=_NO_DAY)


class ConfirmForm(ConsoleForm):
    """Why a delivery or an answer that seems implausible is right."""

    about: ClassVar = {NothingWaits: "reason"}

    reason = text_field(said("確かめたことと理由", "What you checked, and why it is right"), longest=200)


@page("days")
def days(request: HttpRequest) -> HttpResponse:
    """Show the business days, the newest first; `on` (2026-04-01) redirects to that day if it exists."""
    form = DayForm(request.GET if request.GET.get("on") else None)
    if form.is_valid():
        if chosen := Day.objects.filter(business_day=form.cleaned_data["on"]).first():
            return redirect("day", chosen.business_day)
        form.add_error("on", _NO_DAY)
    found = Day.objects.order_by("-business_day").prefetch_related("steps")
    listed = Paginator(found, _DAYS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "console/days.html",
        {"listed": listed, "shown": [(day, shown_steps(day)) for day in listed], "form": form},
    )


@page("day")
def day(request: HttpRequest, day: date) -> HttpResponse:
    """Show one day with its deliveries, and links to deliveries and trail entries if the duties allow it.

    What waits for a confirmation is confirmed here, with a reason.
    """
    found = get_object_or_404(Day, business_day=day)
    officer = cast(Officer, request.user)
    may_confirm = permitted(officer, Act.RUN_DAY, now=timezone.now())
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not may_confirm:
        raise PermissionDenied
    if form.is_bound and form.is_valid():
        try:
            confirmations.confirm(form.cleaned_data["reason"], officer)
        except NothingWaits as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _CONFIRMED.say(language()))
            return redirect("day", day)
    waiting = [] if found.closed_at else [*confirmations.deliveries(), *confirmations.answers()]
    duties: frozenset[Duty] = request.duties  # type: ignore[attr-defined]
    return render(
        request,
        "console/day.html",
        {
            "day": found,
            "steps": shown_steps(found),
            "waiting": [(each.subject, in_words(each.findings)) for each in waiting],
            "form": form,
            "may_confirm": may_confirm,
            "sent": Delivery.objects.filter(business_day=day).order_by("service", "direction", "sequence"),
            "opens_deliveries": bool(duties & PAGES["deliveries"].duties),
            "opens_trail": bool(duties & PAGES["trail"].duties),
            "before": Day.objects.filter(business_day__lt=day).order_by("-business_day").first(),
            "after": Day.objects.filter(business_day__gt=day).order_by("business_day").first(),
        },
        status=422 if form.is_bound else 200,
    )
