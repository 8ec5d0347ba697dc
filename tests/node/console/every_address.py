"""Every page of the table at its addresses: what a test that must hold for all of them walks over."""

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from node.console.cases_shown import PLACE, cases_of_a_place, number_of, stated
from node.console.conftest import SERVICE
from renkei.node.cases.models import Case
from renkei.node.console import manual
from renkei.node.console.views.incidents import ACTS
from renkei.node.incidents.models import Incident
from renkei.node.officers.models import Officer

EVERY: Final[Mapping[str, tuple[str, ...]]] = {
    "today": ("/",),
    "today_strip": ("/strip/",),
    "trends": ("/trends/",),
    "days": ("/days/", "/days/?on=2026-04-05"),
    "day": ("/days/2026-04-02/", "/days/2026-04-01/"),
    "deliveries": ("/deliveries/", "/deliveries/?direction=in", "/deliveries/?service=receipt"),
    "delivery": ("/deliveries/out/{service}/1/", "/deliveries/in/{other}/3/"),
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


def fill(officer: Officer, place: object, hostile: str = "") -> None:
    """Put cases on an MHLW node that `shown` prepared, with a purpose stated for each."""
    if settings.NODE.party == "mhlw":
        cases_of_a_place(place, hostile)  # type: ignore[arg-type]
        stated(officer, list(Case.objects.values_list("number", flat=True)))
        Case.objects.filter(identifier="N2").update(state="checking", assigned_to=officer)


def filled_in(address: str) -> str:
    """Return the address with what this node's rows are called."""
    party = settings.NODE.party
    cases = {each: number_of(each) for each in ("N1", "N2", "N3", "L4")} if party == "mhlw" else {}
    other = SERVICE["mhlw" if party == "isa" else "isa"]
    return address.format(service=SERVICE[party], other=other, incident=Incident.objects.get().pk, **cases)
