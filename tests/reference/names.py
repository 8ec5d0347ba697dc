"""§3, name: when two names agree, and what is wrong when they do not."""

import unicodedata
from collections import Counter
from functools import lru_cache

from .tables import kanji_variants

TO_SPACE = "-‐‑–—−,、・･·"
TO_NOTHING = "'’ʼ."
LETTERS = {
    "Đ": "D",
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
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).upper())
    folded = ""
    after_latin = False
    for character in text:
        first = unicodedata.normalize("NFD", character)[0]
        if character in TO_SPACE:
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


def foldings(name: str) -> tuple[str, str]:
    return fold(name, spelt_out=False), fold(name, spelt_out=True)


def agree(one: str, other: str) -> bool:
    return any(
        a.replace(" ", "") == b.replace(" ", "") or Counter(a.split()) == Counter(b.split())
        for a in foldings(one)
        for b in foldings(other)
    )


def verdict(reported: str, name: str, kanji_name: str) -> str:
    """A reported name against the two names of a record."""
    if not reported:
        return "not_reported"
    registered = _comparable_names(name, kanji_name)
    if is_kana_alone(reported) or not registered:
        return "not_comparable"
    if reported in registered:
        return "same"
    if any(agree(reported, other) for other in registered):
        return "equivalent"
    if not has_latin(reported) and (not kanji_name or is_kana_alone(kanji_name)):
        return "not_comparable"
    if is_latin_only(reported) and not any(has_latin(other) for other in registered):
        return "not_comparable"
    return "different"


def cause(reported: str, name: str, kanji_name: str) -> str:
    registered = _comparable_names(name, kanji_name)
    if any(is_partial(reported, other) for other in registered):
        return "partial"
    if any(is_truncated(reported, other) for other in registered):
        return "truncated"
    return "different"


def _comparable_names(name: str, kanji_name: str) -> list[str]:
    return [text for text in (name, kanji_name) if text and not is_kana_alone(text)]


def is_partial(one: str, other: str) -> bool:
    """The words of one are some, not all, of the words of the other, and two at least."""
    return any(_is_part(a, b) or _is_part(b, a) for a in foldings(one) for b in foldings(other))


def _is_part(part: str, whole: str) -> bool:
    few, many = Counter(part.split()), Counter(whole.split())
    return few.total() >= 2 and few < many


def is_truncated(reported: str, registered: str) -> bool:
    start, whole = fold(reported, spelt_out=False), fold(registered, spelt_out=False)
    return len(start) >= MIN_TRUNCATED and start != whole and whole.startswith(start)


def name_different_people(one: str, other: str) -> bool:
    """Two reported names that can be compared and do not agree (for `shared_number`)."""
    if is_kana_alone(one) or is_kana_alone(other) or agree(one, other):
        return False
    return not (
        (is_latin_only(one) and not has_latin(other)) or (is_latin_only(other) and not has_latin(one))
    )


def has_latin(name: str) -> bool:
    return any(_is_latin(character) for character in unicodedata.normalize("NFKC", name))


def is_latin_only(name: str) -> bool:
    letters = [c for c in unicodedata.normalize("NFKC", name) if c.isalpha() and c not in TO_NOTHING]
    return bool(letters) and all(_is_latin(character) for character in letters)


def is_kana_alone(name: str) -> bool:
    text = fold(name, spelt_out=False).replace(" ", "")
    return bool(text) and all("\u3041" <= character <= "\u30ff" for character in text)


def _is_latin(character: str) -> bool:
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN ")
