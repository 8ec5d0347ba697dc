"""Names: when two spellings are of the same name (reconciliation §3).

Forms and clerks write one name in many ways; a card writes it in one way. A difference in writing is not a
difference in name. Everything here works on whole columns.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import polars as pl

from renkei.agreement.causes import Found, found_by
from renkei.agreement.decisions import Policy
from renkei.agreement.outcomes import Verdict
from renkei.matching.codes import first_that_fits

_SPACES = "-‐‑–—−,、・･·"
_GONE = "'’ʼ."
_PLAIN = {"Đ": "D", "Ł": "L", "Ø": "O", "Æ": "AE", "Œ": "OE", "ß": "SS", "ẞ": "SS", "Þ": "TH", "ı": "I"}
_GERMANIC = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "Å": "AA", "Ø": "OE"}

# Patterns of what `fold_writing` can change, searched in one pass: few names contain any of it.
_NOT_CAPITAL = "[^ -`{-~]"
_UNEVEN = rf"[{_SPACES}{_GONE}]|\s\s|[^\S ]|^\s|\s$"

# Marks are removed from Latin letters; those of kana and Hangul are part of the letter and stay.
_MARKED_LATIN = r"(\p{Latin})\p{Mn}+"
_LATIN = r"\p{Latin}"
_OTHER_LETTER = r"[\p{L}--\p{Latin}]"
KANA_ALONE = r"^[\p{Hiragana}\p{Katakana}ー ]+$"

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
)
_LEVEL = {name: rank for rank, (name, _) in enumerate(LEVELS)}


@cache
def kanji_variants() -> Mapping[str, str]:
    """Return variant → 正字, one character each (tables/kanji_variants.csv)."""
    table = (Path(__file__).with_name("tables") / "kanji_variants.csv").read_text("utf-8")
    return dict(line.split(",") for line in table.splitlines()[1:])


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
    return names.str.normalize("NFKC").str.to_uppercase().str.normalize("NFC")


def _even_out(names: pl.Series) -> pl.Series:
    spaced = names.str.replace_all(f"[{_SPACES}]", " ").str.replace_all(f"[{_GONE}]", "")
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
    return _where(folded, folded.str.contains(r"\p{Han}"), _replace_variants)


def _replace_variants(names: pl.Series) -> pl.Series:
    # Preparing a search for all six thousand variants takes longer than searching a thousand names.
    known, characters = kanji_variants(), set("".join(names))
    variants = {variant: known[variant] for variant in known.keys() & characters}
    return names.str.replace_many(variants) if variants else names


def compare_names(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Compare reported names with the register's.

    `pairs` has the columns `reported`, `held`, `held_kanji` (String; `held_kanji` may be null). Returns, in
    row order, `verdict` (UInt8, `Verdict`) and `cause` (String, a level of `LEVELS`).
    """
    if pairs.height < _MANY_PAIRS:
        return _compared(pairs, policy)
    with ThreadPoolExecutor(_THREADS) as threads:
        parts = pairs.iter_slices(-(-pairs.height // _THREADS))
        return pl.concat(threads.map(lambda part: _compared(part, policy), parts))


def _compared(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    # Identical text is the same name in any script; only the other pairs are folded.
    unequal = (pairs["reported"] != pairs["held"]).arg_true()
    others = pairs[unequal]
    folded = pl.DataFrame(
        {
            "row": unequal.cast(pl.UInt32),
            "reported": fold_writing(others["reported"]),
            "held": fold_writing(others["held"]),
            "held_kanji": fold_writing(others["held_kanji"]),
        }
    )
    comparable = folded.filter(scripts_meet(policy))
    # Pairs that are now identical need no comparison under other folds.
    identical = comparable["reported"] == comparable["held"]
    best = _best_levels(_tries(comparable.filter(~identical)), policy)
    level = pl.repeat(_LEVEL["same"], pairs.height, dtype=pl.UInt8, eager=True)
    level = level.scatter(unequal, _LEVEL["scripts"])
    level = level.scatter(comparable["row"].filter(identical), _LEVEL["format"])
    level = level.scatter(best["row"], best["level"])
    return pl.DataFrame(
        {
            "verdict": pl.Series([int(verdict) for _, verdict in LEVELS], dtype=pl.UInt8).gather(level),
            "cause": pl.Series([name for name, _ in LEVELS]).gather(level),
        }
    )


def scripts_meet(policy: Policy) -> pl.Expr:
    """Say whether a pair can be compared, by its folded columns `reported`, `held`, `held_kanji`."""
    reported, held = pl.col("reported"), pl.col("held")
    latin, latin_held = reported.str.contains(_LATIN), held.str.contains(_LATIN)
    has_kanji_name = _has_writing("held_kanji")
    if policy.kanji_only_names_meet:
        has_kanji_name = has_kanji_name | (~latin_held & _has_writing("held"))
    latin_only = latin & ~reported.str.contains(_OTHER_LETTER)
    anything = _has_writing("reported") & (_has_writing("held") | has_kanji_name)
    return anything & pl.when(latin).then(~latin_only | latin_held).otherwise(has_kanji_name)


def in_other_letters(names: pl.Expr) -> pl.Expr:
    """Say whether a name has a letter that is not Latin."""
    return names.str.contains(_OTHER_LETTER)


def _has_writing(column: str) -> pl.Expr:
    # Kana alone is never compared: employers make it up, and no card has it.
    return (~pl.col(column).str.contains(KANA_ALONE)).fill_null(False)


def _tries(folded: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each spelling to try: both names of the register, under every pair of folds."""
    sides = pl.concat(
        [
            folded.filter(_has_writing(held)).select("row", "reported", held=held)
            for held in ("held", "held_kanji")
        ]
    )
    folds = sides.select(
        "row",
        ra=fold_plain(sides["reported"]),
        rb=fold_germanic(sides["reported"]),
        ha=fold_plain(sides["held"]),
        hb=fold_germanic(sides["held"]),
    )
    plain = folds.select("row", r="ra", h="ha", both_plain=pl.lit(True))
    # Fold (b) differs from (a) only where there was an umlaut, a ring or a stroke.
    germanic = folds.filter((pl.col("ra") != pl.col("rb")) | (pl.col("ha") != pl.col("hb")))
    others = [
        germanic.select("row", r=r, h=h, both_plain=pl.lit(False))
        for r, h in (("ra", "hb"), ("rb", "ha"), ("rb", "hb"))
    ]
    return pl.concat([plain, *others])


def _best_levels(tries: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the best level of each row: columns `row`, `level`."""
    reported, held = pl.col("r"), pl.col("h")
    quick = tries.with_columns(
        level=pl.when(_joined(reported) == _joined(held)).then(_LEVEL["format"]).cast(pl.UInt8)
    )
    formats = quick.drop_nulls("level").select("row", "level")
    rest = quick.filter(pl.col("level").is_null())
    rest = rest.with_columns(
        level=pl.when(_same_words(rest["r"], rest["h"])).then(_LEVEL["order"]).cast(pl.UInt8)
    )
    orders = rest.drop_nulls("level").select("row", "level")
    agreed = pl.concat([formats, orders])
    left = rest.filter(pl.col("level").is_null()).join(agreed, on="row", how="anti")
    others = _lesser_levels(left, policy)
    return pl.concat([agreed, others]).group_by("row").agg(pl.col("level").min())


def _lesser_levels(tries: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the level of names that agree neither in format nor in order: columns `row`, `level`."""
    reported, held = pl.col("r"), pl.col("h")
    kanji = pl.DataFrame({"rk": fold_kanji(tries["r"]), "hk": fold_kanji(tries["h"])})
    rk, hk = pl.col("rk"), pl.col("hk")
    shorter = pl.min_horizontal("reported_words", "held_words")
    partial = (
        (pl.col("common") == shorter) & (pl.col("reported_words") != pl.col("held_words")) & (shorter >= 2)
    )
    truncated = (
        pl.col("both_plain")
        & (reported.str.len_chars() >= policy.truncated_from)
        & held.str.starts_with(reported)
        & (reported != held)
    )
    fits = {
        "kanji_variant": (_joined(rk) == _joined(hk)) | _same_words(kanji["rk"], kanji["hk"]),
        "partial": partial,
        "truncated": truncated,
    }
    return pl.concat([tries.drop("level"), kanji, _common_words(kanji)], how="horizontal").select(
        "row", level=first_that_fits("name", fits, lambda code: pl.lit(_LEVEL[code], pl.UInt8))
    )


def _joined(name: pl.Expr) -> pl.Expr:
    return name.str.replace_all(" ", "", literal=True)


def _same_words(names: pl.Series, others: pl.Series) -> pl.Series:
    """Say whether pairs have the same words in any order; only pairs of equal length are compared."""
    same = names.str.len_bytes() == others.str.len_bytes()
    rows = same.arg_true()
    candidates = pl.DataFrame({"one": names.gather(rows), "other": others.gather(rows)})
    one, other = (pl.col(side).str.split(" ").list.sort().list.join(" ") for side in ("one", "other"))
    return same.scatter(rows, candidates.select(one == other).to_series())


def _common_words(names: pl.DataFrame) -> pl.DataFrame:
    """Count words as multisets: columns `reported_words`, `held_words`, `common`, in row order."""
    rows = names.select(
        pl.int_range(pl.len()).alias("try"),
        reported=pl.col("rk").str.split(" "),
        held=pl.col("hk").str.split(" "),
    )
    counts = [
        rows.select("try", word=side).explode("word").group_by("try", "word").agg(pl.len().alias(side))
        for side in ("reported", "held")
    ]
    common = (
        counts[0]
        .join(counts[1], on=["try", "word"])
        .group_by("try")
        .agg(pl.min_horizontal("reported", "held").sum().alias("common"))
    )
    return rows.join(common, on="try", how="left", maintain_order="left").select(
        reported_words=pl.col("reported").list.len(),
        held_words=pl.col("held").list.len(),
        common=pl.col("common").fill_null(0),
    )
