"""F-08 and F-09: notifications whose card number was not found, and the candidates for one of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import ChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from renkei.agreement.text import Words
from renkei.matching.candidates.evidence import left_out_in_words, sentences
from renkei.matching.labels import value_in_words
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act
from renkei.node.candidates import services
from renkei.node.candidates.models import NotFound
from renkei.node.candidates.services import REASONS, OpenedCandidate, OpenedCandidates
from renkei.node.console.access import page, require_purpose
from renkei.node.console.charts import Waterfall, Weight, waterfall, weights
from renkei.node.console.comparison import COMPARED, Piece, pieces
from renkei.node.console.forms import ConsoleForm, Text, radio_field, said
from renkei.node.console.templatetags.console import language
from renkei.node.console.views.cases import typed
from renkei.node.errors import CandidatesChanged, NodeError, NoSuchDecision
from renkei.node.matching_run import queries
from renkei.node.matching_run.models import Kind

_State = NotFound.State
_REFUSED, _CONFLICT = 422, 409
CAUTION: Final = Words(
    "候補者は、届出の内容からの推定であり、本人であるという判断ではありません。番号の誤りのほか、別人であること、"
    "在留管理情報にない人であることもあります。項目ごとに確かめて判断してください。",
    "Candidates are estimated from the notification. They are not a finding that it is the person. The "
    "number may be wrong, or it may be another person, or a person who is not in the register. Please check "
    "each item, then decide.",
)
_DONE: Final = {
    _State.CONFIRMED: Words(
        "{number}: 本人と確認しました。次の突合から、本人の届出として数えます。",
        "{number}: confirmed. From the next matching on, it counts as the person's notification.",
    ),
    _State.REJECTED: Words(
        "{number}: 該当する候補者なしとしました。", "{number}: recorded as none of the candidates."
    ),
    _State.WAITING: Words("{number}: 判断を取り消しました。", "{number}: the decision was withdrawn."),
}


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item: as notified and on the candidate's card, differing letters marked, and the latest value."""

    name: str
    notified: Sequence[Piece]
    held: Sequence[Piece]
    latest: str | None
    weight: Weight | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate as the page shows it; `said` holds each weight with a sentence."""

    opened: OpenedCandidate
    items: tuple[ShownItem, ...]
    drawn: Waterfall
    said: tuple[tuple[Weight, str], ...]


class DecisionForm(ConsoleForm):
    """The chosen candidate, or none, and the reason; to withdraw a decision, only the reason."""

    about: ClassVar = {NoSuchDecision: "reason"}

    choice = radio_field(
        said("この届出は", "The notification is of"),
        missing=said(
            "候補者のいずれか、又はいずれでもないことを選んでください。",
            "Please choose one of the candidates, or none of them.",
        ),
    )
    reason = radio_field(said("理由", "Reason"))

    def __init__(self, opened: OpenedCandidates, *given: Any, **others: Any) -> None:
        super().__init__(*given, **others)
        waits = opened.not_found.state == _State.WAITING
        offered = (_State.CONFIRMED, _State.REJECTED) if waits else (_State.WAITING,)
        cast(ChoiceField, self.fields["reason"]).choices = [
            (code, _reason(each, waits=waits)) for code, each in services.reasons_for(*offered).items()
        ]
        if not waits:
            del self.fields["choice"]
            return
        ranks = [each.candidate.rank for each in opened.candidates]
        cast(ChoiceField, self.fields["choice"]).choices = [
            *((str(rank), said(f"第{rank}候補の届出である", f"candidate {rank}")) for rank in ranks),
            ("none", said("いずれの候補者の届出でもない", "none of them")),
        ]


def _reason(reason: services.Reason, *, waits: bool) -> Text:
    if not waits:
        return said(reason.ja, reason.en)
    ja, en = ("本人", "It is") if reason.state == _State.CONFIRMED else ("該当なし", "None")
    return said(f"{ja}: {reason.ja}", f"{en}: {reason.en}")


@page("candidates")
def candidates(request: HttpRequest) -> HttpResponse:
    """List the notifications that have candidates, the most probable first, or the decided ones."""
    waiting = "decided" not in request.GET
    listed = Paginator(queries.candidates(waiting=waiting), queries.PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "console/candidates.html",
        {
            "waiting": waiting,
            "listed": listed,
            "reasons": REASONS,
            "counts": queries.counts(),
            "caution": CAUTION,
        },
    )


@page("candidate")
def candidate(request: HttpRequest, notification_id: str) -> HttpResponse:
    """Show the candidates of one notification for a stated purpose, and record the decision."""
    now = timezone.now()
    officer = cast(Officer, request.user)
    subject = services.subject_of(notification_id)
    if asking := require_purpose(request, Act.DECIDE_CANDIDATE, subject, now=now):
        return asking
    refused: NodeError | None = None
    if request.method == "POST":
        choice = request.POST.get("choice", "")
        try:
            decided = services.decide(
                notification_id,
                request.POST.get("reason", ""),
                officer,
                now=now,
                rank=int(choice) if choice.isascii() and choice.isdigit() else None,
                version=request.POST.get("version", ""),
            )
        except NodeError as error:
            refused = error
        else:
            done = _DONE[_State(decided.state)].say(language())
            messages.success(request, done.format(number=notification_id))
            return redirect("candidates")
    opened = services.open_candidates(notification_id, officer, now=now)
    if opened is None:
        raise Http404
    conflict = isinstance(refused, CandidatesChanged)
    # If somebody was faster, the officer decides again on the present candidates.
    if refused is None or conflict:
        form = DecisionForm.unsent(typed(request), opened)
    else:
        form = DecisionForm(opened, request.POST)
        if form.is_valid():
            form.refuse(refused)
    return render(
        request,
        "console/candidate.html",
        _shown(opened) | {"form": form, "refused": refused if conflict else None},
        status=_status(refused),
    )


def _status(refused: NodeError | None) -> int:
    if refused is None:
        return 200
    return _CONFLICT if isinstance(refused, CandidatesChanged) else _REFUSED


def _left_out(stored: str) -> list[str]:
    parts = (part.rpartition(":") for part in stored.split(";") if part)
    return left_out_in_words({reason: int(persons) for reason, _, persons in parts}, language())


def _shown(opened: OpenedCandidates) -> dict[str, Any]:
    waits = opened.not_found.state == _State.WAITING
    return {
        "not_found": opened.not_found,
        "left_out": _left_out(opened.not_found.left_out),
        "notification": opened.notification,
        "looked_at": opened.version,
        "shown": [_candidate(opened.notification, each) for each in opened.candidates],
        "chosen": next(
            (
                each.candidate
                for each in opened.candidates
                if each.candidate.person_id == opened.not_found.person_id
            ),
            None,
        ),
        "waits": waits,
        "reason": REASONS.get(opened.not_found.decision_reason),
        "kind": Kind.DISCREPANCY,
        "caution": CAUTION,
    }


def _candidate(notification: Mapping[str, str | None], opened: OpenedCandidate) -> Shown:
    found = weights(opened.candidate.evidence)
    said = sentences(opened.candidate.evidence, language())
    return Shown(
        opened,
        tuple(_items(notification, opened, found)),
        waterfall(found),
        tuple(zip(found, said, strict=True)),
    )


def _items(
    notification: Mapping[str, str | None], opened: OpenedCandidate, found: Sequence[Weight]
) -> Iterator[ShownItem]:
    by_item = {each.item: each for each in found}
    for _, name in COMPARED:
        notified, held, latest = (
            value_in_words(name, text, language()) if (text := row.get(name)) else None
            for row in (notification, opened.card, opened.person)
        )
        left, right = pieces(notified, held)
        yield ShownItem(name, left, right, latest, by_item.get(name))
