"""The comparison table: what is compared, how, and why a difference may not be an error (§3).

A comparison takes `pairs`, a frame with the typed columns `reported` and `held` (for names also
`held_kanji`), neither of them null, and returns `verdict` (UInt8) and `cause` (String) in row order. `cause`
has a meaning only where the verdict is DIFFERENT.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from renkei.agreement.decisions import Policy
from renkei.agreement.nationalities import NATIONALITIES, RELATED
from renkei.agreement.outcomes import Verdict
from renkei.agreement.statuses import related
from renkei.agreement.text import ERAS, MEIJI
from renkei.matching.addresses import fold_addresses, same_place
from renkei.matching.codes import OTHERWISE, first_that_fits
from renkei.matching.dates import as_number
from renkei.matching.names import compare_names, perhaps_no_name
from renkei.matching.values import NATIONALITY_KEYS, STATUS_KEYS, STATUS_SETS

Comparison = Callable[[pl.DataFrame, Policy], pl.DataFrame]

_REPORTED, _HELD = pl.col("reported"), pl.col("held")
_NO_CAUSE = pl.Series([None], dtype=pl.String)


@dataclass(frozen=True, slots=True)
class Rule:
    """How one item is compared, and the explanation for officers."""

    compare: Comparison
    why_ja: str
    why_en: str


def _verdicts(pairs: pl.DataFrame, verdict: pl.Expr, cause: pl.Expr | None = None) -> pl.DataFrame:
    return pairs.select(verdict=verdict.cast(pl.UInt8), cause=pl.lit(OTHERWISE) if cause is None else cause)


def _agree_when(agrees: pl.Expr) -> pl.Expr:
    return (
        pl.when(_REPORTED == _HELD)
        .then(int(Verdict.SAME))
        .when(agrees)
        .then(int(Verdict.EQUIVALENT))
        .otherwise(int(Verdict.DIFFERENT))
    )


def _equal(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    return _verdicts(pairs, _agree_when(pl.lit(False)))


# --- status of residence -----------------------------------------------------------------------------

# Every pair of keys that agree, as one number: there are some sixty keys, so the table is small.
_KEYS = list(STATUS_SETS)
_AGREEING_STATUSES = [
    one * len(_KEYS) + other
    for one, reported in enumerate(_KEYS)
    for other, held in enumerate(_KEYS)
    if any(related(a, b) for a in STATUS_SETS[reported] for b in STATUS_SETS[held])
]


def _statuses(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    pair = _index(_REPORTED, STATUS_KEYS) * len(_KEYS) + _index(_HELD, STATUS_KEYS)
    return _verdicts(pairs, _agree_when(pair.is_in(_AGREEING_STATUSES)))


def _index(column: pl.Expr, keys: pl.Enum) -> pl.Expr:
    return column.cast(keys).to_physical().cast(pl.Int64)


# --- nationality -------------------------------------------------------------------------------------


def _nationalities(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    compare_as = {code: row.compare_as for code, row in NATIONALITIES.items()}
    family = {code: name for name, codes in enumerate(RELATED) for code in codes}
    sides = [
        column.cast(NATIONALITY_KEYS).cast(pl.String).replace(compare_as) for column in (_REPORTED, _HELD)
    ]
    families = [side.replace_strict(family, default=None, return_dtype=pl.UInt8) for side in sides]
    cause = first_that_fits("nationality", {"related": families[0] == families[1]})
    return _verdicts(pairs, _agree_when(sides[0] == sides[1]), cause)


# --- dates -------------------------------------------------------------------------------------------

# If a year of one era is read as a year of another, it is off by a difference of two of these numbers; if it
# is read as a Western year, by one of them. Nobody in the register was born in 明治 (§3).
_ERA_OFFSETS = tuple(era.before_first for era in ERAS if era is not MEIJI)
_ERA_SHIFTS = sorted(
    {
        *_ERA_OFFSETS,
        *(later - earlier for later in _ERA_OFFSETS for earlier in _ERA_OFFSETS if later > earlier),
    }
)


# The numbers of dates, and whether their digits differ, are computed as columns first: as one expression, the
# query plan takes longer than comparing a thousand rows.
_ONE, _OTHER = pl.col("one"), pl.col("other")


def _dates(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    numbers = pairs.select(one=as_number(_REPORTED), other=as_number(_HELD))
    return _verdicts(pairs, _agree_when(pl.lit(False)), _date_causes("stay_expires_on", numbers))


def _partial_dates(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    # Only the parts known on both sides are compared: an unknown part is made unknown on both.
    known = pairs.select(
        "reported",
        "held",
        month=(_month(_REPORTED) > 0) & (_month(_HELD) > 0),
        day=(_day(_REPORTED) > 0) & (_day(_HELD) > 0),
    )
    numbers = known.select(
        (
            side // 10_000 * 10_000
            + pl.when("month").then(_month(side) * 100).otherwise(0)
            + pl.when("day").then(_day(side)).otherwise(0)
        ).alias(name)
        for name, side in (("one", _REPORTED), ("other", _HELD))
    )
    agrees = pl.lit(numbers["one"] == numbers["other"])
    return _verdicts(pairs, _agree_when(agrees), _date_causes("birth_date", numbers))


def _month(date: pl.Expr) -> pl.Expr:
    return date // 100 % 100


def _day(date: pl.Expr) -> pl.Expr:
    return date % 100


def _digit(number: pl.Expr, place: int) -> pl.Expr:
    tens: int = 10**place
    return number // tens % 10


def _date_causes(item: str, numbers: pl.DataFrame) -> pl.Expr:
    """Say how two dates (`one` and `other`, yyyymmdd) differ."""
    swapped = (
        (_ONE // 10_000 == _OTHER // 10_000)
        & (_month(_ONE) == _day(_OTHER))
        & (_day(_ONE) == _month(_OTHER))
        & (_day(_ONE) > 0)
    )
    era = (_ONE % 10_000 == _OTHER % 10_000) & (_ONE // 10_000 - _OTHER // 10_000).abs().is_in(_ERA_SHIFTS)
    looks = numbers.select(
        swapped=swapped,
        era=era,
        **{f"differs_{place}": _digit(_ONE, place) != _digit(_OTHER, place) for place in range(8)},
        **{
            f"exchanged_{place}": (_digit(_ONE, place) == _digit(_OTHER, place + 1))
            & (_digit(_ONE, place + 1) == _digit(_OTHER, place))
            for place in range(7)
        },
    ).select(
        "swapped",
        "era",
        count=pl.sum_horizontal("^differs_.*$"),
        exchanged=pl.any_horizontal(
            pl.all_horizontal(f"differs_{place}", f"differs_{place + 1}", f"exchanged_{place}")
            for place in range(7)
        ),
    )
    fits = {
        "day_month_swapped": pl.col("swapped"),
        "one_digit": (pl.col("count") == 1) | ((pl.col("count") == 2) & pl.col("exchanged")),
        "era": pl.col("era"),
    }
    return pl.lit(looks.select(first_that_fits(item, fits)).to_series())


# --- the rest ----------------------------------------------------------------------------------------


def _sexes(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    unknown = _REPORTED.is_in([0, 9]) | _HELD.is_in([0, 9])
    return _verdicts(
        pairs, pl.when(unknown).then(int(Verdict.NOT_COMPARABLE)).otherwise(_agree_when(pl.lit(False)))
    )


def _names(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    return compare_names(pairs, policy)


def _addresses(pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    same = same_place(fold_addresses(pairs["reported"]), fold_addresses(pairs["held"]))
    return _verdicts(pairs, _agree_when(pl.lit(same)))


RULES: Mapping[str, Rule] = {
    "name": Rule(
        _names,
        "全角・半角、大文字・小文字、空白、記号、語順、字体の揺れは不一致としない",
        "width, case, white space, punctuation, word order or variant characters make no mismatch",
    ),
    "status_of_residence": Rule(
        _statuses,
        "区分の粗さの違い(上位・下位の在留資格、複数に当たる厚労省コード)は不一致としない",
        "a broader or narrower status of the same kind makes no mismatch",
    ),
    "stay_expires_on": Rule(_dates, "日付が等しいこと", "the dates are equal"),
    "birth_date": Rule(
        _partial_dates,
        "双方で分かっている年・月・日だけを比べる",
        "only the parts known on both sides are compared",
    ),
    "sex": Rule(
        _sexes, "不詳(0)・適用不能(9)は比べない", "unknown (0) and not applicable (9) are not compared"
    ),
    "nationality": Rule(
        _nationalities,
        "同じ国・地域とみなす符号は不一致としない",
        "codes for the same country or region agree",
    ),
    "address": Rule(
        _addresses,
        "表記の揺れ、都道府県名の有無、建物名の有無は不一致としない",
        "spelling, or a missing prefecture or building name, makes no mismatch",
    ),
    "extra_activity_permission": Rule(_equal, "有無が等しいこと", "the answers are equal"),
}


def judge(item: str, pairs: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Compare one item of many notifications with records.

    `pairs` holds `reported` and `held` (for names also `held_kanji`), null if blank. Returns `verdict`
    (UInt8, `Verdict`) and `cause` (String, meaningful where the verdict is DIFFERENT) in row order. A
    difference with one of the policy's `agreeing_causes` is EQUIVALENT.
    """
    # Most pairs are identical; only the others need the slow comparison.
    identical, nothing_held = _REPORTED == _HELD, _HELD.is_null()
    if item == "sex":
        identical = pl.lit(False)
    elif item == "name":
        identical = identical & ~perhaps_no_name(_REPORTED)
        # The kanji name alone can make the names agree.
        nothing_held = nothing_held & pl.col("held_kanji").is_null()
    verdicts = pairs.select(
        pl.when(_REPORTED.is_null())
        .then(int(Verdict.NOT_REPORTED))
        .when(nothing_held)
        .then(int(Verdict.NOT_HELD))
        .when(identical)
        .then(int(Verdict.SAME))
        .cast(pl.UInt8)
    ).to_series()
    causes = _NO_CAUSE.new_from_index(0, pairs.height)
    if verdicts.null_count():
        rows = verdicts.is_null().arg_true()
        judged = _with_agreeing_causes(RULES[item].compare(pairs[rows], policy), policy)
        verdicts = verdicts.scatter(rows, judged["verdict"])
        causes = causes.scatter(rows, judged["cause"])
    return pl.DataFrame({"verdict": verdicts, "cause": causes})


def _with_agreeing_causes(judged: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    if not policy.agreeing_causes:
        return judged
    agrees = (pl.col("verdict") == int(Verdict.DIFFERENT)) & pl.col("cause").is_in(policy.agreeing_causes)
    return judged.with_columns(
        verdict=pl.when(agrees).then(int(Verdict.EQUIVALENT)).otherwise("verdict").cast(pl.UInt8)
    )
