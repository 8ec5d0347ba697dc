"""I-01 to I-04: the incidents with their deadlines, one incident, declaring one, and acts on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.accounts.models import Officer
from renkei.node.console import incident_forms as forms
from renkei.node.console.access import page
from renkei.node.console.templatetags.console import language
from renkei.node.console.views.cases import typed
from renkei.node.errors import IncidentRefused, NodeError
from renkei.node.incidents import deadlines, notices, services
from renkei.node.incidents.models import Incident, Item, Kind

_A_PAGE: Final = 50
_REFUSED, _CONFLICT = 422, 409


class _SomebodyFaster(IncidentRefused):
    """Another officer changed the incident after this form was opened."""


@page("incidents")
def incidents(request: HttpRequest) -> HttpResponse:
    """List all incidents, ours and the counterpart's, the newest first, each with its next deadline."""
    officer, now = cast(Officer, request.user), timezone.now()
    listed = Paginator(services.listed(officer, now), _A_PAGE).get_page(request.GET.get("page"))
    received = notices.told(listed.object_list)
    lines = [(each, received.get(each.pk), _next_clock(each)) for each in listed]
    return render(
        request, "console/incidents.html", {"listed": listed, "lines": lines, "today": timezone.localdate()}
    )


@page("incident")
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """Show one incident: clocks first, then what is known in the order of the report."""
    found, now = _found(request, number)
    waited = int((now - found.known_at).total_seconds() // 60)
    said: dict[str, list[Any]] = {}
    for each in found.statements.all():
        said.setdefault(each.item, []).append(each)
    sent = [(notice, notices.delivery(notice)) for notice in found.notices.all()]
    holding = deadlines.judged(found)
    return render(
        request,
        "console/incident.html",
        {
            "incident": found,
            "kind": forms.KINDS[found.kind],
            "clocks": deadlines.running(found),
            "today": timezone.localdate(),
            "hours": waited // 60,
            "minutes": waited % 60,
            "sent": sent,
            "untold": found.ours and notices.untold(found),
            "is_leak": found.kind == "leak",
            "holding": [words for code, words in forms.CONDITIONS.items() if code in (holding or ())],
            "said": [(forms.ITEMS[item], said[item][::-1]) for item in Item.values if item in said],
            "unsaid": [words for item, words in forms.ITEMS.items() if item not in said],
            "acts": [act for act in ACTS.values() if act.open_to(found)],
        },
    )


@page("incident_new")
def incident_new(request: HttpRequest) -> HttpResponseBase:
    """Ask what is known, ask for a confirmation, and declare it: a notice cannot be withdrawn."""
    fields, now = typed(request), timezone.now()
    step = fields.get("step", "") if request.method == "POST" else ""
    moment = timezone.localtime(now).strftime("%Y-%m-%dT%H:%M")
    form = (
        forms.DeclareForm(now, fields)
        if step
        else forms.DeclareForm.unsent(fields, now, initial={"found_at": moment, "way": ""})
    )
    if form.is_valid() and step == "confirm":
        try:
            made = _declare(form.cleaned_data, cast(Officer, request.user), now)
        except NodeError as refusal:
            form.refuse(refusal)
        else:
            done = Words(
                f"{made}を記録しました。次の実行で相手方に送ります。電話でも伝えてください。",
                f"{made} is recorded. The next run sends it to the counterpart. Please also telephone.",
            )
            messages.success(request, done.say(language()))
            return redirect("incident", made.pk)
    given = {name: fields.getlist(name) for name in fields if name not in _NOT_CARRIED}
    return render(
        request,
        "console/incident_new.html",
        {
            "form": form,
            "confirming": step == "check" and form.is_valid(),
            "read": _in_words(form.cleaned_data) if form.is_valid() else {},
            "typed": fields,
            "carried": [(name, text) for name, texts in given.items() for text in texts],
            "words": [(words, fields.get(f"say-{item}", "")) for item, words in forms.ITEMS.items()],
        },
        status=_REFUSED if form.errors else 200,
    )


_DECLARED: Final = ("found_at", "concerned", "persons", "conditions")
_NOT_CARRIED: Final = ("csrfmiddlewaretoken", "step")


def _declare(read: Mapping[str, Any], by: Officer, now: datetime) -> Incident:
    return services.declare(
        Kind(read["kind"]),
        read["said"],
        **{name: read[name] for name in _DECLARED},
        suspected=read["suspected"] == "true",
        contact=read["contact"],
        by=by,
        now=now,
    )


def _in_words(read: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the confirmation page shows."""
    return {
        **{name: read[name] for name in _DECLARED},
        "suspected": read["suspected"] == "true",
        "kind_words": forms.KINDS[read["kind"]],
        "condition_words": [forms.CONDITIONS[each] for each in read["conditions"] or ()],
    }


@dataclass(frozen=True, slots=True)
class IncidentAct:
    """An act on an incident, with a page of its own."""

    name: str
    ja: str
    en: str
    ours_alone: bool
    leaks_alone: bool
    form: type[forms.ActForm]
    do: Callable[[Incident, Mapping[str, Any], Officer, datetime], object]

    def open_to(self, incident: Incident) -> bool:
        """Whether the act is possible: only on open incidents, and notices only about ours."""
        fits = (incident.ours or not self.ours_alone) and (incident.kind == "leak" or not self.leaks_alone)
        return fits and incident.closed_at is None


def _add(incident: Incident, read: Mapping[str, Any], by: Officer, now: datetime) -> None:
    suspected = False if read.get("suspected") else None
    services.add(incident, read["said"], suspected=suspected, by=by, now=now)


def _report(incident: Incident, read: Mapping[str, Any], by: Officer, now: datetime) -> None:
    services.add(incident, {}, reported=read["reported"], by=by, now=now)


def _judge(incident: Incident, read: Mapping[str, Any], by: Officer, now: datetime) -> None:
    services.add(incident, {}, conditions=read["conditions"], by=by, now=now)


def _name(incident: Incident, read: Mapping[str, Any], by: Officer, now: datetime) -> None:
    services.add(incident, {}, concerned=read["concerned"], persons=read["persons"], by=by, now=now)


def _notify(incident: Incident, read: Mapping[str, Any], by: Officer, now: datetime) -> None:
    services.notify(incident, by=by, now=now)


def _close(incident: Incident, read: Mapping[str, Any], by: Officer, now: datetime) -> None:
    services.close(incident, read["said"], by=by, now=now)


ACTS: Final[Mapping[str, IncidentAct]] = {
    act.name: act
    for act in (
        IncidentAct(
            "add", "分かったことを追記する", "Add new information", False, False, forms.AddForm, _add
        ),
        IncidentAct(
            "concerned",
            "対象の送付と人数を記録する",
            "Record deliveries and persons",
            True,
            False,
            forms.DeliveriesForm,
            _name,
        ),
        IncidentAct(
            "conditions",
            "報告の要件を判断する",
            "Judge the conditions",
            False,
            True,
            forms.ConditionsForm,
            _judge,
        ),
        IncidentAct(
            "report",
            "報告・通知したことを記録する",
            "Record a duty that was done",
            False,
            True,
            forms.ReportForm,
            _report,
        ),
        IncidentAct(
            "notify",
            "相手方に今の内容を連絡する",
            "Notify the counterpart of what is known now",
            True,
            False,
            forms.ActForm,
            _notify,
        ),
        IncidentAct("close", "終結する", "Close", False, False, forms.CloseForm, _close),
    )
}


@page("incident_act")
def incident_act(request: HttpRequest, number: int, act: str) -> HttpResponseBase:
    """Show the form of an act and do it; if the incident has changed since, the officer decides again."""
    found, now = _found(request, number)
    row = ACTS.get(act)
    if row is None:
        raise Http404
    sent = request.method == "POST"
    form = row.form(found, request.POST) if sent else row.form.unsent(typed(request), found)
    conflict = False
    if sent:
        try:
            with transaction.atomic():
                locked = Incident.objects.select_for_update().get(pk=number)
                if request.POST.get("looked_at") != forms.mark(locked):
                    raise _SomebodyFaster(
                        "Another officer has changed the incident in the meantime. Please check it and try "
                        "again. What you typed is kept.",
                        "別の職員が先に変更しました。内容を確かめて、もう一度行ってください。入力は残っています。",
                    )
                if form.is_valid():
                    row.do(locked, form.cleaned_data, cast(Officer, request.user), now)
        except NodeError as refusal:
            conflict = isinstance(refusal, _SomebodyFaster)
            form.refuse(refusal)
            found.refresh_from_db()
        if form.is_valid():
            done = Words(f"{found}: {row.ja} — 記録しました。", f"{found}: {row.en} — recorded.")
            messages.success(request, done.say(language()))
            return redirect("incident", number)
    elif not row.open_to(found):
        raise Http404
    running = deadlines.running(found)
    return render(
        request,
        "console/incident_act.html",
        {
            "incident": found,
            "form": form,
            "act": row,
            "looked_at": forms.mark(found),
            "left": [each for each in running if each.done_at is None],
            "untold": found.ours and notices.untold(found),
            "words": services.current(found),
        },
        status=_CONFLICT if conflict else _REFUSED if form.errors else 200,
    )


def _found(request: HttpRequest, number: int) -> tuple[Incident, datetime]:
    officer, now = cast(Officer, request.user), timezone.now()
    return get_object_or_404(services.listed(officer, now), pk=number), now


def _next_clock(incident: Incident) -> deadlines.Running | None:
    """Return the open deadline that is due first, of those with a number of days."""
    if incident.closed_at:
        return None
    left = [each for each in deadlines.running(incident) if each.done_at is None and each.due_by]
    return min(left, key=lambda each: each.due_from, default=None)
