"""At which level two values of a kind agree."""

from datetime import date

import polars as pl
import pytest

from renkei.matching.candidates.comparison_levels import KINDS
from renkei.matching.values import NATIONALITY_KEYS, STATUS_KEYS


def level(
    kind: str, reported: object, held: object, *, dtype=None, held_kanji: str | None = None
) -> str | None:
    pairs = pl.DataFrame({"reported": [reported], "held": [held]}, schema={"reported": dtype, "held": dtype})
    if kind == "name":
        pairs = pairs.with_columns(held_kanji=pl.lit(held_kanji, dtype=pl.String))
    place = KINDS[kind].compare(pairs).item()
    return None if place is None else KINDS[kind].levels[place].name


@pytest.mark.parametrize(
    ("reported", "held", "expected"),
    [
        ("Anh Nguyen Van", "NGUYEN VAN ANH", "agrees"),
        ("NGUYEN ANH", "NGUYEN VAN ANH", "partial"),
        ("MARIA CHRISTI", "MARIA CHRISTINA SANTOS", "truncated"),
        ("NGUYEN VAN ANG", "NGUYEN VAN ANH", "one_letter"),
        ("NGUYEN VAM ANG", "NGUYEN VAN ANH", "two_letters"),
        ("グエン ヴァン アン", "NGUYEN VAN ANH", "sound"),
        ("ｸﾞｴﾝ ﾊﾞﾝ ｱﾝ", "NGUYEN VAN ANH", "sound"),
        ("タナカ ハナコ", "NGUYEN VAN ANH", "other_sound"),
        ("TRAN THI ANH", "NGUYEN VAN ANH", "far"),
        ("NGUYEN THI ANH", "NGUYEN VAN ANH", "shared_word"),
        ("KUMRA", "SURESH KUMAR", "near_word"),
        ("KU", "SURESH KUMAR", "far"),
        ("LI", "LU", "far"),
    ],
)
def test_a_name_has_its_level(reported: str, held: str, expected: str):
    assert level("name", reported, held, dtype=pl.String) == expected


def test_a_name_in_kanji_meets_the_kanji_name_alone():
    assert level("name", "王偉", "WANG WEI", dtype=pl.String) is None
    assert level("name", "王偉", "WANG WEI", dtype=pl.String, held_kanji="王偉") == "agrees"


@pytest.mark.parametrize(
    ("reported", "held", "expected"),
    [
        (19980401, 19980401, "agrees"),
        (19980400, 19980401, "agrees"),
        (19980104, 19980401, "day_month_swapped"),
        (19980402, 19980401, "one_digit"),
        (19890401, 19980401, "one_digit"),
        (19350401, 19980401, "era"),
        (19980101, 19980715, "same_year"),
        (19720715, 19980401, "far"),
        (None, 19980401, None),
    ],
)
def test_a_birth_date_has_its_level(reported: int | None, held: int, expected: str | None):
    assert level("birth_date", reported, held, dtype=pl.Int32) == expected


@pytest.mark.parametrize(
    ("kind", "reported", "held", "dtype", "expected"),
    [
        ("stay_expires_on", date(2027, 9, 30), date(2027, 9, 30), pl.Date, "agrees"),
        ("stay_expires_on", date(2027, 9, 30), date(2028, 9, 30), pl.Date, "one_digit"),
        ("stay_expires_on", date(2027, 9, 30), date(2025, 1, 11), pl.Date, "far"),
        ("sex", 1, 1, pl.UInt8, "agrees"),
        ("sex", 1, 2, pl.UInt8, "differs"),
        ("sex", 0, 2, pl.UInt8, None),
        ("nationality", "HKG", "CHN", NATIONALITY_KEYS, "agrees"),
        ("nationality", "TWN", "CHN", NATIONALITY_KEYS, "related"),
        ("nationality", "VNM", "CHN", NATIONALITY_KEYS, "differs"),
        ("status_of_residence", "titp", "titp_1a", STATUS_KEYS, "agrees"),
        ("status_of_residence", "student", "titp_1a", STATUS_KEYS, "differs"),
        ("extra_activity_permission", True, False, pl.Boolean, "differs"),
        ("text", "SMITH", "SMYTH", pl.String, "one_letter"),
        ("text", "SMITH", "MILLER", pl.String, "far"),
        ("digits", "12345", "12354", pl.String, "one_character"),
        ("code", "nsw", "vic", pl.String, "differs"),
    ],
)
def test_other_values_have_their_level(
    kind: str, reported: object, held: object, dtype, expected: str | None
):
    assert level(kind, reported, held, dtype=dtype) == expected
