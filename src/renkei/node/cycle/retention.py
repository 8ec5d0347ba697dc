"""The step that erases what nobody needs any more: every class of data of this node, in one table."""

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

# MERGED renkei.node.cycle.retention: How long correction requests are kept at ISA; what stands is kept as long as the records it rests on.
#
# Candidates, and what an officer decided on them, go with their notification, at the matching that follows.

#: What is erased of findings: requests that were decided on, and whose answer is sealed.
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

#: By class of the records: on which further condition a row goes. A notification that speaks for somebody
#: with a permission, by an officer's word or probably, stays: else its employer would come under suspicion.
_GOES_ONLY_IF: Final[Mapping[str, str]] = {
    "ended_employments": (
        "NOT EXISTS (SELECT 1 FROM candidates_notfound u LEFT JOIN candidates_candidate c "
        "ON c.notification_id = u.notification_id AND c.rank = 1 "
        "JOIN records_permission p ON p.person_id = coalesce(u.person_id, c.person_id) "
        "WHERE u.notification_id = r.notification_id AND u.state <> 'rejected')"
    )
}


# MERGED renkei.node.cycle.retention: How long a case is kept: what is over, and no longer stands, goes with its history and documents.

#: What is erased of cases. One that ISA has not withdrawn goes on standing, whoever closed it.
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
    """Erase what is due; counts by class. The certificate stands in the database, its hash in the trail."""
    made = retention.erase(context.now, None, RULES, FILES)
    return {"certificate": made.pk, "rows": made.rows} if made else {"rows": 0}


def _sealed_files(until: datetime) -> list[Path]:
    """Return the sealed files of deliveries whose verdict was given before a moment."""
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

#: Every class of data that is ever erased, the tables of the other party being empty.
RULES: Final[tuple[Rule, ...]] = (
    *(
        replace(rule, only_if=f"{rule.only_if} AND {_GOES_ONLY_IF.get(rule.name, 'true')}")
        for rule in retention.RULES
    ),
    *_CASES,
    *_REQUESTS,
)
FILES: Final[tuple[FileRule, ...]] = (*retention.FILES, _SEALED)
