"""The whole of `renkei reconcile`, §1 and §3 to §6 and §8, row by row.

    result = reconcile(notifications, persons, cards, permissions, as_of="2026-04-01", policy={})
    result.rejects, result.matches, result.annex2, result.annex3, result.counts

Input rows are mappings from every column name of the data dictionary to the text written in the file, blank
being "". Output rows are dicts of canonical strings with the columns in the order of the specification.
"""

import calendar
import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from . import items, names
from .reading import File, Prepared, Raw, Row, Taken, prepare, read_file
from .tables import IDENTITY, ITEMS, columns, statuses

__all__ = ["DEFAULTS", "Prepared", "Result", "prepare", "reconcile"]

DEFAULTS: dict[str, object] = {
    "compared_items": [item for item in ITEMS if item != "address"],
    "disclosed_items": list(ITEMS),
    "grace_days": 0,
    "in_scope_from": "2021-03-22",
    "identity_items": list(IDENTITY),
    "identity_conflict_at": 2,
}
DISPATCH = ("dispatch_name", "dispatch_address", "dispatch_phone")


@dataclass(frozen=True)
class Result:
    rejects: list[Row]
    matches: list[Row]
    annex2: list[Row]
    annex3: list[Row]
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Policy:
    compared: tuple[str, ...]
    disclosed: tuple[str, ...]
    grace_days: int
    in_scope_from: str
    identity: tuple[str, ...]
    identity_conflict_at: int

    @classmethod
    def of(cls, given: Mapping[str, object]) -> "Policy":
        chosen = {**DEFAULTS, **given}

        def some_of(allowed: tuple[str, ...], key: str) -> tuple[str, ...]:
            value = chosen[key]
            assert isinstance(value, Sequence)
            return tuple(item for item in allowed if item in value)

        return cls(
            compared=some_of(ITEMS, "compared_items"),
            disclosed=some_of(ITEMS, "disclosed_items"),
            grace_days=int(str(chosen["grace_days"])),
            in_scope_from=str(chosen["in_scope_from"]),
            identity=some_of(IDENTITY, "identity_items"),
            identity_conflict_at=int(str(chosen["identity_conflict_at"])),
        )


@dataclass(frozen=True)
class Match:
    """A notification with what became of it; `card` and `person` only where the card was found."""

    notification: Taken
    outcome: str
    card: Taken | None = None
    person: Taken | None = None
    causes: Mapping[str, str] | None = None
    card_superseded: bool = False
    identity_conflict: bool = False
    shared_number: bool = False
    credits: frozenset[str] = frozenset()
    """Of a held notification: the persons whom the row set aside names."""

    @property
    def mismatched_items(self) -> list[str]:
        return [] if self.outcome in ("not_found", "held") else list(self.causes or {})

    @property
    def differences(self) -> str:
        return ";".join(f"{item}:{cause}" for item, cause in (self.causes or {}).items())


def reconcile(
    notifications: Sequence[Raw],
    persons: Sequence[Raw],
    cards: Sequence[Raw],
    permissions: Sequence[Raw],
    as_of: str,
    policy: Mapping[str, object] | None = None,
    changes: bool = False,
) -> Result:
    rules = Policy.of(policy or {})
    notification_file = read_file("notifications", notifications, changes=changes)
    person_file = read_file("persons", persons)
    known = {person["person_id"] for person in person_file.taken}
    card_file = read_file("cards", cards, known)
    permission_file = read_file("permissions", permissions, known)
    files = [notification_file, person_file, card_file, permission_file]

    faults = _register_faults(person_file, card_file)
    matches = match(notification_file.taken, person_file.taken, card_file.taken, faults, rules)
    omissions = [] if changes else suspect(permission_file.taken, person_file.taken, matches, as_of, rules)
    return Result(
        rejects=sorted(
            (reject for file in files for reject in file.rejects),
            key=lambda reject: (reject["identifier"], reject["dataset"], int(reject["line"])),
        ),
        matches=sorted(
            (_match_row(found, changes) for found in matches), key=lambda row: row["notification_id"]
        ),
        annex2=sorted(
            (_annex2_row(found, as_of, rules) for found in matches if _is_discrepancy(found)),
            key=lambda row: row["notification_id"],
        ),
        annex3=sorted(omissions, key=lambda row: row["permission_id"]),
        counts=_counts(files, matches, omissions),
    )


# §4 ---------------------------------------------------------------------------------------------------


def match(
    notifications: Sequence[Taken],
    persons: Sequence[Taken],
    cards: Sequence[Taken],
    faults: Mapping[str, frozenset[str]],
    rules: Policy,
) -> list[Match]:
    card_of = {card["card_number"]: card for card in cards}
    person_of = {person["person_id"]: person for person in persons}
    shared = _shared_numbers(notifications)
    matches = []
    for notification in notifications:
        number = notification["card_number"]
        if notification["deleted_on"]:
            matches.append(Match(notification, "deleted"))
        elif number in faults and number not in card_of and not notification.malformed:
            matches.append(
                Match(
                    notification,
                    "held",
                    causes={"card_number": "register_fault"},
                    shared_number=number in shared,
                    credits=faults[number],
                )
            )
        elif notification.malformed or number not in card_of:
            cause = "malformed" if notification.malformed else "unknown_number"
            causes = {"card_number": cause}
            matches.append(Match(notification, "not_found", causes=causes, shared_number=number in shared))
        else:
            card = card_of[number]
            latest = person_of[card["person_id"]]
            others = [
                other for other in cards if other["person_id"] == card["person_id"] and other is not card
            ]
            causes = {
                item: items.cause(item, notification, card, latest, others)
                for item in rules.compared
                if items.verdict(item, notification, card) == "different"
            }
            matches.append(
                Match(
                    notification,
                    "mismatched" if causes else "matched",
                    card,
                    latest,
                    causes,
                    card_superseded=number != latest["card_number"],
                    identity_conflict=len(set(causes) & set(rules.identity)) >= rules.identity_conflict_at,
                    shared_number=number in shared,
                )
            )
    return matches


def _register_faults(persons: File, cards: File) -> dict[str, frozenset[str]]:
    """The numbers in rows of the register that were set aside, with the persons taken whom the rows name."""
    known = {person["person_id"] for person in persons.taken}
    found: dict[str, set[str]] = defaultdict(set)
    for row in persons.set_aside + cards.set_aside:
        if row["card_number"]:
            found[row["card_number"]] |= {row["person_id"]} & known
    return {number: frozenset(credited) for number, credited in found.items()}


def _shared_numbers(notifications: Sequence[Taken]) -> set[str]:
    """The numbers that two live notifications give for two different people."""
    using: dict[str, list[Taken]] = defaultdict(list)
    for notification in notifications:
        has_digit = any(character.isdigit() for character in notification["card_number"])
        if has_digit and not notification["deleted_on"]:
            using[notification["card_number"]].append(notification)
    return {
        number
        for number, users in using.items()
        if any(_different_people(one, other) for one, other in combinations(users, 2))
    }


def _different_people(one: Taken, other: Taken) -> bool:
    return (
        names.name_different_people(one["name"], other["name"])
        and items.verdict("birth_date", one, other) == "different"
    )


def _match_row(found: Match, changes: bool) -> Row:
    return {
        "notification_id": found.notification["notification_id"],
        "outcome": found.outcome,
        "person_id": found.person["person_id"] if found.person else "",
        "mismatched_items": ";".join(found.mismatched_items),
        "differences": found.differences,
        "card_superseded": _boolean(found.card_superseded),
        "identity_conflict": _boolean(found.identity_conflict),
        "shared_number": "" if changes else _boolean(found.shared_number),
    }


# §5 ---------------------------------------------------------------------------------------------------


def _is_discrepancy(found: Match) -> bool:
    return found.outcome in ("mismatched", "not_found")


def _annex2_row(found: Match, as_of: str, rules: Policy) -> Row:
    card, person = found.card, found.person
    named = ("card_number", *rules.disclosed)
    causes = {item: cause for item, cause in (found.causes or {}).items() if item in named}
    shown = replace(found, causes=causes)
    mismatched = shown.mismatched_items
    return {
        "notification_id": found.notification["notification_id"],
        "outcome": found.outcome,
        "matched_on": as_of,
        "card_number": person["card_number"] if person else "",
        "mismatched_items": ";".join(mismatched),
        **{f"linked_{item}": card[item] if card and item in mismatched else "" for item in rules.disclosed},
        **{f"latest_{item}": person[item] if person else "" for item in rules.disclosed},
        "identity_caution": _boolean(found.identity_conflict),
        "differences": shown.differences,
    }


# §6 ---------------------------------------------------------------------------------------------------


def suspect(
    permissions: Sequence[Taken],
    persons: Sequence[Taken],
    matches: Sequence[Match],
    as_of: str,
    rules: Policy,
) -> list[Row]:
    person_of = {person["person_id"]: person for person in persons}
    found_for: dict[str, list[Match]] = defaultdict(list)
    for found in matches:
        for person_id in found.credits:
            found_for[person_id].append(found)
        if found.person:
            found_for[found.person["person_id"]].append(found)
    rows = []
    for permission in permissions:
        person = person_of[permission["person_id"]]
        theirs = found_for[permission["person_id"]]
        if not is_in_scope(permission, rules):
            continue
        if datetime.date.fromisoformat(as_of) <= due_date(permission["permitted_on"], rules.grace_days):
            continue
        if any(_starts_in_time(found, permission) and not found.identity_conflict for found in theirs):
            continue
        rows.append(_annex3_row(permission, person, _reason(permission, theirs)))
    return rows


def is_in_scope(permission: Taken, rules: Policy) -> bool:
    work = statuses()[permission["status_of_residence"]].work_status
    may_work = work == "yes" or (work == "by_designation" and permission["work_designated"] == "true")
    permitted_on = permission["permitted_on"]
    in_force = bool(permitted_on) and permitted_on >= rules.in_scope_from
    return permission["contract_confirmed"] == "true" and may_work and in_force


def due_date(permitted_on: str, grace_days: int) -> datetime.date:
    """The last day of the month after that of the permission, and the days of grace."""
    day = datetime.date.fromisoformat(permitted_on)
    if (day.year, day.month) == (datetime.MAXYEAR, 12):
        return datetime.date.max
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    last = datetime.date(year, month, calendar.monthrange(year, month)[1])
    return last + datetime.timedelta(days=grace_days)


def _starts_in_time(found: Match, permission: Taken) -> bool:
    start = found.notification["employment_start"]
    return not start or start >= permission["permitted_on"]


def _reason(permission: Taken, theirs: Sequence[Match]) -> str:
    if any(not found.identity_conflict and not _starts_in_time(found, permission) for found in theirs):
        return "start_before_permission"
    if any(found.identity_conflict and _starts_in_time(found, permission) for found in theirs):
        return "identity_conflict"
    return "no_notification"


def _annex3_row(permission: Taken, person: Taken, reason: str) -> Row:
    is_coe, is_change = permission["ground"] == "coe", permission["ground"] == "change"
    row: Row = {}
    for column in columns("suspected_omissions"):
        if column.name == "reason":
            row[column.name] = reason
        elif column.name == "landed_on":
            row[column.name] = permission["permitted_on"] if is_coe else ""
        elif column.name == "changed_on":
            row[column.name] = permission["permitted_on"] if is_change else ""
        elif column.name == "previous_status":
            row[column.name] = permission["previous_status"] if is_change else ""
        elif column.name in DISPATCH:
            row[column.name] = permission[column.name] if permission["dispatch_name"] else ""
        elif column.name in ("permission_id", "ground") or column.name.startswith("organisation_"):
            row[column.name] = permission[column.name]
        else:
            row[column.name] = person.row.get(column.name, "")
    return row


# §8 ---------------------------------------------------------------------------------------------------


def _counts(
    files: Sequence[File], matches: Sequence[Match], omissions: Sequence[Row]
) -> dict[str, dict[str, int]]:
    counts = {
        file.dataset: {"read": file.read, "rejected": len(file.set_aside), "taken": len(file.taken)}
        for file in files
    }
    for outcome in ("matched", "mismatched", "not_found", "held", "deleted"):
        counts["notifications"][outcome] = sum(found.outcome == outcome for found in matches)
    counts["permissions"]["suspected"] = len(omissions)
    return counts


def _boolean(value: bool) -> str:
    return "true" if value else "false"
