"""§6: whether the employer of a notification is the organisation of a permission, or its 派遣先."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from .reading import Taken
from .tables import municipalities, organisation_forms, prefectures

SHORTEST_PREFIX = 4
SHORTEST_PHONE = 7
SMALL_KANA = re.compile("(HIRAGANA|KATAKANA) LETTER SMALL (.+)")


@dataclass(frozen=True)
class Organisation:
    """Name and digits as they are compared, the address as written."""

    name: str
    phone: str
    address: str

    @classmethod
    def of(cls, row: Taken, prefix: str) -> "Organisation":
        phone = digits(row[f"{prefix}_phone"])
        return cls(
            fold(row[f"{prefix}_name"]),
            phone if len(phone) >= SHORTEST_PHONE else "",
            row[f"{prefix}_address"],
        )

    @property
    def can_be_compared(self) -> bool:
        return bool(self.name or self.phone)


def compare(notification: Taken, permission: Taken) -> str:
    """`agrees` with the organisation or the 派遣先, is an`other`, or `nothing` to compare."""
    employer = Organisation.of(notification, "establishment")
    organisation = Organisation.of(permission, "organisation")
    dispatch = Organisation.of(permission, "dispatch")
    if agree(employer, organisation) or agree(employer, dispatch):
        return "agrees"
    return "other" if employer.can_be_compared and organisation.can_be_compared else "nothing"


def agree(one: Organisation, other: Organisation) -> bool:
    if names_agree(one.name, other.name):
        return True
    same_phone = bool(one.phone) and one.phone == other.phone
    return same_phone and not addresses_contradict(one.address, other.address)


def names_agree(one: str, other: str) -> bool:
    """Two folded names: equal, or one begins the other."""
    short, long = sorted((one, other), key=len)
    return bool(short) and (short == long or (len(short) >= SHORTEST_PREFIX and long.startswith(short)))


@cache
def fold(name: str) -> str:
    text = " ".join(_wide(name).split())
    while (shorter := _without_a_form(text)) != text:
        text = shorter
    return "".join(text.split())


def _wide(text: str) -> str:
    upper = unicodedata.normalize("NFKC", text).upper()
    return "".join(large(character) for character in upper)


@cache
def large(character: str) -> str:
    """ッ is ツ, ゃ is や."""
    found = SMALL_KANA.fullmatch(unicodedata.name(character, ""))
    return unicodedata.lookup(f"{found[1]} LETTER {found[2]}") if found else character


def _without_a_form(text: str) -> str:
    for pattern in _forms():
        if found := pattern.search(text):
            return (text[: found.start()] + text[found.end() :]).strip()
    return text


@cache
def _forms() -> tuple[re.Pattern[str], ...]:
    """The legal forms, the longest first: Japanese ones with white space anywhere, English ones as words."""
    patterns = []
    for form, place in sorted(organisation_forms(), key=lambda row: -len(row[0])):
        letters = r"\s*".join(re.escape(character) for character in _wide(form) if character != " ")
        words = r"\s+".join(re.escape(word) for word in _wide(form).split())
        patterns.append(
            {
                "anywhere": letters,
                "start": f"^{letters}",
                "end": f"{letters}$",
                "end word": f"(?<![A-Z0-9]){words}$",
            }[place]
        )
    return tuple(re.compile(pattern) for pattern in patterns)


def digits(phone: str) -> str:
    return re.sub("[^0-9]", "", unicodedata.normalize("NFKC", phone))


def addresses_contradict(one: str, other: str) -> bool:
    return any(a and b and a != b for a, b in zip(_places(one), _places(other), strict=True))


def _places(address: str) -> tuple[str, str]:
    """Prefecture and municipality, blank where the address does not say it."""
    text = _kana_alike("".join(unicodedata.normalize("NFKC", address).split()))
    prefecture = _longest(text, prefectures())
    return prefecture, _longest(text.removeprefix(prefecture), municipalities())


def _longest(text: str, names: frozenset[str]) -> str:
    return max((name for name in map(_kana_alike, names) if text.startswith(name)), key=len, default="")


def _kana_alike(text: str) -> str:
    return re.sub("[ヶが]", "ケ", text)
