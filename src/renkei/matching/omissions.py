"""Suspected omissions: permissions with a contract for which no notification counts (3(1)イ, §6)."""

from datetime import date, timedelta
from typing import Final, NamedTuple

import polars as pl

from renkei.agreement.decisions import Policy
from renkei.agreement.omissions import (
    CANCELLED,
    CONTINUES,
    EXPLANATIONS,
    IDENTITY_CONFLICT,
    NO_NOTIFICATION,
    NOTIFIED_AFTER,
    OTHER_EMPLOYER,
    PROBABLY_NOTIFIED,
    SCOPES,
    START_BEFORE_PERMISSION,
)
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.statuses import STATUSES, Work, related
from renkei.matching.hash_index import HashIndex
from renkei.matching.organisations import EMPLOYER, ORGANISATIONS, agree
from renkei.matching.values import CANONICAL_STATUS

#: The columns of a notification that crediting needs; `judge_notifications` returns them as reported.
CREDITING: Final = ("employment_start", "employment_end", "registered_on", *EMPLOYER)
_DAYS: Final = frozenset({"employment_start", "employment_end", "registered_on"})
#: The columns that `judge_permissions` needs of candidates: the person whom a notification not found
#: probably means.
PROBABLE: Final = {
    "person": pl.UInt32,
    "notification_id": pl.String,
    "probability": pl.Float64,
    **{name: pl.Date if name in _DAYS else pl.String for name in CREDITING},
}

_CREDITING_OUTCOMES: Final = [OUTCOMES[code].code for code in ("matched", "mismatched", "held")]
# A landing later than planned: an employment may then begin this long before it.
_JUST_BEFORE: Final = timedelta(days=31)
_GRADUATION_MONTHS: Final = 4
_PERMISSION: Final = (
    "person",
    "ground",
    "permitted_on",
    *(name for names in ORGANISATIONS for name in names),
)


def place_probable(probable: pl.DataFrame, persons: HashIndex) -> pl.DataFrame:
    """Return candidates (`person_id`) as `PROBABLE`, without those of other persons."""
    placed = probable.with_columns(persons.of(probable["person_id"]).alias("person")).drop_nulls("person")
    return placed.select(pl.col(name).cast(kind) for name, kind in PROBABLE.items())


class JudgedPermissions(NamedTuple):
    """The results for permissions.

    `suspected`: the permissions that Annex 3 reports, with `reason`, `explanation` and `notification_id`.
    `scopes`: one row for each permission, with `ground`, `scope` and `by_others` (Boolean: only notifications
    of other organisations credit it).
    """

    suspected: pl.DataFrame
    scopes: pl.DataFrame


def judge_permissions(
    permissions: pl.DataFrame,
    crediting: pl.DataFrame,
    *,
    as_of: date,
    policy: Policy,
    probable: pl.DataFrame | None = None,
) -> JudgedPermissions:
    """Say where each permission stands in 3(1)イ, and why no notification counts for a suspected one (§6).

    `permissions` are typed, with `person`; `crediting` is from `judge_notifications`. With `probable`
    (columns of `PROBABLE`, the candidates at or above the threshold), a notification that was not found can
    be the reason.
    """
    scopes = permissions.select("ground", scope=_scope(policy, as_of))
    overdue = scopes["scope"].is_null().arg_true()
    # Row numbers instead of whole permissions: most are credited and needed no more.
    due = permissions.select(_PERMISSION)[overdue].with_columns(row=overdue)
    counting = crediting.filter(pl.col("outcome").is_in(_CREDITING_OUTCOMES)).drop_nulls("person")
    pairs = _judge_pairs(due.join(counting, on="person"), policy)
    counting_pairs = pl.col("in_time") & pl.col("same_person") & pl.col("counts")
    credited = (
        pairs.filter(counting_pairs).group_by("row").agg(by_others=~pl.col("agrees").fill_null(True).any())
    )
    suspected = due.join(credited, on="row", how="anti", maintain_order="left")
    failing = _failing(pairs.join(suspected, on="row", how="semi"))
    if probable is not None:
        failing = pl.concat([failing, _probably_notified(suspected, probable, policy)])
    reasons = _reasons(suspected.select("row", "person"), failing, crediting)
    found = permissions.select(pl.all().gather(suspected["row"])).with_columns(reasons)
    by_others = credited.filter("by_others")["row"]
    is_suspected = pl.repeat(False, scopes.height, dtype=pl.Boolean, eager=True).scatter(
        suspected["row"], True
    )
    of_others = pl.repeat(False, scopes.height, dtype=pl.Boolean, eager=True).scatter(by_others, True)
    settled = (
        pl.when(is_suspected)
        .then(pl.lit(SCOPES["suspected"].code))
        .otherwise(pl.lit(SCOPES["credited"].code))
    )
    scopes = scopes.with_columns(pl.coalesce("scope", settled).alias("scope"), by_others=of_others)
    return JudgedPermissions(_reported(found, policy), scopes)


# --- scope and due date


def _statuses(work: Work) -> list[str]:
    return [key for key, code in CANONICAL_STATUS.items() if STATUSES[code].work is work]


def _scope(policy: Policy, as_of: date) -> pl.Expr:
    """Return the scope of a permission; null if it is due, and so credited or suspected."""
    status, designated = pl.col("status_of_residence"), pl.col("work_designated")
    by_designation = status.is_in(_statuses(Work.BY_DESIGNATION))
    conditions = {
        "no_contract": ~pl.col("contract_confirmed"),
        "not_work_status": ~(status.is_in(_statuses(Work.YES)) | by_designation),
        "designation_unknown": by_designation & designated.is_null(),
        "not_designated": by_designation & ~designated,
        "not_used": pl.col("permitted_on").is_null(),
        "before_agreement": pl.col("permitted_on") < policy.in_scope_from,
        "not_due": due_on(policy) >= as_of,
    }
    scope = pl.lit(None, pl.String)
    for code, holds in reversed(conditions.items()):
        scope = pl.when(holds).then(pl.lit(SCOPES[code].code)).otherwise(scope)
    return scope


#: The columns of a permission that its due date depends on.
DUE_BY: Final = ("ground", "permitted_on", "contract_starts_on", "status_of_residence", "previous_status")


def due_on(policy: Policy) -> pl.Expr:
    """Return the due date of a permission (decisions) by `DUE_BY`; null if the person has not landed yet."""
    permitted_on = pl.col("permitted_on")
    begins = pl.max_horizontal(permitted_on, "contract_starts_on")
    # The first day of the month after, less one day.
    month = begins.dt.year() * 12 + begins.dt.month().cast(pl.Int32) + _due_months(policy)
    due = pl.date(month // 12, month % 12 + 1, 1) - pl.duration(days=1) + pl.duration(days=policy.grace_days)
    if policy.graduates_until_may:
        student = [key for key, code in CANONICAL_STATUS.items() if related(code, "student")]
        graduates = (
            (pl.col("ground") == "change")
            & pl.col("previous_status").is_in(student)
            & (permitted_on.dt.month() <= _GRADUATION_MONTHS)
        )
        may = pl.date(permitted_on.dt.year(), 5, 31)
        due = pl.when(graduates).then(pl.max_horizontal(due, may)).otherwise(due)
    return pl.when(permitted_on.is_not_null()).then(due)


def _due_months(policy: Policy) -> pl.Expr:
    table = policy.due_months
    other = {key: table.of(code) for key, code in CANONICAL_STATUS.items() if table.of(code) != table.default}
    if not other:
        return pl.lit(table.default)
    status = pl.col("status_of_residence").cast(pl.String)
    return status.replace_strict(other, default=table.default, return_dtype=pl.Int32)


# --- crediting


def _judge_pairs(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Say of each pair of a permission and a notification of its person which conditions hold.

    Returns `row`, `notification_id`, `in_time`, `same_person`, `agrees` (the organisation does; null if there
    is nothing to compare), `counts` (the employer counts) and `explanation`, which is of the start date.
    """
    start, end, permitted_on = (
        pl.col(name) for name in ("employment_start", "employment_end", "permitted_on")
    )
    separation = start.is_null() & end.is_not_null()
    # An employment is notified when it has begun: the day of registration stands for a blank start.
    begins = pl.coalesce(start, "registered_on")
    goes_on = ~separation & (end.is_null() | (end >= permitted_on))
    agrees = pl.col("agrees")
    explained = {
        NOTIFIED_AFTER: start.is_not_null() & (pl.col("issued_on") >= permitted_on),
        CONTINUES: goes_on & agrees,
        "just_before": (pl.col("ground") == "coe")
        & ~separation
        & (begins < permitted_on)
        & (permitted_on - begins <= _JUST_BEFORE),
        "continues_elsewhere": goes_on & ~agrees,
        "ended_before": end < permitted_on,
        "separation_only": separation & (end >= permitted_on),
    }
    explanation = pl.lit(None, pl.String)
    for code, holds in reversed(explained.items()):
        explanation = pl.when(holds).then(pl.lit(EXPLANATIONS[code].code)).otherwise(explanation)
    any_employer = policy.credited_by == "any_employer"
    if not policy.blank_start_credits:
        # Such a notification neither counts nor says that the employment began before the permission.
        pairs = pairs.filter(start.is_not_null() | separation | (begins < permitted_on))
    return pairs.with_columns(agree(pairs).alias("agrees")).select(
        "row",
        "notification_id",
        "registered_on",
        in_time=~separation & (begins >= permitted_on),
        same_person=~pl.col("identity_conflict"),
        agrees="agrees",
        counts=pl.lit(True) if any_employer else agrees.fill_null(False),
        explanation=explanation,
    )


# The reasons in the order in which they are given, each with the explanations that it then has.
_ORDER: Final = (
    (START_BEFORE_PERMISSION, NOTIFIED_AFTER),
    (START_BEFORE_PERMISSION, CONTINUES),
    (PROBABLY_NOTIFIED, None),
    *(
        (START_BEFORE_PERMISSION, code)
        for code, row in EXPLANATIONS.items()
        if row.reason == START_BEFORE_PERMISSION and code not in (NOTIFIED_AFTER, CONTINUES)
    ),
    (START_BEFORE_PERMISSION, None),
    (OTHER_EMPLOYER, None),
    (IDENTITY_CONFLICT, None),
)
_RANKS: Final = pl.DataFrame(
    [(*pair, rank) for rank, pair in enumerate(_ORDER)],
    schema={"reason": pl.String, "explanation": pl.String, "rank": pl.UInt32},
    orient="row",
)
_FAILING: Final = {
    "row": pl.UInt32,
    "notification_id": pl.String,
    "reason": pl.String,
    "explanation": pl.String,
    "order": pl.Float64,
}


def _failing(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the notifications that fail one condition only, with the reason (`_FAILING`).

    If that condition held, the notification would count. `order`: the largest is given.
    """
    in_time, same_person, counts = pl.col("in_time"), pl.col("same_person"), pl.col("counts")
    early = ~in_time & same_person & counts
    reason = (
        pl.when(early)
        .then(pl.lit(START_BEFORE_PERMISSION))
        .when(in_time & same_person & ~counts)
        .then(pl.lit(OTHER_EMPLOYER))
        .when(in_time & ~same_person & counts)
        .then(pl.lit(IDENTITY_CONFLICT))
    )
    failing = pairs.with_columns(
        reason=reason,
        explanation=pl.when(early).then("explanation"),
        order=pl.col("registered_on").to_physical(),
    )
    return failing.drop_nulls("reason").select(pl.col(name).cast(kind) for name, kind in _FAILING.items())


def _probably_notified(suspected: pl.DataFrame, probable: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the notifications not found that would count under the right number (`_FAILING`)."""
    pairs = suspected.join(probable, on="person").with_columns(
        identity_conflict=False, issued_on=pl.lit(None, pl.Date)
    )
    would_credit = _judge_pairs(pairs, policy).select(
        "row", "notification_id", holds=pl.col("in_time") & pl.col("counts")
    )
    return (
        pl.concat([would_credit, pairs.select("probability")], how="horizontal")
        .filter("holds")
        .with_columns(
            reason=pl.lit(PROBABLY_NOTIFIED), explanation=pl.lit(None, pl.String), order="probability"
        )
        .select(pl.col(name).cast(kind) for name, kind in _FAILING.items())
    )


def _reasons(suspected: pl.DataFrame, failing: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Return `reason`, `explanation` and `notification_id` of the suspected permissions, in their order."""
    first = (
        failing.join(_RANKS, on=["reason", "explanation"], how="left", nulls_equal=True)
        .sort("row", "rank", "order", "notification_id", descending=[False, False, True, False])
        .unique("row", keep="first", maintain_order=True)
    )
    cancelled = judged.filter(pl.col("outcome") == OUTCOMES["deleted"].code)["person"].drop_nulls().unique()
    told = suspected.join(first, on="row", how="left", maintain_order="left").with_columns(
        pl.col("reason").fill_null(NO_NOTIFICATION)
    )
    is_cancelled = (pl.col("reason") == NO_NOTIFICATION) & pl.col("person").is_in(cancelled.implode())
    return told.select(
        "reason",
        pl.when(is_cancelled).then(pl.lit(CANCELLED)).otherwise("explanation").alias("explanation"),
        "notification_id",
    )


def _reported(suspected: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return what Annex 3 reports of suspected permissions (decisions)."""
    if not policy.report_continuing:
        suspected = suspected.filter(pl.col("explanation").ne_missing(CONTINUES))
    if not policy.explain_omissions:
        suspected = suspected.with_columns(
            pl.lit(None, pl.String).alias(name) for name in ("explanation", "notification_id")
        )
    return suspected
