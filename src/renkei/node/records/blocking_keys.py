"""What people who may be one have in common: keys by which few are found among millions, never a proof.

Where a notification names no card, the register is not read for it: a person is met by the name in whichever
order, by birth date and nationality, or by a card whose number is one slip away. Two slips in the number are
met by the other keys.
"""

from typing import Final

import polars as pl

from renkei.matching.names import fold_plain, fold_writing

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS: Final = "0123456789"
#: What may stand at each place of a card number.
_PLACES: Final = (_LETTERS,) * 2 + (_DIGITS,) * 8 + (_LETTERS,) * 2
_LENGTH: Final = len(_PLACES)
#: Letters and digits that are read for one another.
_AS_LETTER: Final = {"0": "O", "1": "I", "8": "B", "5": "S", "2": "Z"}
_AS_DIGIT: Final = {letter: digit for digit, letter in _AS_LETTER.items()}


def name_key(names: pl.Series) -> pl.Series:
    """Fold names so that one person's are equal however they are spaced, ordered and marked; null as null."""
    words = fold_plain(fold_writing(names)).str.split(" ").list.sort().list.join("")
    return words.replace("", None)


def plain_number(numbers: pl.Series) -> pl.Series:
    """Fold card numbers as written to capitals and digits; those of the right length each in its place."""
    bare = numbers.str.normalize("NFKC").str.to_uppercase().str.replace_all("[^0-9A-Z]", "")
    frame = bare.alias("bare").to_frame()
    letters, digits = (
        pl.col("bare").str.slice(start, length).str.replace_many(instead)
        for start, length, instead in ((0, 2, _AS_LETTER), (2, 8, _AS_DIGIT))
    )
    ending = pl.col("bare").str.slice(10, 2).str.replace_many(_AS_LETTER)
    whole = pl.col("bare").str.len_bytes() == _LENGTH
    placed = pl.when(whole).then(pl.concat_str(letters, digits, ending)).otherwise("bare")
    return frame.select(placed.alias(numbers.name)).to_series()


def parts(plain: pl.Expr) -> dict[str, pl.Expr]:
    """Cut plain numbers so that one slip (`near_numbers`) leaves one of the parts whole."""
    long = plain.str.len_bytes() >= _LENGTH - 1
    return {
        "prefix6": pl.when(long).then(plain.str.slice(0, 6)),
        "suffix6": pl.when(long).then(plain.str.slice(-6)),
        "affixes": pl.when(long).then(plain.str.slice(0, 3) + plain.str.slice(-3)),
    }


def near_numbers(numbers: pl.DataFrame) -> pl.DataFrame:
    """Write every card number that is one slip away from those given, themselves included.

    `numbers` has `notification_id` and `plain`; so has what is returned, some two hundred rows for each. A
    slip is a wrong character, one too many or too few, or two neighbours exchanged. Numbers shorter or longer
    by two or more have no near ones.
    """
    plain, length = pl.col("plain"), pl.col("plain").str.len_bytes()
    rows = numbers.select("notification_id", "plain").filter(length.is_between(_LENGTH - 1, _LENGTH + 1))
    whole = rows.filter(length == _LENGTH)
    characters = pl.DataFrame(
        [(place, each) for place, allowed in enumerate(_PLACES) for each in allowed],
        schema={"place": pl.UInt32, "instead": pl.String},
        orient="row",
    )
    before = plain.str.slice(0, pl.col("place"))
    changed = [
        whole,
        *(
            frame.join(characters, how="cross").select(
                "notification_id", pl.concat_str(before, "instead", plain.str.slice(after)).alias("plain")
            )
            # One character for another, and one where it was left out.
            for frame, after in (
                (whole, pl.col("place") + 1),
                (rows.filter(length == _LENGTH - 1), pl.col("place")),
            )
        ),
        _places(rows.filter(length == _LENGTH + 1), _LENGTH + 1).select(
            "notification_id", pl.concat_str(before, plain.str.slice(pl.col("place") + 1)).alias("plain")
        ),
        _places(whole, _LENGTH - 1).select(
            "notification_id",
            pl.concat_str(
                before,
                plain.str.slice(pl.col("place") + 1, 1),
                plain.str.slice(pl.col("place"), 1),
                plain.str.slice(pl.col("place") + 2),
            ).alias("plain"),
        ),
    ]
    return pl.concat(changed).unique()


def _places(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    return rows.join(pl.DataFrame({"place": pl.int_range(count, dtype=pl.UInt32, eager=True)}), how="cross")
