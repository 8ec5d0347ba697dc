"""Comparison levels: the kinds of items and how closely two values of a kind can agree, best level first.

A comparison takes `reported` and `held` (for names also `held_kanji`), typed as in `matching.values`, and
returns the number of the level in the kind's table (UInt8), null if the values cannot be compared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler

from renkei.agreement.causes import Found, found_by
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.agreement.outcomes import Verdict
from renkei.matching import compare
from renkei.matching.candidates.numbers import clean, distances
from renkei.matching.codes import AGREEING
from renkei.matching.dates import as_number
from renkei.matching.names import KANA_ALONE, compare_names, fold_plain, fold_writing

Comparison = Callable[[pl.DataFrame], pl.Series]


@dataclass(frozen=True, slots=True)
class Level:
    """One level of agreement. `by_frequency`: its weight is smaller the more people have the value."""

    name: str
    by_frequency: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of item: its levels, best first, and the comparison that finds them."""

    levels: tuple[Level, ...]
    compare: Comparison

    def place(self, level: str) -> int:
        """Return the number of a level by its name."""
        return [one.name for one in self.levels].index(level)


def _levels(*names: str, by_frequency: int = 0) -> tuple[Level, ...]:
    return tuple(Level(name, place < by_frequency) for place, name in enumerate(names))


def _known(pairs: pl.DataFrame, level: pl.Expr) -> pl.Series:
    reported, held = pl.col("reported"), pl.col("held")
    return pairs.select(
        pl.when(reported.is_not_null() & held.is_not_null()).then(level).cast(pl.UInt8).alias("level")
    )["level"]


# Instead of a level: the level must be measured from the values.
_MEASURED = 255


def _level_by_cause(item: str, levels: tuple[Level, ...], judged: pl.DataFrame) -> pl.Series:
    """Return the level of compared values (`judged`: `verdict`, `cause`) by their cause.

    Null where they could not be compared, and where the level must be measured. Raises UnknownCode for a
    cause that comparing the item cannot give.
    """
    names = [level.name for level in levels]
    known = found_by(Found.COMPARING, item)
    places = {
        cause.code: _MEASURED if cause.level is None else names.index(cause.level) for cause in known.values()
    }
    causes = judged["cause"].set(judged["verdict"] != int(Verdict.DIFFERENT), None)
    try:
        level = causes.replace_strict(places, return_dtype=pl.UInt8)
    except pl.exceptions.InvalidOperationError:
        for code in causes.drop_nulls().unique():
            known[code]
        raise
    agrees = judged["verdict"].is_in(AGREEING)
    return level.set(level == _MEASURED, None).set(agrees, names.index("agrees"))


# --- numbers -----------------------------------------------------------------------------------------

CARD_LEVELS = _levels("look_alike", "exchanged", "one_character", "one_more_or_less", "two_characters", "far")


def _card_numbers(pairs: pl.DataFrame) -> pl.Series:
    edits, places = distances(clean(pairs["reported"].fill_null("")), pairs["held"].fill_null(""))
    level = np.select(
        [edits == 0, (edits == 1) & (places == 2), (edits == 1) & (places == 1), edits == 1, edits == 2],
        [0, 1, 2, 3, 4],
        default=5,
    )
    return _known(pairs.with_columns(level=pl.Series(level.astype(np.uint8))), pl.col("level"))


def _digits(pairs: pl.DataFrame) -> pl.Series:
    edits, _ = distances(pairs["reported"].fill_null(""), pairs["held"].fill_null(""))
    return _known(pairs.with_columns(level=pl.Series(edits)), pl.col("level"))


# --- names and other text -----------------------------------------------------------------------------

NAME_LEVELS = _levels(
    "agrees", "partial", "truncated", "one_letter", "sound", "two_letters", "near", "shared_word",
    "near_word", "other_sound", "far", by_frequency=7,  # not after it: a rare name may share a common word
)  # fmt: skip
_NAME = {level.name: place for place, level in enumerate(NAME_LEVELS)}
_LONG_ENOUGH = 6  # letters: in a shorter name, one other letter makes another name
_NEAR, _SOUNDS_ALIKE = 0.92, 0.8
_LONG_FOR_A_WORD = 4
_NEAR_WITHIN = 85  # of 100: one typing error in a word, the other words missing


def _names(pairs: pl.DataFrame) -> pl.Series:
    """Compare each pair of names once: among millions of pairs, many are of the same two names."""
    sides = ["reported", "held", "held_kanji"]
    places = pairs.select(sides).with_columns(pair=pl.struct(sides).rank("dense"))
    distinct = places.unique("pair").sort("pair")
    levels = _name_levels(distinct.drop("pair"))
    return _known(pairs.with_columns(level=levels.gather(places["pair"] - 1)), pl.col("level"))


def _name_levels(pairs: pl.DataFrame) -> pl.Series:
    judged = compare_names(pairs, DEFAULT_POLICY)
    level = _level_by_cause("name", NAME_LEVELS, judged).alias("level")
    different = (judged["verdict"] == int(Verdict.DIFFERENT)) & level.is_null()
    level = _scattered(level, different, lambda at: _likeness(pairs[at]))
    kana = pairs["reported"].str.normalize("NFKC").str.contains(KANA_ALONE).fill_null(False)
    return _scattered(level, kana & pairs["held"].is_not_null(), lambda at: _sounds(pairs[at]))


def _scattered(level: pl.Series, where: pl.Series, measure: Callable[[pl.Series], pl.Series]) -> pl.Series:
    at = where.arg_true()
    return level.scatter(at, measure(at)) if len(at) else level


def _folded(names: pl.Series) -> pl.Series:
    return fold_plain(fold_writing(names))


def _likeness(pairs: pl.DataFrame) -> pl.Series:
    """Return the level of two names that do not agree: by letters first, then by words."""
    words = pl.DataFrame({"r": _folded(pairs["reported"]), "h": _folded(pairs["held"])})
    split = words.select(pl.all().str.split(" "))
    joined = split.select(pl.all().list.sort().list.join(""))
    one, other = joined["r"].to_list(), joined["h"].to_list()
    edits = process.cpdist(one, other, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
    alike = process.cpdist(one, other, scorer=JaroWinkler.similarity, score_cutoff=_NEAR, dtype=np.float32)
    within = process.cpdist(
        one, other, scorer=fuzz.partial_ratio, score_cutoff=_NEAR_WITHIN, dtype=np.float32
    )
    shared = split.select(
        (pl.col("r").list.set_intersection("h").list.len() * 2
         >= pl.min_horizontal(pl.col("r").list.len(), pl.col("h").list.len()))
        & (pl.col("r").list.set_intersection("h").list.len() > 0)
    ).to_series()  # fmt: skip
    shorter = joined.select(pl.min_horizontal(pl.all().str.len_chars())).to_series().to_numpy()
    fits = {
        "one_letter": (shorter >= _LONG_ENOUGH) & (edits == 1),
        "two_letters": (shorter >= _LONG_ENOUGH) & (edits == 2),
        "near": (shorter >= _LONG_ENOUGH) & (alike >= _NEAR),
        "shared_word": shared.to_numpy(),
        # One word of the name alone, and that word mistyped.
        "near_word": (shorter >= _LONG_FOR_A_WORD) & (within >= _NEAR_WITHIN),
    }
    level = np.select(list(fits.values()), [_NAME[name] for name in fits], default=_NAME["far"])
    return pl.Series(level.astype(np.uint8))


def _sounds(pairs: pl.DataFrame) -> pl.Series:
    kana, latin = sound_of_kana(pairs["reported"]), sound_of_latin(_folded(pairs["held"]))
    alike = process.cpdist(kana.to_list(), latin.to_list(), scorer=JaroWinkler.similarity, dtype=np.float32)
    return pl.Series(np.where(alike >= _SOUNDS_ALIKE, _NAME["sound"], _NAME["other_sound"]).astype(np.uint8))


# Names in kana are compared with Latin names by their consonants. Employers write グエン ヴァン アン for
# NGUYEN VAN ANH, each in another way. The letters have nothing in common, but without vowels and lengths, and
# with one letter for similar consonants, the two are nearly the same.

# Two kana come before one, so that a small kana goes with the one before it. Vowels are removed, so the kana
# of a row of the syllabary have one letter.
_KANA = {
    **dict.fromkeys(("シャ", "シュ", "ショ", "シェ", "シ"), "S"),
    **dict.fromkeys(("チャ", "チュ", "チョ", "チェ", "チ", "ティ", "トゥ", "ツ", "テュ"), "T"),
    **dict.fromkeys(("ジャ", "ジュ", "ジョ", "ジェ", "ジ", "ヂ", "ズ", "ヅ"), "S"),
    **dict.fromkeys(("ディ", "ドゥ", "デュ"), "T"),
    **dict.fromkeys(("ファ", "フィ", "フェ", "フォ", "フュ", "フ"), "P"),
    **dict.fromkeys(("ヴァ", "ヴィ", "ヴェ", "ヴォ", "ヴュ", "ヴ"), "P"),
    **dict.fromkeys(("ウィ", "ウェ", "ウォ", "ワ", "ヲ"), ""),
    **dict.fromkeys("カキクケコガギグゲゴ", "K"),
    **dict.fromkeys("サスセソザゼゾ", "S"),
    **dict.fromkeys("タテトダデド", "T"),
    **dict.fromkeys("ナニヌネノン", "N"),
    **dict.fromkeys("ハヒヘホ", "H"),
    **dict.fromkeys("バビブベボパピプペポ", "P"),
    **dict.fromkeys("マミムメモ", "N"),
    **dict.fromkeys("ラリルレロ", "R"),
    **dict.fromkeys("アイウエオヤユヨァィゥェォャュョッーヮ", ""),
}
_LATIN = {
    **dict.fromkeys(("NGH", "NG", "NH", "GN", "N", "M"), "N"),
    **dict.fromkeys(("SCH", "SH", "S", "Z", "X", "J", "GI"), "S"),
    **dict.fromkeys(("TCH", "CH", "TS", "TH", "TR", "T", "DH", "D"), "T"),
    **dict.fromkeys(("PH", "F", "V", "BH", "B", "P"), "P"),
    **dict.fromkeys(("KH", "GH", "CK", "C", "K", "Q", "G"), "K"),
    **dict.fromkeys(("L", "R"), "R"),
    "H": "H",
    **dict.fromkeys("AEIOUYW", ""),
}
_HIRAGANA = {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)}
_REPEATED = {sound * 2: sound for sound in "KSTNHPR"}


def sound_of_kana(names: pl.Series) -> pl.Series:
    """Return the consonants of names in kana, word by word in order, as one word."""
    return _single(
        names.str.normalize("NFKC").str.replace_many(_HIRAGANA).str.replace_many(_KANA, leftmost=True)
    )


def sound_of_latin(names: pl.Series) -> pl.Series:
    """Return the consonants of folded Latin names, word by word in order, as one word."""
    return _single(names.str.replace_many(_LATIN, leftmost=True))


def _single(sounds: pl.Series) -> pl.Series:
    """Keep consonants alone, each once where it is doubled."""
    return sounds.str.replace_all("[^KSTNHPR]", "").str.replace_many(_REPEATED)


TEXT_LEVELS = _levels("agrees", "one_letter", "near", "close", "far", by_frequency=3)


def _texts(pairs: pl.DataFrame) -> pl.Series:
    one, other = (pairs[side].fill_null("").to_list() for side in ("reported", "held"))
    edits = process.cpdist(one, other, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
    alike = process.cpdist(one, other, scorer=JaroWinkler.similarity, dtype=np.float32)
    level = np.select(
        [edits == 0, edits == 1, alike >= _NEAR, alike >= _SOUNDS_ALIKE], [0, 1, 2, 3], default=4
    )
    return _known(pairs.with_columns(level=pl.Series(level.astype(np.uint8))), pl.col("level"))


# --- dates -------------------------------------------------------------------------------------------

DATE_LEVELS = _levels("agrees", "day_month_swapped", "one_digit", "era", "same_year", "far", by_frequency=1)
_DATE = {level.name: place for place, level in enumerate(DATE_LEVELS)}


def _dates_of(item: str) -> Comparison:
    def judge(pairs: pl.DataFrame) -> pl.Series:
        judged = compare.judge(item, pairs.select("reported", "held"), DEFAULT_POLICY)
        years = [
            as_number(pl.col(side)) // 10_000 if pairs.schema[side] == pl.Date else pl.col(side) // 10_000
            for side in ("reported", "held")
        ]
        level = pl.coalesce(
            pl.lit(_level_by_cause(item, DATE_LEVELS, judged)),
            pl.when(years[0] == years[1]).then(_DATE["same_year"]),
            _DATE["far"],
        )
        return _known(pairs, level)

    return judge


# --- codes -------------------------------------------------------------------------------------------

CODE_LEVELS = _levels("agrees", "differs", by_frequency=1)
NATIONALITY_LEVELS = _levels("agrees", "related", "differs", by_frequency=1)


def _codes_of(item: str, levels: tuple[Level, ...] = CODE_LEVELS) -> Comparison:
    def judge(pairs: pl.DataFrame) -> pl.Series:
        judged = compare.judge(item, pairs.select("reported", "held"), DEFAULT_POLICY)
        level = _level_by_cause(item, levels, judged)
        differs = (judged["verdict"] == int(Verdict.DIFFERENT)) & level.is_null()
        return level.set(differs, len(levels) - 1).alias("level")

    return judge


def _plain_codes(pairs: pl.DataFrame) -> pl.Series:
    return _known(pairs, (pl.col("reported") != pl.col("held")).cast(pl.UInt8))


KINDS: Mapping[str, Kind] = {
    "card_number": Kind(CARD_LEVELS, _card_numbers),
    "name": Kind(NAME_LEVELS, _names),
    "birth_date": Kind(DATE_LEVELS, _dates_of("birth_date")),
    "stay_expires_on": Kind(DATE_LEVELS, _dates_of("stay_expires_on")),
    "nationality": Kind(NATIONALITY_LEVELS, _codes_of("nationality", NATIONALITY_LEVELS)),
    "sex": Kind(CODE_LEVELS, _codes_of("sex")),
    "status_of_residence": Kind(CODE_LEVELS, _codes_of("status_of_residence")),
    "extra_activity_permission": Kind(CODE_LEVELS, _codes_of("extra_activity_permission")),
    # For other registers: kinds that a profile of one's own can use (docs/candidates.md).
    "text": Kind(TEXT_LEVELS, _texts),
    "digits": Kind(_levels("agrees", "one_character", "two_characters", "far", by_frequency=1), _digits),
    # A number that only one person has: its frequency means nothing.
    "own_number": Kind(_levels("agrees", "one_character", "two_characters", "far"), _digits),
    "code": Kind(CODE_LEVELS, _plain_codes),
}
