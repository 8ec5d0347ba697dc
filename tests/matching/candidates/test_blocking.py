"""Who is looked at: each pass lets through whom it should, and few others."""

from datetime import date

import polars as pl
import pytest

from renkei.agreement.datasets import CARDS, NOTIFICATIONS
from renkei.matching.candidates import default_parameters
from renkei.matching.candidates.blocking import block
from renkei.matching.validation import empty

CARD = {
    "card_number": "AB12345678CD", "person": 0, "person_id": "P1", "name": "NGUYEN VAN ANH",
    "kanji_name": None,
    "birth_date": 19980401, "sex": 1, "nationality": "VNM", "status_of_residence": "ssw_1",
    "stay_expires_on": date(2027, 9, 30), "extra_activity_permission": False,
}  # fmt: skip
NOBODY = {
    "card_number": "ZZ99999999ZZ", "person": 1, "person_id": "P2", "name": "SATO HANAKO", "kanji_name": None,
    "birth_date": 19700101, "sex": 2, "nationality": "BRA", "status_of_residence": "long_term",
    "stay_expires_on": date(2030, 1, 1), "extra_activity_permission": False,
}  # fmt: skip
FAR = {
    "card_number": "QQ00000000QQ", "name": "X Y", "birth_date": 19600606, "sex": 1, "nationality": "PER",
    "stay_expires_on": date(2026, 6, 6),
}  # fmt: skip


def frame(dataset, rows: list[dict]) -> pl.DataFrame:
    kinds = dict(empty(dataset).schema) | ({"person": pl.UInt32} if dataset == CARDS else {})
    return pl.DataFrame(rows, schema={name: kinds[name] for name in rows[0]})


def seen(passes: list[list[str]], **reported: object) -> set[int]:
    asked = frame(NOTIFICATIONS, [FAR | reported])
    return set(block(asked, frame(CARDS, [CARD, NOBODY]), passes)[0]["person"])


@pytest.mark.parametrize(
    ("keys", "reported"),
    [
        (["card_number_nearly"], {"card_number": "AB12345687CD"}),
        (["card_number_nearly"], {"card_number": "AB1234567CD"}),
        (["card_number_nearly"], {"card_number": "AB123456789CD"}),
        (["card_number_nearly"], {"card_number": "XB12345678CD"}),
        (["card_number_nearly"], {"card_number": "ABI2345678CD"}),
        (["card_number_begins", "nationality"], {"card_number": "AB12345699CD", "nationality": "VNM"}),
        (["card_number_middle", "nationality", "sex"], {"card_number": "XB12345678CX", "nationality": "VNM"}),
        (["card_number_ends", "nationality"], {"card_number": "AX92345678CD", "nationality": "VNM"}),
        (["birth_date", "sex", "nationality"], {"birth_date": 19980401, "nationality": "VNM"}),
        (["birth_date", "stay_expires_on"], {"birth_date": 19980401, "stay_expires_on": date(2027, 9, 30)}),
        (["birth_date", "name"], {"birth_date": 19980401, "name": "Ánh, Nguyễn Văn"}),
        (["name", "birth_year"], {"name": "ANH VAN NGUYEN", "birth_date": 19980104}),
        (["name", "birth_day"], {"name": "NGUYENVANANH", "birth_date": 19350401}),
    ],
)
def test_a_pass_lets_through_who_shares_its_keys_and_nobody_else(keys: list[str], reported: dict):
    assert keys in [list(each) for each in default_parameters().passes]
    assert seen([keys], **reported) == {0}
    assert seen([keys]) == set()


def test_a_part_of_the_number_is_not_enough():
    shared = {"card_number": "AB12999999ZZ", "nationality": "VNM"}

    assert seen([["card_number_begins", "nationality"]], **shared) == set()


@pytest.mark.parametrize("keys", default_parameters().passes, ids="-".join)
def test_what_is_blank_meets_nobody(keys: tuple[str, ...]):
    blank = dict.fromkeys(("name", "birth_date", "sex", "nationality", "stay_expires_on"))
    reported = frame(NOTIFICATIONS, [FAR | blank | {"card_number": ""}])
    held = frame(CARDS, [CARD | blank | {"card_number": ""}])

    assert block(reported, held, [keys])[0].height == 0
