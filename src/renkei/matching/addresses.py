"""Addresses: when two spellings are of the same place (reconciliation §3, off by default)."""

import polars as pl

from renkei.matching.numerals import DIGITS, TENS, digits_of

# fmt: off
PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県",
    "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県",
    "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府",
    "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県",
    "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県",
    "鹿児島県", "沖縄県",
)
# fmt: on

# Not 零, which addresses do not use for a digit.
_NUMERAL = f"[{''.join(DIGITS.keys() - {'零'})}{''.join(TENS)}]+"
# Every dash, the minus sign, and the lines of boxes that are typed for dashes.
_DASHES = r"[\p{Pd}−\u2500-\u257f]"
_COUNTER = "(?:丁目|番地|番|号|の|ノ|之|ー)"
# A counter after a digit is a hyphen, also where no digit follows: 8番1号 and 8番1号 第2ビル are one place.
_COUNTED = f"([0-9])(?:{_COUNTER}|-)+"


def fold_addresses(addresses: pl.Series) -> pl.Series:
    """Fold width, numerals, counters, dashes and 字; remove the leading prefecture.

    The prefecture goes before the numerals: 三重県 is no number, and 千代田区 is the same with 東京都 or
    without.
    """
    plain = (
        _twice(addresses.str.normalize("NFKC").str.strip_chars(), r"([0-9])\s+([0-9])")
        .str.replace_all(r"\s+", "")
        .str.replace(f"^(?:{'|'.join(PREFECTURES)})", "")
    )
    found = plain.str.extract_all(_NUMERAL).explode().drop_nulls().unique().sort()
    # Each numeral that occurs is read once; the longest first, so that 二十三番 is not read as 三番.
    numbers = {text: str(int(digits_of(text))) for text in sorted(found.to_list(), key=len, reverse=True)}
    if numbers:
        plain = plain.str.replace_many(numbers, leftmost=True)
    return (
        plain.str.replace_all(_DASHES, "-")
        .str.replace_all(_COUNTED, "$1-")
        .str.replace_all("大?字", "")
        .str.replace_all("[ヶが]", "ケ")
        .str.replace_all("-+", "-")
        .str.strip_chars_end("-")
        .str.to_uppercase()
    )


def _twice(texts: pl.Series, between: str) -> pl.Series:
    # The digit after one match can be the digit before the next.
    return texts.str.replace_all(between, "$1-$2").str.replace_all(between, "$1-$2")


def same_place(reported: pl.Series, held: pl.Series) -> pl.Series:
    """Say for each pair of folded addresses whether they are equal, or one is a prefix up to a boundary.

    Returns Boolean in row order.
    """
    sides = pl.DataFrame({"a": reported, "b": held}).with_columns(
        a_shorter=pl.col("a").str.len_chars() <= pl.col("b").str.len_chars()
    )
    ordered = sides.select(
        short=pl.when("a_shorter").then("a").otherwise("b"),
        long=pl.when("a_shorter").then("b").otherwise("a"),
    )
    short, long = pl.col("short"), pl.col("long")
    following = long.str.slice(short.str.len_chars(), 1)
    last_is_digit = short.str.contains("[0-9]$")
    boundary = (following == "-") | (last_is_digit != following.str.contains("[0-9]"))
    return ordered.select(
        (short == long) | ((short != "") & long.str.starts_with(short) & boundary)
    ).to_series()
