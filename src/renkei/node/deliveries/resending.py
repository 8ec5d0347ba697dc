"""Sending again what the counterpart has not answered: the same sealed bytes, for a reason, on record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from renkei.agreement.text import Words
from renkei.node.accounts.models import Officer
from renkei.node.accounts.permissions import Act, require
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.deliveries.models import Delivery
from renkei.node.errors import NotHandedOver

#: Why a delivery is sent again, with the words an officer chooses by.
REASONS: Final[Mapping[str, Words]] = {
    "no_receipt": Words("受領証が届かない", "no receipt has come"),
    "asked": Words("相手方から求められた", "the counterpart asked for it"),
    "repaired": Words("通信の障害が直った", "the network is repaired"),
}


def resend(delivery: Delivery, officer: Officer, reason: str, *, now: datetime) -> None:
    """Let the next run send a delivery anew, without waiting for its turn.

    The counterpart answers the same bytes with the same receipt. Raises NotPermitted, NotHandedOver for one
    that is settled, or without a reason of REASONS.
    """
    require(officer, Act.RUN_DAY, now=now)
    open_states = (Delivery.State.SEALED, Delivery.State.SENT)
    with transaction.atomic():
        mine = Delivery.objects.filter(
            pk=delivery.pk, direction=Delivery.Direction.OUT, state__in=open_states
        )
        if reason not in REASONS or mine.update(state=Delivery.State.SEALED, next_try_at=None) != 1:
            raise NotHandedOver(
                "Only what the counterpart has not answered is sent again, for a reason. Choose one.",
                "相手方が回答していない送付だけを、理由を選んで再送できます。",
            )
        record(officer, Verb.DELIVERY_RESENT, f"{delivery.service} {delivery.sequence}", reason=reason)
