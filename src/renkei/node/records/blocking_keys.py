"""Blocking keys: values that find a few possible persons among millions by index. They prove no identity.

Where a notification names no known card, the register is not read through for it. A person is found by the
name in any order, by birth date and nationality, or by a card whose number is one error away. A number with
two errors is found by the other keys.
"""

from typing import Final

import polars as pl

from renkei.matching.names import fold_plain, fold_writing

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS: Final = "0123456789"
#: The characters allowed at each position of a card number.
_POSITIONS: Final = (_LETTERS,) * 2 + (_DIGITS,) * 8 + (_LETTERS,) * 2
_LENGTH: Final = len(_POSITIONS)
#: Letters and digits that are easily mistaken for one another.
_AS_LETTER: Final = {"0": "O", "1": "I", "8": "B", "5": "S", "2": "Z"}
_AS_DIGIT: Final = {letter: digit for digit, letter in _AS_LETTER.items()}


def name_key(names: pl.Series) -> pl.Series:
    """Fold names so that one person's are equal however they are spaced, ordered and marked; null as null."""
    words = fold_plain(fold_writing(names)).str.split(" ").list.sort().list.join("")
    return words.replace("", None)


def plain_number(numbers: pl.Series) -> pl.Series:
    """Fold card numbers as written to capitals and digits.

    In a number of the right length, a letter in the place of a digit becomes the digit that it resembles, and
    the other way round.
    """
    bare = numbers.str.normalize("NFKC").str.to_uppercase().str.replace_all("[^0-9A-Z]", "")
    frame = bare.alias("bare").to_frame()
    letters, digits = (
        pl.col("bare").str.slice(start, length).str.replace_many(instead)
        for start, length, instead in ((0, 2, _AS_LETTER), (2, 8, _AS_DIGIT))
    )
    ending = pl.col("bare").str.slice(10, 2).str.replace_many(_AS_LETTER)
    whole = pl.col("bare").str.len_bytes() == _LENGTH
    corrected = pl.when(whole).then(pl.concat_str(letters, digits, ending)).otherwise("bare")
    return frame.select(corrected.alias(numbers.name)).to_series()


def parts(plain: pl.Expr) -> dict[str, pl.Expr]:
    """Cut plain numbers into parts of which one error (`near_numbers`) leaves at least one unchanged."""
    long = plain.str.len_bytes() >= _LENGTH - 1
    return {
        "prefix6": pl.when(long).then(plain.str.slice(0, 6)),
        "suffix6": pl.when(long).then(plain.str.slice(-6)),
        "affixes": pl.when(long).then(plain.str.slice(0, 3) + plain.str.slice(-3)),
    }


def near_numbers(numbers: pl.DataFrame) -> pl.DataFrame:
    """Return every card number that is one error away from the given ones, and these themselves.

    `numbers` and the result have the columns `notification_id` and `plain`; the result has some two hundred
    rows for each number. An error is a wrong character, one too many or too few, or two neighbours exchanged.
    A number that is two or more characters too short or too long gives no rows.
    """
    plain, length = pl.col("plain"), pl.col("plain").str.len_bytes()
    rows = numbers.select("notification_id", "plain").filter(length.is_between(_LENGTH - 1, _LENGTH + 1))
    whole = rows.filter(length == _LENGTH)
    characters = pl.DataFrame(
        [(position, each) for position, allowed in enumerate(_POSITIONS) for each in allowed],
        schema={"position": pl.UInt32, "instead": pl.String},
        orient="row",
    )
    before = plain.str.slice(0, pl.col("position"))
    changed = [
        whole,
        *(
            frame.join(characters, how="cross").select(
                "notification_id", pl.concat_str(before, "instead", plain.str.slice(after)).alias("plain")
            )
            # One character for another, and one where it was left out.
            for frame, after in (
                (whole, pl.col("position") + 1),
                (rows.filter(length == _LENGTH - 1), pl.col("position")),
            )
        ),
        _with_positions(rows.filter(length == _LENGTH + 1), _LENGTH + 1).select(
            "notification_id", pl.concat_str(before, plain.str.slice(pl.col("position") + 1)).alias("plain")
        ),
        _with_positions(whole, _LENGTH - 1).select(
            "notification_id",
            pl.concat_str(
                before,
                plain.str.slice(pl.col("position") + 1, 1),
                plain.str.slice(pl.col("position"), 1),
                plain.str.slice(pl.col("position") + 2),
            ).alias("plain"),
        ),
    ]
    return pl.concat(changed).unique()


def _with_positions(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    return rows.join(
        pl.DataFrame({"position": pl.int_range(count, dtype=pl.UInt32, eager=True)}), how="cross"
    )
