"""I-01 to I-04: incidents with their clocks, one of them, declaring one, and what is done about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.node.console import incident_forms as forms
from renkei.node.console.access import page
from renkei.node.console.templatetags.console import language
from renkei.node.console.views.case_acts import typed
from renkei.node.errors import NodeError
from renkei.node.incidents import clocks, concerned, handling, notices
from renkei.node.incidents.errors import IncidentRefused
from renkei.node.incidents.models import Incident, Item
from renkei.node.officers.models import Officer

_A_PAGE: Final = 50
_REFUSED, _CONFLICT = 422, 409


class _SomebodyFaster(IncidentRefused):
    """Another officer changed the incident after this form was opened."""


@page("incidents")
def incidents(request: HttpRequest) -> HttpResponse:
    """List all incidents, ours and the counterpart's, the newest first, each with the clock that is next."""
    officer, now = cast(Officer, request.user), timezone.now()
    listed = Paginator(handling.listed(officer, now), _A_PAGE).get_page(request.GET.get("page"))
    told = notices.told(listed.object_list)
    lines = [(each, told.get(each.pk), _next_clock(each)) for each in listed]
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
    holding = clocks.judged(found)
    return render(
        request,
        "console/incident.html",
        {
            "incident": found,
            "kind": forms.KINDS[found.kind],
            "clocks": clocks.running(found),
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
    """Ask what is known, show it once more, and declare it: what the counterpart was told stays told."""
    fields, now = cast(QueryDict, typed(request)), timezone.now()
    step = fields.get("step", "") if request.method == "POST" else ""
    refused: NodeError | None = None
    read: dict[str, Any] = {}
    if step:
        try:
            read = _read_new(fields, now)
            if step == "confirm":
                made = handling.declare(
                    read["kind"],
                    read["said"],
                    **{name: read[name] for name in _DECLARED},
                    contact=fields.get("contact", "").strip()[: forms.LONGEST],
                    by=cast(Officer, request.user),
                    now=now,
                )
                told = Words(
                    f"{made}を記録しました。次の実行で相手方に送ります。電話でも伝えてください。",
                    f"{made} is recorded. The next run sends it to the counterpart; telephone as well.",
                )
                messages.success(request, told.say(language()))
                return redirect("incident", made.pk)
        except NodeError as refusal:
            refused, step = refusal, ""
    given = {name: fields.getlist(name) for name in fields if name not in _NOT_CARRIED}
    return render(
        request,
        "console/incident_new.html",
        _choices(fields)
        | {
            "refused": refused,
            "confirming": step == "check",
            "read": read,
            "carried": [(name, text) for name, texts in given.items() for text in texts],
            "words": [(words, fields.get(f"say-{item}", "")) for item, words in forms.ITEMS.items()],
            "found_at": fields.get("found_at") or timezone.localtime(now).strftime("%Y-%m-%dT%H:%M"),
        },
        status=_REFUSED if refused else 200,
    )


_DECLARED: Final = ("found_at", "suspected", "concerned", "persons", "conditions")
_NOT_CARRIED: Final = ("csrfmiddlewaretoken", "step")


def _read_new(fields: QueryDict, now: datetime) -> dict[str, Any]:
    said = forms.said(fields)
    if Item.OVERVIEW not in said:
        raise IncidentRefused(
            "An overview is needed: say what is known, however little.",
            "概要が必要です。分かっている範囲で書いてください。",
        )
    moment = forms.found_at(fields, now)
    if moment > now:
        raise IncidentRefused(
            "It cannot have been found in the future. Correct the time.",
            "判明日時が未来になっています。直してください。",
        )
    return {
        "kind": forms.kind(fields),
        "kind_words": forms.KINDS[forms.kind(fields)],
        "suspected": forms.suspected(fields),
        "found_at": moment,
        "said": said,
        "concerned": forms.deliveries(fields),
        "persons": forms.persons(fields),
        "conditions": forms.conditions(fields),
        "condition_words": [forms.CONDITIONS[each] for each in fields.getlist("condition")],
    }


@dataclass(frozen=True, slots=True)
class IncidentAct:
    """What is done about an incident on a page of its own."""

    name: str
    ja: str
    en: str
    ours_alone: bool
    leaks_alone: bool
    do: Callable[[Incident, QueryDict, Officer, datetime], object]

    def open_to(self, incident: Incident) -> bool:
        """Whether it fits: not what is closed, and the counterpart is told of ours alone."""
        fits = (incident.ours or not self.ours_alone) and (incident.kind == "leak" or not self.leaks_alone)
        return fits and incident.closed_at is None


def _add(incident: Incident, fields: QueryDict, by: Officer, now: datetime) -> None:
    certain = fields.get("suspected") == "false"
    handling.add(incident, forms.said(fields), suspected=False if certain else None, by=by, now=now)


def _report(incident: Incident, fields: QueryDict, by: Officer, now: datetime) -> None:
    if not fields.getlist("reported"):
        raise IncidentRefused("Choose the duty that was done.", "報告した義務を選んでください。")
    handling.add(incident, {}, reported=fields.getlist("reported"), by=by, now=now)


def _judge(incident: Incident, fields: QueryDict, by: Officer, now: datetime) -> None:
    handling.add(incident, {}, conditions=forms.conditions(fields, asked=True), by=by, now=now)


def _name(incident: Incident, fields: QueryDict, by: Officer, now: datetime) -> None:
    handling.add(
        incident, {}, concerned=forms.deliveries(fields), persons=forms.persons(fields), by=by, now=now
    )


def _notify(incident: Incident, fields: QueryDict, by: Officer, now: datetime) -> None:
    handling.notify(incident, by=by, now=now)


def _close(incident: Incident, fields: QueryDict, by: Officer, now: datetime) -> None:
    handling.close(incident, forms.said(fields), by=by, now=now)


ACTS: Final[Mapping[str, IncidentAct]] = {
    act.name: act
    for act in (
        IncidentAct("add", "分かったことを追記する", "Add what came to be known", False, False, _add),
        IncidentAct(
            "concerned", "対象の送付と人数を記録する", "Name deliveries and persons", True, False, _name
        ),
        IncidentAct("conditions", "報告の要件を判断する", "Judge the conditions", False, True, _judge),
        IncidentAct("report", "報告・通知したことを記録する", "Note a duty done", False, True, _report),
        IncidentAct(
            "notify",
            "相手方に今の内容を連絡する",
            "Tell the counterpart what is known now",
            True,
            False,
            _notify,
        ),
        IncidentAct("close", "終結する", "Close", False, False, _close),
    )
}


@page("incident_act")
def incident_act(request: HttpRequest, number: int, act: str) -> HttpResponseBase:
    """Ask for what an act needs and do it; whoever looked at another state is told so and decides anew."""
    found, now = _found(request, number)
    row = ACTS.get(act)
    if row is None:
        raise Http404
    fields = cast(QueryDict, typed(request))
    refused: NodeError | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                locked = Incident.objects.select_for_update().get(pk=number)
                if fields.get("looked_at") != forms.mark(locked):
                    raise _SomebodyFaster(
                        "Somebody else has changed the incident meanwhile. Look at it, and decide anew: what "
                        "you typed is kept.",
                        "別の職員が先に変更しました。内容を確かめて、もう一度行ってください。入力は残っています。",
                    )
                row.do(locked, fields, cast(Officer, request.user), now)
        except NodeError as refusal:
            refused = refusal
            found.refresh_from_db()
        else:
            done = Words(f"{found}: {row.ja} — 記録しました。", f"{found}: {row.en} — recorded.")
            messages.success(request, done.say(language()))
            return redirect("incident", number)
    elif not row.open_to(found):
        raise Http404
    running = clocks.running(found)
    conflict = isinstance(refused, _SomebodyFaster)
    return render(
        request,
        "console/incident_act.html",
        _choices(fields)
        | {
            "incident": found,
            "act": row,
            "refused": refused,
            "looked_at": forms.mark(found),
            "left": [each for each in running if each.done_at is None],
            "reported": fields.getlist("reported") if hasattr(fields, "getlist") else [],
            "untold": found.ours and notices.untold(found),
            "words": handling.current(found),
        },
        status=_CONFLICT if conflict else _REFUSED if refused else 200,
    )


def _found(request: HttpRequest, number: int) -> tuple[Incident, datetime]:
    officer, now = cast(Officer, request.user), timezone.now()
    return get_object_or_404(handling.listed(officer, now), pk=number), now


def _next_clock(incident: Incident) -> clocks.Running | None:
    """Return the clock that is due first of those that run with a number of days."""
    if incident.closed_at:
        return None
    left = [each for each in clocks.running(incident) if each.done_at is None and each.due_by]
    return min(left, key=lambda each: each.due_from, default=None)


def _choices(fields: QueryDict) -> dict[str, Any]:
    chosen = fields.getlist("condition")
    return {
        "typed": fields,
        "kinds": forms.KINDS,
        "items": [(code, words, fields.get(f"say-{code}", "")) for code, words in forms.ITEMS.items()],
        "conditions": [(code, words, code in chosen) for code, words in forms.CONDITIONS.items()],
        "none_holds": fields.get("condition-none") == "on",
        "ways": forms.WAYS,
        "services": list(concerned.DATA.items()),
        "longest": forms.LONGEST,
    }
