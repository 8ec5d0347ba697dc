"""The whole of `renkei reconcile`, §1 and §3 to §6 and §8, row by row.

    result = reconcile(notifications, persons, cards, permissions, as_of="2026-04-01", policy={})
    result.rejects, result.matches, result.annex2, result.annex3
    result.counts, result.scope, result.credited_by_others_only

Input rows are mappings from every column name of the data dictionary to the text written in the file, blank
being "". Output rows are dicts of canonical strings with the columns in the order of the specification.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .matching import Match, match, register_faults
from .omissions import Omissions, suspect
from .policy import DEFAULTS, Policy
from .reading import File, Prepared, Raw, Row, prepare, read_file

__all__ = ["DEFAULTS", "Prepared", "Result", "prepare", "reconcile"]


@dataclass(frozen=True)
class Result:
    rejects: list[Row]
    matches: list[Row]
    annex2: list[Row]
    annex3: list[Row]
    counts: dict[str, dict[str, int]]
    scope: dict[str, int] = field(default_factory=dict)
    """Permissions by scope; nothing of a day's changes."""
    credited_by_others_only: int = 0


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

    faults = register_faults(person_file, card_file)
    matches = match(notification_file.taken, person_file.taken, card_file.taken, faults, rules)
    omissions = Omissions([], {}, 0)
    if not changes:
        register = (permission_file.taken, person_file.taken, card_file.taken)
        omissions = suspect(*register, matches, as_of, rules)
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
        annex3=sorted(omissions.annex3, key=lambda row: row["permission_id"]),
        counts=_counts(files, matches),
        scope=omissions.scope,
        credited_by_others_only=omissions.credited_by_others_only,
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


# §8 ---------------------------------------------------------------------------------------------------


def _counts(files: Sequence[File], matches: Sequence[Match]) -> dict[str, dict[str, int]]:
    counts = {
        file.dataset: {"read": file.read, "rejected": len(file.set_aside), "taken": len(file.taken)}
        for file in files
    }
    for outcome in ("matched", "mismatched", "not_found", "held", "deleted"):
        counts["notifications"][outcome] = sum(found.outcome == outcome for found in matches)
    return counts


def _boolean(value: bool) -> str:
    return "true" if value else "false"
