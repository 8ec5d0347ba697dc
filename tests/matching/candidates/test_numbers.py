"""How near two card numbers are."""

import polars as pl
import pytest

from renkei.matching.candidates.comparison_levels import CARD_LEVELS, KINDS
from renkei.matching.candidates.numbers import clean

HELD = "AB12345678CD"


@pytest.mark.parametrize(
    ("reported", "level"),
    [
        ("AB1Z34S678CD", "look_alike"),
        ("4B12345678CD", "one_character"),
        ("ＡＢ－１２３４５６７８－ＣＤ", "look_alike"),
        ("AB1234567BCD", "look_alike"),
        ("A812345678CD", "look_alike"),
        ("AB12345668CD", "one_character"),
        ("AB12345687CD", "exchanged"),
        ("BA12345678CD", "exchanged"),
        ("AB1234567CD", "one_more_or_less"),
        ("AB123456778CD", "one_more_or_less"),
        ("AB12345699CD", "two_characters"),
        ("AB1234578DC", "two_characters"),
        ("AB12345999CD", "far"),
        ("CD12345678AB", "far"),
    ],
)
def test_a_slip_of_the_hand_or_the_eye_has_its_level(reported: str, level: str):
    found = KINDS["card_number"].compare(pl.DataFrame({"reported": [reported], "held": [HELD]}))

    assert [CARD_LEVELS[place].name for place in found] == [level]


def test_a_number_that_was_not_given_says_nothing():
    pairs = pl.DataFrame(
        {"reported": [None, HELD], "held": [HELD, None]}, schema_overrides={"held": pl.String}
    )

    assert KINDS["card_number"].compare(pairs.cast(pl.String)).to_list() == [None, None]


def test_look_alikes_are_read_as_what_stands_in_their_place_and_only_there():
    assert clean(pl.Series(["OB12345678CD", "AB0O345678CD", "ab 1234 5678 cd", "AB1234567"])).to_list() == [
        "OB12345678CD",
        "AB00345678CD",
        "AB12345678CD",
        "AB1234567",
    ]
