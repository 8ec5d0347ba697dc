"""Suspected omissions: permissions with a contract for which no notification counts (3(1)イ, §6)."""

from datetime import date

import polars as pl

from renkei.agreement.decisions import Policy
from renkei.agreement.omissions import PROBABLY_NOTIFIED
from renkei.agreement.omissions import REASONS as ALL_REASONS
from renkei.agreement.statuses import is_work_status
from renkei.matching.values import CANONICAL_STATUS

# The reasons that need no candidates; the first that fits is given.
REASONS = tuple(
    ALL_REASONS[code].code for code in ("start_before_permission", "identity_conflict", "no_notification")
)

# The columns that `suspect` needs of candidates: the person whom a notification not found probably means.
PROBABLE = {
    "person": pl.UInt32,
    "notification_id": pl.String,
    "probability": pl.Float64,
    "employment_start": pl.Date,
}


def in_scope(policy: Policy) -> pl.Expr:
    """Say whether 3(1)イ covers a permission: contract confirmed, 就労資格, not before in_scope_from."""
    always, designated = (
        [key for key, code in CANONICAL_STATUS.items() if is_work_status(code, work_designated=designated)]
        for designated in (False, True)
    )
    status = pl.col("status_of_residence")
    works = status.is_in(always) | (status.is_in(designated) & pl.col("work_designated").fill_null(False))
    return pl.col("contract_confirmed") & works & (pl.col("permitted_on") >= policy.in_scope_from)


def due_on(policy: Policy) -> pl.Expr:
    """Return the due date of a permission (due_months, grace_days); null if the person has not landed yet."""
    month = pl.col("permitted_on").dt.offset_by(f"{policy.due_months}mo").dt.month_end()
    return month + pl.duration(days=policy.grace_days)


def is_due(permissions: pl.DataFrame, *, as_of: date, policy: Policy) -> pl.Series:
    """Say of each permission whether it is in scope and its due date has passed (Boolean)."""
    # Millions of permissions have a few thousand different days; the due date is computed once for each day.
    days = permissions.select(pl.col("permitted_on").unique())
    late = days.filter(due_on(policy) < as_of)["permitted_on"]
    within = in_scope(policy) & pl.col("permitted_on").is_in(late.implode())
    return permissions.select(within.fill_null(False)).to_series()


def suspect(
    permissions: pl.DataFrame,
    crediting: pl.DataFrame,
    *,
    as_of: date,
    policy: Policy,
    probable: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Find the permissions in scope whose due date has passed and for which no notification counts.

    `crediting` is from `judge_notifications`. Returns the permissions with `reason`. With
    `probable` (columns of `PROBABLE`, the candidates at or above the threshold) it also returns
    `notification_id`: if one of them would count under the right number, it is the reason.
    """
    # Row numbers instead of whole permissions: most are credited and needed no more.
    overdue = (
        permissions.select("person", "permitted_on")
        .with_row_index("row")
        .filter(is_due(permissions, as_of=as_of, policy=policy))
    )
    notified = overdue.join(
        crediting.select("person", "identity_conflict", "employment_start").drop_nulls("person"), on="person"
    ).select(
        "row",
        in_time=(pl.col("employment_start") >= pl.col("permitted_on")).fill_null(True),
        same_person=~pl.col("identity_conflict"),
    )
    credited = notified.filter(pl.col("in_time") & pl.col("same_person")).select("row")
    uncredited = overdue.select("row").join(credited, on="row", how="anti", maintain_order="left")
    # A notification that fails one condition only: if that condition held, the notification would count.
    failing_one = (
        notified.join(uncredited, on="row", how="semi")
        .group_by("row")
        .agg(too_early=pl.col("same_person").any(), conflict=pl.col("in_time").any())
    )
    too_early, conflict, nothing = REASONS
    reasons = uncredited.join(failing_one, on="row", how="left", maintain_order="left").select(
        reason=pl.when("too_early")
        .then(pl.lit(too_early))
        .when("conflict")
        .then(pl.lit(conflict))
        .otherwise(pl.lit(nothing))
    )
    suspected = permissions.select(pl.all().gather(uncredited["row"])).with_columns(reasons.to_series())
    return suspected if probable is None else probably_notified(suspected, probable, "person")


def probably_notified(suspected: pl.DataFrame, probable: pl.DataFrame, person: str) -> pl.DataFrame:
    """Give a notification that was not found as the reason; if there are several, the most probable.

    `suspected` (permission_id, permitted_on, reason) and `probable` (`PROBABLE`) share the column that
    `person` names. Returns `suspected` with `notification_id`. A notification that would not count even
    under the right number is not a reason.
    """
    would_credit = (pl.col("employment_start") >= pl.col("permitted_on")).fill_null(True)
    best = (
        suspected.select("permission_id", person, "permitted_on")
        .join(probable, on=person)
        .filter(would_credit)
        .sort("probability", "notification_id", descending=[True, False])
        .group_by("permission_id", maintain_order=True)
        .agg(pl.col("notification_id").first())
    )
    return suspected.join(best, on="permission_id", how="left", maintain_order="left").with_columns(
        reason=pl.when(pl.col("notification_id").is_null())
        .then("reason")
        .otherwise(pl.lit(PROBABLY_NOTIFIED))
    )
