"""From levels to probabilities, by hand."""

from datetime import date

import polars as pl
import pytest

from renkei.matching.candidates.match_weights import probabilities, weigh
from renkei.matching.candidates.parameters import Item, Parameters

SEX = Item("sex", "sex", right=(0.9, 0.1), wrong=(0.5, 0.5))
NUMBER = Item("card_number", "card_number", right=(0.5, 0.1, 0.1, 0.1, 0.1, 0.1), wrong=(0.25,) + (0.15,) * 5)


def parameters(*items: Item, prior: float = 0.5, sharpness: float = 1.0) -> Parameters:
    return Parameters("test", date(2026, 11, 23), "by hand", prior, sharpness, items, (("sex",),))


def seen(**columns: list) -> pl.DataFrame:
    return pl.DataFrame({"query": [0] * len(next(iter(columns.values()))), **columns})


def test_a_weight_is_how_much_likelier_the_level_is_for_one_person():
    weighed = weigh(seen(card_number_level=[0, 1, None]), parameters(NUMBER))

    assert weighed["weight"].to_list() == pytest.approx([1.0, -0.585, 0.0], abs=0.001)


def test_a_value_that_many_share_says_less():
    # Half of the register holds the one, a sixteenth the other: log2(0.9 / 0.5), log2(0.9 / 0.0625).
    weighed = weigh(seen(sex_level=[0, 0], sex_share=[0.5, 0.0625]), parameters(SEX))

    assert weighed["weight"].to_list() == pytest.approx([0.848, 3.848], abs=0.001)


def test_candidates_and_nobody_share_one_whole():
    judged = probabilities(seen(weight=[3.0, 1.0, 1.0]), parameters(SEX), population=10)
    # Odds 8, 2, 2 times 0.5 / 10 against 0.5.
    expected = [0.4 / 1.1, 0.1 / 1.1, 0.1 / 1.1]

    assert judged["probability"].to_list() == pytest.approx(expected)
    assert judged["nobody"].to_list() == pytest.approx([0.5 / 1.1] * 3)


def test_weights_of_any_size_do_not_overflow():
    judged = probabilities(seen(weight=[5000.0, -5000.0]), parameters(SEX), population=10)

    assert judged["probability"].to_list() == pytest.approx([1.0, 0.0])


def test_sharpness_below_one_makes_less_sure():
    sure, less = (
        probabilities(seen(weight=[8.0]), parameters(SEX, sharpness=s), population=10)["probability"].item()
        for s in (1.0, 0.5)
    )

    assert 0.5 < less < sure
