"""Names: when two spellings are of the same name, and how two names differ (reconciliation §3).

Forms and clerks write one name in many ways; a card writes it in one way. A difference in writing is not a
difference in name. Everything here works on whole columns.
"""

import csv
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from renkei.agreement.causes import Found, found_by
from renkei.agreement.decisions import Policy
from renkei.agreement.outcomes import Verdict
from renkei.matching.codes import AGREEING, first_that_fits
from renkei.matching.spellings import joined_by_spellings

# What `fold_writing` changes, in the order of §3. The acute accent is an apostrophe to whoever types it; NFKC
# would make a space and a combining mark of it.
_INVISIBLE = r"\p{Default_Ignorable_Code_Point}"
_BEFORE_NFKC = "[´\u1ffd]"
_SPACES = r"\p{Pd}−―〜~,、・･·"
_GONE = "'’‘‛ʼʻ′`."
_LONG_VOWEL_AS_DASH = r"(\p{Latin}\p{Mn}*)ー(\p{Latin})"

_PLAIN = {
    "Đ": "D", "Ð": "D", "Ł": "L", "Ø": "O", "Æ": "AE", "Œ": "OE", "ß": "SS", "ẞ": "SS", "Þ": "TH", "ı": "I",
    # The other letters of ICAO Doc 9303 that do not consist of a letter and a mark.
    "Ɖ": "D", "Ə": "E", "Ħ": "H", "Ŋ": "N", "Ŧ": "T",
}  # fmt: skip
_GERMANIC = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "Å": "AA", "Ø": "OE"}

# Patterns of what `fold_writing` can change, searched in one pass: few names contain any of it.
_NOT_CAPITAL = "[^ -`{-~]"
_UNEVEN = rf"[{_SPACES}{_GONE}ー]|\s\s|[^\S ]|^\s|\s$"

# Marks are removed from Latin letters; those of kana and Hangul are part of the letter and stay.
_MARKED_LATIN = r"(\p{Latin})\p{Mn}+"
_LATIN = r"\p{Latin}"
KANA_ALONE = r"^[\p{Hiragana}\p{Katakana}ー ]+$"
# A letter that a system could not store.
_LOST = "?\ufffd〓"

# Letters: in a shorter name, one other letter makes another name.
_LONG_ENOUGH = 6

# A comparison is many short steps, each on one core: many pairs are compared in two parts, in parallel.
_MANY_PAIRS, _THREADS = 50_000, 2

# The levels of agreement, best first: the first that fits gives the verdict and its cause.
LEVELS: tuple[tuple[str, Verdict], ...] = (
    ("same", Verdict.SAME),
    *(
        (cause.code, Verdict.EQUIVALENT if cause.agrees else Verdict.DIFFERENT)
        for cause in found_by(Found.COMPARING, "name").values()
    ),
    ("scripts", Verdict.NOT_COMPARABLE),
    ("no_name_reported", Verdict.NOT_REPORTED),
    ("no_name_held", Verdict.NOT_HELD),
)
_LEVEL = {name: rank for rank, (name, _) in enumerate(LEVELS)}
_AGREEING_LEVELS = [rank for rank, (_, verdict) in enumerate(LEVELS) if int(verdict) in AGREEING]


def _table(name: str) -> list[dict[str, str]]:
    with (Path(__file__).with_name("tables") / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def kanji_variants() -> Mapping[str, str]:
    """Return variant → 正字, one character each (tables/kanji_variants.csv)."""
    return {row["variant"]: row["standard"] for row in _table("kanji_variants")}


@cache
def kanji_second_forms() -> Mapping[str, str]:
    """Return the 正字 of simplified characters that stand for a second one as well: 钟 → 鐘, besides 鍾."""
    return {row["variant"]: row["standard"] for row in _table("kanji_second_forms")}


@cache
def _particle() -> str:
    """Return a pattern for a name with a patronymic particle."""
    return _a_word([row["particle"] for row in _table("patronymic_particles")])


def _a_word(words: list[str]) -> str:
    return f"(?:^| )(?:{'|'.join(map(re.escape, words))})(?: |$)"


@cache
def _titles() -> tuple[Mapping[str, str], str]:
    """Return a pattern for each title or honorific, with the white space on both sides, and one for all."""
    rows = {row["title"]: row["place"] for row in _table("titles")}
    # An honorific stands at the end of a word as well.
    ends = [title for title, place in rows.items() if place == "end"]
    each = {title: _a_word([title]) + (f"|{title}$" if title in ends else "") for title in rows}
    return each, f"{_a_word(list(rows))}|(?:{'|'.join(ends)})$"


@cache
def _no_names() -> pl.Series:
    """Return the writings that say that there is no name, folded and without white space."""
    return _without_spaces(fold_writing(pl.Series([row["writing"] for row in _table("no_names")]))).unique()


@cache
def _perhaps_no_name() -> str:
    # Anchored, so that for nearly every name the search ends at its first letters.
    begins = {row["writing"].split()[0] for row in _table("no_names")}
    return f"^(?i:[^A-Z]|{'|'.join(sorted(word for word in begins if word.isascii() and word.isalpha()))})"


def perhaps_no_name(names: pl.Expr) -> pl.Expr:
    """Say which names may be none, or may be in kana: these are not the same even if they are equal."""
    return names.str.contains(_perhaps_no_name())


def _where(names: pl.Series, rows: pl.Series, fold: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Apply a fold only to the rows that it can change; most names are plain ASCII."""
    at = rows.arg_true()
    return names.clone().scatter(at, fold(names.gather(at))) if len(at) else names


def _not_ascii(names: pl.Series) -> pl.Series:
    return names.str.len_bytes() != names.str.len_chars()


def fold_writing(names: pl.Series) -> pl.Series:
    """Fold width, case, punctuation and white space, which cards and forms do not write consistently."""
    capital = _where(names, names.str.contains(_NOT_CAPITAL), _to_capitals)
    return _where(capital, capital.str.contains(_UNEVEN), _even_out)


def _to_capitals(names: pl.Series) -> pl.Series:
    visible = names.str.replace_all(_INVISIBLE, "").str.replace_all(_BEFORE_NFKC, "")
    return visible.str.normalize("NFKC").str.to_uppercase().str.normalize("NFC")


def _even_out(names: pl.Series) -> pl.Series:
    # Twice, because the letter after one mark can be the letter before the next.
    dashes = names.str.replace_all(_LONG_VOWEL_AS_DASH, "$1 $2").str.replace_all(_LONG_VOWEL_AS_DASH, "$1 $2")
    spaced = dashes.str.replace_all(f"[{_SPACES}]", " ").str.replace_all(f"[{_GONE}]", "")
    return spaced.str.replace_all(r"\s+", " ").str.strip_chars()


def fold_plain(folded: pl.Series) -> pl.Series:
    """Fold (a): Latin letters to A–Z without diacritics."""

    def drop_marks(marked: pl.Series) -> pl.Series:
        bare = marked.str.normalize("NFD").str.replace_all(_MARKED_LATIN, "$1").str.normalize("NFC")
        return bare.str.replace_many(_PLAIN)

    return _where(folded, _not_ascii(folded), drop_marks)


def fold_germanic(folded: pl.Series) -> pl.Series:
    """Fold (b): as (a), but Ä, Ö, Ü, Å, Ø become two letters, as German and Nordic passports spell them."""
    return fold_plain(_where(folded, _not_ascii(folded), lambda some: some.str.replace_many(_GERMANIC)))


def fold_kanji(folded: pl.Series) -> pl.Series:
    """Replace variant, simplified and traditional characters by their 正字."""
    return _where(folded, folded.str.contains(r"\p{Han}"), lambda names: _replace(names, kanji_variants()))


def fold_kanji_second(folded: pl.Series) -> pl.Series:
    """Fold as `fold_kanji`, but simplified characters that stand for two become the second."""
    second = f"[{''.join(kanji_second_forms())}]"
    return fold_kanji(
        _where(folded, folded.str.contains(second), lambda names: _replace(names, kanji_second_forms()))
    )


def _replace(names: pl.Series, table: Mapping[str, str]) -> pl.Series:
    # Preparing a search for all six thousand variants takes longer than searching a thousand names.
    characters = set("".join(names.drop_nulls()))
    variants = {variant: table[variant] for variant in table.keys() & characters}
    return names.str.replace_many(variants) if variants else names


def compare_names(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Compare reported names with the register's.

    `pairs` has the columns `reported`, `held`, `held_kanji` (String; the last two may be null). Returns, in
    row order, `verdict` (UInt8, `Verdict`) and `cause` (String, a level of `LEVELS`).
    """
    if pairs.height < _MANY_PAIRS:
        return _compared(pairs, policy)
    with ThreadPoolExecutor(_THREADS) as threads:
        parts = pairs.iter_slices(-(-pairs.height // _THREADS))
        return pl.concat(threads.map(lambda part: _compared(part, policy), parts))


def _compared(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    # Identical text is the same name; only the other pairs are folded.
    odd = pairs.select(
        pl.col("reported").ne_missing(pl.col("held")) | perhaps_no_name(pl.col("reported"))
    ).to_series()
    at = odd.arg_true()
    others = pairs[at]
    folded = pl.DataFrame(
        {
            "row": at.cast(pl.UInt32),
            "identical": others.select(pl.col("reported").eq_missing(pl.col("held"))).to_series(),
            **{side: name_or_none(others[side]) for side in ("reported", "held", "held_kanji")},
        }
    )
    best = _best_levels(_sides(folded), policy)
    levels = folded.join(best, on="row", how="left", maintain_order="left").select(
        pl.when(pl.col("reported").is_null())
        .then(_LEVEL["no_name_reported"])
        # Where the register has no name, its kanji name can only make the names agree.
        .when(pl.col("held").is_null() & ~pl.col("level").is_in(_AGREEING_LEVELS).fill_null(False))
        .then(_LEVEL["no_name_held"])
        .otherwise(pl.col("level").fill_null(_LEVEL["scripts"]))
        .cast(pl.UInt8)
    )
    level = pl.repeat(_LEVEL["same"], pairs.height, dtype=pl.UInt8, eager=True)
    level = level.scatter(at, levels.to_series())
    return pl.DataFrame(
        {
            "verdict": pl.Series([int(verdict) for _, verdict in LEVELS], dtype=pl.UInt8).gather(level),
            "cause": pl.Series([name for name, _ in LEVELS]).gather(level),
        }
    )


def name_or_none(names: pl.Series) -> pl.Series:
    """Fold the writing of names (`fold_writing`); null where a name says that there is none."""
    folded = fold_writing(names)
    return folded.set(_without_spaces(folded).is_in(_no_names().implode()), None)


def comparable(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Say whether two folded names can be compared: neither is kana alone, both or none have Latin letters.

    Employers make up the kana, and no card has it.
    """
    writing = ~one.str.contains(KANA_ALONE) & ~other.str.contains(KANA_ALONE)
    return (writing & (has_latin(one) == has_latin(other))).fill_null(False)


def has_latin(names: pl.Expr) -> pl.Expr:
    """Say whether a name has a Latin letter."""
    return names.str.contains(_LATIN)


def agreement_keys(folded: pl.Series) -> pl.Series:
    """Return the keys of folded names (`name_or_none`), each list sorted.

    Two names that can be compared agree in format, order or variants exactly if they have a key in common.
    """
    forms = pl.DataFrame(
        {
            f"{letters}{kanji}": fold(written)
            for letters, written in (("a", fold_plain(folded)), ("b", fold_germanic(folded)))
            for kanji, fold in (("1", fold_kanji), ("2", fold_kanji_second))
        }
    )
    particle = pl.all().str.contains(_particle())
    return forms.select(
        pl.concat_list(
            pl.lit("=") + pl.all().str.replace_all(" ", "", literal=True),
            pl.when(~particle).then(pl.lit("+") + pl.all().str.split(" ").list.sort().list.join(" ")),
        )
        .list.drop_nulls()
        .list.unique()
        .list.sort()
        .alias("keys")
    ).to_series()


def _sides(folded: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each of the register's names that can be compared: `row`, `identical`, `r`, `h`."""
    return pl.concat(
        folded.filter(comparable(pl.col("reported"), pl.col(held))).select(
            "row", identical=pl.col("identical") & (held == "held"), r="reported", h=held
        )
        for held in ("held", "held_kanji")
    )


def _best_levels(sides: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the best level of each row: columns `row`, `level`."""
    # Pairs that are equal by now need no comparison under other folds.
    quick = sides.with_columns(
        level=pl.when("identical")
        .then(_LEVEL["same"])
        .when(_joined("r") == _joined("h"))
        .then(_LEVEL["format"])
        .cast(pl.UInt8)
    )
    found = [quick.drop_nulls("level").select("row", "level")]
    tries = _tries(quick.filter(pl.col("level").is_null()).join(found[0], on="row", how="anti"))
    tries = tries.with_columns(
        level=pl.when(_joined("r") == _joined("h")).then(_LEVEL["format"]).cast(pl.UInt8)
    )
    found.append(tries.drop_nulls("level").select("row", "level"))
    rest = tries.filter(pl.col("level").is_null())
    rest = rest.with_columns(
        level=pl.when(_same_words(rest["r"], rest["h"])).then(_LEVEL["order"]).cast(pl.UInt8)
    )
    found.append(rest.drop_nulls("level").select("row", "level"))
    agreed = pl.concat(found)
    left = rest.filter(pl.col("level").is_null()).join(agreed, on="row", how="anti")
    return pl.concat([agreed, _lesser_levels(left, policy)]).group_by("row").agg(pl.col("level").min())


def _tries(sides: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each pair of foldings under which two names can differ."""
    folds = sides.select(
        "row",
        ra=fold_plain(sides["r"]),
        rb=fold_germanic(sides["r"]),
        ha=fold_plain(sides["h"]),
        hb=fold_germanic(sides["h"]),
    )
    plain = folds.select("row", r="ra", h="ha", both_plain=pl.lit(True))
    # Fold (b) differs from (a) only where there was an umlaut, a ring or a stroke.
    germanic = folds.filter((pl.col("ra") != pl.col("rb")) | (pl.col("ha") != pl.col("hb")))
    others = [
        germanic.select("row", r=r, h=h, both_plain=pl.lit(False))
        for r, h in (("ra", "hb"), ("rb", "ha"), ("rb", "hb"))
    ]
    return pl.concat([plain, *others])


def _lesser_levels(tries: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the level of names that agree neither in format nor in order: columns `row`, `level`."""
    r, h = tries["r"], tries["h"]
    rk, hk = fold_kanji(r), fold_kanji(h)
    plain = tries["both_plain"]
    fits = {
        "kanji_variant": _kanji_agree(r, h, rk, hk),
        "title": _agree_but_for_a_title(rk, hk),
        "partial": _part_of_the_other(rk, hk),
        "truncated": plain
        & (r.str.len_chars() >= policy.truncated_from)
        & tries.select(pl.col("h").str.starts_with(pl.col("r"))).to_series(),
        "lost_character": _lost_characters(r, h),
        "initial": _initials(r, h),
        "one_letter": plain & _one_letter(r, h),
        "romanisation": joined_by_spellings(r, h, ordered=r.str.contains(_particle())),
    }
    return tries.select(
        "row",
        level=first_that_fits(
            "name",
            {code: pl.lit(fit) for code, fit in fits.items()},
            lambda code: pl.lit(_LEVEL[code], pl.UInt8),
        ),
    )


def _joined(name: str) -> pl.Expr:
    return pl.col(name).str.replace_all(" ", "", literal=True)


def _without_spaces(names: pl.Series) -> pl.Series:
    return names.str.replace_all(" ", "", literal=True)


def _same_words(names: pl.Series, others: pl.Series) -> pl.Series:
    """Say whether pairs have the same words in any order (with a patronymic particle: never).

    Only pairs of equal length are compared. Father and son may be named MUHAMMAD BIN SALMAN and SALMAN BIN
    MUHAMMAD.
    """
    same = names.str.len_bytes() == others.str.len_bytes()
    rows = same.arg_true()
    candidates = pl.DataFrame({"one": names.gather(rows), "other": others.gather(rows)})
    one, other = (pl.col(side).str.split(" ").list.sort().list.join(" ") for side in ("one", "other"))
    return same.scatter(
        rows, candidates.select((one == other) & ~pl.col("one").str.contains(_particle())).to_series()
    )


def _agree(names: pl.Series, others: pl.Series) -> pl.Series:
    return (_without_spaces(names) == _without_spaces(others)) | _same_words(names, others)


def _measured(where: pl.Series, measure: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Measure Boolean rows only where it is worth while; elsewhere false."""
    at = where.arg_true()
    nothing = pl.repeat(False, len(where), dtype=pl.Boolean, eager=True)
    return nothing.scatter(at, measure(at)) if len(at) else nothing


def _kanji_agree(r: pl.Series, h: pl.Series, rk: pl.Series, hk: pl.Series) -> pl.Series:
    changed = (r != rk) | (h != hk)

    def under_any_folds(at: pl.Series) -> pl.Series:
        rs, hs = rk.gather(at), hk.gather(at)
        r2, h2 = fold_kanji_second(r.gather(at)), fold_kanji_second(h.gather(at))
        return _agree(rs, hs) | _agree(rs, h2) | _agree(r2, hs) | _agree(r2, h2)

    return _measured(changed, under_any_folds)


def _agree_but_for_a_title(r: pl.Series, h: pl.Series) -> pl.Series:
    letters, others = (_without_spaces(names).str.len_chars().cast(pl.Int32) for names in (r, h))
    # Names that agree without the title differ by the letters of the title: most pairs need no pattern.
    longest = max(map(len, _titles()[0]))
    more = letters - others
    return _titled(r, h, more.is_between(1, longest)) | _titled(h, r, more.is_between(-longest, -1))


def _titled(names: pl.Series, others: pl.Series, longer: pl.Series) -> pl.Series:
    """Say which names that are longer than the other agree with it without a title."""
    each, any_title = _titles()
    longer_names = names.gather(longer.arg_true())
    at = longer.arg_true().filter(longer_names.str.contains(any_title))
    some, without = names.gather(at), others.gather(at)
    fits = pl.repeat(False, len(at), dtype=pl.Boolean, eager=True)
    for title, pattern in each.items():
        here = some.str.contains(title, literal=True)
        if not here.any():
            continue
        here = (here & some.str.contains(pattern)).arg_true()
        bare = some.gather(here).str.replace(pattern, " ").str.strip_chars()
        fits = fits.scatter(here, fits.gather(here) | _agree(bare, without.gather(here)))
    return pl.repeat(False, len(names), dtype=pl.Boolean, eager=True).scatter(at, fits)


def _part_of_the_other(r: pl.Series, h: pl.Series) -> pl.Series:
    """Say whether the words of one name, two or more, are a proper part of the other's, as multisets."""
    rows = pl.DataFrame({"r": r.str.split(" "), "h": h.str.split(" ")}).with_row_index("try")
    shorter = pl.min_horizontal(pl.col("r").list.len(), pl.col("h").list.len())
    unequal = rows.filter((pl.col("r").list.len() != pl.col("h").list.len()) & (shorter >= 2))
    # Without multisets first: few pairs have all words of one in the other at all.
    unequal = unequal.filter(
        (pl.col("r").list.set_difference("h").list.len() == 0)
        | (pl.col("h").list.set_difference("r").list.len() == 0)
    )
    counts = [
        unequal.select("try", word=side).explode("word").group_by("try", "word").agg(pl.len().alias(side))
        for side in ("r", "h")
    ]
    common = (
        counts[0].join(counts[1], on=["try", "word"]).group_by("try").agg(pl.min_horizontal("r", "h").sum())
    )
    parts = (
        unequal.select("try", shorter=shorter).join(common, on="try").filter(pl.col("shorter") == pl.col("r"))
    )
    return pl.repeat(False, len(r), dtype=pl.Boolean, eager=True).scatter(parts["try"], True)


def _lost_characters(r: pl.Series, h: pl.Series) -> pl.Series:
    one, other = _without_spaces(r), _without_spaces(h)
    lost = f"[{_LOST}]"
    where = (one.str.contains(lost) | other.str.contains(lost)) & (
        one.str.len_chars() == other.str.len_chars()
    )

    def letter_by_letter(at: pl.Series) -> pl.Series:
        return pl.Series(
            [
                all(map(_equal_or_lost, a, b))
                for a, b in zip(one.gather(at).to_list(), other.gather(at).to_list(), strict=True)
            ],
            dtype=pl.Boolean,
        )

    return _measured(where, letter_by_letter)


def _equal_or_lost(a: str, b: str) -> bool:
    return a == b or (a in _LOST and b.isalpha()) or (b in _LOST and a.isalpha())


def _initials(r: pl.Series, h: pl.Series) -> pl.Series:
    initial = r"(?:^| )\p{L}(?: |$)"
    words = pl.DataFrame({"r": r, "h": h}).with_row_index("try")
    some = words.filter(
        pl.any_horizontal(pl.col("r", "h").str.contains(initial))
        & (pl.col("r").str.count_matches(" ") == pl.col("h").str.count_matches(" "))
    )
    # The names are not equal, so where every word is equal or an initial there is at least one initial.
    fits = (
        some.with_columns(pl.col("r", "h").str.split(" "))
        .explode("r", "h")
        .group_by("try")
        .agg(((pl.col("r") == pl.col("h")) | _begins("r", "h") | _begins("h", "r")).all().alias("fits"))
        .filter("fits")
    )
    return pl.repeat(False, len(r), dtype=pl.Boolean, eager=True).scatter(fits["try"], True)


def _begins(letter: str, word: str) -> pl.Expr:
    return pl.col(letter).str.contains(r"^\p{L}$") & pl.col(word).str.starts_with(pl.col(letter))


def _one_letter(r: pl.Series, h: pl.Series) -> pl.Series:
    one, other = _without_spaces(r), _without_spaces(h)
    lengths = pl.DataFrame({"r": one.str.len_chars(), "h": other.str.len_chars()}).select(
        (pl.min_horizontal("r", "h") >= _LONG_ENOUGH)
        & ((pl.col("r").cast(pl.Int32) - pl.col("h").cast(pl.Int32)).abs() <= 1)
    )

    def one_edit(at: pl.Series) -> pl.Series:
        edits = process.cpdist(
            one.gather(at).to_list(), other.gather(at).to_list(), scorer=OSA.distance, score_cutoff=1,
            dtype=np.uint8,
        )  # fmt: skip
        return pl.Series(edits == 1)

    return _measured(lengths.to_series(), one_edit)
