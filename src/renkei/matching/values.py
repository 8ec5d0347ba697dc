"""Values: every accepted way to write one, and the one canonical form (reconciliation §1).

A typed column holds, by kind of column:

=====================  =========================================================
text, phone, numbers   String
date                   Date
partial date           Int32 `yyyymmdd`, unknown parts 00
sex                    UInt8, ISO 5218
boolean                Boolean
status code            Enum `STATUS_KEYS`: a status, or an MHLW code for several
nationality code       Enum of nationalities
ground                 Enum coe, change
=====================  =========================================================

Null is blank. What cannot be read is null too; `read` tells the two apart.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import NamedTuple

import polars as pl

from renkei.agreement.datasets import Column, Kind
from renkei.agreement.nationalities import NATIONALITIES
from renkei.agreement.statuses import MHLW_CODES, STATUSES, canonical
from renkei.matching.dates import partial_to_text, read_dates

# An MHLW code for several statuses (39: 高度専門職1号イ, ロ, ハ) is kept as that set when compared.
STATUS_SETS: Mapping[str, tuple[str, ...]] = {
    **{code: (code,) for code in STATUSES},
    **{mhlw: codes for mhlw, codes in MHLW_CODES.items() if len(codes) > 1},
}
STATUS_KEYS = pl.Enum(list(STATUS_SETS))
NATIONALITY_KEYS = pl.Enum(list(NATIONALITIES))
GROUND_KEYS = pl.Enum(["coe", "change"])
CANONICAL_STATUS: Mapping[str, str] = {key: canonical(codes) for key, codes in STATUS_SETS.items()}

# Hyphens as typed on Japanese keyboards; NFKC has already made － and ‑ of their plainer kin.
_DASH = "[ \\-‐‑–—−]*"
_CARD = "^[A-Z]{2}[0-9]{8}[A-Z]{2}$"
_CARD_AS_TYPED = f"^([A-Za-z]{{2}}){_DASH}([0-9]{{8}}){_DASH}([A-Za-z]{{2}})$"


def fold(text: str) -> str:
    """Fold width and case, as codes and Latin names are read."""
    return unicodedata.normalize("NFKC", text).upper()


def _words(*rows: tuple[str, str]) -> dict[str, str]:
    """A look-up of folded words, the first row standing where a word occurs twice."""
    words: dict[str, str] = {}
    for word, key in rows:
        if word:
            words.setdefault(fold(word), key)
    return words


SEX_WORDS: Mapping[str, int] = {
    **{"0": 0, "3": 0, "不詳": 0, "1": 1, "男": 1, "M": 1, "MALE": 1},
    **{"2": 2, "女": 2, "F": 2, "FEMALE": 2, "9": 9},
}
BOOLEAN_WORDS: Mapping[str, bool] = {
    **dict.fromkeys(("TRUE", "1", "有", "あり", "YES"), True),
    **dict.fromkeys(("FALSE", "0", "無", "なし", "NO"), False),
}
STATUS_WORDS: Mapping[str, str] = _words(
    *((code, code) for code in STATUSES),
    *((name, code) for code, status in STATUSES.items() for name in (status.name_ja, status.name_en)),
    *((mhlw, mhlw if len(codes) > 1 else codes[0]) for mhlw, codes in MHLW_CODES.items()),
)
NATIONALITY_WORDS: Mapping[str, str] = _words(
    *((code, code) for code in NATIONALITIES),
    *((row.alpha2, code) for code, row in NATIONALITIES.items()),
    *(
        (name, code)
        for code, row in NATIONALITIES.items()
        for name in (row.name_ja, row.name_en, row.name_on_card_ja)
    ),
)
GROUND_WORDS: Mapping[str, str] = _words(("coe", "coe"), ("change", "change"))


class Values(NamedTuple):
    """One column read: typed values, and what stood there instead."""

    typed: pl.Series
    blank: pl.Series
    unreadable: pl.Series


def read(column: Column, raw: pl.Series) -> Values:
    """Read one column of text into canonical, typed values; nothing is raised for a bad value."""
    if column.kind is Kind.CARD_NUMBER:
        text = raw.str.strip_chars()
        typed = _card_numbers(text)
        return Values(typed, _is_blank(text), ~is_card_number(typed).fill_null(True))
    if column.kind in (Kind.TEXT, Kind.PHONE):
        text = raw.str.strip_chars()
        blank = _is_blank(text)
        if blank.any():
            text = text.set(blank, None)
        too_long = (
            (text.str.len_chars() > column.max_length).fill_null(False)
            if column.max_length is not None
            else pl.repeat(False, len(text), dtype=pl.Boolean, eager=True)
        )
        return Values(text, blank, too_long)
    return _through_distinct(raw, _READERS[column.kind])


def is_card_number(text: pl.Series) -> pl.Series:
    """Tell well-formed residence-card numbers (two letters, eight digits, two letters) from others."""
    return text.str.contains(_CARD)


def to_text(kind: Kind, typed: pl.Expr) -> pl.Expr:
    """Write typed values in their canonical form, blank as null."""
    writer = _WRITERS.get(kind)
    return writer(typed) if writer else typed


def _is_blank(text: pl.Series) -> pl.Series:
    return (text.str.len_bytes() == 0).fill_null(True)


def _through_distinct(raw: pl.Series, reader: Callable[[pl.Series], pl.Series]) -> Values:
    """Read each distinct text once: a register of millions holds some thousand dates and dozens of codes."""
    codes = raw.cast(pl.Categorical(pl.Categories.random()))
    places = codes.to_physical()
    distinct = codes.drop_nulls().unique()
    table = pl.DataFrame({"place": distinct.to_physical(), "text": distinct.cast(pl.String)}).sort("place")
    text = table["text"].str.strip_chars()
    typed = reader(text.str.normalize("NFKC").str.to_uppercase())
    blank = text.str.len_bytes() == 0
    unreadable = typed.is_null() & ~blank
    return Values(
        typed.gather(places),
        blank.gather(places).fill_null(True) if raw.null_count() or blank.any() else _none(len(raw)),
        unreadable.gather(places).fill_null(False) if unreadable.any() else _none(len(raw)),
    )


def _none(height: int) -> pl.Series:
    return pl.repeat(False, height, dtype=pl.Boolean, eager=True)


def _card_numbers(text: pl.Series) -> pl.Series:
    """Bring card numbers into canonical form; anything else is kept as written."""
    odd = ~text.str.contains(_CARD).fill_null(True)
    if not odd.any():
        return text
    typed = text.to_frame("text").with_columns(
        parts=pl.when(odd).then(pl.col("text").str.normalize("NFKC")).str.extract_groups(_CARD_AS_TYPED)
    )
    joined = pl.concat_str(pl.col("parts").struct.unnest()).str.to_uppercase()
    return typed.select(
        pl.coalesce(joined, pl.when(pl.col("text").str.len_bytes() > 0).then("text"))
    ).to_series()


def _look_up(words: Mapping[str, object], dtype: pl.DataType) -> Callable[[pl.Series], pl.Series]:
    def read_words(folded: pl.Series) -> pl.Series:
        return folded.replace_strict(words, default=None, return_dtype=dtype)

    return read_words


def _digits(shape: str) -> Callable[[pl.Series], pl.Series]:
    def read_digits(folded: pl.Series) -> pl.Series:
        plain = folded.str.replace_all("-", "", literal=True)
        return (
            folded.to_frame("text")
            .select(pl.when(pl.col("text").str.contains(shape)).then(plain))
            .to_series()
        )

    return read_digits


def _corporate_numbers(folded: pl.Series) -> pl.Series:
    """Thirteen digits, the first a check digit: 9 − (Σ Pn·Qn mod 9) (法人番号の指定等に関する省令)."""
    plain = folded.str.replace_all(r"\s", "").to_frame("text").filter(pl.lit(True))
    shaped = plain.select(pl.when(pl.col("text").str.contains("^[0-9]{13}$")).then("text")).to_series()
    digit = [shaped.str.slice(place, 1).cast(pl.Int32) for place in range(13)]
    # Qn is 1 for odd n and 2 for even n, n counted from the right of the twelve digits.
    weighted = [digit[place] * (2 if place % 2 else 1) for place in range(1, 13)]
    total = pl.sum_horizontal(pl.Series(str(n), w) for n, w in enumerate(weighted))
    check = pl.select(9 - total % 9).to_series()
    return pl.select(pl.when(check == digit[0]).then(shaped)).to_series()


_READERS: Mapping[Kind, Callable[[pl.Series], pl.Series]] = {
    Kind.DATE: lambda folded: read_dates(folded, partial=False),
    Kind.PARTIAL_DATE: lambda folded: read_dates(folded, partial=True),
    Kind.SEX: _look_up(SEX_WORDS, pl.UInt8()),
    Kind.BOOLEAN: _look_up(BOOLEAN_WORDS, pl.Boolean()),
    Kind.STATUS: _look_up(STATUS_WORDS, STATUS_KEYS),
    Kind.NATIONALITY: _look_up(NATIONALITY_WORDS, NATIONALITY_KEYS),
    Kind.GROUND: _look_up(GROUND_WORDS, GROUND_KEYS),
    Kind.ESTABLISHMENT_NUMBER: _digits("^(?:[0-9]{11}|[0-9]{4}-[0-9]{6}-[0-9])$"),
    Kind.POSTAL_CODE: _digits("^(?:[0-9]{7}|[0-9]{3}-[0-9]{4})$"),
    Kind.CORPORATE_NUMBER: _corporate_numbers,
}

_WRITERS: Mapping[Kind, Callable[[pl.Expr], pl.Expr]] = {
    Kind.DATE: lambda typed: typed.dt.to_string("%Y-%m-%d"),
    Kind.PARTIAL_DATE: partial_to_text,
    Kind.SEX: lambda typed: typed.cast(pl.String),
    Kind.BOOLEAN: lambda typed: typed.cast(pl.String),
    Kind.STATUS: lambda typed: typed.cast(pl.String).replace(CANONICAL_STATUS),
    Kind.NATIONALITY: lambda typed: typed.cast(pl.String),
    Kind.GROUND: lambda typed: typed.cast(pl.String),
}
