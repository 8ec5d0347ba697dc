"""Matching by change: what is concerned is matched whole, and held against what stood (reconciliation §7)."""

import hashlib
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from typing import Final

import polars as pl
from django.conf import settings
from django.db import connection, transaction

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.agreement.decisions import Policy
from renkei.matching.reconciliation import Reconciliation, reconcile
from renkei.node.findings.errors import DayPassed
from renkei.node.findings.models import Finding, Kind, Outcome, Run
from renkei.node.findings.scope import Scope, scope
from renkei.node.records import transfer
from renkei.node.records.intake import refresh_due
from renkei.node.records.turns import wait_for_turn

_JUDGED: Final = "judged"
_FOUND: Final = ("kind", "identifier", "person_id", "word", "row", "digest")


@transaction.atomic
def match(day: date) -> Mapping[str, int]:
    """Match what is concerned as of a day and keep what changed.

    Matching a day again looks at what was touched since, and changes nothing otherwise. Returns `looked_at`
    (notifications), `changed` (findings), and after the run the notifications by outcome and the findings
    that stand by kind. Raises `DayPassed` for a day before the last one.
    """
    policy = settings.NODE.decided()
    last = Run.objects.first()
    if last is not None and day < last.day:
        raise DayPassed(day.isoformat(), last.day.isoformat())
    rules = _rules(policy)
    wait_for_turn()
    whole = last is None or last.rules != rules
    if whole:
        refresh_due(policy)
    with scope(last.day if last else None, day, whole=whole) as concerned:
        frames = [concerned.frame(dataset) for dataset in (NOTIFICATIONS, PERSONS, CARDS, PERMISSIONS)]
        found = reconcile(*frames, as_of=day, policy=policy)
        before = {} if last is None or concerned.whole else last.outcomes
        outcomes = _keep_outcomes(found, before)
        changed = _keep_findings(found, frames[3], concerned, day)
        looked_at = frames[0].height
    standing = {kind.value: Finding.objects.filter(kind=kind, standing=True).count() for kind in Kind}
    Run.objects.update_or_create(
        day=day,
        defaults={
            "rules": rules,
            "whole": concerned.whole,
            "outcomes": outcomes,
            "standing": standing,
            "looked_at": looked_at,
            "changed": changed,
        },
    )
    return {"looked_at": looked_at, "changed": changed, **outcomes, **standing}


def _rules(policy: Policy) -> str:
    """Digest what findings depend on besides rows: another policy or version matches everything anew."""
    return hashlib.sha256(f"{version('renkei')} {policy!r}".encode()).hexdigest()


def _keep_outcomes(found: Reconciliation, before: Mapping[str, int]) -> dict[str, int]:
    """Keep what every notification came to; returns how many came to what, those out of scope included."""
    matches = found.matches.select(field.name for field in Outcome._meta.fields)
    transfer.temporary(_JUDGED, matches)
    counts = dict(before)
    was = transfer.read(
        "SELECT o.outcome, CAST(-count(*) AS text) FROM findings_outcome o "
        f'JOIN "{_JUDGED}" i ON i.notification_id = o.notification_id GROUP BY o.outcome',
        ("outcome", "count"),
    )
    now = matches.group_by("outcome").len().select("outcome", pl.col("len").cast(pl.String).alias("count"))
    for outcome, count in (*(was.iter_rows() if before else ()), *now.iter_rows()):
        counts[outcome] = counts.get(outcome, 0) + int(count)
    names = ", ".join(f'"{name}"' for name in matches.columns)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in matches.columns[1:])
    differs = " OR ".join(f'kept."{name}" IS DISTINCT FROM excluded."{name}"' for name in matches.columns[1:])
    transfer.execute(
        f'INSERT INTO findings_outcome AS kept ({names}) SELECT {names} FROM "{_JUDGED}" WHERE true '
        f"ON CONFLICT (notification_id) DO UPDATE SET {changes} WHERE {differs}"
    )
    transfer.drop(_JUDGED)
    return {outcome: count for outcome, count in sorted(counts.items()) if count}


def _keep_findings(found: Reconciliation, permissions: pl.DataFrame, concerned: Scope, day: date) -> int:
    """Keep what stands now of what is concerned; returns how many findings changed."""
    persons = found.matches.select("notification_id", "person_id")
    discrepancies = found.annex2.join(persons, on="notification_id", how="left")
    suspected = found.annex3.join(permissions.select("permission_id", "person_id"), on="permission_id")
    rows = pl.concat(
        [
            _rows(discrepancies, Kind.DISCREPANCY, pl.col("outcome")),
            _rows(suspected, Kind.SUSPECTED_OMISSION, pl.concat_str("ground", "reason", separator=" ")),
        ]
    )
    transfer.temporary(_JUDGED, rows)
    gone = transfer.execute(
        "UPDATE findings_finding AS f SET standing = false, row = '', digest = '' "
        f"WHERE f.standing AND {concerned.of_findings} AND NOT EXISTS "
        f'(SELECT 1 FROM "{_JUDGED}" i WHERE i.kind = f.kind AND i.identifier = f.identifier)'
    )
    listed = ", ".join(_FOUND)
    today = (
        f"CAST('{day.isoformat()}' AS date)" if connection.vendor == "postgresql" else f"'{day.isoformat()}'"
    )
    changed = transfer.execute(
        f"INSERT INTO findings_finding AS kept ({listed}, standing, since) "
        f'SELECT {listed}, true, {today} FROM "{_JUDGED}" WHERE true '
        "ON CONFLICT (kind, identifier) DO UPDATE SET person_id = excluded.person_id, word = excluded.word, "
        "row = excluded.row, digest = excluded.digest, standing = true, "
        "since = CASE WHEN kept.standing THEN kept.since ELSE excluded.since END "
        "WHERE kept.digest <> excluded.digest OR kept.person_id IS DISTINCT FROM excluded.person_id"
    )
    transfer.drop(_JUDGED)
    return changed + gone


def _rows(annex: pl.DataFrame, kind: Kind, word: pl.Expr) -> pl.DataFrame:
    """Make findings of an annex's rows. The day of the matching is no part of them: it is the delivery's."""
    columns = [name for name in annex.columns if name not in ("person_id", "matched_on")]
    rows = annex.select(
        pl.lit(kind.value).alias("kind"),
        pl.col(columns[0]).alias("identifier"),
        "person_id",
        word.alias("word"),
        pl.struct(columns).struct.json_encode().alias("row"),
    )
    digests = [hashlib.sha256(row.encode()).hexdigest() for row in rows["row"]]
    return rows.with_columns(pl.Series("digest", digests, dtype=pl.String))
