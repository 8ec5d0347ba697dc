"""Finding cases by a card number: personal, hence for a purpose alone, and recorded without the number."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, offices_of, require
from renkei.node.accounts.purposes import offered
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cases.models import Case, Kind
from renkei.node.errors import NoSuchPurpose
from renkei.node.records.models import Notification


def by_card_number(card_number: str, purpose: str, officer: Officer, *, now: datetime) -> list[Case]:
    """Return an officer's cases whose notification or residence record bears a card number.

    Nothing but what a list shows is loaded. Raises NotPermitted, and NoSuchPurpose without a purpose of
    clause 7.
    """
    require(officer, Act.HANDLE_CASE, now=now)
    if purpose not in {each.code for each in offered()}:
        raise NoSuchPurpose(
            "A purpose of clause 7 is needed. State it.", "申合せ7の利用目的が必要です。申告してください。"
        )
    offices = offices_of(officer, Act.HANDLE_CASE)
    # Read first, so that the database joins two short look-ups instead of passing over every case.
    notified = list(Notification.objects.filter(card_number=card_number).values_list("pk", flat=True))
    named = Q(card_number=card_number) | Q(kind=Kind.DISCREPANCY, identifier__in=notified)
    found = Case.objects.filter(named).defer("row", "card_number").select_related("assigned_to")
    if offices is not None:
        found = found.filter(office__in=sorted(offices))
    with transaction.atomic():
        cases = list(found.order_by("pk"))
        numbers = [case.number for case in cases]
        record(officer, Verb.CARD_NUMBER_SOUGHT, f"{len(numbers)}", purpose=purpose, cases=numbers)
    return cases
