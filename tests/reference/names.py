"""§3, name: when two names agree, and what is wrong when they do not."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import permutations, product

from .tables import (
    is_dash,
    kanji_variants,
    no_names,
    patronymic_particles,
    romanisations,
    second_forms,
    titles,
    visible,
)

TO_SPACE = "−―〜~,、・･·"
TO_NOTHING = "'’‘‛ʼʻ′´`."
LOST = "?\ufffd〓"
LETTERS = {
    "Đ": "D",
    "Ð": "D",
    "Ł": "L",
    "Ø": "O",
    "Æ": "AE",
    "Œ": "OE",
    "ß": "SS",
    "ẞ": "SS",
    "Þ": "TH",
    "ı": "I",
}
SPELT_OUT = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "Å": "AA", "Ø": "OE"}
MIN_TRUNCATED = 12


@lru_cache(maxsize=100_000)
def fold(name: str, spelt_out: bool) -> str:
    """Folding (a), or (b) where `spelt_out`; single spaces between words, none outside."""
    text = "".join(character for character in visible(name) if character not in TO_NOTHING)
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).upper())
    folded = ""
    after_latin = False
    for place, character in enumerate(text):
        first = unicodedata.normalize("NFD", character)[0]
        if (
            character in TO_SPACE
            or is_dash(character)
            or (character == "ー" and after_latin and _is_latin(text[place + 1 : place + 2]))
        ):
            folded += " "
        elif character in TO_NOTHING:
            continue
        elif spelt_out and character in SPELT_OUT:
            folded += SPELT_OUT[character]
        elif spelt_out and first in SPELT_OUT:  # Ǿ is Ø with an accent
            folded += SPELT_OUT[first]
        elif first in LETTERS:
            folded += LETTERS[first]
        elif "A" <= first <= "Z":
            folded += first
        elif after_latin and unicodedata.combining(character):
            continue
        else:
            folded += kanji_variants().get(character, character)
        after_latin = _is_latin(first)
    return " ".join(folded.split())


@cache
def foldings(name: str) -> tuple[str, ...]:
    """(a) and (b), each also with the second standard of the characters that stand for two."""
    return tuple({writing for spelt_out in (False, True) for writing in _writings(name, spelt_out)})


def _writings(name: str, spelt_out: bool) -> Iterator[str]:
    two = sorted({character for character in name if character in second_forms()})[:6]
    for choice in product((False, True), repeat=len(two)):
        chosen = {c: second_forms()[c] for c, second in zip(two, choice, strict=True) if second}
        yield fold("".join(chosen.get(character, character) for character in name), spelt_out)


def agree(one: str, other: str) -> bool:
    return any(_equal(a, b) for a in foldings(one) for b in foldings(other))


def _equal(a: str, b: str) -> bool:
    if a.replace(" ", "") == b.replace(" ", ""):
        return True
    words, others = a.split(), b.split()
    has_particle = any(word in patronymic_particles() for word in words + others)
    return not has_particle and Counter(words) == Counter(others)


def is_no_name(name: str) -> bool:
    """Blank, or saying that there is none; what folds to nothing (`-`) says so too."""
    folded = fold(name, spelt_out=False)
    return not folded or folded in {fold(word, spelt_out=False) for word in no_names()}


def verdict(reported: str, name: str, kanji_name: str) -> str:
    """A reported name against the two names of a record."""
    if is_no_name(reported):
        return "not_reported"
    found = {pair_verdict(reported, other) for other in (name, kanji_name) if not is_no_name(other)}
    for better in ("same", "equivalent"):
        if better in found:
            return better
    if is_no_name(name):
        return "not_held"
    return "different" if "different" in found else "not_comparable"


def pair_verdict(one: str, other: str) -> str:
    if is_kana_alone(one) or is_kana_alone(other):
        return "not_comparable"
    if one == other:
        return "same"
    if agree(one, other):
        return "equivalent"
    return "different" if has_latin(one) == has_latin(other) else "not_comparable"


def cause(reported: str, name: str, kanji_name: str) -> str:
    registered = [
        other
        for other in (name, kanji_name)
        if not is_no_name(other) and pair_verdict(reported, other) == "different"
    ]
    for word, fits in CAUSES.items():
        if any(fits(reported, other) for other in registered):
            return word
    return "different"


def is_title(one: str, other: str) -> bool:
    """Equal once one title is left out of one of the two."""
    return any(
        _equal(a, b)
        for first, second in ((one, other), (other, one))
        for folded in foldings(first)
        for a in _without_a_title(folded)
        for b in foldings(second)
    )


def _without_a_title(folded: str) -> Iterator[str]:
    words = folded.split()
    for title in (fold(title, spelt_out=False) for title in titles()):
        for place, word in enumerate(words):
            if word == title and len(words) > 1:
                yield " ".join(words[:place] + words[place + 1 :])
        if not title.isascii() and folded.endswith(title) and folded != title:
            yield folded.removesuffix(title).strip()


def is_partial(one: str, other: str) -> bool:
    """The words of one are some, not all, of the words of the other, and two at least."""
    return any(_is_part(a, b) or _is_part(b, a) for a in foldings(one) for b in foldings(other))


def _is_part(part: str, whole: str) -> bool:
    few, many = Counter(part.split()), Counter(whole.split())
    return few.total() >= 2 and few < many


def is_truncated(reported: str, registered: str) -> bool:
    start, whole = fold(reported, spelt_out=False), fold(registered, spelt_out=False)
    return len(start) >= MIN_TRUNCATED and start != whole and whole.startswith(start)


def has_lost_character(one: str, other: str) -> bool:
    return any(
        _is_lost(a.replace(" ", ""), b.replace(" ", "")) for a in foldings(one) for b in foldings(other)
    )


def _is_lost(a: str, b: str) -> bool:
    pairs = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    return len(a) == len(b) and all(
        (x in LOST and y.isalpha()) or (y in LOST and x.isalpha()) for x, y in pairs
    )


def has_initial(one: str, other: str) -> bool:
    return any(_are_initials(a.split(), b.split()) for a in foldings(one) for b in foldings(other))


def _are_initials(words: list[str], others: list[str]) -> bool:
    return len(words) == len(others) and all(
        x == y or (x == y[0] and x.isalpha()) or (y == x[0] and y.isalpha())
        for x, y in zip(words, others, strict=True)
    )


def is_one_letter(one: str, other: str) -> bool:
    """In six letters or more of both names, one slip of the pen."""
    a, b = (fold(name, spelt_out=False).replace(" ", "") for name in (one, other))
    short, long = sorted((a, b), key=len)
    if len(short) < MIN_ONE_LETTER:
        return False
    if len(long) == len(short) + 1:
        return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))
    places = [place for place in range(len(a)) if a[place] != b[place : place + 1]]
    if len(a) != len(b) or len(places) > 2:
        return False
    if len(places) == 1:
        return True
    first, second = places
    return second == first + 1 and a[first] == b[second] and a[second] == b[first]


def is_romanisation(one: str, other: str) -> bool:
    return any(_are_spellings(a.split(), b.split()) for a in foldings(one) for b in foldings(other))


def _are_spellings(words: list[str], others: list[str]) -> bool:
    if len(words) != len(others):
        return False
    if all(map(_are_one_name, words, others)):
        return True
    if any(word in patronymic_particles() for word in words + others):
        return False
    left = list((Counter(words) - Counter(others)).elements())
    right = list((Counter(others) - Counter(words)).elements())
    return len(left) <= 5 and any(all(map(_are_one_name, left, order)) for order in permutations(right))


def _are_one_name(one: str, other: str) -> bool:
    return one == other or any(one in row and other in row for row in romanisations())


MIN_ONE_LETTER = 6
CAUSES: dict[str, Callable[[str, str], bool]] = {
    "title": is_title,
    "partial": is_partial,
    "truncated": is_truncated,
    "lost_character": has_lost_character,
    "initial": has_initial,
    "one_letter": is_one_letter,
    "romanisation": is_romanisation,
}


def name_different_people(one: str, other: str) -> bool:
    """Two reported names that can be compared and do not agree (for `shared_number`)."""
    return not (is_no_name(one) or is_no_name(other)) and pair_verdict(one, other) == "different"


def has_latin(name: str) -> bool:
    return any(_is_latin(character) for character in unicodedata.normalize("NFKC", name))


def is_kana_alone(name: str) -> bool:
    text = fold(name, spelt_out=False).replace(" ", "")
    return bool(text) and all("\u3041" <= character <= "\u30ff" for character in text)


def _is_latin(character: str) -> bool:
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN ")
