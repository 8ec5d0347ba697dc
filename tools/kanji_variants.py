"""Build the table of kanji variants that the comparison of names reads.

Run it when a source has a new edition; it needs only Python and no network:

    uv run python tools/kanji_variants.py --opencc DIR --unihan FILE

DIR holds the dictionaries of OpenCC as text (Apache-2.0; in the wheel of opencc-python-reimplemented 0.1.7:
`opencc/dictionary`), FILE is Unihan_Variants.txt (Unicode licence; here of Unicode 15.0).
kanji_variants_by_hand.csv has the decisions that need knowledge of names.
docs/decisions/0001-kanji-variants.md explains which characters are joined and why.
"""

import argparse
import csv
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).parent
BY_HAND = HERE / "kanji_variants_by_hand.csv"
TABLE = HERE.parent / "src/renkei/matching/tables/kanji_variants.csv"


def jis_level(character: str) -> int:
    """Return 1 or 2 for the levels of JIS X 0208, 0 outside of it."""
    try:
        row = character.encode("euc_jp")
    except UnicodeEncodeError:
        return 0
    if len(row) != 2:
        return 0
    return 1 if row[0] - 0xA0 < 48 else 2


def is_kanji(character: str) -> bool:
    """Whether it is one CJK ideograph that NFKC does not change (names are normalised by NFKC before)."""
    return (
        len(character) == 1
        and unicodedata.name(character, "").startswith("CJK ")
        and unicodedata.normalize("NFKC", character) == character
    )


def opencc(path: Path) -> dict[str, list[str]]:
    """Read one OpenCC dictionary: character to its variants, the most common first."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {one: many.split() for one, many in rows if is_kanji(one)}


def unihan(path: Path, field: str) -> dict[str, list[str]]:
    """Read one field of Unihan_Variants.txt: character to its variants, without the character itself."""
    table: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("U+"):
            code, name, values = line.split("\t")
            if name == field:
                one = chr(int(code[2:], 16))
                many = [chr(int(value.split("<")[0][2:], 16)) for value in values.split()]
                table[one] = [each for each in many if each != one]
    return table


def by_hand(path: Path) -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Read the joins, and the pairs to keep apart, that need knowledge of names."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    joins = {row["variant"]: row["standard"] for row in rows if row["decision"] == "join"}
    kept = {(row["variant"], row["standard"]) for row in rows if row["decision"] == "keep"}
    return joins, kept


def simplified(dictionaries: Path, variants: Path) -> dict[str, str]:
    """Simplified to traditional: OpenCC's first choice, then Unihan's unambiguous variants."""
    joins = {
        one: many[0] for one, many in opencc(dictionaries / "STCharacters.txt").items() if many[0] != one
    }
    for one, many in unihan(variants, "kTraditionalVariant").items():
        if one not in joins and len(many) == 1 and not jis_level(one):
            joins[one] = many[0]
    return joins


def regional(dictionaries: Path, variants: Path) -> dict[str, str]:
    """Forms of Taiwan and Hong Kong, and old shapes with their own code points in Unicode (kZVariant)."""
    joins: dict[str, str] = {}
    for name in ("TWVariants.txt", "HKVariants.txt"):
        for standard, forms in opencc(dictionaries / name).items():
            joins |= {form: standard for form in forms if form != standard and not jis_level(form)}
    for one, many in unihan(variants, "kZVariant").items():
        first_level = [each for each in many if jis_level(each) == 1]
        if jis_level(one) != 1 and len(first_level) == 1:
            joins[one] = first_level[0]
    return joins


def japanese(dictionaries: Path) -> dict[str, str]:
    """Kyūjitai to shinjitai."""
    return {one: many[0] for one, many in opencc(dictionaries / "JPVariants.txt").items()}


def resolve(steps: Iterable[Mapping[str, str]], kept: set[tuple[str, str]]) -> dict[str, str]:
    """Follow the joins of all steps to one standard character per group.

    The standard is the last character of the chain of joins. If that one is not in the first level of JIS and
    exactly one member is, the member is the standard: 侠 for 俠, not the reverse.
    """
    leader: dict[str, str] = {}

    def end(character: str) -> str:
        while character in leader:
            character = leader[character]
        return character

    for step in steps:
        for one, other in step.items():
            if (one, other) in kept or not (is_kanji(one) and is_kanji(other)):
                continue
            first, last = end(one), end(other)
            if first == last:
                # The later step decides the standard of a group: 浜 became 濱, and now 濱 becomes 浜.
                if last == one:
                    leader[one] = other
                    leader.pop(other)
                continue
            leader[first] = last
    groups: dict[str, set[str]] = {}
    for character in list(leader):
        groups.setdefault(end(character), {end(character)}).add(character)
    return {
        member: standard
        for last, members in groups.items()
        for standard in [last if jis_level(last) == 1 else _first_level(members, last)]
        for member in members
        if member != standard
    }


def _first_level(members: set[str], otherwise: str) -> str:
    known = sorted(member for member in members if jis_level(member) == 1)
    return known[0] if len(known) == 1 else otherwise


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description="Build the table of kanji variants.")
    parser.add_argument("--opencc", type=Path, required=True, metavar="DIR")
    parser.add_argument("--unihan", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, default=TABLE, metavar="FILE")
    given = parser.parse_args()
    joins, kept = by_hand(BY_HAND)
    simple = simplified(given.opencc, given.unihan)
    simple = {one: other for one, other in simple.items() if one not in joins}
    table = resolve([simple, regional(given.opencc, given.unihan), japanese(given.opencc), joins], kept)
    with given.out.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("variant", "standard"))
        rows.writerows(sorted(table.items()))


if __name__ == "__main__":
    main()
