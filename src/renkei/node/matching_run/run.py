"""Matching by change: what is in scope is matched in full and compared with the stored findings (§7).

§7 is of the specification of the reconciliation. A notification whose candidate an officer confirmed counts
for its person in 3(1)イ as if it named the card that the officer saw; 別紙2 still says that its number was
not found (docs/decisions/0013-confirmed-candidates.md). A probable candidate is given as the reason of a
suspected omission.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from typing import Final

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from renkei.agreement.causes import CAUSES
from renkei.agreement.decisions import Policy
from renkei.matching.reconciliation import Reconciliation, reconcile
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.candidates import queue
from renkei.node.candidates import search as candidate_search
from renkei.node.candidates.search import search
from renkei.node.errors import DayPassed
from renkei.node.matching_run import scope
from renkei.node.matching_run.models import Kind, Outcome, Run
from renkei.node.matching_run.scope import FINDINGS, OUTCOMES, Frames, determine_scope
from renkei.node.records import bulk_copy, changes
from renkei.node.records.bulk_copy import advisory_lock, expecting_few_rows
from renkei.node.records.imports import refresh_due_dates
from renkei.node.records.models import Person

# Temporary tables: the outcomes and findings of this run, of all parts together.
_OUTCOMES: Final = "judged_outcomes"
_FINDINGS: Final = "judged_findings"
#: Up to this many changed keys, a run is always restricted to its scope.
FEW = 100_000
_OUTCOME: Final = tuple(field.name for field in Outcome._meta.fields)
_FOUND: Final = ("kind", "identifier", "person_id", "status", "row", "digest")


@transaction.atomic
def match(day: date, find: candidate_search.Find = search) -> Mapping[str, int]:
    """Match what is in scope as of a day, and store what changed.

    Matching a day again processes what changed since, and otherwise changes nothing. `find` searches for
    candidates (the library's search by default). Returns numbers: `looked_at` (notifications matched),
    `sought` (notifications that candidates were searched for), `changed` (findings), and after the run the
    notifications by outcome and the active findings by kind. Raises `DayPassed` for a day before the last
    one.
    """
    advisory_lock()
    policy = settings.NODE.decided()
    last = Run.objects.first()
    if last is not None and day < last.day:
        raise DayPassed(day.isoformat(), last.day.isoformat())
    rules = _rules(policy)
    since = last.day if last and last.rules == rules else None
    if since is None:
        refresh_due_dates(policy)
        changes.recount(Person)
    else:
        scope.find_card_owners()
    queue.refresh(full=since is None)
    sought = candidate_search.search_pending(find)
    with determine_scope(since, day, at_most=_most_changed(last)) as in_scope:
        bulk_copy.temporary(_OUTCOMES, pl.DataFrame(schema=dict.fromkeys(_OUTCOME, pl.String)))
        bulk_copy.temporary(_FINDINGS, pl.DataFrame(schema=dict.fromkeys(_FOUND, pl.String)))
        probable = candidate_search.probable(in_scope.people)
        looked_at = sum(
            _match_part(frames, in_scope.faulty, probable, day, policy) for frames in in_scope.parts()
        )
        bulk_copy.analyze(_OUTCOMES)
        bulk_copy.analyze(_FINDINGS)
        outcomes, items = _store_outcomes(last)
        active, changed = _store_findings({} if last is None else last.active, day)
        bulk_copy.drop(_OUTCOMES, _FINDINGS)
    scope.drop_card_owners()
    counts = {"looked_at": looked_at, "changed": changed}
    Run.objects.update_or_create(
        day=day,
        defaults={
            "rules": rules,
            "full_rematch": in_scope.full_rematch,
            "outcomes": outcomes,
            "items": items,
            "active": active,
            **counts,
        },
    )
    counts |= {"sought": sought, **outcomes, **active}
    record(None, Verb.MATCHED, day.isoformat(), whole=in_scope.full_rematch, counts=counts)
    return counts


# Whether input is plausible is a question about all rows of a day, not about one part of them.
_A_PART = "a part of a day's rows"


def _most_changed(last: Run | None) -> int:
    """Return up to how many changed keys finding the scope is faster than matching everything."""
    return max(FEW, sum(last.outcomes.values()) // 4) if last else 0


def _rules(policy: Policy) -> str:
    """Digest what findings depend on besides rows: a new policy or version matches everything again."""
    return hashlib.sha256(f"{version('renkei')} {policy!r}".encode()).hexdigest()


def _match_part(
    frames: Frames, faulty: pl.DataFrame, probable: pl.DataFrame, day: date, policy: Policy
) -> int:
    """Match one closed part, and write its outcomes and findings to the temporary tables."""

    def matched(some: Sequence[pl.DataFrame]) -> Reconciliation:
        return reconcile(*some, as_of=day, policy=policy, probable=probable, confirmed=_A_PART, faulty=faulty)

    found = matched(frames)
    matches, annex3 = credit_confirmed(found, frames, faulty, matched)
    notifications, _, _, permissions = frames
    numbers = notifications.select("notification_id", "card_number")
    bulk_copy.put(_OUTCOMES, matches.join(numbers, on="notification_id").select(_OUTCOME))
    persons = matches.select("notification_id", "person_id")
    # A row `not_found` names no person, not even one that an officer confirmed.
    mismatches = found.annex2.join(persons, on="notification_id", how="left").with_columns(
        person_id=pl.when(pl.col("outcome") != "not_found").then("person_id")
    )
    suspected = annex3.join(permissions.select("permission_id", "person_id"), on="permission_id")
    bulk_copy.put(_FINDINGS, _rows(mismatches, Kind.DISCREPANCY, pl.col("outcome")))
    status = pl.concat_str("ground", "reason", separator=" ")
    bulk_copy.put(_FINDINGS, _rows(suspected, Kind.SUSPECTED_OMISSION, status))
    return notifications.height


def _store_outcomes(last: Run | None) -> tuple[dict[str, int], dict[str, int]]:
    """Store the outcomes of this run; returns the notifications by outcome and by mismatched items.

    Both are numbers, and include the notifications out of scope.
    """
    carried = {
        column: _recounted(before, _grouped(OUTCOMES, column), _grouped(_OUTCOMES, column))
        for column, before in (
            ("outcome", last.outcomes if last else {}),
            ("mismatched_items", last.items if last else {}),
        )
    }
    names = ", ".join(f'"{name}"' for name in _OUTCOME)
    new_values = ", ".join(f'"{name}" = excluded."{name}"' for name in _OUTCOME[1:])
    judged = ", ".join(f'j."{name}"' for name in _OUTCOME)
    differs = " OR ".join(f's."{name}" IS DISTINCT FROM j."{name}"' for name in _OUTCOME[1:])
    # Only changed rows are upserted: an upsert looks up and locks every row, also the many that do not
    # change.
    bulk_copy.execute(
        f"INSERT INTO matching_run_outcome ({names}) SELECT {judged} FROM {_OUTCOMES} j "
        f"LEFT JOIN {OUTCOMES} s ON s.notification_id = j.notification_id "
        f"WHERE s.notification_id IS NULL OR {differs} "
        f"ON CONFLICT (notification_id) DO UPDATE SET {new_values}"
    )
    bulk_copy.execute(
        f"DELETE FROM {OUTCOMES} WHERE EXISTS "
        f"(SELECT 1 FROM {_OUTCOMES} j WHERE j.notification_id = {OUTCOMES}.notification_id)"
    )
    with expecting_few_rows():
        bulk_copy.execute(
            "DELETE FROM matching_run_outcome AS o "
            f"WHERE o.notification_id IN (SELECT s.notification_id FROM {OUTCOMES} s)"
        )
    outcomes, items = ({name: n for name, n in sorted(each.items()) if n} for each in carried.values())
    return outcomes, items


def _store_findings(before: Mapping[str, int], day: date) -> tuple[dict[str, int], int]:
    """Store the findings in scope; returns how many are active by kind, and how many changed."""
    active = _recounted(
        before or {kind.value: 0 for kind in Kind}, _grouped(FINDINGS, "kind"), _grouped(_FINDINGS, "kind")
    )
    listed, found = ", ".join(_FOUND), ", ".join(f"j.{name}" for name in _FOUND)
    today = (
        f"CAST('{day.isoformat()}' AS date)" if connection.vendor == "postgresql" else f"'{day.isoformat()}'"
    )
    changed = bulk_copy.execute(
        f"INSERT INTO matching_run_finding AS kept ({listed}, is_active, since) "
        f"SELECT {found}, true, {today} FROM {_FINDINGS} j "
        f"LEFT JOIN {FINDINGS} s ON s.kind = j.kind AND s.identifier = j.identifier "
        "WHERE s.kind IS NULL OR s.digest <> j.digest OR s.person_id IS DISTINCT FROM j.person_id "
        "ON CONFLICT (kind, identifier) DO UPDATE SET person_id = excluded.person_id, "
        "status = excluded.status, row = excluded.row, digest = excluded.digest, is_active = true, "
        "since = CASE WHEN kept.is_active THEN kept.since ELSE excluded.since END"
    )
    bulk_copy.execute(
        f"DELETE FROM {FINDINGS} WHERE EXISTS (SELECT 1 FROM {_FINDINGS} j "
        f"WHERE j.kind = {FINDINGS}.kind AND j.identifier = {FINDINGS}.identifier)"
    )
    with expecting_few_rows():
        gone = bulk_copy.execute(
            "UPDATE matching_run_finding AS f SET is_active = false, row = '', digest = '' "
            f"FROM {FINDINGS} s WHERE s.kind = f.kind AND s.identifier = f.identifier"
        )
    return active, changed + gone


def _rows(annex: pl.DataFrame, kind: Kind, status: pl.Expr) -> pl.DataFrame:
    """Return findings from an annex's rows, without the matching's day, which belongs to the delivery."""
    columns = [name for name in annex.columns if name not in ("person_id", "matched_on")]
    rows = annex.select(
        pl.lit(kind.value).alias("kind"),
        pl.col(columns[0]).alias("identifier"),
        "person_id",
        status.alias("status"),
        pl.struct(columns).struct.json_encode().alias("row"),
    )
    # Polars has no hash that is stable across versions; findings are few compared with rows.
    digests = [hashlib.sha256(row.encode()).hexdigest() for row in rows["row"]]
    return rows.with_columns(pl.Series("digest", digests, dtype=pl.String))


def _grouped(table: str, column: str) -> pl.DataFrame:
    known = f"WHERE {column} IS NOT NULL"  # a notification that agrees has no items
    query = f"SELECT {column}, CAST(count(*) AS text) FROM {table} {known} GROUP BY {column}"
    return bulk_copy.read(query, (column, "len"))


def _recounted(before: Mapping[str, int], was: pl.DataFrame, now: pl.DataFrame) -> dict[str, int]:
    """Update total counts: subtract what was in scope before (`was`), add what is there now (`now`)."""
    counts = dict(before)
    for sign, grouped in ((-1, was), (1, now)):
        for name, count in grouped.iter_rows():
            counts[name] = counts.get(name, 0) + sign * int(count)
    return counts


# --- confirmed and probable candidates

#: In `differences` of a notification that is matched only because an officer confirmed a candidate.
CONFIRMED: Final = f"card_number:{CAUSES['confirmed_candidate'].code}"
_JUDGED: Final = ("outcome", "person_id", "mismatched_items", "differences", "identity_conflict")

#: Reconciles notifications, persons, cards and permissions.
Reconcile = Callable[[Sequence[pl.DataFrame]], Reconciliation]


def credit_confirmed(
    found: Reconciliation, frames: Sequence[pl.DataFrame], faulty: pl.DataFrame, reconcile: Reconcile
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count confirmed candidates; returns new `matches` and `annex3`.

    `frames` are notifications, persons, cards and permissions in scope, closed under confirmations and under
    `faulty`, the rejected rows of the register. `found` is the result of reconciling them. A confirmation
    has no effect where the number is found after all, or is that of a rejected row, or where the confirmed
    card no longer belongs to the person.
    """
    notifications, persons, cards, permissions = frames
    matches, suspected = found.matches, found.annex3
    confirmed = _confirmed(matches, cards.join(persons, on="person_id", how="semi"))
    if confirmed.height:
        theirs = confirmed.select("person_id").unique()
        numbers, at_fault = (
            frame.join(theirs, on="person_id", how="semi").select("card_number") for frame in (cards, faulty)
        )
        counting = notifications.join(confirmed, on="notification_id", how="left").with_columns(
            pl.coalesce("confirmed_card", "card_number").alias("card_number")
        )
        held = matches.filter(pl.col("outcome") == "held").select("notification_id")
        held = notifications.join(held, on="notification_id", how="semi")
        again = reconcile(
            (
                pl.concat(
                    [
                        counting.select(notifications.columns).join(numbers, on="card_number", how="semi"),
                        held.join(at_fault, on="card_number", how="semi").join(
                            numbers, on="card_number", how="anti"
                        ),
                    ]
                ),
                *(frame.join(theirs, on="person_id", how="semi") for frame in (persons, cards, permissions)),
            )
        )
        matches = _replace_not_found(matches, again.matches.join(confirmed, on="notification_id", how="semi"))
        granted = permissions.join(theirs, on="person_id", how="semi").select("permission_id")
        others = suspected.join(granted, on="permission_id", how="anti")
        suspected = pl.concat([others, again.annex3]).sort("permission_id")
    return matches, suspected


def _confirmed(matches: pl.DataFrame, cards: pl.DataFrame) -> pl.DataFrame:
    columns = ("notification_id", "person_id", "confirmed_card")
    decided = bulk_copy.read(
        f"SELECT {', '.join(columns)} FROM candidates_notfound WHERE state = 'confirmed'", columns
    )
    unfound = matches.filter(pl.col("outcome") == "not_found").select("notification_id")
    return decided.join(unfound, on="notification_id", how="semi").join(
        cards.select(confirmed_card="card_number", person_id="person_id"),
        on=["confirmed_card", "person_id"],
        how="semi",
    )


def _replace_not_found(matches: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Replace `not_found` by the outcomes of confirmed notifications, marked with CONFIRMED."""
    marked = pl.concat_str(pl.lit(CONFIRMED), "differences", separator=";", ignore_nulls=True)
    confirmed = judged.with_columns(differences=marked).select("notification_id", *_JUDGED)
    joined = matches.join(
        confirmed, on="notification_id", how="left", suffix="_confirmed", maintain_order="left"
    )
    is_confirmed = pl.col("outcome_confirmed").is_not_null()
    return joined.with_columns(
        pl.when(is_confirmed).then(f"{name}_confirmed").otherwise(name).alias(name) for name in _JUDGED
    ).select(matches.columns)
