"""What officers do with cases: move, note, assign, place, acknowledge the caution, attach documents.

Each act checks the permission first and is recorded in the trail. A decision names the version of the case
that the officer saw. If a colleague was faster, nothing is overwritten and the officer is told who it was.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from renkei.agreement.datasets import PERSONS
from renkei.agreement.parties import PARTIES
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, Subject, permitted, refusal, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.models import Attachment, Case, Event
from renkei.node.cases.queries import purpose_of, subject_of
from renkei.node.cases.workflow import MOVES, Move, State
from renkei.node.corrections.models import CorrectionRequest
from renkei.node.corrections.requests import cancel_unsent
from renkei.node.errors import ChangedMeanwhile, Incomplete, NoSuchMove, NotAttachable
from renkei.node.working_days import after_working_days

LONGEST_NOTE: Final = 4000
LONGEST_REASON: Final = 300
_REQUEST: Final = "request_correction"
_UNPRINTED: Final = re.compile(r"[\x00-\x1f\x7f]+")
ASSIGNED: Final = "assign"
PLACED: Final = "place"
NOTED: Final = "note"


def move(
    case: Case,
    name: str,
    officer: Officer,
    *,
    version: int,
    now: datetime,
    reason: str = "",
    outcome: str = "",
    items: Sequence[str] = (),
) -> Case:
    """Make a move of the workflow table on a case as seen in `version`; returns the case after the move.

    `items` are the columns of the register that a correction request names. Raises NotPermitted, NoSuchMove,
    Incomplete where the table asks for more, ChangedMeanwhile where somebody else was faster.
    """
    require(officer, Act.HANDLE_CASE, subject_of(case), now=now)
    row = MOVES.get(name)
    if row is None or row.duty is None:
        raise _no_such_move()
    reason = reason.strip()
    _complete(row, reason, outcome, items)
    day = timezone.localtime(now).date()
    with transaction.atomic():
        changes: dict[str, object] = {"state": row.after, "outcome": outcome}
        changes["closed_on"] = day if row.after == State.CLOSED else None
        if row.due_days is not None:
            changes["due_on"] = after_working_days(day, row.due_days) if row.due_days else None
        if name == "take" and case.assigned_to_id is None:
            changes["assigned_to"] = officer
        _change(case, version, row, changes)
        if case.state == State.CORRECTION:
            cancel_unsent(str(int(case.pk)))
        if name == _REQUEST:
            _request(case, items, reason, now)
        Event.objects.create(case=case, at=now, officer=officer, what=name, outcome=outcome, note=reason)
        record(officer, Verb.CASE_MOVED, case.number, move=name, outcome=outcome)
    return Case.objects.get(pk=case.pk)


def check(
    case: Case, name: str, *, version: int, reason: str = "", outcome: str = "", items: Sequence[str] = ()
) -> None:
    """Raise what `move` would raise for these inputs and this version, so that a page can show it first."""
    row = MOVES.get(name)
    if row is None or row.duty is None:
        raise _no_such_move()
    _complete(row, reason.strip(), outcome, items)
    if case.version != version:
        raise _changed(case)
    if case.state not in row.before:
        raise _no_such_move()


def note(case: Case, text: str, officer: Officer, *, now: datetime) -> Event:
    """Add a note to a case's history. It overwrites nothing, so it needs no version."""
    require(officer, Act.HANDLE_CASE, subject_of(case), now=now)
    text = text.strip()
    if not 0 < len(text) <= LONGEST_NOTE:
        raise Incomplete(
            f"Please write a note of 1 to {LONGEST_NOTE} characters.",
            f"経過の記録は1字以上{LONGEST_NOTE}字以下で書いてください。",
        )
    with transaction.atomic():
        event = Event.objects.create(case=case, at=now, officer=officer, what=NOTED, note=text)
        record(officer, Verb.CASE_NOTED, case.number, characters=len(text))
    return event


def assign(numbers: Sequence[str], to: Officer | None, officer: Officer, *, now: datetime) -> int:
    """Assign cases to an officer, or to nobody, all or none; returns how many cases changed.

    Both the acting officer and the assigned officer must be entrusted with the cases' offices. Raises
    NotPermitted, also for a number that does not exist.
    """
    wanted = set(numbers)
    with transaction.atomic():
        cases = Case.objects.filter(number__in=wanted)
        offices = set(cases.values_list("office", flat=True))
        for office in offices:
            require(officer, Act.HANDLE_CASE, Subject("", office), now=now)
            if to is not None:
                require(to, Act.HANDLE_CASE, Subject("", office), now=now)
        if cases.count() != len(wanted):
            raise refusal()
        changing = cases.exclude(assigned_to=to) if to else cases.exclude(assigned_to=None)
        found = list(changing.order_by("pk").values_list("pk", "number"))
        keys = [key for key, _ in found]
        Case.objects.filter(pk__in=keys).update(assigned_to=to, version=F("version") + 1)
        given_to = to.get_username() if to else ""
        Event.objects.bulk_create(
            Event(case_id=key, at=now, officer=officer, what=ASSIGNED, note=given_to) for key in keys
        )
        if found:
            named = [number for _, number in found]
            record(officer, Verb.CASES_ASSIGNED, named[0], cases=named, to=given_to)
    return len(found)


def place(case: Case, office: str, officer: Officer, *, version: int, now: datetime) -> Case:
    """Give a case to an office, from the unassigned tray or from another office.

    The acting officer must handle cases of the present office. The assigned officer stays assigned only if
    also entrusted with the new office. Raises as `move`, and Incomplete for a code that is no office's.
    """
    require(officer, Act.HANDLE_CASE, subject_of(case), now=now)
    if not (len(office) == 4 and office.isascii() and office.isdigit()):
        raise Incomplete(
            "The code of a Hello Work office has four digits. Please correct it.",
            "公共職業安定所は4桁のコードで指定してください。",
        )
    kept = case.assigned_to
    if kept is not None and not permitted(kept, Act.HANDLE_CASE, Subject(case.number, office), now=now):
        kept = None
    with transaction.atomic():
        _change(case, version, None, {"office": office, "assigned_to": kept})
        Event.objects.create(case=case, at=now, officer=officer, what=PLACED, note=office)
        record(officer, Verb.CASE_PLACED, case.number, office=office)
    return Case.objects.get(pk=case.pk)


def _change(case: Case, version: int, row: Move | None, changes: dict[str, object]) -> None:
    """Change a case if it is still in the version that the officer saw (compare-and-set in the database)."""
    mine = Case.objects.filter(pk=case.pk, version=version, office=case.office)
    if row is not None:
        mine = mine.filter(state__in=row.before)
    if mine.update(**changes, version=F("version") + 1) == 1:
        return
    # Nothing was changed: either the state does not allow this move, or somebody else changed the case first.
    if Case.objects.filter(pk=case.pk, version=version).exists():
        raise _no_such_move()
    raise _changed(case)


def _changed(case: Case) -> ChangedMeanwhile:
    last = Event.objects.filter(case=case).select_related("officer").first()
    sender = PARTIES[settings.NODE.counterpart]
    by, who = sender.name_en, f"{sender.name_ja}からの送付"
    if last and last.officer:
        by = who = str(last.officer)
    return ChangedMeanwhile(
        f"{case.number} was changed in the meantime (last by {by}). Please check it, then decide again.",
        f"{case.number}は、この間に{who}により更新されました。内容を確かめてから、もう一度操作してください。",
    )


def _complete(row: Move, reason: str, outcome: str, items: Sequence[str]) -> None:
    if len(reason) > LONGEST_REASON or (row.needs_reason and not reason):
        raise Incomplete(
            f"Please write a reason of 1 to {LONGEST_REASON} characters.",
            f"理由を1字以上{LONGEST_REASON}字以下で書いてください。",
        )
    if outcome not in row.outcomes if row.outcomes else outcome:
        raise Incomplete("Please choose one of the outcomes of this step.", "確認の結果を選んでください。")
    asked = row.name == _REQUEST
    if asked != bool(items) or not set(items) <= set(PERSONS.names):
        raise Incomplete(
            "Please choose the items of the residence record to correct (correction requests only).",
            "訂正を依頼する項目を選んでください。",
        )


def _request(case: Case, items: Sequence[str], reason: str, now: datetime) -> None:
    earlier = CorrectionRequest.objects.filter(case=case).count()
    CorrectionRequest.objects.create(
        request_id=f"{case.number}-{earlier + 1}",
        case=case,
        items=";".join(name for name in PERSONS.names if name in set(items)),
        reason=_UNPRINTED.sub(" ", reason),  # in the delivery each row is one line
        requested_on=timezone.localtime(now).date(),
    )


def _no_such_move() -> NoSuchMove:
    return NoSuchMove(
        "This step is not possible in the present state of the case. Please check the case.",
        "事案の現在の状態からは、この操作はできません。内容を確かめてください。",
    )


# --- the caution of clause 4: the values of a person who may not be the worker are shown only after it ------

ACKNOWLEDGED: Final = "acknowledge"
#: Events that put new values into a case. The caution must be acknowledged again after them.
_VALUES_CHANGED: Final = ("open", "change", "report_again")


def acknowledged(case: Case, officer: Officer) -> bool:
    """Whether an officer has acknowledged the caution since the values last changed."""
    mine = Event.objects.filter(case=case, officer=officer, what=ACKNOWLEDGED).order_by("-id").first()
    if mine is None:
        return False
    return not Event.objects.filter(case=case, what__in=_VALUES_CHANGED, pk__gt=mine.pk).exists()


def acknowledge(case: Case, officer: Officer, *, now: datetime) -> None:
    """Record that an officer knows these may be another person's data (申合せ4). Raises NotPermitted."""
    require(officer, Act.READ_CASE, subject_of(case), now=now)
    with transaction.atomic():
        Event.objects.create(case=case, at=now, officer=officer, what=ACKNOWLEDGED)
        record(officer, Verb.CAUTION_ACKNOWLEDGED, case.number)


# --- documents of a case ------------------------------------------------------------------------------------

LARGEST: Final = 10 * 2**20
MOST: Final = 20
#: Media types that are accepted, by the bytes that the file begins with. The file's name does not count.
KINDS: Final[Mapping[bytes, str]] = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def attach(case: Case, name: str, content: bytes, officer: Officer, *, now: datetime) -> Attachment:
    """Attach a document to a case. Raises NotPermitted, and NotAttachable which names the limits."""
    require(officer, Act.HANDLE_CASE, subject_of(case), now=now)
    media_type = next((kind for start, kind in KINDS.items() if content.startswith(start)), None)
    if media_type is None or not len(content) <= LARGEST:
        raise _refused()
    with transaction.atomic():
        # Row lock on the case, so that two uploads at once cannot exceed the limit together.
        Case.objects.select_for_update().get(pk=case.pk)
        if Attachment.objects.filter(case=case).count() >= MOST:
            raise _refused()
        made = Attachment.objects.create(
            case=case,
            name=PurePath(name.replace("\\", "/")).name[-120:] or "document",
            media_type=media_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            added_at=now,
            added_by=officer,
        )
        record(officer, Verb.DOCUMENT_ATTACHED, case.number, document=made.pk, sha256=made.sha256)
    return made


def read(attachment: Attachment, officer: Officer, *, now: datetime) -> bytes:
    """Return a document's bytes, under the permission of the case; recorded. Raises NotPermitted."""
    case = attachment.case
    require(officer, Act.READ_CASE, subject_of(case), now=now)
    with transaction.atomic():
        content = bytes(Attachment.objects.values_list("content", flat=True).get(pk=attachment.pk))
        purpose = purpose_of(case.number, officer, now)
        record(officer, Verb.DOCUMENT_READ, case.number, purpose=purpose, document=attachment.pk)
    return content


def _refused() -> NotAttachable:
    return NotAttachable(
        f"A case can hold up to {MOST} documents: PDF, PNG or JPEG, at most {LARGEST >> 20} MiB each.",
        f"添付できるのはPDF・PNG・JPEG、1件{LARGEST >> 20}MiBまで、事案ごとに{MOST}件までです。",
    )
