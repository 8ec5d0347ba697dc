"""Reconciliation: matches notifications with the register as of a day (reconciliation §3–§6)."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.agreement.decisions import COMPARABLE_ITEMS, DEFAULT_POLICY, Policy
from renkei.matching.dates import read_dates
from renkei.matching.frames import Table, table_batches
from renkei.matching.hash_index import HashIndex
from renkei.matching.omissions import CREDITING, judge_permissions, place_probable
from renkei.matching.outcomes import NO_FAULTY, judge_notifications, link, place_named
from renkei.matching.plausibility import (
    ALL_GIVEN,
    REGISTER,
    Implausible,
    implausible,
    require_plausible,
    row_counts,
)
from renkei.matching.release import annex_2, annex_3, matches
from renkei.matching.report.statistics import Read, Statistics, count, tally
from renkei.matching.validation import Checked, NotificationsAre, check, receiving, rejects_in_order
from renkei.matching.values import fold

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
    `implausible` is what could not be true and was confirmed with a reason (§1).
    """

    annex2: pl.DataFrame
    annex3: pl.DataFrame
    matches: pl.DataFrame
    rejects: pl.DataFrame
    statistics: Statistics
    candidates: pl.DataFrame | None = None
    implausible: tuple[Implausible, ...] = ()

    def __repr__(self) -> str:
        """Say how many rows each table has: a notebook or a log that shows a result must show no person."""
        return f"Reconciliation({', '.join(f'{name}: {rows:,} rows' for name, rows in self._sizes())})"

    def _repr_html_(self) -> str:
        """Show the counts in a notebook."""
        lines = [
            *((f"{name}: rows", rows) for name, rows in self._sizes()),
            *(
                (f"{dataset}: {key}", rows)
                for dataset, counts in self.statistics.summary()["datasets"].items()
                for key, rows in counts.items()
            ),
        ]
        cells = "".join(f"<tr><th>{key}</th><td>{rows:,}</td></tr>" for key, rows in lines)
        return f"<table><caption>Reconciliation as of {self.statistics.as_of}</caption>{cells}</table>"

    def _sizes(self) -> list[tuple[str, int]]:
        tables = ("annex2", "annex3", "matches", "rejects", "candidates")
        return [(name, table.height) for name in tables if (table := getattr(self, name)) is not None]


def reconcile(
    notifications: Table,
    persons: Table,
    cards: Table,
    permissions: Table,
    *,
    as_of: date | str,
    policy: Policy = DEFAULT_POLICY,
    candidates: "Parameters | None" = None,
    probable: pl.DataFrame | None = None,
    notifications_are: NotificationsAre = "all",
    last_said: Mapping[str, int] | None = None,
    confirmed: str | None = None,
    faulty: pl.DataFrame = NO_FAULTY,
) -> Reconciliation:
    """Reconcile notifications with the register as of a day.

    Each table is a frame of pandas, Polars (lazy too), Arrow, DuckDB or another library that narwhals reads,
    or a path. It has exactly the columns of its dataset (data dictionary), by name or Japanese label, as text
    or of a type that holds their values (`frames`); every accepted shape is read (§1). `as_of` is a date, or
    a date as text. Rejected rows are in `rejects`, numbered as in a file whose header is line 1. Raises
    `RefusedFile` if columns are unknown, missing, given twice or of a type that cannot hold their values,
    and ValueError if `as_of` is no date. With `candidates` (parameters), notifications that are not
    found get candidates, and Annex 3 names a notification that explains a suspected omission; `probable` are
    such candidates that are known already (`person_id` and the columns of `PROBABLE` but `person`). Raises
    `ImplausibleInput`, with the counts, for what cannot be true (§1), unless `confirmed` gives a reason;
    `last_said` are the rows of each dataset that an earlier run read. `faulty` are rows of the register that
    were set aside before and are not among these: `card_number` and `person_id`, canonical (§4 `held`).

    >>> import polars as pl
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
    ...     as_of="2026-04-13",
    ... )
    >>> result.matches.select("outcome", "mismatched_items", "differences").rows()
    [('mismatched', 'birth_date', 'birth_date:day_month_swapped')]
    >>> result.annex2.select("linked_name", "linked_birth_date", "latest_name").rows()
    [(None, '1998-04-01', 'NGUYEN VAN ANH')]
    """
    tables = {NOTIFICATIONS: notifications, PERSONS: persons, CARDS: cards, PERMISSIONS: permissions}
    return reconcile_batches(
        lambda dataset: table_batches(tables[dataset], dataset),
        as_of=read_day(as_of),
        policy=policy,
        candidates=candidates,
        known_probable=probable,
        notifications_are=notifications_are,
        last_said=last_said,
        confirmed=confirmed,
        faulty=faulty,
    )


def read_day(day: date | str) -> date:
    """Return a day that is given as a date or as text in any accepted shape (§1). Raises ValueError."""
    if isinstance(day, date):
        return day
    read = read_dates(pl.Series([fold(day.strip())]), partial=False).item()
    if not isinstance(read, date):
        raise ValueError(f"{day}: not a date. Write it as 2026-04-01.")
    return read


# Every column is checked; only those that an annex or a comparison needs are kept.
_RECORD = frozenset(COMPARABLE_ITEMS) - {"address"} | {"kanji_name"}


def kept_columns(dataset: Dataset, policy: Policy) -> frozenset[str] | None:
    """Return the columns of a dataset that a reconciliation needs; None means all."""
    address = {"address"} & {*policy.compared_items}
    needed = {
        NOTIFICATIONS: {"notification_id", "card_number", *_RECORD, *CREDITING, "deleted_on"} | address,
        PERSONS: {"person_id", "card_number", *_RECORD, "address"},
        CARDS: {"card_number", "person_id", "issued_on", *_RECORD} | address,
    }
    return frozenset(needed[dataset]) if dataset in needed else None


_FILES_AT_ONCE = 2


def reconcile_batches(
    batches: Callable[[Dataset], Iterable[pa.RecordBatch]],
    *,
    as_of: date,
    policy: Policy = DEFAULT_POLICY,
    candidates: "Parameters | None" = None,
    known_probable: pl.DataFrame | None = None,
    notifications_are: NotificationsAre = "all",
    last_said: Mapping[str, int] | None = None,
    confirmed: str | None = None,
    faulty: pl.DataFrame = NO_FAULTY,
    progress: Progress = lambda dataset, rows: None,
) -> Reconciliation:
    """Reconcile the batches of each dataset, in the form of `text_batch`; otherwise as `reconcile`.

    `notifications_are`: all that stand, or a day's `changes`. Of changes the last row with an identifier
    stands, and neither Annex 3 nor `shared_number` can be said (§1). `progress` is called with a dataset's
    name and the rows read of it, also from another thread.
    """

    def checked(dataset: Dataset, known_persons: Callable[[], HashIndex] | None = None) -> Checked:
        return check(
            batches(dataset),
            dataset,
            keep=kept_columns(dataset, policy),
            rules=receiving(dataset, notifications_are),
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
        faulty = pl.concat([cards.faulty, persons.faulty, faulty])
        every = notifications_are == "all"
        linked = link(notifications.taken, cards.taken, policy, faulty=faulty, all_given=every)
        linked = place_named(linked, known())
        judged = judge_notifications(linked, cards.taken, persons.taken, policy)
        # Annex 2 and the matches do not need permissions: they are written while those are still being read.
        mismatches = threads.submit(annex_2, judged, persons.taken, as_of=as_of, policy=policy)
        outcomes = threads.submit(matches, judged)
        found = None
        explaining = None if known_probable is None else place_probable(known_probable, known())
        if candidates is not None:
            # Imported only in runs that search for candidates.
            from renkei.matching.candidates.search import find_and_count, not_found, probable

            searched = not_found(linked)
            found = find_and_count(searched, cards.taken, candidates)
            explaining = place_probable(probable(found.candidates, searched, policy), known())
        tables = (notifications, persons, cards, reading_permissions.result())
        permissions = tables[-1].taken
        permissions = permissions if every else permissions.clear()
        omissions = judge_permissions(
            permissions, judged.crediting, as_of=as_of, policy=policy, probable=explaining
        )
        rejects = rejects_in_order((table.rejects, table.places) for table in tables)
        counts = [Read(one.dataset, one.read, one.set_aside, one.taken.height) for one in tables]
        tallied = tally(judged.notifications, omissions)
        searching = None if found is None else found.counts()
        statistics = count(counts, tallied, rejects, as_of=as_of, policy=policy, candidates=searching)
        findings = hold_plausible(statistics, rejects, notifications_are, last_said, confirmed)
        return Reconciliation(
            annex2=mismatches.result(),
            annex3=annex_3(omissions.suspected, persons.taken),
            matches=outcomes.result(),
            rejects=rejects,
            statistics=statistics,
            candidates=found if found is None else as_text(found.candidates),
            implausible=findings,
        )


def hold_plausible(
    statistics: Statistics,
    rejects: pl.DataFrame,
    notifications_are: NotificationsAre,
    last_said: Mapping[str, int] | None,
    confirmed: str | None,
) -> tuple[Implausible, ...]:
    """Return what cannot be true (§1) if a reason confirms it. Raises ImplausibleInput without one."""
    every = notifications_are == "all"
    # A day's changes say nothing of how many notifications stand.
    before = {name: rows for name, rows in (last_said or {}).items() if every or name != NOTIFICATIONS.name}
    findings = implausible(
        row_counts(statistics.datasets, rejects, before),
        statistics.policy,
        never_empty=ALL_GIVEN if every else REGISTER,
        due=int(statistics.due()["rows"].sum()),
        suspected=int(statistics.omissions["rows"].sum()),
    )
    require_plausible(findings, confirmed)
    return findings


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
