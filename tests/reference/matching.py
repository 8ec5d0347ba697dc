"""§4: what becomes of a notification, and what it is flagged with."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from . import items, names
from .policy import Policy
from .reading import File, Taken


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


def register_faults(persons: File, cards: File) -> dict[str, frozenset[str]]:
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
