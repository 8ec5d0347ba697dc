"""A mismatch item by item in the order of 別紙1: as notified, on the card notified, and the latest record.

Letters that differ are marked, so that the difference of HUANG and HUANQ is easy to see.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from renkei.agreement.annexes import ANNEX_1
from renkei.agreement.causes import Cause, causes_in
from renkei.agreement.decisions import COMPARABLE_ITEMS, Policy
from renkei.agreement.text import Lang, Meaning
from renkei.matching.labels import FLAGS, column_name, value_in_words

Row = Mapping[str, str | None]
CARD: Final = "card_number"
#: Below this ratio the values are unrelated, and single letters in common are not marked.
_ALIKE: Final = 0.6
#: The items that are compared and the card number, each with its number in 別紙1.
COMPARED: Final = tuple(
    (item.number, column)
    for item in ANNEX_1.items
    for column in item.columns
    if column == CARD or column in COMPARABLE_ITEMS
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a value; `differs`: the other value has something else there."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class ComparedItem:
    """One item. A blank value is None; `redacted`: 別紙2 does not disclose it.

    `linked` is blank if nothing differs: 別紙2※ gives it only for differing items.
    """

    number: str
    name: str
    notified: Sequence[Piece]
    linked: Sequence[Piece]
    latest: str | None
    same_as_linked: bool
    cause: Cause | None
    differs: bool
    compared: bool
    redacted: bool


def compared(notification: Row, found: Row, policy: Policy, lang: Lang) -> Iterator[ComparedItem]:
    """Compare a notification with ISA's values for it, under the decisions in force."""
    causes = causes_in(found.get("differences"))
    differing = set((found.get("mismatched_items") or "").split(";"))
    for number, name in COMPARED:
        card = name == CARD
        notified = _words(name, notification.get(name), lang)
        linked = _words(name, found.get(f"linked_{name}"), lang)
        latest = _words(name, found.get(name if card else f"latest_{name}"), lang)
        left, right = pieces(notified, linked)
        yield ComparedItem(
            number,
            column_name(name, lang),
            left,
            right,
            latest,
            bool(latest) and latest == linked,
            causes.get(name),
            name in differing,
            name in policy.compared_items,
            not card and name not in policy.disclosed_items,
        )


def likely(found: Row) -> list[Cause | Meaning]:
    """Return the harmless causes that may explain the differences, each once, in the order of the items."""
    causes = dict.fromkeys(causes_in(found.get("differences")).values())
    return [*causes, *([FLAGS["identity_conflict"]] if found.get("identity_caution") == "true" else [])]


def _words(name: str, value: str | None, lang: Lang) -> str | None:
    return value_in_words(name, value, lang) if value else None


def pieces(left: str | None, right: str | None) -> tuple[list[Piece], list[Piece]]:
    """Split two values into common and differing parts; a blank value has no parts."""
    if left is None or right is None:
        return [Piece(text, False) for text in (left,) if text], [
            Piece(text, False) for text in (right,) if text
        ]
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return [Piece(left, True)], [Piece(right, True)]
    ours: list[Piece] = []
    theirs: list[Piece] = []
    for what, a, b, c, d in matcher.get_opcodes():
        differs = what != "equal"
        ours += [Piece(left[a:b], differs)] if a < b else []
        theirs += [Piece(right[c:d], differs)] if c < d else []
    return ours, theirs
