"""F-01 to F-05, F-10: ISA's findings, causes, and the trays. Lists hold only identifiers, items, causes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from renkei.agreement.causes import Cause, Found, causes_in
from renkei.agreement.datasets import NOTIFICATIONS, PERSONS, SUSPECTED_OMISSIONS
from renkei.agreement.omissions import EXPLANATIONS, GROUNDS, REASONS
from renkei.agreement.text import Words
from renkei.matching.labels import FLAGS, IDENTITY_CAUTION, NO_ACCUSATION, NO_FINDING, value_in_words
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act
from renkei.node.candidates.models import NotFound
from renkei.node.console.access import page, require_purpose
from renkei.node.console.comparison import COMPARED, Piece, pieces
from renkei.node.console.forms import FilterForm, said, select_field, text_field
from renkei.node.console.templatetags.console import language
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.matching_run import queries
from renkei.node.matching_run.models import Finding, Kind, Outcome

_UNKNOWN: Final = said(
    "その識別番号の突合結果はありません。番号と種別を確かめてください。",
    "There is no finding with that identifier. Please check the identifier and the kind.",
)
_COMPARED: Final = tuple(name for name in NOTIFICATIONS.names if name in PERSONS.names)
_NUMBERS: Final = {name: number for number, name in COMPARED}
_FLAGS: Final = ("card_superseded", "shared_number", "identity_conflict")
#: 別紙3's items in groups: the person, the organisation, the dispatch.
_OF_WHOM: Final[tuple[tuple[Words, tuple[str, str]], ...]] = (
    (Words("本人(別紙3①–⑪)", "The person (Annex 3 ①–⑪)"), ("name", "previous_status")),
    (
        Words("所属機関(別紙3⑫–⑯)", "Organisation (Annex 3 ⑫–⑯)"),
        ("organisation_corporate_number", "organisation_representative"),
    ),
    (Words("派遣先(別紙3⑰–⑲)", "Dispatch (Annex 3 ⑰–⑲)"), ("dispatch_name", "dispatch_phone")),
)


@dataclass(frozen=True, slots=True)
class ComparedItem:
    """One item of 別紙1: as notified, on the card notified, the latest value, the cause of a difference.

    Differing letters are marked, as on the page of the case at MHLW.
    """

    number: str
    name: str
    notified: Sequence[Piece]
    linked: Sequence[Piece]
    latest: str | None
    cause: Cause | None
    disclosed: bool


class FindForm(FilterForm):
    """The kind of findings to list, or the identifier of one."""

    kind = select_field(
        said("種別", "Kind"),
        [
            (Kind.DISCREPANCY.value, said("不一致", "Mismatch")),
            (Kind.SUSPECTED_OMISSION.value, said("未届の疑い", "Suspected omission")),
        ],
        required=False,
    )
    identifier = text_field(
        said("届出・許可の識別番号", "Identifier of notification or permission"),
        required=False,
        longest=32,
        autocomplete="off",
    )


@page("findings")
def findings(request: HttpRequest) -> HttpResponse:
    """List the findings that were reported and not withdrawn; find one by its identifier."""
    kind = Kind(request.GET["kind"]) if request.GET.get("kind") in Kind.values else Kind.DISCREPANCY
    form = FindForm(request.GET if "identifier" in request.GET else None, initial={"kind": kind})
    sought = form.cleaned_data.get("identifier", "") if form.is_valid() else ""
    # Only a known identifier gets into a URL and the trail: a card number typed here does not.
    if sought and _is_known(kind, sought):
        return redirect("finding", kind=kind, identifier=sought)
    if sought:
        form.add_error("identifier", _UNKNOWN)
    found = list(queries.reported(kind, request.GET.get("after", ""))[: queries.PAGE + 1])
    return render(
        request,
        "console/findings.html",
        {
            "kind": kind,
            "form": form,
            "listed": [(each, _said_word(each)) for each in found[: queries.PAGE]],
            "after": found[queries.PAGE - 1].identifier if len(found) > queries.PAGE else "",
            "counts": queries.counts(),
        },
    )


def _is_known(kind: Kind, identifier: str) -> bool:
    if Finding.objects.filter(kind=kind, identifier=identifier).exists():
        return True
    return kind == Kind.DISCREPANCY and Outcome.objects.filter(pk=identifier).exists()


@page("finding")
def finding(request: HttpRequest, kind: Kind, identifier: str) -> HttpResponse:
    """Show one finding with all values, for a stated purpose; the reading is recorded."""
    now = timezone.now()
    subject = queries.subject_of(kind, identifier)
    if asking := require_purpose(request, Act.READ_FINDING, subject, now=now):
        return asking
    opened = queries.open_finding(kind, identifier, cast(Officer, request.user), now=now)
    if opened.finding is None and opened.outcome is None:
        raise Http404
    return render(
        request,
        "console/finding.html",
        {
            "kind": kind,
            "identifier": identifier,
            "opened": opened,
            "requests": ReceivedRequest.objects.filter(kind=kind, identifier=identifier),
            "caution": IDENTITY_CAUTION,
            **(_mismatch(opened) if kind == Kind.DISCREPANCY else _omission(opened)),
        },
    )


def _mismatch(opened: queries.OpenedFinding) -> dict[str, object]:
    causes = causes_in(opened.outcome.differences if opened.outcome else None)
    items = list(_items(opened, causes))
    raised = [name for name in _FLAGS if opened.outcome and getattr(opened.outcome, name) == "true"]
    return {
        "items": items,
        # An officer's decision explains no difference; it only says which card the notification belongs to.
        "explained": [each for each in dict.fromkeys(causes.values()) if each.found is not Found.OFFICER],
        "flags": [FLAGS[name] for name in raised if name in FLAGS],
        "someone_else": "identity_conflict" in raised,
        "no_accusation": NO_ACCUSATION,
        "not_found": NotFound.objects.filter(pk=opened.outcome.pk).first() if opened.outcome else None,
    }


def _items(opened: queries.OpenedFinding, causes: Mapping[str, Cause]) -> Iterator[ComparedItem]:
    disclosed = settings.NODE.decided().disclosed_items
    for name in _COMPARED:
        notified, linked = (
            value_in_words(name, text, language()) if text else None
            for text in (opened.notification.get(name), opened.linked.get(name))
        )
        marked = pieces(notified, linked)
        if name not in causes:
            marked = pieces(notified, None)[0], pieces(None, linked)[1]
        yield ComparedItem(
            _NUMBERS.get(name, ""),
            name,
            *marked,
            opened.found.get("card_number" if name == "card_number" else f"latest_{name}"),
            causes.get(name),
            name == "card_number" or name in disclosed,
        )


def _omission(opened: queries.OpenedFinding) -> dict[str, object]:
    names = SUSPECTED_OMISSIONS.names
    blocks = []
    for title, (first, last) in _OF_WHOM:
        columns = names[names.index(first) : names.index(last) + 1]
        blocks.append((title, [(name, opened.found.get(name)) for name in columns]))
    return {
        "ground": GROUNDS[code] if (code := opened.found.get("ground")) else None,
        "reason": REASONS[code] if (code := opened.found.get("reason")) else None,
        "explanation": EXPLANATIONS[code] if (code := opened.found.get("explanation")) else None,
        "named": opened.found.get("notification_id"),
        "blocks": blocks,
        "no_finding": NO_FINDING,
    }


@page("shared_numbers")
def shared_numbers(request: HttpRequest) -> HttpResponse:
    """List the card numbers that notifications use for different people, without showing the numbers."""
    found = queries.shared_numbers(request.GET.get("after", ""), queries.PAGE + 1)
    after = found[queries.PAGE - 1].reference if len(found) > queries.PAGE else ""
    return render(
        request,
        "console/shared_numbers.html",
        {"listed": found[: queries.PAGE], "after": after, "counts": queries.counts()},
    )


@page("sharing")
def sharing(request: HttpRequest, reference: str) -> HttpResponse:
    """List the notifications that use one number."""
    return _outcomes(request, list(queries.sharing(reference)[: queries.PAGE + 1]))


@page("identity_conflicts")
def identity_conflicts(request: HttpRequest) -> HttpResponse:
    """List the notifications that may be about another person than the owner of the card number."""
    return _outcomes(
        request, list(queries.identity_conflicts(request.GET.get("after", ""))[: queries.PAGE + 1])
    )


@page("held")
def held(request: HttpRequest) -> HttpResponse:
    """List the notifications whose number is on a rejected row of the register, with the rows to mend."""
    found = queries.held(request.GET.get("after", ""), queries.PAGE + 1)
    after = found[queries.PAGE - 1].notification_id if len(found) > queries.PAGE else ""
    return render(
        request,
        "console/held.html",
        {
            "listed": found[: queries.PAGE],
            "after": after,
            "counts": queries.counts(),
            "kind": Kind.DISCREPANCY,
        },
    )


def _outcomes(request: HttpRequest, found: list[Outcome]) -> HttpResponse:
    more = len(found) > queries.PAGE
    return render(
        request,
        "console/outcomes.html",
        {
            "listed": [(each, causes_in(each.differences).items()) for each in found[: queries.PAGE]],
            "after": found[queries.PAGE - 1].pk if more else "",
            "counts": queries.counts(),
            "caution": IDENTITY_CAUTION,
            "kind": Kind.DISCREPANCY,
        },
    )


def _said_word(finding: Finding) -> str:
    """Return why it was reported: the outcome, or the reason of a suspected omission."""
    return finding.reported_status.split(" ")[-1]
