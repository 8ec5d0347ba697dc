"""Organisations: whether the employer of a notification is that of a permission (reconciliation §6).

Organisations agree when their names do, or else when their telephone numbers agree and their addresses do not
contradict each other. Which legal forms names are compared without is a table (`agreement.organisations`).
"""

import re
from collections.abc import Callable

import polars as pl

from renkei.agreement.organisations import LEGAL_FORMS, MUNICIPALITIES
from renkei.matching.addresses import PREFECTURES

#: What a notification says of its employer, and a permission of its organisation and the place of dispatch.
EMPLOYER = ("establishment_name", "establishment_address", "establishment_phone")
ORGANISATIONS = (
    ("organisation_name", "organisation_address", "organisation_phone"),
    ("dispatch_name", "dispatch_address", "dispatch_phone"),
)

# A name of fewer characters is too short to stand for a longer one that it begins.
_SHORTEST_PREFIX = 4
# A telephone number of fewer digits is an extension.
_FEWEST_DIGITS = 7

_SMALL_KANA = dict(
    zip(
        "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ",
        "あいうえおつやゆよわかけアイウエオツヤユヨワカケ",
        strict=True,
    )
)


def _any_of(words: tuple[str, ...] | list[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, words))})"


# Latin forms are words: left out at the end only, where white space or a comma comes before them.
_LAST_WORDS = rf"[\s,]+{_any_of(list(LEGAL_FORMS['end word']))}$"
_FORMS = (
    rf"^{_any_of(list(LEGAL_FORMS['start']))}|{_any_of(list(LEGAL_FORMS['anywhere']))}"
    rf"|{_any_of(list(LEGAL_FORMS['end']))}$"
)
_PREFECTURE = f"^({'|'.join(PREFECTURES)})"
_KA_KE = {"ヶ": "ケ", "ヵ": "カ"}
_MUNICIPALITY = "^(" + "|".join(MUNICIPALITIES).replace("ヶ", "ケ").replace("ヵ", "カ") + ")"


def agree(pairs: pl.DataFrame) -> pl.Series:
    """Say of pairs of a notification and a permission whether their organisations agree.

    `pairs` have the columns of `EMPLOYER` and `ORGANISATIONS`. Returns Boolean in row order: true if the
    employer is the organisation or the place of dispatch, false if it is another than the organisation, null
    if the employer or the organisation has neither a name nor a telephone number to compare.
    """
    employer = _Organisation.of(pairs, EMPLOYER)
    of_contract, dispatch = (
        employer.agrees_with(_Organisation.of(pairs, columns)) for columns in ORGANISATIONS
    )
    return of_contract.set(dispatch.fill_null(False), True)


class _Organisation:
    """One side of each pair: folded names and telephone numbers, and the addresses as written."""

    def __init__(self, names: pl.Series, phones: pl.Series, addresses: pl.Series) -> None:
        self._names, self._phones, self._addresses = names, phones, addresses
        self._said = names.is_not_null() | phones.is_not_null()

    @classmethod
    def of(cls, pairs: pl.DataFrame, columns: tuple[str, str, str]) -> "_Organisation":
        name, address, phone = (pairs[column] for column in columns)
        return cls(_distinct(name, fold_names), _distinct(phone, _digits), address)

    def agrees_with(self, other: "_Organisation") -> pl.Series:
        sides = pl.DataFrame([self._names.alias("a"), other._names.alias("b")])
        a, b = pl.col("a"), pl.col("b")
        begins = (pl.min_horizontal(a.str.len_chars(), b.str.len_chars()) >= _SHORTEST_PREFIX) & (
            a.str.starts_with(b) | b.str.starts_with(a)
        )
        same = sides.select(((a == b) | begins).fill_null(False)).to_series()
        called = (~same & (self._phones == other._phones)).fill_null(False).arg_true()
        apart = _contradict(self._addresses.gather(called), other._addresses.gather(called))
        same = same.scatter(called.filter(~apart), True)
        comparable = self._said & other._said
        return same.set(~comparable, None)


def _distinct(values: pl.Series, fold: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Fold each distinct value once."""
    distinct = values.unique().drop_nulls()
    folded = pl.DataFrame([distinct.alias("value"), fold(distinct).alias("folded")])
    return values.to_frame("value").join(folded, on="value", how="left", maintain_order="left")["folded"]


def fold_names(names: pl.Series) -> pl.Series:
    """Fold width, case, small kana, white space and legal forms; null if nothing is left of a name."""
    upper = names.str.normalize("NFKC").str.to_uppercase().str.strip_chars()
    bare = upper.str.replace(_LAST_WORDS, "").str.replace_all(r"\s+", "").str.replace_all(_FORMS, "")
    folded = bare.str.replace_many(_SMALL_KANA)
    return folded.set(folded == "", None)


def _digits(phones: pl.Series) -> pl.Series:
    digits = phones.str.normalize("NFKC").str.replace_all("[^0-9]", "")
    return digits.set(digits.str.len_chars() < _FEWEST_DIGITS, None)


def _contradict(some: pl.Series, others: pl.Series) -> pl.Series:
    """Say of pairs of addresses whether both say a prefecture or a municipality, and not the same."""
    a, b = _place(some), _place(others)
    apart = (a["prefecture"] != b["prefecture"]).fill_null(False)
    return apart | (a["municipality"] != b["municipality"]).fill_null(False)


def _place(addresses: pl.Series) -> pl.DataFrame:
    plain = addresses.str.normalize("NFKC").str.replace_all(r"\s+", "").str.replace_many(_KA_KE)
    rest = plain.str.replace(_PREFECTURE, "")
    return pl.DataFrame(
        {"prefecture": plain.str.extract(_PREFECTURE, 1), "municipality": rest.str.extract(_MUNICIPALITY, 1)}
    )
