"""A-01: the audit trail as sentences, with each entry's seal verified; reading it is recorded as well.

A-02: accept that a trail was restored from a backup; one officer requests, another confirms.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import IO, Any, ClassVar, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from renkei.agreement.parties import PARTIES
from renkei.agreement.purposes import PURPOSES, Purpose
from renkei.agreement.text import Words
from renkei.exchange import cms
from renkei.exchange.errors import ExchangeError
from renkei.node.accounts.models import Officer
from renkei.node.audit import services
from renkei.node.audit.models import Entry, Verification
from renkei.node.audit.trail import SYSTEM, record, seal_of, written
from renkei.node.audit.verbs import Verb
from renkei.node.console.access import page
from renkei.node.console.forms import (
    ConsoleForm,
    FilterForm,
    date_field,
    options,
    radio_field,
    said,
    select_field,
    text_field,
)
from renkei.node.console.templatetags.console import language
from renkei.node.console.templatetags.console import subject as named
from renkei.node.console.trail_labels import ACTS, SYSTEM_ITSELF
from renkei.node.cycle.alarms import AlarmKind
from renkei.node.cycle.models import Alarm
from renkei.node.deliveries import keystore
from renkei.node.errors import NotAccepted, NothingExplained, NotPermitted

# --- a restored trail ---------------------------------------------------------------------------------

_DONE: Final = {
    "ask": Words("申請しました。別の職員の確認を待っています。", "Requested. Another officer must confirm."),
    "confirm": Words(
        "認めました。警報は次の日次処理で解けます。",
        "Accepted. The next daily run clears the alarm.",
    ),
}


class AcceptForm(ConsoleForm):
    """The restored trail, the entry that it was restored to, the reason and a reference."""

    about: ClassVar = {NothingExplained: "head", NotAccepted: "reference"}

    of = radio_field(
        said("復元された証跡", "Whose trail was restored"),
        [(code, said(party.name_ja, party.name_en)) for code, party in PARTIES.items()],
    )
    number = text_field(
        said("復元された行の番号", "Number of the entry it was restored to"),
        help_text=said("復元した側が文書で知らせます。", "The party that restored it gives it in a letter."),
        maxlength="17",
        inputmode="numeric",
    )
    head = text_field(
        said("その行の封印(64桁)", "Seal of that entry (64 digits)"),
        longest=64,
        autocomplete="off",
        spellcheck="false",
    )
    reason = radio_field(
        said("理由", "Reason"), [(code, said(*words)) for code, words in services.REASONS.items()]
    )
    reference = text_field(
        said("事案又は公文書の番号", "Number of the incident or letter"),
        help_text=said(
            "空白なし。氏名を書かないでください。例: I-2026-015",
            "Without spaces or names of persons. Example: I-2026-015",
        ),
        longest=60,
    )


@page("restored_trail")
def restored_trail(request: HttpRequest) -> HttpResponse:
    """Show the differences and the open request; POST requests or confirms."""
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
            "asked": services.standing(timezone.now()),
            "reasons": {code: said[language() == "en"] for code, said in services.REASONS.items()},
            "form": form,
            "refused": refused,
        },
        status=422 if refused or form.errors else 200,
    )


def _do(request: HttpRequest, officer: Officer) -> str:
    """Do the chosen act; returns its name."""
    fields, now = request.POST, timezone.now()
    if fields.get("act") == "confirm":
        services.confirm(_number(fields.get("asked", "")), officer, now=now)
        return "confirm"
    services.ask(
        fields.get("of", ""),
        fields.get("head", "").strip(),
        _number(fields.get("number", "")),
        fields.get("reason", ""),
        fields.get("reference", "").strip(),
        officer,
        now=now,
    )
    return "ask"


def _number(text: str) -> int:
    """Return the number of an entry; 0, the number of no entry, if the text is no number."""
    return int(text) if text.isdecimal() and len(text) < 18 else 0


# --- the trail ----------------------------------------------------------------------------------------

_A_PAGE: Final = 100
#: The most entries of one signed file, which is made in memory.
_MOST_EXPORTED: Final = 100_000
_TOO_MANY: Final = Words(
    "書き出せるのは{most:,}行までです。期間を狭めてください。",
    "At most {most:,} entries can be exported at once. Please choose a shorter period.",
)


_UNREADABLE: Final = said(
    "絞り込みの日付又は行為が読めません。", "A date or act of the filter cannot be read."
)


class Filters(FilterForm):
    """The filters of the trail; blank is no filter."""

    first = date_field(said("期間(から)", "From"), required=False, invalid=_UNREADABLE)
    last = date_field(said("期間(まで)", "To"), required=False, invalid=_UNREADABLE)
    actor = text_field(said("職員番号", "Account"), required=False, longest=150)
    verb = select_field(
        said("行為", "Act"), lambda: [("", "—"), *options(ACTS)], missing=_UNREADABLE, required=False
    )
    subject = text_field(
        said("事案番号など(先頭一致)", "Case number or its beginning"), required=False, longest=200
    )


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as a sentence; `holds`: its seal matches its content."""

    entry: Entry
    sentence: str
    purpose: Purpose | None
    reads: bool
    holds: bool


@page("trail")
def trail(request: HttpRequest) -> HttpResponseBase:
    """Show a page of the trail, the newest first; POST exports the filtered entries, signed."""
    form = Filters(request.POST if request.method == "POST" else request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    narrowed = {name: str(value) for name, value in asked.items() if value}
    entries = _narrowed(asked) if form.is_valid() else Entry.objects.none()
    officer, refused = cast(Officer, request.user), None
    if request.method == "POST":
        if entries.count() > _MOST_EXPORTED:
            refused = Words(*(words.format(most=_MOST_EXPORTED) for words in _TOO_MANY))
        else:
            try:
                return _export(entries, officer, narrowed, timezone.now())
            except ExchangeError as refusal:
                refused = Words(refusal.ja, refusal.en)
    before = request.GET.get("before", "")
    if before.isdecimal():
        entries = entries.filter(number__lt=int(before))
    found = list(entries[: _A_PAGE + 1])
    # Filters that found nothing are not recorded: they may hold a name or a card number.
    by = narrowed if found else {}
    with transaction.atomic():
        record(officer, Verb.TRAIL_READ, by.get("subject", ""), rows=min(len(found), _A_PAGE), **_facts(by))
    return render(
        request,
        "console/trail.html",
        {
            "form": form,
            "shown": _shown(found[:_A_PAGE]),
            "before": found[_A_PAGE - 1].number if len(found) > _A_PAGE else "",
            "narrowed": narrowed,
            "query": urlencode(narrowed),
            "refused": refused,
            **_state_of_the_chain(),
        },
        status=422 if refused else 200,
    )


def _facts(narrowed: Mapping[str, str]) -> dict[str, str]:
    """Return the other filters of the auditor, for the trail entry of this reading."""
    return {f"by_{name}": value for name, value in narrowed.items() if name != "subject"}


def _narrowed(asked: Mapping[str, Any]) -> QuerySet[Entry]:
    entries = Entry.objects.order_by("-number")
    zone = timezone.get_default_timezone()
    if first := cast(date | None, asked.get("first")):
        entries = entries.filter(at__gte=datetime.combine(first, time(), zone))
    if last := cast(date | None, asked.get("last")):
        entries = entries.filter(at__lt=datetime.combine(last + timedelta(days=1), time(), zone))
    exact = {name: asked[name] for name in ("actor", "verb") if asked.get(name)}
    if subject := asked.get("subject"):
        exact["subject__startswith"] = subject
    return entries.filter(**exact)


def _shown(entries: list[Entry]) -> list[ShownEntry]:
    accounts = Officer.objects.filter(username__in={entry.actor for entry in entries})
    names = {officer.username: str(officer) for officer in accounts}
    english = language() == "en"
    names[SYSTEM] = SYSTEM_ITSELF.say(language())
    shown = []
    for entry in entries:
        known = Verb[entry.verb].value if entry.verb in Verb.__members__ else None
        template = (known.en if english else known.ja) if known else "{actor} " + entry.verb + " {subject}"
        sentence = template.format(actor=names.get(entry.actor, entry.actor), subject=named(entry.subject))
        shown.append(
            ShownEntry(
                entry,
                sentence,
                PURPOSES.get(entry.purpose),
                bool(known and known.reads),
                seal_of(entry) == entry.sha256,
            )
        )
    return shown


def _state_of_the_chain() -> dict[str, object]:
    verified = Entry.objects.filter(verb=Verb.TRAIL_VERIFIED.name).order_by("-number").first()
    differs = Alarm.objects.filter(kind=AlarmKind.TRAIL_DIFFERS.name, cleared_at=None).exists()
    last = Entry.objects.order_by("-number").first()
    return {"verified": verified, "differs": differs, "last": last}


def _export(
    entries: QuerySet[Entry], officer: Officer, narrowed: Mapping[str, str], now: datetime
) -> HttpResponseBase:
    """Return entries as JSON lines with our signature, and record the export with the file's digest."""
    lines = (written(each, sha256=each.sha256) for each in entries.reverse().iterator(chunk_size=5_000))
    data = b"".join(f"{line}\n".encode() for line in lines)
    signer = keystore.signer(now)
    packed = _packed(
        {"trail.jsonl": data, "trail.jsonl.p7s": cms.sign(data, signer, now.replace(microsecond=0))}
    )
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        record(officer, Verb.TRAIL_EXPORTED, rows=data.count(b"\n"), sha256=digest, **_facts(narrowed))
    name = f"trail-{timezone.localtime(now):%Y%m%d-%H%M}.zip"
    return FileResponse(packed, as_attachment=True, filename=name)


def _packed(files: Mapping[str, bytes]) -> IO[bytes]:
    target = tempfile.SpooledTemporaryFile(max_size=2**26)  # noqa: SIM115 (the answer closes it)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    target.seek(0)
    return cast(IO[bytes], target)
