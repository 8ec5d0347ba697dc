"""Values: every accepted way to write a value, and its one canonical form (reconciliation §1).

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

Null is blank. A value that cannot be read is null too; `Values` says which of the two it is.

Characters that nobody can see (`INVISIBLE`) are removed from every value but free text (kind text) before it
is read.
"""

import sys
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from renkei.agreement.datasets import Column, Kind
from renkei.agreement.nationalities import NATIONALITIES
from renkei.agreement.statuses import MHLW_CODES, STATUSES, canonical
from renkei.matching.arrow_interop import filled, series
from renkei.matching.byte_scan import Bytes, Edges, Shape, Text, digits, edges, is_ascii, longest
from renkei.matching.dates import partial_to_text, read_dates
from renkei.matching.reading import FEW_DISTINCT

# An MHLW code for several statuses (39: 高度専門職1号イ, ロ, ハ) is compared as that set.
STATUS_SETS: Mapping[str, tuple[str, ...]] = {
    **{code: (code,) for code in STATUSES},
    **{mhlw: codes for mhlw, codes in MHLW_CODES.items() if len(codes) > 1},
}
STATUS_KEYS = pl.Enum(list(STATUS_SETS))
NATIONALITY_KEYS = pl.Enum(list(NATIONALITIES))
GROUND_KEYS = pl.Enum(["coe", "change"])
CANONICAL_STATUS: Mapping[str, str] = {key: canonical(codes) for key, codes in STATUS_SETS.items()}

#: Characters that nobody can see: zero-width ones, bidirectional marks, variation selectors, BOM.
INVISIBLE = r"\p{Default_Ignorable_Code_Point}"
# A hyphen, or what is typed for one on a Japanese keyboard.
_DASH = r"[\p{Pd}−ー]"
_CARD = "^[A-Z]{2}[0-9]{8}[A-Z]{2}$"
_GAP = rf"(?:\s|{_DASH})*"
_CARD_AS_TYPED = f"^([A-Za-z]{{2}}){_GAP}([0-9]{{8}}){_GAP}([A-Za-z]{{2}})$"


def fold(text: str) -> str:
    """Fold width and case, for codes and Latin names."""
    return unicodedata.normalize("NFKC", text).upper()


def _words(*rows: tuple[str, str]) -> dict[str, str]:
    """Return a look-up of folded words; if a word occurs twice, the first row counts."""
    words: dict[str, str] = {}
    for word, key in rows:
        if word:
            words.setdefault(fold(word), key)
    return words


SEX_WORDS: Mapping[str, int] = {
    **dict.fromkeys(("0", "3", "不詳"), 0),
    **dict.fromkeys(("1", "男", "M", "MALE"), 1),
    **dict.fromkeys(("2", "女", "F", "FEMALE"), 2),
    **dict.fromkeys(("9",), 9),
}
BOOLEAN_WORDS: Mapping[str, bool] = {
    **dict.fromkeys(("TRUE", "1", "有", "あり", "YES"), True),
    # 2 as on the form: 1 有, 2 無.
    **dict.fromkeys(("FALSE", "0", "2", "無", "なし", "NO"), False),
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


Flags = NDArray[np.bool_]


class _Shaped(NamedTuple):
    """A kind with a canonical shape: how to recognise it, and how to convert other accepted shapes to it."""

    shape: Shape
    pattern: str
    convert: Callable[[pl.Series], pl.Series]
    keeps_odd: bool = False
    """A value that cannot be converted is kept as written."""
    wrong: Callable[[Bytes], Flags] | None = None
    """From the bytes of values that have the shape: which of them have a wrong check digit."""


class Values(NamedTuple):
    """One column read: the typed values, and where a value was blank or could not be read.

    `wrong`: where a value was read whose check digit is wrong; the value stays.
    """

    typed: pl.Series
    blank: pl.Series
    unreadable: pl.Series
    wrong: pl.Series | None = None


def read(column: Column, raw: pa.Array, keep: bool = True) -> Values:
    """Read one column into canonical, typed values; a bad value raises nothing.

    `raw` is text: an Arrow string array, dictionary-encoded for the kinds of `FEW_DISTINCT`. If `keep` is
    false, the column is only checked, and the typed values may all be null.
    """
    if column.kind in FEW_DISTINCT:
        return _through_distinct(raw, _READERS[column.kind], keep)
    if column.kind in _SHAPED:
        return _shaped(raw, _SHAPED[column.kind], keep)
    if not keep and not column.required and longest(raw) <= (column.max_length or sys.maxsize):
        # The values are not needed, only whether they are valid.
        return _unkept(raw)
    seen = edges(raw)
    text = _trimmed(raw, seen)
    if column.kind is not Kind.TEXT:
        text = _visible(text, raw)
    if column.max_length is None or seen.longest <= column.max_length:
        return Values(text, _blank(text), _none(len(text)))
    return Values(text, _blank(text), (text.str.len_chars() > column.max_length).fill_null(False))


def is_card_number(text: pl.Expr) -> pl.Expr:
    """Say whether text is a well-formed residence-card number (two letters, eight digits, two letters)."""
    return text.str.contains(_CARD)


def to_text(kind: Kind, typed: pl.Expr) -> pl.Expr:
    """Write typed values in their canonical form, blank as null."""
    writer = _WRITERS.get(kind)
    return writer(typed) if writer else typed


def canonical_status(column: str) -> pl.Expr:
    """Write a typed status column canonically."""
    return pl.col(column).cast(pl.String).replace(CANONICAL_STATUS)


@lru_cache(maxsize=4)
def _none(height: int) -> pl.Series:
    """Return false for every row. The column is cached and shared: clone it before you change it."""
    return pl.repeat(False, height, dtype=pl.Boolean, eager=True)


def _blank(text: pl.Series) -> pl.Series:
    return text.is_null() if text.null_count() else _none(len(text))


def _nulls(raw: pa.Array) -> pl.Series:
    return ~filled(raw) if raw.null_count else _none(len(raw))


def _unkept(raw: pa.Array) -> Values:
    """Return the result for a column without faults whose values are not kept."""
    return Values(pl.repeat(None, len(raw), eager=True), _nulls(raw), _none(len(raw)))


def _trimmed(raw: Text, seen: Edges) -> pl.Series:
    """Remove outer white space; an empty text is then blank."""
    text = series(raw)
    if seen.trim:
        text = text.str.strip_chars()
    if seen.trim or seen.empty:
        text = text.set(text.str.len_bytes() == 0, None)
    return text


def _visible(text: pl.Series, written: Text) -> pl.Series:
    """Remove the characters that nobody can see; what is left of nothing else is blank.

    `written` is the text as it was read: none of these characters is ASCII, which is fast to see.
    """
    if is_ascii(written):
        return text
    unseen = text.str.contains(INVISIBLE)
    if not unseen.any():
        return text
    seen = text.str.replace_all(INVISIBLE, "").str.strip_chars()
    return seen.set(seen.str.len_bytes() == 0, None)


def _through_distinct(
    raw: pa.DictionaryArray, reader: Callable[[pl.Series], pl.Series], keep: bool
) -> Values:
    text = _visible(_trimmed(raw.dictionary, edges(raw.dictionary)), raw.dictionary)
    plain = text.str.contains("^[0-9A-Z-]*$").all()
    typed = reader(text if plain else text.str.normalize("NFKC").str.to_uppercase())
    # The counts are cheap; checking each row would cost as much as reading the few distinct words.
    some_blank = text.null_count() > 0
    some_unreadable = typed.null_count() > text.null_count()
    if not keep and not some_blank and not some_unreadable:
        return _unkept(raw)
    codes = series(raw.indices)
    return Values(
        typed.gather(codes),
        text.is_null().gather(codes).fill_null(True) if some_blank else _nulls(raw.indices),
        (typed.is_null() & text.is_not_null()).gather(codes).fill_null(False)
        if some_unreadable
        else _none(len(codes)),
    )


def _shaped(raw: pa.StringArray, kind: _Shaped, keep: bool) -> Values:
    """Keep text of the canonical shape and convert the rest; what cannot be converted is unreadable."""
    letters = kind.shape.bytes_of(raw)
    if letters is not None and not keep and kind.wrong is None:
        return _unkept(raw)
    if letters is not None:
        values = Values(series(raw), _nulls(raw), _none(len(raw)))
    else:
        values = _converted(series(raw), kind)
    return values if kind.wrong is None else _with_wrong(values, kind.shape, kind.wrong)


def _converted(text: pl.Series, kind: _Shaped) -> Values:
    rows = (~text.str.contains(kind.pattern)).arg_true()
    written = text.gather(rows).to_arrow()
    trimmed = _visible(_trimmed(written, edges(written)), written)
    converted = kind.convert(trimmed)
    unreadable = _none(len(text)).clone().scatter(rows, converted.is_null() & trimmed.is_not_null())
    # A malformed card number is kept as written: it may show what was meant (§1).
    kept = converted.zip_with(converted.is_not_null(), trimmed) if kind.keeps_odd else converted
    typed = text.clone().scatter(rows, kept)
    return Values(typed, typed.is_null() & ~unreadable, unreadable)


def _with_wrong(values: Values, shape: Shape, is_wrong: Callable[[Bytes], Flags]) -> Values:
    """Note the values that have the shape but a wrong check digit."""
    letters = shape.bytes_of(values.typed.drop_nulls().to_arrow())
    assert letters is not None  # noqa: S101 - converted values have the shape
    wrong = is_wrong(letters)
    if not wrong.any():
        return values
    rows = values.typed.is_not_null().arg_true().filter(pl.Series(wrong))
    return values._replace(wrong=_none(len(values.typed)).clone().scatter(rows, True))


def _card_numbers(text: pl.Series) -> pl.Series:
    parts = text.to_frame("text").select(
        pl.col("text").str.normalize("NFKC").str.extract_groups(_CARD_AS_TYPED).struct.unnest()
    )
    return parts.select(pl.concat_str(pl.all()).str.to_uppercase()).to_series()


def _look_up(words: Mapping[str, object], dtype: pl.DataType) -> Callable[[pl.Series], pl.Series]:
    # Columns, made once: from a mapping, Polars would make them again for every column that is read.
    words_column, keys = pl.Series([*words], dtype=pl.String), pl.Series([*words.values()])

    def read_words(folded: pl.Series) -> pl.Series:
        return folded.replace_strict(words_column, keys, default=None, return_dtype=dtype)

    return read_words


def _digits(*groups: int) -> Callable[[pl.Series], pl.Series]:
    """Return a converter of numbers written as groups of digits with hyphens between them, or without."""
    shape = "|".join(by.join(f"[0-9]{{{group}}}" for group in groups) for by in ("", _DASH))

    def convert(text: pl.Series) -> pl.Series:
        folded = text.to_frame("text").select(pl.col("text").str.normalize("NFKC"))
        plain = pl.col("text").str.replace_all(_DASH, "")
        return folded.select(pl.when(pl.col("text").str.contains(f"^(?:{shape})$")).then(plain)).to_series()

    return convert


# Qn is 1 for odd n and 2 for even n, n counted from the right of the twelve digits after the check digit.
_CORPORATE_WEIGHTS = np.array([0, *(2 if place % 2 else 1 for place in range(1, 13))])


def _corporate_numbers(text: pl.Series) -> pl.Series:
    folded = text.str.normalize("NFKC").str.replace_all(r"\s", "").to_frame("text")
    return folded.select(pl.when(pl.col("text").str.contains("^[0-9]{13}$")).then("text")).to_series()


def _wrong_check_digits(numbers: Bytes) -> Flags:
    """Say which numbers have a wrong check digit.

    Of 13 digits, the first is the check digit: 9 − (Σ Pn·Qn mod 9) (法人番号の指定等に関する省令).
    """
    values = numbers - ord("0")
    wrong: Flags = values[:, 0] != 9 - values @ _CORPORATE_WEIGHTS % 9
    return wrong


_READERS: Mapping[Kind, Callable[[pl.Series], pl.Series]] = {
    Kind.DATE: lambda folded: read_dates(folded, partial=False),
    Kind.PARTIAL_DATE: lambda folded: read_dates(folded, partial=True),
    Kind.SEX: _look_up(SEX_WORDS, pl.UInt8()),
    Kind.BOOLEAN: _look_up(BOOLEAN_WORDS, pl.Boolean()),
    Kind.STATUS: _look_up(STATUS_WORDS, STATUS_KEYS),
    Kind.NATIONALITY: _look_up(NATIONALITY_WORDS, NATIONALITY_KEYS),
    Kind.GROUND: _look_up(GROUND_WORDS, GROUND_KEYS),
}

_SHAPED: Mapping[Kind, _Shaped] = {
    Kind.CARD_NUMBER: _Shaped(Shape(b"AA00000000AA", b"ZZ99999999ZZ"), _CARD, _card_numbers, keeps_odd=True),
    Kind.ESTABLISHMENT_NUMBER: _Shaped(digits(11), "^[0-9]{11}$", _digits(4, 6, 1)),
    Kind.CORPORATE_NUMBER: _Shaped(digits(13), "^[0-9]{13}$", _corporate_numbers, wrong=_wrong_check_digits),
    Kind.POSTAL_CODE: _Shaped(digits(7), "^[0-9]{7}$", _digits(3, 4)),
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
