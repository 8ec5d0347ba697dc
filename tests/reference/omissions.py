"""§6: which permissions a notification credits, and why the others are on Annex 3."""

import calendar
import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from . import organisations
from .matching import Match
from .policy import Policy
from .reading import Row, Taken
from .tables import columns, statuses

SCOPE = (
    *("no_contract", "not_work_status", "designation_unknown", "not_designated", "not_used"),
    *("before_agreement", "not_due", "credited", "suspected"),
)
EXPLANATIONS = (
    *("notified_after", "continues", "just_before", "continues_elsewhere", "ended_before"),
    "separation_only",
)
COUNTED = ("matched", "mismatched", "held")
JUST_BEFORE = datetime.timedelta(days=31)


@dataclass(frozen=True)
class Suspicion:
    """Why nothing credits a permission; `rests_on` is a notification's identifier or blank."""

    reason: str
    explanation: str = ""
    rests_on: str = ""


@dataclass(frozen=True)
class Omissions:
    annex3: list[Row]
    scope: dict[str, int]
    credited_by_others_only: int


def suspect(
    permissions: Sequence[Taken],
    persons: Sequence[Taken],
    cards: Sequence[Taken],
    matches: Sequence[Match],
    as_of: str,
    rules: Policy,
) -> Omissions:
    person_of = {person["person_id"]: person for person in persons}
    owner_of = {card["card_number"]: card["person_id"] for card in cards}
    found_for: dict[str, list[Match]] = defaultdict(list)
    cancelled: set[str] = set()
    for found in matches:
        if found.outcome == "deleted":
            cancelled.add(owner_of.get(found.notification["card_number"], ""))
        for person_id in found.credits | ({found.person["person_id"]} if found.person else set()):
            found_for[person_id].append(found)

    scope: Counter[str] = Counter(dict.fromkeys(SCOPE, 0))
    others_only = 0
    rows = []
    for permission in permissions:
        theirs = found_for[permission["person_id"]]
        crediting = [found for found in theirs if not failures(found, permission, rules)]
        kind = kind_of(permission, bool(crediting), as_of, rules)
        scope[kind] += 1
        if kind == "credited":
            others_only += all(
                organisations.compare(found.notification, permission) == "other" for found in crediting
            )
        elif kind == "suspected":
            suspicion = suspicion_of(permission, theirs, rules)
            if suspicion.reason == "no_notification" and permission["person_id"] in cancelled:
                suspicion = Suspicion("no_notification", "cancelled")
            if rules.report_continuing or suspicion.explanation != "continues":
                person = person_of[permission["person_id"]]
                rows.append(_annex3_row(permission, person, suspicion, rules))
    return Omissions(rows, dict(scope), others_only)


def kind_of(permission: Taken, is_credited: bool, as_of: str, rules: Policy) -> str:
    """The one of SCOPE in which a permission falls: the first that fits."""
    work = statuses()[permission["status_of_residence"]].work_status
    if permission["contract_confirmed"] != "true":
        return "no_contract"
    if work not in ("yes", "by_designation"):
        return "not_work_status"
    if work == "by_designation" and not permission["work_designated"]:
        return "designation_unknown"
    if work == "by_designation" and permission["work_designated"] != "true":
        return "not_designated"
    if not permission["permitted_on"]:
        return "not_used"
    if permission["permitted_on"] < rules.in_scope_from:
        return "before_agreement"
    if datetime.date.fromisoformat(as_of) <= due_date(permission, rules):
        return "not_due"
    return "credited" if is_credited else "suspected"


def due_date(permission: Taken, rules: Policy) -> datetime.date:
    """The end of a month after the later beginning, and days of grace; a student's change has till 31 May."""
    permitted_on = datetime.date.fromisoformat(permission["permitted_on"])
    begins = max(permission["permitted_on"], permission["contract_starts_on"])
    months = rules.due_months.get(permission["status_of_residence"], rules.due_months["default"])
    due = _end_of_month(datetime.date.fromisoformat(begins), months, rules.grace_days)
    was_student = permission["ground"] == "change" and permission["previous_status"] == "student"
    if was_student and permitted_on.month <= 4:
        return max(due, permitted_on.replace(month=5, day=31))
    return due


def _end_of_month(day: datetime.date, months: int, grace_days: int) -> datetime.date:
    years, month = divmod(day.month - 1 + months, 12)
    try:
        last = calendar.monthrange(day.year + years, month + 1)[1]
        return datetime.date(day.year + years, month + 1, last) + datetime.timedelta(days=grace_days)
    except (ValueError, OverflowError):
        return datetime.date.max


# Crediting --------------------------------------------------------------------------------------------


def failures(found: Match, permission: Taken, rules: Policy) -> frozenset[str]:
    """Why a notification of the same person does not credit the permission; nothing where it does."""
    notification = found.notification
    failed = set()
    if found.outcome not in COUNTED:
        failed.add("outcome")
    if found.identity_conflict:
        failed.add("identity_conflict")
    if is_separation(notification) or begins_on(notification) < permission["permitted_on"]:
        failed.add("start")
    elif not notification["employment_start"] and not rules.blank_start_credits:
        failed.add("blank_start")
    if (
        rules.credited_by == "contract_organisation"
        and organisations.compare(notification, permission) != "agrees"
    ):
        failed.add("employer")
    return frozenset(failed)


def is_separation(notification: Taken) -> bool:
    return not notification["employment_start"] and bool(notification["employment_end"])


def begins_on(notification: Taken) -> str:
    """The day the employment began; where nothing says it, the day of the notice stands for it."""
    return notification["employment_start"] or notification["registered_on"]


# Reason and explanation -------------------------------------------------------------------------------


def suspicion_of(permission: Taken, theirs: Sequence[Match], rules: Policy) -> Suspicion:
    """The first reason that fits. Without candidates nothing is `unmatched_notification`."""

    def failing_by(cause: str) -> list[Match]:
        return [found for found in theirs if failures(found, permission, rules) == {cause}]

    if early := failing_by("start"):
        for explanation in EXPLANATIONS:
            if fitting := [found for found in early if explains(explanation, found, permission)]:
                return Suspicion("start_before_permission", explanation, _latest(fitting))
        return Suspicion("start_before_permission", "", _latest(early))
    for cause, reason in (("employer", "other_employer"), ("identity_conflict", "identity_conflict")):
        if failing := failing_by(cause):
            return Suspicion(reason, "", _latest(failing))
    return Suspicion("no_notification")


def explains(explanation: str, found: Match, permission: Taken) -> bool:
    """Whether an explanation fits a notification that fails by the start date alone."""
    notification, permitted_on = found.notification, permission["permitted_on"]
    end = notification["employment_end"]
    went_on = not is_separation(notification) and (not end or end >= permitted_on)
    match explanation:
        case "notified_after":
            issued_on = found.card["issued_on"] if found.card else ""
            return bool(notification["employment_start"]) and issued_on >= permitted_on
        case "continues":
            return went_on and organisations.compare(notification, permission) == "agrees"
        case "just_before":
            landed = datetime.date.fromisoformat(permitted_on)
            return (
                permission["ground"] == "coe"
                and not is_separation(notification)
                and datetime.date.fromisoformat(begins_on(notification)) >= landed - JUST_BEFORE
            )
        case "continues_elsewhere":
            return went_on and organisations.compare(notification, permission) == "other"
        case "ended_before":
            return bool(end) and end < permitted_on
        case "separation_only":
            return is_separation(notification) and end >= permitted_on
    raise AssertionError(explanation)


def _latest(found: Sequence[Match]) -> str:
    """The identifier of the latest registered; of several, the smallest."""
    last = max(each.notification["registered_on"] for each in found)
    return min(
        each.notification["notification_id"] for each in found if each.notification["registered_on"] == last
    )


def _annex3_row(permission: Taken, person: Taken, suspicion: Suspicion, rules: Policy) -> Row:
    is_coe, is_change = permission["ground"] == "coe", permission["ground"] == "change"
    said = {
        "reason": suspicion.reason,
        "notification_id": suspicion.rests_on if rules.explain_omissions else "",
        "explanation": suspicion.explanation if rules.explain_omissions else "",
        "landed_on": permission["permitted_on"] if is_coe else "",
        "changed_on": permission["permitted_on"] if is_change else "",
        "previous_status": permission["previous_status"] if is_change else "",
    }
    of_the_permission = ("permission_id", "ground")
    row: Row = {}
    for column in columns("suspected_omissions"):
        name = column.name
        if name in said:
            row[name] = said[name]
        elif name in of_the_permission or name.startswith(("organisation_", "dispatch_")):
            row[name] = permission[name]
        else:
            row[name] = person[name]
    return row
