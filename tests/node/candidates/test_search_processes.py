"""The library's own search on a node's database: the candidates and their probabilities."""

from datetime import date
from math import log2

import polars as pl
import pytest

from node.records.made_up import card, card_of, notification, permission, person
from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERSONS
from renkei.matching.candidates import CANDIDATES
from renkei.node.candidates.models import Candidate, NotFound
from renkei.node.candidates.search import search
from renkei.node.matching_run import run
from renkei.node.matching_run.models import Finding

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)
TWIN = {"name": "SAMPLE HANAKO", "birth_date": "1970-12-31", "nationality": "BRA"}
MISTYPED = "AB0000000lCD"  # a small L for the 1


@pytest.fixture
def matched(register, deliver):
    """P1 was notified with a number close to their own, an unknown person with a number of no card."""
    people = [person(1), *(person(number, **TWIN) for number in range(2, 30))]
    register("persons", *people)
    register("cards", card_of(1), *(card_of(number, **TWIN) for number in range(2, 30)))
    register("permissions", permission(1))
    strange = {"name": "NOBODY ATALL", "birth_date": "1961-07-09", "nationality": "PER"}
    deliver(
        notification(1, card_number=MISTYPED),
        notification(2, card_number="ZZ99999999ZZ", stay_expires_on="2031-01-01", **strange),
    )
    return run.match(DAY)


def test_the_person_is_found_and_nobody_for_a_stranger(matched):
    found = Candidate.objects.get(rank=1)

    assert matched["sought"] == 2
    assert (found.notification_id, found.person_id, found.card_number) == ("N1", "P1", card(1))
    assert found.probability > 0.99
    assert found.evidence.startswith("card_number:look_alike:")
    assert NotFound.objects.get(pk="N2").best_probability is None


def test_the_suspicion_names_the_notification(matched):
    told = Finding.objects.get(kind="suspected_omission")

    assert told.status == "coe unmatched_notification"
    assert told.values["notification_id"] == "N1"


def test_a_value_that_many_hold_says_less(matched, register):
    def bits(rows: pl.DataFrame) -> float:
        said = dict(part.rsplit(":", 1) for part in rows["evidence"].item().split(";"))
        return float(said["birth_date:agrees"])

    def asked(number: int, **fields: str) -> pl.DataFrame:
        rows = {
            NOTIFICATIONS: notification(1, card_number=f"AB0000{number:04d}CE", **fields),
            PERSONS: person(number, **fields),
            CARDS: card_of(number, **fields),
        }
        frames = [
            pl.DataFrame([row], schema=dict.fromkeys(dataset.names, pl.String))
            for dataset, row in rows.items()
        ]
        return search(*frames).candidates

    rare, common = asked(1), asked(2, **TWIN)

    assert list(rare.columns) == list(CANDIDATES)
    # One holds it, and twenty-eight; a small register counts with the average of a thousand records (0.09).
    assert bits(rare) == pytest.approx(bits(common) + log2(28.09 / 1.09), abs=0.02)


@pytest.mark.parametrize(("bound", "left_out"), [(11, ""), (10, "birth_date+nationality:11;name:11")])
def test_a_name_that_too_many_share_is_met_with_the_birth_date_alone(
    register, deliver, monkeypatch, bound, left_out
):
    monkeypatch.setattr("renkei.node.candidates.blocking.MOST_SHARING", bound)
    register("persons", *(person(number, **TWIN) for number in range(1, 12)))
    register("cards", *(card_of(number, **TWIN) for number in range(1, 12)))
    deliver(notification(1, card_number="ZZ99999999ZZ", **TWIN))
    run.match(DAY)

    # The exact persons are candidates in either case.
    assert Candidate.objects.count() == 10
    assert NotFound.objects.get().left_out == ";".join(filter(None, [left_out, "not_listed:1"]))


def test_who_was_not_compared_is_counted_in_the_whole_register(register, deliver, monkeypatch):
    for place in ("matching.candidates.blocking", "matching.candidates.pairs", "node.candidates.search"):
        monkeypatch.setattr(f"renkei.{place}.MOST_EXACT", 4)
    monkeypatch.setattr("renkei.node.candidates.blocking.MOST_EXACT", 4)
    monkeypatch.setattr("renkei.node.candidates.blocking.MOST_SHARING", 5)
    register("persons", *(person(number, **TWIN) for number in range(1, 21)))
    register("cards", *(card_of(number, **TWIN) for number in range(1, 21)))
    deliver(notification(1, card_number="ZZ99999999ZZ", **TWIN))
    run.match(DAY)
    found = Candidate.objects.get(rank=1)

    assert Candidate.objects.count() == 4
    assert found.probability < 1.01 / 20
    assert NotFound.objects.get().left_out.endswith("not_listed:16")
