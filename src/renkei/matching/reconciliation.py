"""Reconciliation: matches notifications with the register as of a day (reconciliation §3–§6)."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.agreement.decisions import COMPARABLE_ITEMS, DEFAULT_POLICY, Policy
from renkei.matching.hash_index import HashIndex
from renkei.matching.omissions import suspect
from renkei.matching.outcomes import judge_notifications, link
from renkei.matching.reading import BATCH_ROWS, match_columns, text_batch
from renkei.matching.release import annex_2, annex_3, matches
from renkei.matching.report.statistics import Read, Statistics, count, tally
from renkei.matching.validation import Checked, check, rejects_in_order

if TYPE_CHECKING:
    from renkei.matching.candidates import Parameters

Progress = Callable[[str, int], None]
"""Called with a dataset's name and the number of its rows read since the last call."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The result of a reconciliation, as text in canonical form, sorted by identifier, blank as null.

    `annex2` has the columns of the dataset `discrepancies`, `annex3` those of `suspected_omissions`,
    `matches` and `rejects` those of reconciliation §8. `statistics` are counts only: no personal data.
    `candidates`, if they were searched for, are those of `candidates.find`; they never leave ISA.
    """

    annex2: pl.DataFrame
    annex3: pl.DataFrame
    matches: pl.DataFrame
    rejects: pl.DataFrame
    statistics: Statistics
    candidates: pl.DataFrame | None = None


def reconcile(
    notifications: pl.DataFrame,
    persons: pl.DataFrame,
    cards: pl.DataFrame,
    permissions: pl.DataFrame,
    *,
    as_of: date,
    policy: Policy = DEFAULT_POLICY,
    candidates: "Parameters | None" = None,
) -> Reconciliation:
    """Reconcile notifications with the register as of a day.

    Each frame has exactly the columns of its dataset (data dictionary), by name or Japanese label, as text
    or as dates, times without a zone, booleans and whole numbers; every accepted shape is read (§1).
    Rejected rows are in `rejects`, numbered as in a file whose header is line 1. Raises `RefusedFile` if
    columns are unknown, missing or given twice. With `candidates` (parameters), notifications that are not
    found get candidates, and Annex 3 names a notification that explains a suspected omission.

    >>> import polars as pl
    >>> from datetime import date
    >>> from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
    >>> from renkei.matching import reconcile
    >>> record = {
    ...     "name": "NGUYEN VAN ANH", "status_of_residence": "技術・人文知識・国際業務", "sex": "男",
    ...     "birth_date": "平成10年4月1日", "nationality": "ベトナム", "stay_expires_on": "2027/9/30",
    ... }
    >>> def table(dataset, *rows):
    ...     return pl.DataFrame([{**dict.fromkeys(dataset.names, ""), **row} for row in rows],
    ...                         schema=dict.fromkeys(dataset.names, pl.String))
    >>> result = reconcile(
    ...     table(NOTIFICATIONS, record | {"notification_id": "N1", "card_number": "ab-12345678-cd",
    ...           "name": "Anh Nguyen Van", "birth_date": "1998-01-04", "registered_on": "2026-04-10"}),
    ...     table(PERSONS, record | {"person_id": "P1", "card_number": "AB12345678CD"}),
    ...     table(CARDS, record | {"card_number": "AB12345678CD", "person_id": "P1",
    ...           "issued_on": "2024-10-01"}),
    ...     table(PERMISSIONS),
    ...     as_of=date(2026, 4, 13),
    ... )
    >>> result.matches.select("outcome", "mismatched_items", "differences").rows()
    [('mismatched', 'birth_date', 'birth_date:day_month_swapped')]
    >>> result.annex2.select("linked_name", "linked_birth_date", "latest_name").rows()
    [(None, '1998-04-01', 'NGUYEN VAN ANH')]
    """
    frames = {NOTIFICATIONS: notifications, PERSONS: persons, CARDS: cards, PERMISSIONS: permissions}
    return reconcile_batches(
        lambda dataset: as_batches(frames[dataset], dataset),
        as_of=as_of,
        policy=policy,
        candidates=candidates,
    )


def as_batches(frame: pl.DataFrame, dataset: Dataset) -> Iterable[pa.RecordBatch]:
    """Cut a frame into batches as `Source.batches` yields them. Raises RefusedFile for wrong columns."""
    columns = match_columns(frame.columns, dataset, dataset.name)
    text = frame.select(
        header if isinstance(frame.schema[header], pl.Datetime) else pl.col(header).cast(pl.String)
        for header in columns.values()
    )
    for batch in text.to_arrow().to_batches(BATCH_ROWS):
        yield text_batch(batch, dataset, columns)


# Every column is checked; only those that an annex or a comparison needs are kept.
_RECORD = frozenset(COMPARABLE_ITEMS) - {"address"} | {"kanji_name"}


def kept_columns(dataset: Dataset, policy: Policy) -> frozenset[str] | None:
    """Return the columns of a dataset that a reconciliation needs; None means all."""
    address = {"address"} & {*policy.compared_items}
    needed = {
        NOTIFICATIONS: {"notification_id", "card_number", *_RECORD, "employment_start", "deleted_on"}
        | address,
        PERSONS: {"person_id", "card_number", *_RECORD, "address"},
        CARDS: {"card_number", "person_id", *_RECORD} | address,
    }
    return frozenset(needed[dataset]) if dataset in needed else None


_FILES_AT_ONCE = 2


def reconcile_batches(
    batches: Callable[[Dataset], Iterable[pa.RecordBatch]],
    *,
    as_of: date,
    policy: Policy = DEFAULT_POLICY,
    candidates: "Parameters | None" = None,
    progress: Progress = lambda dataset, rows: None,
) -> Reconciliation:
    """Reconcile the batches of each dataset, in the form of `text_batch`; otherwise as `reconcile`.

    `progress` is called with a dataset's name and the rows read of it, also from another thread.
    """

    def checked(dataset: Dataset, known_persons: Callable[[], HashIndex] | None = None) -> Checked:
        return check(
            batches(dataset),
            dataset,
            keep=kept_columns(dataset, policy),
            known_persons=known_persons,
            progress=lambda rows: progress(dataset.name, rows),
        )

    def persons_with_index() -> tuple[Checked, HashIndex]:
        persons = checked(PERSONS).rechunked()
        return persons, HashIndex(persons.taken["person_id"])

    with ThreadPoolExecutor(_FILES_AT_ONCE) as threads:
        # Persons first, because cards and permissions need them at the end; then the largest table.
        reading_persons = threads.submit(persons_with_index)

        def known() -> HashIndex:
            return reading_persons.result()[1]

        reading_cards = threads.submit(lambda: checked(CARDS, known).rechunked())
        reading_notifications = threads.submit(lambda: checked(NOTIFICATIONS).rechunked())
        notifications, cards = reading_notifications.result(), reading_cards.result()
        persons, _ = reading_persons.result()
        # The comparison does not need permissions: they are read on a core that it does not use all the time.
        reading_permissions = threads.submit(checked, PERMISSIONS, known)
        linked = link(notifications.taken, cards.taken, policy)
        judged = judge_notifications(linked, cards.taken, persons.taken, policy)
        # Annex 2 and the matches do not need permissions: they are written while those are still being read.
        mismatches = threads.submit(annex_2, judged, persons.taken, as_of=as_of, policy=policy)
        outcomes = threads.submit(matches, judged)
        found, explaining = None, None
        if candidates is not None:
            # Imported only in runs that search for candidates.
            from renkei.matching.candidates import find
            from renkei.matching.candidates.search import not_found, probable

            searched = not_found(linked)
            found = find(searched, cards.taken, candidates)
            explaining = probable(found, searched, persons.taken["person_id"], policy)
        tables = (notifications, persons, cards, reading_permissions.result())
        suspected = suspect(
            tables[-1].taken, judged.notifications, as_of=as_of, policy=policy, probable=explaining
        )
        rejects = rejects_in_order(table.rejects for table in tables)
        tallied = tally(judged.notifications, suspected)
        counts = [Read(one.dataset, one.read, one.rejects.height, one.taken.height) for one in tables]
        return Reconciliation(
            annex2=mismatches.result(),
            annex3=annex_3(suspected, persons.taken),
            matches=outcomes.result(),
            rejects=rejects,
            statistics=count(counts, tallied, rejects, as_of=as_of, policy=policy),
            candidates=found if found is None else as_text(found),
        )


def as_text(candidates: pl.DataFrame) -> pl.DataFrame:
    """Write candidates as in a file: probabilities with six decimals."""
    shares = [name for name, dtype in candidates.schema.items() if dtype == pl.Float64]
    millionths = [(pl.col(name) * 1_000_000).round().cast(pl.Int64).alias(name) for name in shares]
    return (
        candidates.with_columns(millionths)
        .with_columns(
            pl.concat_str(
                (pl.col(name) // 1_000_000).cast(pl.String),
                pl.lit("."),
                (pl.col(name) % 1_000_000).cast(pl.String).str.zfill(6),
            ).alias(name)
            for name in shares
        )
        .with_columns(pl.col("rank").cast(pl.String))
    )
