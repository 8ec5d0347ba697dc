"""The step that erases what nobody needs any more: every class of data of this node, in one table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from renkei.exchange.files import DeliveryFiles, only_delivery
from renkei.node.cases import retention as cases
from renkei.node.cycle.steps import Context, Counts
from renkei.node.deliveries import boxes
from renkei.node.deliveries.models import Delivery
from renkei.node.findings import retention as findings
from renkei.node.records import retention
from renkei.node.records.retention import FileRule, Rule

_OVER: Final = (Delivery.State.ACCEPTED, Delivery.State.OPENED, Delivery.State.REFUSED)
_BOXES: Final[Mapping[str, str]] = {Delivery.Direction.OUT: "outbox", Delivery.Direction.IN: "inbox"}


def erase(context: Context) -> Counts:
    """Erase what is due; counts by class. The certificate stands in the database, its hash in the trail."""
    made = retention.erase(context.now, None, RULES, FILES)
    return {"certificate": made.pk, "rows": made.rows} if made else {"rows": 0}


def _sealed_files(until: datetime) -> list[Path]:
    """Return the sealed files of deliveries whose verdict was given before a moment."""
    home = boxes.home().directory
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
        replace(rule, only_if=f"{rule.only_if} AND {findings.GOES_ONLY_IF.get(rule.name, 'true')}")
        for rule in retention.RULES
    ),
    *cases.RULES,
    *findings.RULES,
)
FILES: Final[tuple[FileRule, ...]] = (*retention.FILES, _SEALED)
