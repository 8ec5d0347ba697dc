"""Prepare a node of the benchmark `pages` for the simulated officers, in a separate process.

    python _pages_node.py OFFICERS SAMPLES   accounts, open cases, a trail; prints the pages

Prints JSON: `officers` (account, password, secret of the one-time codes), `pages` (its name → addresses),
`counts`, `console`, `server`. RENKEI_NODE and RENKEI_KEY_PASSPHRASE name the node.
"""

import json
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

from _databases import server

PURPOSE = {"mhlw": "labour_market", "isa": "residence"}
TRAIL = 20_000


def make_officers(count: int) -> list[dict[str, str]]:
    """Make local accounts with every duty and one-time codes; replace those of an earlier run."""
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from renkei.node.accounts.duties import Duty
    from renkei.node.accounts.models import Assignment, Officer

    made = []
    for number in range(count):
        password, key = secrets.token_urlsafe(12), secrets.token_hex(20)
        officer, _ = Officer.objects.get_or_create(
            username=f"bench{number}", defaults={"display_name": "架空 花子"}
        )
        officer.set_password(password)
        officer.save()
        for duty in Duty:
            Assignment.objects.get_or_create(officer=officer, duty=duty)
        TOTPDevice.objects.update_or_create(user=officer, defaults={"key": key, "confirmed": True})
        made.append({"username": officer.username, "password": password, "key": key})
    return made


def spread_cases() -> None:
    """Open and assign a third of the cases, as after some weeks of work."""
    from django.db import connection

    from renkei.node.accounts.models import Officer

    officers = list(Officer.objects.order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        for number, officer in enumerate(officers):
            cursor.execute(
                "UPDATE cases_case SET assigned_to_id = %s, state = 'checking' "
                "WHERE state = 'new' AND id %% %s = %s",
                [officer, 3 * len(officers), number],
            )


def lengthen_trail() -> None:
    """Make the trail as long as after some weeks."""
    from django.db import transaction

    from renkei.node.accounts.models import Officer
    from renkei.node.audit.trail import record
    from renkei.node.audit.verbs import Verb

    officers = list(Officer.objects.order_by("pk"))
    with transaction.atomic():
        for number in range(TRAIL):
            record(officers[number % len(officers)], Verb.CASE_READ, f"R8-0401-{number:04d}")


def declare(subjects: Sequence[str], party: str) -> None:
    """Declare the purpose for every officer, as on the page that asks for it."""
    from django.utils import timezone

    from renkei.node.accounts import purposes
    from renkei.node.accounts.models import Officer

    for officer in Officer.objects.all():
        purposes.declare(officer, PURPOSE[party], subjects, now=timezone.now() + timedelta(seconds=1))


def mhlw_pages(samples: int) -> tuple[dict[str, list[str]], list[str]]:
    """Return MHLW's own pages, and the identifiers that they show."""
    from renkei.node.cases.models import Case
    from renkei.node.records.models import Notification

    def some(kind: str, **which: str) -> list[str]:
        return list(Case.objects.filter(kind=kind, **which).values_list("number", flat=True)[:samples])

    discrepancies, omissions = some("discrepancy"), some("suspected_omission")
    new = some("discrepancy", state="new")
    places = Notification.objects.filter(
        notification_id__in=Case.objects.filter(number__in=discrepancies).values("identifier")
    ).values_list("establishment_number", flat=True)
    lists = [
        f"/{name}/{query}"
        for name in ("discrepancies", "omissions")
        for query in ("", "?state=new", "?state=checking&due=week", "?closed=on")
    ]
    pages = {
        "discrepancies": lists[:4],
        "omissions": lists[4:],
        "discrepancy": [f"/discrepancies/{number}/" for number in discrepancies],
        "omission": [f"/omissions/{number}/" for number in omissions],
        "case_move": [f"/cases/{number}/moves/take/" for number in new],
        "case_act": [f"/cases/{number}/acts/note/" for number in discrepancies],
        "case_search": ["/cases/search/"],
        "case_export": ["/cases/export/?kind=discrepancy&state=new"],
        "saved_lists": ["/cases/lists/"],
        "card_search": ["/cases/by-card-number/"],
        "establishment": [f"/establishments/{number}/" for number in places if number],
        "letter": [f"/letters/?number={number}" for number in discrepancies],
        "letter_template": ["/letters/templates/inquiry/"],
        "purpose": [f"/purpose/?subject={number}&next=/discrepancies/" for number in discrepancies],
    }
    return pages, [*discrepancies, *omissions, *new]


def isa_pages(samples: int) -> tuple[dict[str, list[str]], list[str]]:
    """Return ISA's own pages, and the identifiers that they show."""
    from renkei.node.candidates.models import Candidate
    from renkei.node.matching_run.models import Finding

    found = {
        kind: list(
            Finding.objects.filter(kind=kind, is_active=True).values_list("identifier", flat=True)[:samples]
        )
        for kind in ("discrepancy", "suspected_omission")
    }
    unfound = list(Candidate.objects.filter(rank=1).values_list("notification_id", flat=True)[:samples])
    pages = {
        "findings": ["/findings/", "/findings/?kind=suspected_omission", "/findings/?kind=discrepancy"],
        "finding": [
            f"/findings/{kind}/{quote(each)}/" for kind, identifiers in found.items() for each in identifiers
        ],
        "shared_numbers": ["/findings/shared/"],
        "identity_conflicts": ["/findings/identity/"],
        "corrections": ["/findings/corrections/"],
        "candidates": ["/findings/candidates/", "/findings/candidates/?decided"],
        "candidate": [f"/findings/candidates/{quote(each)}/" for each in unfound],
        "purpose": [
            f"/purpose/?subject=discrepancy+{quote(each)}&next=/findings/" for each in found["discrepancy"]
        ],
    }
    subjects = [f"{kind} {each}" for kind, identifiers in found.items() for each in identifiers]
    return pages, [*subjects, *(f"candidates {each}" for each in unfound)]


def both_pages(party: str) -> dict[str, list[str]]:
    """Return the pages of both parties."""
    from renkei.node.console import manual
    from renkei.node.cycle.models import Day
    from renkei.node.deliveries.models import Delivery

    days = Day.objects.values_list("business_day", flat=True)
    deliveries = Delivery.objects.values_list("direction", "service", "sequence")
    return {
        "today": ["/"],
        "today_strip": ["/strip/"],
        "trends": ["/trends/"],
        "days": ["/days/"],
        "day": [f"/days/{day}/" for day in days],
        "deliveries": ["/deliveries/"],
        "delivery": [f"/deliveries/{way}/{service}/{number}/" for way, service, number in deliveries],
        "incidents": ["/incidents/"],
        "incident_new": ["/incidents/new/"],
        "trail": ["/trail/", "/trail/?actor=bench1"],
        "officers": ["/officers/"],
        "officer": ["/officers/bench1/"],
        "own_account": ["/account/"],
        "keys": ["/keys/"],
        "memorandum": ["/memorandum/"],
        "manual": ["/manual/"],
        "manual_task": [f"/manual/{task.slug}/" for task in manual.tasks_of(party)],
    }


def main(officers: int, samples: int) -> None:
    """Prepare the node and print its pages."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "renkei.node.settings"
    django.setup()
    from django.conf import settings
    from django.db import connection

    from renkei.node.audit.models import Entry
    from renkei.node.cases.models import Case
    from renkei.node.records.models import Notification, ReceivedNotification

    party = settings.NODE.party
    made = make_officers(officers)
    if party == "mhlw":
        spread_cases()
    lengthen_trail()
    with connection.cursor() as cursor:
        # Autovacuum would have done it by the next morning.
        cursor.execute("VACUUM ANALYZE")
        on = server(cursor)
    own, subjects = (mhlw_pages if party == "mhlw" else isa_pages)(samples)
    declare(subjects, party)
    pages = both_pages(party) | own
    counts = {
        "cases": Case.objects.count(),
        "notifications": (Notification if party == "mhlw" else ReceivedNotification).objects.count(),
        "entries": Entry.objects.count(),
    }
    said = {"officers": made, "pages": {name: each for name, each in pages.items() if each}, "counts": counts}
    print(json.dumps(said | {"console": settings.NODE.console.listen, "server": on}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
