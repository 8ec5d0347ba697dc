"""Whether the suspected omissions of a matching can be true (3(1)イ, reconciliation §1).

If more than half of the permissions due are suspected, it is the notifications that are missing.
"""

from datetime import date

from django.conf import settings

from renkei.agreement.decisions import Policy
from renkei.agreement.statuses import is_work_status
from renkei.matching.plausibility import Implausible, implausible
from renkei.node.matching_run.models import Kind, Run
from renkei.node.records import bulk_copy


def of_run(run: Run) -> tuple[Implausible, ...]:
    """Return what of a matching run cannot be true, from its counts."""
    policy: Policy = settings.NODE.decided()
    suspected = run.active.get(Kind.SUSPECTED_OMISSION.value, 0)
    # So few are taken whatever is due: then nothing is counted.
    if suspected <= policy.suspected_from * policy.suspected_percent // 100:
        return ()
    return implausible([], policy, due=due_permissions(run.day, policy), suspected=suspected)


def due_permissions(day: date, policy: Policy) -> int:
    """Count the permissions in scope whose due date has passed (`matching.omissions.is_due`)."""
    found = bulk_copy.read(
        "SELECT p.status_of_residence, p.work_designated, CAST(count(*) AS text) FROM records_permission p "
        "WHERE p.due_on < %s AND p.permitted_on >= %s AND p.contract_confirmed = 'true' "
        "AND EXISTS (SELECT 1 FROM records_person x WHERE x.person_id = p.person_id) "
        "GROUP BY p.status_of_residence, p.work_designated",
        ("status", "designated", "count"),
        (day.isoformat(), policy.in_scope_from.isoformat()),
    )
    return sum(
        int(count)
        for status, designated, count in found.iter_rows()
        if status is not None and is_work_status(status, designated == "true")
    )
