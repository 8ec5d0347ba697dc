"""How each flaw changes a value: where it can occur, and the value that the notification then has.

An expression uses the columns that `flawed.py` prepares for its item: the items as they should be reported;
`reported_status`, which may have a flaw already; `previous_*` and `latest_*` of the worker's other cards; the
person's name in other spellings; and two random numbers `r1`, `r2`. There is one entry for each flaw of
`tables/flaws.csv` that changes a single value.
"""

from dataclasses import dataclass

import polars as pl

from renkei.agreement.nationalities import NATIONALITIES
from renkei.agreement.statuses import MHLW_CODES, STATUSES
from renkei.agreement.text import ERAS
from renkei.simulation.tables import table

_EVERYWHERE = pl.lit(True)
_HEISEI, _SHOWA = ERAS[1:3]


@dataclass(frozen=True)
class Change:
    """The two expressions of a flaw: the new value, and where the flaw can occur."""

    value: pl.Expr
    where: pl.Expr = _EVERYWHERE


_FULL_WIDTH = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_OTHER_DAY = {
    f"{d:02d}": f"{o:02d}"
    for d, o in zip(
        range(1, 32), (*range(2, 10), 8, *range(11, 20), 18, *range(21, 29), 27, 28, 20, 30), strict=True
    )
}
_OTHER_STATUS = {"permanent": "spouse_pr", "student": "cultural", "instructor": "cultural"}
_KANA = (
    ("SH", "シュ"), ("CH", "チ"), ("TH", "ト"), ("NG", "ング"), ("PH", "フ"), ("KH", "ク"),
    ("A", "ア"), ("I", "イ"), ("U", "ウ"), ("E", "エ"), ("O", "オ"), ("Y", "イ"), ("B", "ブ"), ("C", "ク"),
    ("D", "ド"), ("F", "フ"), ("G", "グ"), ("H", "ハ"), ("J", "ジ"), ("K", "ク"), ("L", "ル"), ("M", "ム"),
    ("N", "ン"), ("P", "プ"), ("Q", "ク"), ("R", "ル"), ("S", "ス"), ("T", "ト"), ("V", "ヴ"), ("W", "ウ"),
    ("X", "クス"), ("Z", "ズ"),
)  # fmt: skip

_name, _words = pl.col("name"), pl.col("name").str.split(" ")
_latin = _name.str.contains("^[A-Z]")
_two_words, _three_words = _words.list.len() >= 2, _words.list.len() >= 3
_status, _expires, _birth = pl.col("status_of_residence"), pl.col("stay_expires_on"), pl.col("birth_date")
_sex, _nation, _extra = pl.col("sex"), pl.col("nationality"), pl.col("extra_activity_permission")
_number, _start = pl.col("card_number"), pl.col("employment_start")
_address = pl.col("address")
_whole_birth = ~_birth.str.ends_with("-00")
# 別紙1※: these items of 永住者 are not read at all.
_not_permanent = (_status != "permanent") & (pl.col("reported_status") != "permanent")
_r1, _r2 = pl.col("r1"), pl.col("r2")


def _part(date: pl.Expr, part: int) -> pl.Expr:
    return date.str.slice((0, 5, 8)[part], (4, 2, 2)[part])


def _full_width(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(_FULL_WIDTH)


def _era(date: pl.Expr) -> pl.Expr:
    """Write a date in its era, without leading zeros."""
    year = _part(date, 0).cast(pl.Int32)
    named: pl.Expr = pl.lit(None, dtype=pl.String)
    for era in reversed(ERAS):
        count = year - era.before_first
        written = pl.when(count == 1).then(pl.lit("元")).otherwise(count.cast(pl.String))
        named = (
            pl.when(date >= era.first.isoformat())
            .then(pl.concat_str(pl.lit(era.name), written))
            .otherwise(named)
        )
    month, day = (_part(date, part).str.strip_chars_start("0") for part in (1, 2))
    return pl.concat_str(named, pl.lit("年"), month, pl.lit("月"), day, pl.lit("日"))


def _other_letter(name: pl.Expr) -> pl.Expr:
    """Replace one letter, chosen by `r1`, by the letter two places later in the alphabet."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZAB"
    place = _r1 % name.str.len_chars()
    place = pl.when(name.str.slice(place, 1) == " ").then(place + 1).otherwise(place)
    old = name.str.slice(place, 1)
    new = _mapped(old, dict(zip(letters, letters[2:], strict=False)))
    return pl.concat_str(name.str.slice(0, place), new, name.str.slice(place + 1))


def _cut(most: int) -> Change:
    """Cut a name at the form's width if that is within a word; at a word's end it would be `partial`."""
    cut = _name.str.slice(0, most)
    return Change(cut, _latin & _name.str.slice(most - 1, 2).str.contains("^[A-Z]{2}$"))


def _other_digit(text: pl.Expr, place: pl.Expr) -> pl.Expr:
    digit = text.str.slice(place, 1).cast(pl.Int32)
    return pl.concat_str(
        text.str.slice(0, place), ((digit + 1 + _r2 % 9) % 10).cast(pl.String), text.str.slice(place + 1)
    )


def _swapped(text: pl.Expr, at: int) -> pl.Expr:
    """Exchange two neighbouring characters."""
    return pl.concat_str(
        text.str.slice(0, at), text.str.slice(at + 1, 1), text.str.slice(at, 1), text.str.slice(at + 2)
    )


def _differ(text: pl.Expr, at: int) -> pl.Expr:
    return text.str.slice(at, 1) != text.str.slice(at + 1, 1)


def _known(column: str, other: str) -> pl.Expr:
    """Say where two values are both known and differ."""
    return (pl.col(column) != pl.col(other)).fill_null(False)


def _mapped(column: pl.Expr, words: dict[str, str]) -> pl.Expr:
    return column.replace_strict(words, default=None, return_dtype=pl.String)


_mhlw = {status: code for code, statuses in reversed(list(MHLW_CODES.items())) for status in statuses}
_parents = {code: status.parent for code, status in STATUSES.items() if status.parent}
_related = {"KOR": "QZK", "QZK": "KOR", "PRK": "KOR", "CHN": "TWN", "TWN": "CHN"}
_alpha2 = {code: one.alpha2 for code, one in NATIONALITIES.items() if one.alpha2}
_first_named: dict[str, str] = {}
for _one in NATIONALITIES.values():
    _first_named.setdefault(_one.name_on_card_ja or _one.name_ja, _one.code)
_japanese = {code: name for name, code in _first_named.items()}
_alias = pl.Series([f"{f}{g}" for f, g in table("representatives").iter_rows()])

CHANGES: dict[str, Change] = {
    "number_missing": Change(pl.lit(None, dtype=pl.String)),
    "number_o_for_0": Change(
        pl.concat_str(
            _number.str.slice(0, 2),
            _number.str.slice(2, 8).str.replace_many(["0", "1"], ["O", "I"]),
            _number.str.slice(10),
        ),
        _number.str.slice(2, 8).str.contains("[01]"),
    ),
    "number_digit_missing": Change(pl.concat_str(_number.str.slice(0, 9), _number.str.slice(10))),
    "number_one_digit": Change(_other_digit(_number, 2 + _r1 % 8)),
    "number_two_digits": Change(_other_digit(_other_digit(_number, 2 + _r1 % 4), 6 + _r2 % 4)),
    "number_neighbours": Change(_swapped(_number, 8), _differ(_number, 8)),
    "number_lower_case": Change(_number.str.to_lowercase()),
    "number_full_width": Change(_full_width(_number)),
    "number_spaced": Change(_number.str.replace(r"^(..)(\d{8})(..)$", "$1 $2 $3")),
    "number_hyphened": Change(_number.str.replace(r"^(..)(\d{8})(..)$", "$1-$2-$3")),
    "not_notifiable": Change(
        pl.when(_r1 % 10 < 8)
        .then(pl.lit("special_permanent"))
        .when(_r1 % 10 < 9)
        .then(pl.lit("official"))
        .otherwise(pl.lit("diplomat"))
    ),
    "status_missing": Change(pl.lit(None, dtype=pl.String)),
    "status_unreadable": Change(pl.lit("就労ビザ")),
    "status_outdated": Change(
        pl.col("previous_status_of_residence"), _known("previous_status_of_residence", "status_of_residence")
    ),
    "status_latest": Change(
        pl.col("latest_status_of_residence"),
        _known("latest_status_of_residence", "status_of_residence")
        & (pl.col("latest_status_of_residence") != "permanent"),
    ),
    "permanent_corrected": Change(
        pl.lit("permanent"), (pl.col("latest_status_of_residence") == "permanent") & (_status != "permanent")
    ),
    "status_wrong": Change(
        _status.replace_strict(_OTHER_STATUS, default="instructor", return_dtype=pl.String)
    ),
    "status_mhlw_code": Change(_mapped(_status, _mhlw), _status.is_in(list(_mhlw))),
    "status_parent": Change(_mapped(_status, _parents), _status.is_in(list(_parents))),
    "status_japanese": Change(_mapped(_status, {code: one.name_ja for code, one in STATUSES.items()})),
    "name_missing": Change(pl.lit(None, dtype=pl.String)),
    "name_too_long": Change(pl.concat_str(_name, pl.lit(" X" * 60))),
    "name_typo": Change(_other_letter(_name), _latin),
    "name_middle_missing": Change(
        pl.concat_list(_words.list.head(1), _words.list.slice(2)).list.join(" "), _latin & _three_words
    ),
    "name_truncated_12": _cut(12),
    "name_truncated_20": _cut(20),
    "name_alias": Change(
        pl.lit(_alias.implode()).list.get(_r1 % len(_alias)), pl.col("held_kanji").is_not_null()
    ),
    "name_order": Change(
        pl.concat_list(_words.list.slice(1), _words.list.head(1)).list.join(" "), _latin & _two_words
    ),
    "name_lower_case": Change(_name.str.to_titlecase(), _latin),
    "name_full_width": Change(_full_width(_name).str.replace_all(" ", "　", literal=True), _latin),
    "name_hyphen": Change(_name.str.replace(r" ([A-Z]+)$", "-$1"), _latin & _two_words),
    "name_apostrophe": Change(pl.concat_str(_name.str.slice(0, 1), pl.lit("'"), _name.str.slice(1)), _latin),
    "name_spaces_lost": Change(_name.str.replace_all(" ", "", literal=True), _latin & _two_words),
    "name_diacritics": Change(
        pl.col("passport"),
        _latin & (pl.col("passport") != pl.col("person_name")) & (_name == pl.col("person_name")),
    ),
    "name_kanji": Change(pl.col("held_kanji"), pl.col("held_kanji").is_not_null()),
    "name_kanji_variant": Change(
        pl.col("kanji_variant"),
        pl.col("held_kanji").is_not_null() & (pl.col("kanji_variant") != pl.col("held_kanji")),
    ),
    "name_kanji_not_held": Change(pl.col("kanji"), pl.col("held_kanji").is_null() & (pl.col("kanji") != "")),
    "name_kana": Change(
        _name.str.replace_many([k for k, _ in _KANA], [v for _, v in _KANA], leftmost=True).str.replace_all(
            " ", "　", literal=True
        ),
        _latin,
    ),
    "expiry_unreadable": Change(
        pl.concat_str(_expires.str.slice(0, 5), pl.lit("02-30")), _expires.is_not_null()
    ),
    "expiry_outdated": Change(
        pl.col("previous_stay_expires_on"), _known("previous_stay_expires_on", "stay_expires_on")
    ),
    "expiry_latest": Change(
        pl.col("latest_stay_expires_on"), _known("latest_stay_expires_on", "stay_expires_on")
    ),
    "expiry_one_digit": Change(
        pl.concat_str(_expires.str.slice(0, 8), _mapped(_part(_expires, 2), _OTHER_DAY)),
        _expires.is_not_null(),
    ),
    "expiry_missing": Change(pl.lit(None, dtype=pl.String), _expires.is_not_null()),
    "expiry_slashed": Change(_expires.str.replace_all("-", "/", literal=True), _expires.is_not_null()),
    "expiry_era": Change(_era(_expires), _expires.is_not_null()),
    "birth_missing": Change(pl.lit(None, dtype=pl.String)),
    "birth_unreadable": Change(pl.concat_str(_birth.str.slice(0, 5), pl.lit("13-45"))),
    "birth_swapped": Change(
        pl.concat_str(_birth.str.slice(0, 5), _part(_birth, 2), pl.lit("-"), _part(_birth, 1)),
        _whole_birth & (_part(_birth, 2) <= "12") & (_part(_birth, 2) != _part(_birth, 1)),
    ),
    "birth_one_digit": Change(
        pl.concat_str(_birth.str.slice(0, 8), _mapped(_part(_birth, 2), _OTHER_DAY)), _whole_birth
    ),
    "birth_neighbours": Change(
        _swapped(_birth, 2), _whole_birth & _differ(_birth, 2) & ~_birth.str.ends_with("-02-29")
    ),
    "birth_era_misread": Change(
        pl.concat_str(
            (_part(_birth, 0).cast(pl.Int32) - (_HEISEI.before_first - _SHOWA.before_first)).cast(pl.String),
            _birth.str.slice(4),
        ),
        _whole_birth
        & (_birth >= _HEISEI.first.isoformat())
        & ~_birth.str.starts_with("1992")
        & ~_birth.str.ends_with("-02-29"),
    ),
    "birth_new_year": Change(
        pl.concat_str(_birth.str.slice(0, 5), pl.lit("01-01")),
        _part(_birth, 1).is_between(pl.lit("02"), pl.lit("09"))
        & _part(_birth, 2).is_between(pl.lit("12"), pl.lit("31")),
    ),
    "birth_unknown_day": Change(pl.concat_str(_birth.str.slice(0, 8), pl.lit("00")), _whole_birth),
    "birth_slashed": Change(_birth.str.replace_all("-", "/", literal=True), _whole_birth),
    "birth_compact": Change(_birth.str.replace_all("-", "", literal=True), _whole_birth),
    "birth_era_written": Change(_era(_birth), _whole_birth),
    "birth_full_width": Change(_full_width(_birth)),
    "sex_missing": Change(pl.lit(None, dtype=pl.String)),
    "sex_wrong": Change(_mapped(_sex, {"1": "2", "2": "1"}), _sex.is_in(["1", "2"])),
    "sex_3": Change(pl.lit("3"), _sex.is_in(["1", "2"])),
    "sex_written": Change(_mapped(_sex, {"1": "男", "2": "女"}), _sex.is_in(["1", "2"])),
    "sex_letter": Change(_mapped(_sex, {"1": "M", "2": "F"}), _sex.is_in(["1", "2"])),
    "nationality_missing": Change(pl.lit(None, dtype=pl.String)),
    "nationality_unreadable": Change(pl.lit("外国")),
    "nationality_related": Change(_mapped(_nation, _related), _nation.is_in(list(_related))),
    "nationality_dual": Change(pl.when(_nation == "USA").then(pl.lit("CAN")).otherwise(pl.lit("USA"))),
    "nationality_hong_kong": Change(
        pl.when(_r1 % 5 < 4).then(pl.lit("HKG")).otherwise(pl.lit("MAC")), _nation == "CHN"
    ),
    "nationality_overseas": Change(pl.lit("GBN"), _nation == "GBR"),
    "nationality_alpha2": Change(_mapped(_nation, _alpha2), _nation.is_in(list(_alpha2))),
    "nationality_japanese": Change(_mapped(_nation, _japanese), _nation.is_in(list(_japanese))),
    "extra_wrong": Change(_mapped(_extra, {"true": "false", "false": "true"})),
    "extra_missing": Change(pl.lit(None, dtype=pl.String)),
    "extra_written": Change(_mapped(_extra, {"true": "有", "false": "無"})),
    "address_written": Change(
        _address.str.replace(r"(\d+)-(\d+)-(\d+)$", "${1}丁目${2}番${3}号"), _address.str.contains(r"-\d+$")
    ),
    "address_full_width": Change(_full_width(_address), _address.is_not_null()),
    "address_without_building": Change(_address.str.replace(" .*", ""), _address.str.contains(" ")),
    "postal_hyphened": Change(
        pl.col("postal_code").str.replace(r"^(...)", "$1-"), pl.col("postal_code").is_not_null()
    ),
    "establishment_hyphened": Change(
        pl.col("establishment_number").str.replace(r"^(\d{4})(\d{6})", "$1-$2-")
    ),
    "establishment_short": Change(pl.col("establishment_number").str.slice(1), _not_permanent),
    "start_era": Change(_era(_start), _start.is_not_null()),
    "start_unreadable": Change(
        pl.concat_str(_start.str.slice(0, 5), pl.lit("02-30")), _not_permanent & _start.is_not_null()
    ),
    "start_missing": Change(pl.lit(None, dtype=pl.String), _not_permanent & _start.is_not_null()),
    "registered_missing": Change(pl.lit(None, dtype=pl.String)),
}
