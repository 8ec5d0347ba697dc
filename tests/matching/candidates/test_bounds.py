"""Bounds: the pairs grow with the notifications, not with their product with the register; what is left out
is counted; and a near number neither hides the exact person nor makes a stranger probable."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from renkei.agreement.datasets import CARDS, NOTIFICATIONS
from renkei.matching.candidates import blocking, find
from renkei.matching.candidates.blocking import MOST_EXACT, MOST_PERSONS, NOT_LISTED
from renkei.matching.candidates.search import LEAST_PROBABLE, MOST_LISTED, find_and_count
from renkei.matching.validation import empty

ANH = {
    "name": "NGUYEN VAN ANH", "birth_date": 19980401, "sex": 1, "nationality": "VNM",
    "status_of_residence": "ssw_1", "stay_expires_on": date(2027, 9, 30), "extra_activity_permission": False,
}  # fmt: skip
HUSSEIN = ANH | {
    "name": "HUSSEIN ALI", "birth_date": 19850612, "sex": 1, "nationality": "SYR",
    "status_of_residence": "long_term", "stay_expires_on": date(2030, 2, 3),
}  # fmt: skip
RITA = ANH | {"name": "SHRESTHA RITA", "sex": 2, "nationality": "NPL", "birth_date": 19990303}
GITA = RITA | {"name": "SHRESTHA GITA"}
BY_BIRTH = "birth_date+sex+nationality"


def number(place: int, letters: str = "QX") -> str:
    """Return a number that is more than two characters away from that of every other place."""
    return f"{letters}{place * 1_234_567_891 % 10**8:08d}{chr(65 + place % 26)}{chr(65 + place // 26 % 26)}"


def cards(*people: dict) -> pl.DataFrame:
    rows = [
        {"card_number": number(place), "person_id": f"P{place:05d}", "kanji_name": None} | one
        for place, one in enumerate(people)
    ]
    return typed(CARDS, rows)


def reported(*rows: dict) -> pl.DataFrame:
    return typed(
        NOTIFICATIONS,
        [
            {"card_number": number(place + 7_777, "ZK"), "notification_id": f"N{place:05d}"} | one
            for place, one in enumerate(rows)
        ],
    )


def typed(dataset, rows: list[dict]) -> pl.DataFrame:
    kinds = empty(dataset).schema
    return pl.DataFrame(rows, schema={name: kinds[name] for name in rows[0]})


def crowd(size: int) -> list[dict]:
    """Return people who have nothing in common with those above."""
    return [
        HUSSEIN | {"name": f"QADDOUR X{place}", "birth_date": 19600101 + place % 28, "nationality": "MAR"}
        for place in range(size)
    ]


# --- the number of pairs -------------------------------------------------------------------------------


@pytest.fixture
def small_bounds(monkeypatch):
    monkeypatch.setattr(blocking, "MOST_PERSONS", 20)


@pytest.mark.parametrize("size", [600, 1200])
def test_identical_people_on_both_sides_make_pairs_by_the_notification(size: int):
    found = find_and_count(reported(*[ANH] * size), cards(*[ANH] * size))

    assert found.compared <= size * (MOST_EXACT + 1)
    counts = found.counts()["left_out"]
    assert counts[BY_BIRTH] == {"notifications": size, "persons": size * size}
    assert counts[NOT_LISTED] == {"notifications": size, "persons": size * (size - MOST_LISTED)}
    # Nobody can be told from the others, though only some were compared.
    assert found.candidates["probability"].max() <= 1.1 / size


def test_a_value_is_compared_up_to_the_bound_and_left_out_beyond_it(small_bounds):
    alike = [ANH | {"name": f"TRAN X{place}", "stay_expires_on": None} for place in range(21)]
    asked = reported(ANH | {"stay_expires_on": None})

    within, beyond = (find_and_count(asked, cards(*alike[:size])) for size in (20, 21))

    assert (within.compared, within.left_out.height) == (20, 0)
    assert beyond.compared == 0
    assert beyond.left_out.rows() == [("N00000", BY_BIRTH, 21)]


def test_a_pass_that_is_left_out_does_not_hide_who_another_pass_finds(small_bounds):
    people = [ANH | {"name": f"TRAN X{place}"} for place in range(30)]
    found = find(reported(ANH), cards(*people, ANH))

    assert found["person_id"].to_list()[0] == "P00030"


def test_the_number_finds_the_person_among_many_identical_ones():
    asked = reported(ANH | {"card_number": number(150)[:-1] + "#"})
    best = find(asked, cards(*[ANH] * 300, *crowd(3000))).row(0, named=True)

    assert best["person_id"] == "P00150"
    assert best["probability"] > 0.99


def test_the_order_of_rows_does_not_matter_where_something_is_left_out(small_bounds):
    asked, held = reported(*[ANH] * 30, RITA), cards(*[ANH] * 150, RITA, GITA)
    one = find_and_count(asked, held)
    other = find_and_count(
        asked.sample(fraction=1, shuffle=True, seed=1), held.sample(fraction=1, shuffle=True, seed=2)
    )

    assert_frame_equal(one.candidates, other.candidates)
    assert_frame_equal(one.left_out, other.left_out)


def test_comparing_in_portions_changes_nothing(monkeypatch):
    asked, held = reported(*[ANH] * 5, RITA, GITA), cards(*[ANH] * 12, RITA, GITA)
    whole = find_and_count(asked, held)
    monkeypatch.setattr("renkei.matching.candidates.pairs._PAIRS_AT_ONCE", 10)
    monkeypatch.setattr("renkei.matching.candidates.search._NOTIFICATIONS_AT_ONCE", 3)

    assert_frame_equal(find_and_count(asked, held).candidates, whole.candidates)


def test_a_bound_of_the_shipped_passes_is_far_above_what_a_register_has():
    # Of 4 million residents, some 20 share a birth date, sex and nationality on average.
    assert MOST_PERSONS >= 20 * 20


# --- who has the exact name and birth date -------------------------------------------------------------


@pytest.mark.parametrize("nearer", [1, 2, 5])
def test_a_twin_with_the_exact_name_is_listed_though_others_numbers_are_nearer(nearer: int):
    asked = reported(GITA | {"card_number": "AB12345688CD"})
    near = [RITA | {"card_number": f"AB1234568{place}CD"} for place in range(nearer)]
    found = find(asked, cards(GITA, *near, *crowd(500)))

    assert "P00000" in found["person_id"].to_list()
    assert found["rank"].to_list() == list(range(1, found.height + 1))
    assert found["probability"].is_sorted(descending=True)


def test_a_twin_with_another_name_needs_the_usual_probability():
    asked = reported(GITA | {"card_number": "AB12345688CD"})
    found = find(asked, cards(GITA | {"name": "SHRESTHA SITA"}, RITA | {"card_number": "AB12345687CD"}))

    assert found.filter(pl.col("probability") < LEAST_PROBABLE).is_empty()


# --- who shares nothing but a near number --------------------------------------------------------------


NEAR = {"look-alike": "AB123456O8CD", "digit": "AB12345698CD"}
SHARED = (
    {},
    {"sex": 1},
    {"sex": 1, "nationality": "VNM"},
    # All that is on the card, copied with its number.
    {name: ANH[name] for name in ("sex", "nationality", "stay_expires_on", "status_of_residence")},
    {"birth_date": None},
    {"birth_date": None, "sex": 1, "nationality": "VNM", "stay_expires_on": ANH["stay_expires_on"]},
    # A year, or a name in kana that sounds different, is no person.
    {"birth_date": 19981212},
    {"birth_date": None, "name": "フセイン アリ"},
)


def most_probable(size: int, asked: dict[str, dict]) -> dict[str, float | None]:
    """Return by name how probable the best candidate of each notification is, with a crowd of `size`."""
    held = cards(ANH | {"card_number": "AB12345608CD"}, *crowd(size))
    found = find(reported(*asked.values()), held)
    probable = dict(found.group_by("notification_id").agg(pl.col("probability").max()).iter_rows())
    return {name: probable.get(f"N{place:05d}") for place, name in enumerate(asked)}


@pytest.mark.parametrize("size", [0, 1, 10, 100, 3000])
def test_a_stranger_with_a_near_number_is_no_candidate_above_one_half(size: int):
    strangers = {
        f"{near} {shared}": HUSSEIN | {"card_number": card_number, "sex": 2} | shared
        for near, card_number in NEAR.items()
        for shared in SHARED
    }
    probable = most_probable(size, strangers)

    assert len(probable) == 16
    assert {each: p for each, p in probable.items() if p is not None and p > 0.5} == {}


@pytest.mark.parametrize("size", [0, 10, 3000])
def test_with_a_near_number_name_and_birth_date_say_who_it_is(size: int):
    differing = ({}, {"birth_date": 19980104}, {"name": "NGUYEN VAN"})
    asked = {str(each): ANH | {"card_number": NEAR["digit"]} | each for each in differing}
    probable = most_probable(size, asked)

    assert len(probable) == 3
    assert {each: p for each, p in probable.items() if p is None or p <= 0.95} == {}
