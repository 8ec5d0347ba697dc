"""Every page of the table at its addresses: what a test that must hold for all of them walks over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings

from node.console.cases_shown import PLACE, cases_of_a_place, number_of, stated
from node.console.conftest import SERVICE
from renkei.node.accounts.models import Officer
from renkei.node.cases.models import Case
from renkei.node.console import manual
from renkei.node.console.incident_forms import mark
from renkei.node.console.views.incidents import ACTS
from renkei.node.incidents.models import Incident

EVERY: Final[Mapping[str, tuple[str, ...]]] = {
    "today": ("/",),
    "today_strip": ("/strip/",),
    "trends": ("/trends/",),
    "days": ("/days/", "/days/?on=2026-04-05"),
    "day": ("/days/2026-04-02/", "/days/2026-04-01/"),
    "deliveries": ("/deliveries/", "/deliveries/?direction=in", "/deliveries/?service=receipt"),
    "delivery": ("/deliveries/out/{service}/1/", "/deliveries/in/{other}/3/"),
    "rejects": ("/deliveries/rejects/", "/deliveries/rejects/?page=2"),
    "incidents": ("/incidents/",),
    "incident_new": ("/incidents/new/",),
    "incident": ("/incidents/{incident}/",),
    "incident_act": tuple(f"/incidents/{{incident}}/{act}/" for act in ACTS),
    "trail": ("/trail/?actor=system", "/trail/?actor=tanaka", "/trail/?first=x", "/trail/?actor=nobody"),
    "restored_trail": ("/trail/restored/",),
    "officers": ("/officers/",),
    "officer": ("/officers/sato/", "/officers/tanaka/"),
    "own_account": ("/account/",),
    "keys": ("/keys/",),
    "memorandum": ("/memorandum/",),
    "manual": ("/manual/",),
}
"""What both agencies have. Braces are filled by `filled_in`."""

EVERY_OF: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "isa": {
        "findings": ("/findings/", "/findings/?kind=suspected_omission"),
        "finding": ("/findings/discrepancy/N0000000001/", "/findings/suspected_omission/S0000000001/"),
        "shared_numbers": ("/findings/shared/",),
        "sharing": ("/findings/shared/N0000000001/",),
        "identity_conflicts": ("/findings/identity/", "/findings/identity/?after=N9"),
        "held": ("/findings/held/", "/findings/held/?after=N9"),
        "corrections": ("/findings/corrections/", "/findings/corrections/?decided"),
        "correction": ("/findings/corrections/R8-1124-0001-1/",),
        "candidates": ("/findings/candidates/", "/findings/candidates/?decided"),
        "candidate": ("/findings/candidates/N0000000003/",),
        "purpose": ("/purpose/?subject=discrepancy+N0000000002&next=/findings/",),
        "manual_task": tuple(f"/manual/{task.slug}/" for task in manual.tasks_of("isa")),
    },
    "mhlw": {
        "discrepancies": (
            "/discrepancies/",
            "/discrepancies/?state=new&item=name&due=week&caution=on",
            "/discrepancies/?closed=on",
        ),
        "discrepancy": ("/discrepancies/{N1}/", "/discrepancies/{N2}/", "/discrepancies/{N3}/"),
        "omissions": ("/omissions/", "/omissions/?closed=on"),
        "omission": ("/omissions/{L4}/",),
        "case_move": (
            "/cases/{N1}/moves/take/",
            "/cases/{N2}/moves/close/",
            "/cases/{N2}/moves/request_correction/",
        ),
        "case_act": tuple(
            f"/cases/{{N2}}/acts/{act}/" for act in ("note", "document", "place", "acknowledge")
        ),
        "case_search": ("/cases/search/",),
        "case_export": (
            "/cases/export/?kind=discrepancy&state=new",
            "/cases/export/?kind=suspected_omission",
        ),
        "saved_lists": ("/cases/lists/",),
        "card_search": ("/cases/by-card-number/",),
        "establishment": (f"/establishments/{PLACE}/",),
        "letter": ("/letters/?number={N1}&number={N2}",),
        "letter_template": ("/letters/templates/inquiry/", "/letters/templates/correction/"),
        "purpose": ("/purpose/?subject={N1}&subject={N2}&next=/discrepancies/",),
        "manual_task": tuple(f"/manual/{task.slug}/" for task in manual.tasks_of("mhlw")),
    },
}
"""What one agency alone has, or has at other addresses."""

NO_PAGE_OF_ITS_OWN: Final = {
    "case_document": "a file, given as it came in",
    "case_assign": "opened by a list's form alone: test_lists.py",
}
"""Addresses that answer no GET with a page, and why."""

ADDRESSES: Final = [
    (party, address)
    for party, its_own in EVERY_OF.items()
    for addresses in (*EVERY.values(), *its_own.values())
    for address in addresses
]


@dataclass(frozen=True, slots=True)
class Answer:
    """A page that comes only in answer to a form: what is sent where, and the status it comes with.

    `token` is sent in place of the right one. `without` is what the officer has lost by then: the
    "session" or the "duties"; such answers come last, since nothing gives it back.
    """

    address: str
    status: int
    fields: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    token: str = ""
    without: str = ""


_LEAK: Final = {
    "kind": "leak",
    "suspected": "true",
    "found_at": "2026-04-02T09:00",
    "say-overview": "媒体一枚が見当たらない。",
}
_CANDIDATES: Final = "/findings/candidates/N0000000003/"
_NUMBERS: Final = ("{N1}", "{N2}")

ANSWERS: Final[Sequence[Answer]] = (
    Answer("/incidents/new/", 403, _LEAK, token="of another session"),
    Answer("/deliveries/out/{service}/1/", 422, {"act": "resend"}),
    Answer("/deliveries/out/{service}/1/", 422, {"act": "confirm"}),
    Answer("/officers/", 422, {"name": "tanaka", "display_name": "試験 一郎"}),
    Answer("/officers/sato/", 422, {"act": "nothing"}),
    Answer("/officers/sato/", 200, {"act": "enrol"}),
    Answer("/officers/sato/", 422, {"act": "confirm", "code": "000000"}),
    Answer("/incidents/new/", 422, _LEAK | {"step": "check", "persons": "many", "contact": "試験"}),
    Answer("/incidents/new/", 200, _LEAK | {"step": "check", "condition": "malicious"}),
    Answer("/incidents/{incident}/add/", 409, {"say-cause": "鍵の閉め忘れ", "looked_at": "earlier"}),
    Answer("/incidents/{incident}/close/", 422, {"say-other": "なし", "looked_at": "{mark}"}),
    Answer("/incidents/{incident}/report/", 422, {"looked_at": "{mark}"}),
)
"""What both agencies answer with."""

REFUSED_TO_ALL: Final[Sequence[Answer]] = (
    Answer("/trail/", 403, without="duties"),
    Answer("/incidents/new/", 401, _LEAK, without="session"),
    Answer("/enter/", 200, {"username": "nobody", "password": "x", "code": "0"}, without="session"),
)
"""What both answer those with who may not, or no longer."""

ANSWERS_OF: Final[Mapping[str, Sequence[Answer]]] = {
    "isa": (
        Answer("/purpose/", 400, {"subject": "discrepancy N0000000002", "next": "/findings/"}),
        Answer("/findings/corrections/R8-1124-0001-1/", 422),
        Answer(_CANDIDATES, 422),
        Answer(_CANDIDATES, 409, {"choice": "1", "reason": "slip_of_the_pen", "version": "earlier"}),
    ),
    "mhlw": (
        Answer("/purpose/", 400, {"subject": _NUMBERS, "next": "/discrepancies/"}),
        Answer("/cases/{N2}/moves/close/", 400, {"step": "check", "reason": "写しで確認"}),
        Answer(
            "/cases/{N2}/moves/close/",
            200,
            {"step": "check", "reason": "写しで確認", "outcome": "employer_corrected"},
        ),
        Answer(
            "/cases/{N2}/moves/request_correction/",
            200,
            {"step": "check", "reason": "旅券の写しと異なる", "items": ("name", "birth_date")},
        ),
        Answer("/cases/{N1}/moves/take/", 409, {"step": "confirm", "version": "0"}),
        Answer("/cases/{N1}/moves/close/", 409, {"step": "check", "reason": "x", "outcome": "other"}),
        Answer("/cases/{N2}/acts/note/", 400),
        Answer("/cases/{N2}/acts/document/", 400),
        Answer("/cases/{N2}/acts/place/", 400, {"office": "x"}),
        Answer("/cases/{N2}/acts/place/", 409, {"office": "2703", "version": "0"}),
        Answer("/cases/search/", 200, {"sought": "R8-0101-9999"}),
        Answer("/cases/assign/", 200, {"number": _NUMBERS, "kind": "discrepancy"}),
        Answer("/cases/assign/", 400, {"number": _NUMBERS, "kind": "discrepancy", "step": "confirm"}),
        Answer("/cases/export/", 400, {"kind": "discrepancy", "query": "state=new"}),
        Answer("/cases/by-card-number/", 400, {"card_number": "AB1"}),
        Answer("/cases/by-card-number/", 200, {"card_number": "AB00000001CD", "purpose": "labour_market"}),
        Answer("/letters/", 400, {"number": _NUMBERS, "name": "inquiry"}),
        Answer("/letters/templates/inquiry/", 400, {"text": "{{架空}}", "version": "0"}),
    ),
}
"""What one agency alone answers with."""


def answers_of(party: str) -> Sequence[Answer]:
    """All that one agency answers with, those last that cost the officer duties and session."""
    return (*ANSWERS, *ANSWERS_OF[party], *REFUSED_TO_ALL)


def fill(officer: Officer, place: object, hostile: str = "") -> None:
    """Put cases on an MHLW node that `shown` prepared, with a purpose stated for each."""
    if settings.NODE.party == "mhlw":
        cases_of_a_place(place, hostile)  # type: ignore[arg-type]
        stated(officer, list(Case.objects.values_list("number", flat=True)))
        Case.objects.filter(identifier="N2").update(state="checking", assigned_to=officer)


def filled_in(address: str) -> str:
    """Return the address, or what is typed, with what this node's rows are called."""
    party = settings.NODE.party
    cases = {each: number_of(each) for each in ("N1", "N2", "N3", "L4")} if party == "mhlw" else {}
    other = SERVICE["mhlw" if party == "isa" else "isa"]
    incident = Incident.objects.get()
    return address.format(
        service=SERVICE[party], other=other, incident=incident.pk, mark=mark(incident), **cases
    )
