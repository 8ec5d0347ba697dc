"""Whether an extract can be true, held against the rows that are stored (reconciliation §1).

A file that is cut short between two rows looks like a whole one. The limits are decisions.
"""

from collections.abc import Mapping

from django.conf import settings

from renkei.agreement.decisions import Policy
from renkei.agreement.text import Words
from renkei.matching.plausibility import ALL_GIVEN, Implausible, RowCounts, implausible, in_words
from renkei.node.records.models import Import, WaitingExtract
from renkei.node.records.tables import Table


def of_import(table: Table, counts: Mapping[str, int], *, full: bool) -> tuple[Implausible, ...]:
    """Return what of an import cannot be true, from its counts, once its rows are applied.

    Runs in the transaction of the import, which is rolled back unless somebody has confirmed it.
    """
    policy: Policy = settings.NODE.decided()
    removed = counts["removed"]
    rows = RowCounts(
        table.dataset.name,
        counts["read"],
        counts["rejected"],
        before=_rows_before(table, counts) if full else None,
        removed=removed,
        # Counting millions of rows takes a second, so it is done only where the number decides.
        stored=_count(table) + removed - counts["new"] if removed > policy.removed_rows else 0,
    )
    return implausible([rows], policy, never_empty=ALL_GIVEN & {table.dataset.name} if full else ())


def why_waiting(name: str) -> Words:
    """Return why a file of DIR/extracts waits, as counts in words; blank if it does not."""
    found = WaitingExtract.objects.filter(name=name).first()
    return in_words(Implausible(**each) for each in found.findings) if found else Words("", "")


def _rows_before(table: Table, counts: Mapping[str, int]) -> int | None:
    if not table.keeps_missing:
        return sum(counts[act] for act in ("removed", "changed", "same", "kept"))
    # Rows that no extract has any more stay, so the last extract is the measure.
    last = Import.objects.filter(dataset=table.dataset.name, mode=Import.Mode.FULL).first()
    return int(last.counts["read"]) if last else None


def _count(table: Table) -> int:
    return int(table.model._default_manager.count())
