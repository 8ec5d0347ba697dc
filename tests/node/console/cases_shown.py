"""Cases as the console's tests see them: made up, one of each sort, hostile where asked for."""

from collections.abc import Sequence
from pathlib import Path

from django.test import Client
from django.utils import timezone

from node.cases.made_up import Answering, a_discrepancy, an_omission
from renkei.node.accounts import purposes
from renkei.node.accounts.models import Officer
from renkei.node.cases.models import Case
from renkei.node.records.models import Establishment, Notification

PLACE = "13010000011"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def cases_of_a_place(place: Path, hostile: str = "") -> None:
    """Two mismatches, one perhaps of another person, a number not found, and a suspected omission."""
    now = timezone.now()
    for number in (1, 2, 3):
        Notification.objects.create(
            notification_id=f"N{number}",
            name=hostile or "NGUYEN VAN AN",
            status_of_residence="engineer_humanities_intl",
            birth_date="1998-04-01",
            sex="1",
            nationality="VNM",
            card_number=f"AB{number:08d}CD",
            establishment_number=PLACE,
            employment_start="2026-04-01",
            registered_on="2026-04-10",
        )
    Establishment.objects.create(
        establishment_number=PLACE,
        corporate_number="1234567890123",
        establishment_name=hostile or "架空商事株式会社",
        postal_code="1000001",
        address=hostile or "東京都千代田区架空1-1",
        phone="0300000000",
        hello_work_office="1301",
        labour_bureau="13",
    )
    linked = hostile or "NGUYEN VAN ANH"
    Answering(place)(
        a_discrepancy(
            1,
            linked_name=linked,
            latest_name=linked,
            latest_birth_date="1998-04-01",
            latest_address=hostile or "大阪府大阪市架空2-2",
        ),
        a_discrepancy(
            2,
            identity_caution="true",
            mismatched_items="name;birth_date",
            differences="name:different;birth_date:one_digit",
            linked_name=hostile or "TRAN THI BINH",
            latest_name=hostile or "TRAN THI CHAU",
            linked_birth_date="1998-04-11",
            latest_birth_date="1998-04-11",
        ),
        a_discrepancy(
            3,
            outcome="not_found",
            mismatched_items=None,
            differences="card_number:unknown_number",
            linked_name="",
            latest_name="",
            card_number="",
        ),
        an_omission(
            4,
            landed_on="2026-04-01",
            name=hostile or "架空 次郎",
            organisation_name=hostile or "架空商事株式会社",
            organisation_representative=hostile or "架空 三郎",
        ),
        now=now,
    )


def number_of(identifier: str) -> str:
    return Case.objects.get(identifier=identifier).number


def stated(officer: Officer, numbers: Sequence[str]) -> None:
    purposes.declare(officer, "labour_market", numbers, now=timezone.now())


def asks_for_a_purpose(client: Client, address: str) -> bool:
    answer = client.get(address)
    return answer.status_code == 302 and answer["Location"].startswith("/purpose/?")
