"""The step `erase`: every class of data that this node erases after its retention period, in one table.

- Correction requests at ISA: once decided and their answer sealed. Candidates, and decisions on them, are
  deleted with their notification by the matching that follows.
- Cases: once closed and withdrawn by ISA, with their history, documents and correction requests.
- Sealed files: once the delivery has its verdict.
- Records: `records.retention`. Active findings are kept as long as the records that they are based on.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from renkei.exchange.files import DeliveryFiles, only_delivery
from renkei.node.cases.models import Attachment, Case, Event
from renkei.node.cases.workflow import State
from renkei.node.corrections.models import CorrectionRequest, ReceivedRequest
from renkei.node.cycle.steps import Context, Counts
from renkei.node.deliveries import keystore
from renkei.node.deliveries.models import Delivery
from renkei.node.records import retention
from renkei.node.records.retention import FileRule, Rule

#: At ISA: requests that were decided, and whose answer is sealed.
_REQUESTS: Final = (
    Rule(
        "answered_requests",
        "回答済みの訂正依頼",
        ReceivedRequest,
        "request_id",
        since="decided_on",
        period="closed_cases",
        only_if="r.answer_sequence IS NOT NULL",
        held_by="(h.covers = 'notification' AND h.identifier = r.identifier)",
    ),
)

#: Further conditions for classes of the records, by name. A notification whose confirmed or probable
#: candidate has a permission is kept: otherwise its employer would be reported with a suspected omission.
_GOES_ONLY_IF: Final[Mapping[str, str]] = {
    "ended_employments": (
        "NOT EXISTS (SELECT 1 FROM candidates_notfound u LEFT JOIN candidates_candidate c "
        "ON c.notification_id = u.notification_id AND c.rank = 1 "
        "JOIN records_permission p ON p.person_id = coalesce(u.person_id, c.person_id) "
        "WHERE u.notification_id = r.notification_id AND u.state <> 'rejected')"
    )
}


#: Closed cases. A case that ISA has not withdrawn is kept, whoever closed it.
_CASES: Final = (
    Rule(
        "closed_cases",
        "終結した事案",
        Case,
        "id",
        since="closed_on",
        period="closed_cases",
        only_if=f"r.state = '{State.CLOSED}' AND r.row = ''",
        held_by="(h.covers = 'notification' AND h.identifier = r.identifier)",
        parts=tuple((model._meta.db_table, "case_id") for model in (Event, Attachment, CorrectionRequest)),
    ),
)


_OVER: Final = (Delivery.State.ACCEPTED, Delivery.State.OPENED, Delivery.State.REFUSED)
_BOXES: Final[Mapping[str, str]] = {Delivery.Direction.OUT: "outbox", Delivery.Direction.IN: "inbox"}


def erase(context: Context) -> Counts:
    """Erase what is due. The certificate is kept in the database, and its hash in the trail."""
    made = retention.erase(context.now, None, RULES, FILES)
    return {"certificate": made.pk, "rows": made.rows} if made else {"rows": 0}


def _sealed_files(until: datetime) -> list[Path]:
    """Return the sealed files of deliveries whose verdict was given before a time."""
    home = keystore.home().directory
    over = Delivery.objects.filter(state__in=_OVER, settled_at__lt=until).order_by("pk")
    places = [
        home / _BOXES[direction] / service / f"{number:08d}"
        for direction, service, number in over.values_list("direction", "service", "sequence")
    ]
    found = [only_delivery(place).sealed for place in places if place.is_dir()]
    return [path for path in found if path.exists()]


def _erase_sealed(sealed: Path) -> None:
    DeliveryFiles(sealed.parent, sealed.stem).erase_sealed()


_SEALED: Final = FileRule(
    "sealed_files",
    "送受信した封緘ファイル",
    period="deliveries",
    find=_sealed_files,
    day=lambda path: datetime.fromtimestamp(path.stat().st_mtime).astimezone().date().isoformat(),
    erase=_erase_sealed,
)

#: Every class of data that is erased; tables that only the other party fills are empty.
RULES: Final[tuple[Rule, ...]] = (
    *(
        replace(rule, only_if=f"{rule.only_if} AND {_GOES_ONLY_IF.get(rule.name, 'true')}")
        for rule in retention.RULES
    ),
    *_CASES,
    *_REQUESTS,
)
FILES: Final[tuple[FileRule, ...]] = (*retention.FILES, _SEALED)
