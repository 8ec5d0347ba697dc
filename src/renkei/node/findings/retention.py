"""How long correction requests are kept at ISA; what stands is kept as long as the records it rests on.

Candidates, and what an officer decided on them, go with their notification, at the matching that follows.
"""

from collections.abc import Mapping
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

#: By class of the records: on which further condition a row goes. A notification that speaks for somebody
#: with a permission, by an officer's word or probably, stays: else its employer would come under suspicion.
GOES_ONLY_IF: Final[Mapping[str, str]] = {
    "ended_employments": (
        "NOT EXISTS (SELECT 1 FROM findings_notfound u LEFT JOIN findings_candidate c "
        "ON c.notification_id = u.notification_id AND c.rank = 1 "
        "JOIN records_permission p ON p.person_id = coalesce(u.person_id, c.person_id) "
        "WHERE u.notification_id = r.notification_id AND u.state <> 'rejected')"
    )
}
