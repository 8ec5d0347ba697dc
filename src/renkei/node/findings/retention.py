"""How long correction requests are kept at ISA; what stands is kept as long as the records it rests on."""

from typing import Final

from renkei.node.findings.models import CorrectionRequest
from renkei.node.records.retention import Rule

#: What is erased of findings: requests that were decided on, and whose answer is sealed.
RULES: Final = (
    Rule(
        "answered_requests",
        "回答済みの訂正依頼",
        CorrectionRequest,
        "request_id",
        since="decided_on",
        period="closed_cases",
        only_if="r.answer_sequence IS NOT NULL",
        held_by="(h.covers = 'notification' AND h.identifier = r.identifier)",
    ),
)
