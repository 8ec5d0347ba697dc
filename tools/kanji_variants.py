"""Build the table of kanji variants that the comparison of names reads.

Run it when a source has a new edition; it needs only Python and no network:

    uv run python tools/kanji_variants.py --opencc DIR --unihan FILE

DIR holds the dictionaries of OpenCC as text (Apache-2.0; in the wheel of opencc-python-reimplemented 0.1.7:
`opencc/dictionary`), FILE is Unihan_Variants.txt (Unicode licence; here of Unicode 15.0).
kanji_official_pairs.csv holds the old and new forms that the lists of 常用漢字 (平成22年内閣告示第2号; the
forms in brackets) and of 人名用漢字 (戸籍法施行規則別表第二, by Unihan's kJinmeiyoKanji) give;
kanji_variants_by_hand.csv has the decisions that need knowledge of names.
docs/decisions/0001-kanji-variants.md explains which characters are joined and why.
"""

import argparse
import csv
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
BY_HAND = HERE / "kanji_variants_by_hand.csv"
OFFICIAL = HERE / "kanji_official_pairs.csv"
TABLES = HERE.parent / "src/renkei/matching/tables"

#: One step of joining: a character, the one it is joined with, and the source that says so.
Joins = dict[str, tuple[str, str]]


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


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read one of the tables beside this module."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decided(rows: Iterable[Mapping[str, str]], decision: str) -> Joins:
    """Return the pairs with one decision, each with its reason as the source."""
    return {
        row["variant"]: (row["standard"], f"by hand: {row['reason']}")
        for row in rows
        if row["decision"] == decision
    }


def simplified(dictionaries: Path, variants: Path) -> Joins:
    """Simplified to traditional: OpenCC's first choice, then Unihan's unambiguous variants."""
    joins = {
        one: (many[0], "OpenCC STCharacters")
        for one, many in opencc(dictionaries / "STCharacters.txt").items()
        if many[0] != one
    }
    for one, many in unihan(variants, "kTraditionalVariant").items():
        if one not in joins and len(many) == 1 and not jis_level(one):
            joins[one] = (many[0], "Unihan kTraditionalVariant")
    return joins


def regional(dictionaries: Path, variants: Path) -> Joins:
    """Forms of Taiwan and Hong Kong, and old shapes with their own code points in Unicode (kZVariant)."""
    joins: Joins = {}
    for name in ("TWVariants", "HKVariants"):
        for standard, forms in opencc(dictionaries / f"{name}.txt").items():
            joins |= {
                form: (standard, f"OpenCC {name}")
                for form in forms
                if form != standard and not jis_level(form)
            }
    for one, many in unihan(variants, "kZVariant").items():
        first_level = [each for each in many if jis_level(each) == 1]
        if jis_level(one) != 1 and len(first_level) == 1:
            joins[one] = (first_level[0], "Unihan kZVariant")
    return joins


def japanese(dictionaries: Path) -> Joins:
    """Kyūjitai to shinjitai."""
    return {
        one: (many[0], "OpenCC JPVariants") for one, many in opencc(dictionaries / "JPVariants.txt").items()
    }


def official() -> Joins:
    """Old to new forms by the official lists, as NFKC leaves them."""
    rows = [
        (unicodedata.normalize("NFKC", row["variant"] + row["standard"]), row["list"])
        for row in rows_of(OFFICIAL)
    ]
    return {forms[0]: (forms[1], name) for forms, name in rows}


def resolve(steps: Sequence[Joins], kept: Collection[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Follow the joins of all steps to one standard character per group, and say by which sources.

    The standard is the last character of the chain of joins. If that one is not in the first level of JIS and
    exactly one member is, the member is the standard: 侠 for 俠, not the reverse.
    """
    leader: dict[str, str] = {}
    edges: dict[str, dict[str, str]] = {}

    def end(character: str) -> str:
        while character in leader:
            character = leader[character]
        return character

    for step in steps:
        for one, (other, source) in step.items():
            if one == other or (one, other) in kept or not (is_kanji(one) and is_kanji(other)):
                continue
            # The latest step is the best source of a pair that several steps have.
            edges.setdefault(one, {})[other] = edges.setdefault(other, {})[one] = source
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
        member: (standard, _sources(edges, member, standard))
        for last, members in groups.items()
        for standard in [last if jis_level(last) == 1 else _first_level(members, last)]
        for member in members
        if member != standard
    }


def _sources(edges: Mapping[str, Mapping[str, str]], one: str, other: str) -> str:
    """Name the sources on the shortest chain of pairs from one character to another, each once."""
    chains: list[tuple[str, tuple[str, ...]]] = [(one, ())]
    seen = {one}
    for character, sources in chains:
        if character == other:
            return " + ".join(dict.fromkeys(sources))
        for neighbour, source in edges[character].items():
            if neighbour not in seen:
                seen.add(neighbour)
                chains.append((neighbour, (*sources, source)))
    raise AssertionError(f"{one} and {other} are of one group without a chain of pairs")


def _first_level(members: set[str], otherwise: str) -> str:
    known = sorted(member for member in members if jis_level(member) == 1)
    return known[0] if len(known) == 1 else otherwise


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description="Build the table of kanji variants.")
    parser.add_argument("--opencc", type=Path, required=True, metavar="DIR")
    parser.add_argument("--unihan", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, default=TABLES, metavar="DIR")
    given = parser.parse_args()
    hand = rows_of(BY_HAND)
    joins, second = decided(hand, "join"), decided(hand, "second")
    simple = simplified(given.opencc, given.unihan)
    simple = {one: other for one, other in simple.items() if one not in joins}
    steps = [simple, regional(given.opencc, given.unihan), japanese(given.opencc), joins, official()]
    table = resolve(steps, {(one, other) for one, (other, _) in decided(hand, "keep").items()})
    for name, rows in (("kanji_variants", table), ("kanji_second_forms", second)):
        with (given.out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            written = csv.writer(file, lineterminator="\n")
            written.writerow(("variant", "standard", "source"))
            written.writerows((one, *rows[one]) for one in sorted(rows))


if __name__ == "__main__":
    main()
