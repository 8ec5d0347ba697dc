"""How long a case is kept: what is over, and no longer stands, goes with its history and documents."""

from typing import Final

from renkei.node.cases.models import Attachment, Case, CorrectionRequest, Event
from renkei.node.cases.moves import State
from renkei.node.records.retention import Rule

#: What is erased of cases. One that ISA has not withdrawn goes on standing, whoever closed it.
RULES: Final = (
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
