"""Learning: without labels the known world is found again; labels say more."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from matching.candidates.conftest import Lost
from renkei.matching.candidates import Parameters, default_parameters, find, learn
from renkei.matching.candidates.parameters import Item


def flat() -> Parameters:
    """Parameters that know little: the best level speaks for, the last against, the others say nothing."""
    items = []
    for item in default_parameters().items:
        count = len(item.right)
        right = (0.8,) + (0.2 / (count - 1),) * (count - 1)
        items.append(replace(item, right=right, wrong=right[::-1]))
    return replace(default_parameters(), items=tuple(items), prior=0.5)


def learned(lost: Lost, labels: pl.DataFrame | None = None) -> Parameters:
    return learn(
        lost.notifications, lost.cards, flat(), version="t", learned_on=date(2026, 11, 23),
        learned_from="a test", labels=labels,
    )  # fmt: skip


def test_who_meets_himself_by_luck_is_no_stranger_who_agrees():
    people = 200
    numbers = [f"{number:09d}" for number in range(0, people * 1_357_911, 1_357_911)]
    held = pl.DataFrame({"person_id": numbers, "card_number": numbers, "number": numbers, "day": numbers})
    number = Item("number", "own_number", (0.7, 0.1, 0.1, 0.1), (0.1, 0.1, 0.1, 0.7))
    start = replace(
        default_parameters(), items=(number, replace(number, name="day")), passes=(("number",), ("day",))
    )

    found = learn(
        held.select("number", "day", notification_id="person_id"), held, start,
        version="t", learned_on=date(2026, 11, 23), learned_from="a test",
    )  # fmt: skip

    # One pair in two hundred is of one person; of two people, not one agrees.
    assert found.items[0].wrong[0] < 1 / people / 20
    assert found.items[0].right[0] > 0.95


def recall(lost: Lost, parameters: Parameters) -> float:
    best = find(lost.notifications, lost.cards, parameters).filter(pl.col("rank") == 1)
    both = lost.truth.drop_nulls("person_id").join(best, on="notification_id", suffix="_said")
    known = lost.notifications.join(
        lost.truth.drop_nulls("person_id"), on="notification_id", how="semi"
    ).height
    return both.filter(pl.col("person_id") == pl.col("person_id_said")).height / known


# A million wrong pairs are drawn each time.
@pytest.fixture(scope="module")
def unlabelled(lost: Lost) -> Parameters:
    return learned(lost)


@pytest.mark.long
def test_without_labels_it_finds_who_is_right(lost: Lost, unlabelled: Parameters):
    truly = lost.notifications.join(lost.truth.drop_nulls("person_id"), on="notification_id", how="semi")

    assert recall(lost, unlabelled) >= 0.99
    assert unlabelled.prior == pytest.approx(truly.height / lost.notifications.height, abs=0.02)


@pytest.mark.long
def test_what_it_learns_is_what_was_done_to_the_numbers(lost: Lost, unlabelled: Parameters):
    flaws = lost.notifications.join(lost.truth.drop_nulls("person_id"), on="notification_id")["flaws"]
    number = unlabelled.item("card_number")
    for level, flaw in (("look_alike", "number_o_for_0"), ("exchanged", "number_neighbours")):
        share = flaws.str.contains(flaw).mean()

        assert number.right[number.kind.place(level)] == pytest.approx(share, abs=0.03)


@pytest.mark.long
def test_labels_give_the_same_or_better(lost: Lost):
    labels = lost.truth.select("notification_id", "person_id")
    parameters = learned(lost, labels)

    assert recall(lost, parameters) >= 0.99
    assert 0 < parameters.sharpness <= 1


@pytest.mark.long
def test_learning_twice_gives_the_same(lost: Lost, unlabelled: Parameters):
    assert learned(lost) == unlabelled
