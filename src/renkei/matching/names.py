"""Names: when two writings name the same person (reconciliation §3).

Forms and clerks write one name in many ways; a card writes it in one. A difference in writing is not a
difference in name. Everything here works on whole columns.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources

import polars as pl

from renkei.agreement.decisions import Policy
from renkei.matching.verdicts import Verdict

_SPACES = "-‐‑–—−,、・･·"
_GONE = "'’ʼ."
_PLAIN = {"Đ": "D", "Ł": "L", "Ø": "O", "Æ": "AE", "Œ": "OE", "ß": "SS", "ẞ": "SS", "Þ": "TH", "ı": "I"}
_GERMANIC = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "Å": "AA", "Ø": "OE"}

# Latin letters lose their marks; those of kana and Hangul are part of the letter and stay.
_MARKED_LATIN = r"(\p{Latin})\p{Mn}+"
_LATIN = r"\p{Latin}"
_OTHER_LETTER = r"[\p{L}--\p{Latin}]"
_KANA_ALONE = r"^[\p{Hiragana}\p{Katakana}ー ]+$"

# The levels of likeness, best first: the first that fits is the verdict and its cause.
LEVELS: tuple[tuple[str, Verdict], ...] = (
    ("same", Verdict.SAME),
    ("format", Verdict.EQUIVALENT),
    ("order", Verdict.EQUIVALENT),
    ("kanji_variant", Verdict.EQUIVALENT),
    ("partial", Verdict.DIFFERENT),
    ("truncated", Verdict.DIFFERENT),
    ("different", Verdict.DIFFERENT),
    ("scripts", Verdict.NOT_COMPARABLE),
)
_LEVEL = {name: rank for rank, (name, _) in enumerate(LEVELS)}


@cache
def kanji_variants() -> Mapping[str, str]:
    """Return variant → 正字, one character each (tables/kanji_variants.csv)."""
    table = resources.files("renkei.matching").joinpath("tables/kanji_variants.csv").read_text("utf-8")
    return dict(line.split(",") for line in table.splitlines()[1:])


def fold_writing(name: pl.Expr) -> pl.Expr:
    """Fold width, case, punctuation and white space, which no card and no form keeps."""
    return (
        name.str.normalize("NFKC")
        .str.to_uppercase()
        .str.normalize("NFC")
        .str.replace_all(f"[{_SPACES}]", " ")
        .str.replace_all(f"[{_GONE}]", "")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )


def fold_plain(folded: pl.Expr) -> pl.Expr:
    """Fold (a): Latin letters to A–Z, diacritics dropped."""
    bare = folded.str.normalize("NFD").str.replace_all(_MARKED_LATIN, "$1").str.normalize("NFC")
    return bare.str.replace_many(_PLAIN)


def fold_germanic(folded: pl.Expr) -> pl.Expr:
    """Fold (b): as (a), but Ä, Ö, Ü, Å, Ø become two letters, as German and Nordic passports spell them."""
    return fold_plain(folded.str.replace_many(_GERMANIC))


def fold_kanji(folded: pl.Expr) -> pl.Expr:
    """Replace variant, simplified and traditional characters by their 正字."""
    return folded.str.replace_many(dict(kanji_variants()))


def has_latin(name: pl.Expr) -> pl.Expr:
    """Tell names with at least one Latin letter."""
    return name.str.contains(_LATIN)


def compare_names(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Compare reported names with the register's.

    `pairs` has the columns `reported`, `held`, `held_kanji` (String; `held_kanji` may be null). Returns, in
    row order, `verdict` (UInt8, `Verdict`) and `cause` (String, a level of `LEVELS`).
    """
    rows = pairs.with_row_index("row")
    folded = rows.select(
        "row",
        "reported",
        "held",
        "held_kanji",
        writing=fold_writing(pl.col("reported")),
        writing_held=fold_writing(pl.col("held")),
        writing_kanji=fold_writing(pl.col("held_kanji")),
    )
    meet = folded.filter(scripts_meet(policy))
    levels = _best_levels(_tries(meet), policy)
    judged = rows.select("row").join(levels, on="row", how="left", maintain_order="left")
    level = pl.col("level").fill_null(_LEVEL["scripts"])
    return judged.select(
        verdict=level.replace_strict(
            {rank: int(verdict) for rank, (_, verdict) in enumerate(LEVELS)}, return_dtype=pl.UInt8
        ),
        cause=level.replace_strict(dict(enumerate(name for name, _ in LEVELS)), return_dtype=pl.String),
    )


def scripts_meet(policy: Policy) -> pl.Expr:
    """Tell pairs of folded names that can be compared: columns `writing`, `writing_held`, `writing_kanji`."""
    reported, held, kanji = pl.col("writing"), pl.col("writing_held"), pl.col("writing_kanji")
    latin, latin_held = has_latin(reported), has_latin(held)
    kana = reported.str.contains(_KANA_ALONE)
    # Kana alone is never compared, on either side.
    has_kanji_name = (~kanji.str.contains(_KANA_ALONE)).fill_null(False)
    if policy.kanji_only_names_meet:
        has_kanji_name = has_kanji_name | (~latin_held & ~held.str.contains(_KANA_ALONE))
    latin_only = latin & ~reported.str.contains(_OTHER_LETTER)
    return ~kana & pl.when(latin).then(~latin_only | latin_held).otherwise(has_kanji_name)


def _tries(folded: pl.DataFrame) -> pl.DataFrame:
    """One row for every writing tried: both names of the register, under every pair of foldings."""
    sides = pl.concat(
        [
            folded.select("row", raw="reported", other_raw="held", r="writing", h="writing_held"),
            folded.select("row", raw="reported", other_raw="held_kanji", r="writing", h="writing_kanji").filter(
                pl.col("h").is_not_null() & ~pl.col("h").str.contains(_KANA_ALONE)
            ),
        ]
    )
    folds = sides.with_columns(
        ra=fold_plain(pl.col("r")), rb=fold_germanic(pl.col("r")), ha=fold_plain(pl.col("h")), hb=fold_germanic(pl.col("h"))
    )
    plain = folds.select("row", "raw", "other_raw", r="ra", h="ha", both_plain=pl.lit(True))
    # Fold (b) says something new only where there was an umlaut, a ring or a stroke.
    odd = folds.filter((pl.col("ra") != pl.col("rb")) | (pl.col("ha") != pl.col("hb")))
    others = [
        odd.select("row", "raw", "other_raw", r=r, h=h, both_plain=pl.lit(False))
        for r, h in (("ra", "hb"), ("rb", "ha"), ("rb", "hb"))
    ]
    return pl.concat([plain, *others])


def _best_levels(tries: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """The best level of each row: columns `row`, `level`."""
    reported, held = pl.col("r"), pl.col("h")
    quick = tries.with_columns(
        level=pl.when(pl.col("raw") == pl.col("other_raw"))
        .then(_LEVEL["same"])
        .when(_joined(reported) == _joined(held))
        .then(_LEVEL["format"])
        .when(_sorted(reported) == _sorted(held))
        .then(_LEVEL["order"])
    )
    agreed = quick.drop_nulls("level").select("row", pl.col("level").cast(pl.UInt8))
    left = quick.join(agreed, on="row", how="anti").with_columns(
        rk=fold_kanji(reported), hk=fold_kanji(held)
    )
    words = _common_words(left.select("rk", "hk"))
    shorter = pl.min_horizontal("reported_words", "held_words")
    partial = (pl.col("common") == shorter) & (pl.col("reported_words") != pl.col("held_words")) & (shorter >= 2)
    truncated = (
        pl.col("both_plain")
        & (reported.str.len_chars() >= policy.truncated_from)
        & held.str.starts_with(reported)
        & (reported != held)
    )
    others = pl.concat([left, words], how="horizontal").select(
        "row",
        level=pl.when(_joined(pl.col("rk")) == _joined(pl.col("hk")))
        .then(_LEVEL["kanji_variant"])
        .when(_sorted(pl.col("rk")) == _sorted(pl.col("hk")))
        .then(_LEVEL["kanji_variant"])
        .when(partial)
        .then(_LEVEL["partial"])
        .when(truncated)
        .then(_LEVEL["truncated"])
        .otherwise(_LEVEL["different"])
        .cast(pl.UInt8),
    )
    return pl.concat([agreed, others]).group_by("row").agg(pl.col("level").min())


def _joined(name: pl.Expr) -> pl.Expr:
    return name.str.replace_all(" ", "", literal=True)


def _sorted(name: pl.Expr) -> pl.Expr:
    return name.str.split(" ").list.sort().list.join(" ")


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
