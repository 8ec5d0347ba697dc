"""Notifications that name no card are searched for once, and again where the result may change."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from node.candidates import guessed
from node.records.made_up import card, card_of, notification, permission, person
from renkei.matching.omissions import CREDITING
from renkei.node.candidates import search
from renkei.node.candidates.models import Candidate, NotFound
from renkei.node.matching_run import run
from renkei.node.matching_run.models import Outcome

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 24)
BORN = {"birth_date": "1998-04-01", "nationality": "VNM"}
OTHER = {"name": "SAMPLE HANAKO", "birth_date": "1970-12-31", "nationality": "CHN"}


def strange(register, **fields):
    """Import a person who has nothing in common with others except the given items."""
    fields = {"sex": "2", "stay_expires_on": "2031-01-01", "name": "SAMPLE HANAKO"} | fields
    register("persons", person(2, **fields))
    register("cards", card_of(2, **fields))


class Seen:
    """A search that records its input."""

    def __init__(self) -> None:
        self.people: list[set[str]] = []
        self.cards: list[set[str]] = []

    def __call__(self, notifications, persons, cards):
        self.people.append(set(persons["person_id"]))
        self.cards.append(set(cards["card_number"]))
        return guessed.find(notifications, persons, cards)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def found() -> list[tuple[str, int, str, str]]:
    return list(Candidate.objects.values_list("notification_id", "rank", "person_id", "card_number"))


@pytest.mark.parametrize(
    ("reported", "near"),
    [
        ({"card_number": "AB00000002CD"}, True),  # one digit
        ({"card_number": "AB0000001CD"}, True),  # one left out
        ({"card_number": "AB000000011CD"}, True),  # one too many
        ({"card_number": "AB00000010CD"}, True),  # two neighbours exchanged
        ({"card_number": "BA00000001CD"}, True),
        ({"card_number": "AB0000OOOICD"}, True),  # letters for digits, however many
        ({"card_number": "ＡＢ 0000 0002 ＣＤ"}, True),
        ({"card_number": "AB00000022CD"}, False),  # two slips, and nothing else alike
        ({"card_number": "AB00000022CD", "name": "Anh, Nguyễn Văn"}, True),
        ({"card_number": "ZZ00009999CD", "name": "Anh, Nguyễn Văn"}, True),  # a third of the number
        ({"card_number": "なし", "name": "Anh, Nguyễn Văn", "stay_expires_on": "2031-01-01"}, False),
        ({"card_number": "なし", "name": "Anh, Nguyễn Văn", "birth_date": "1998-12-31"}, True),
        ({"card_number": "なし", "name": "Anh, Nguyễn Văn", "birth_date": "1970-04-01"}, True),
        ({"card_number": "なし", "name": "グエン", "birth_date": "1998-04-01", "nationality": "VNM"}, True),
        ({"card_number": "なし", "birth_date": "1998-04-01"}, False),  # of another nationality
        ({"card_number": "なし", **BORN, "sex": "2"}, True),  # of the same expiry
        ({"card_number": "なし", **BORN, "sex": "2", "stay_expires_on": "2031-01-01"}, False),
    ],
)
@pytest.mark.parametrize("one_by_one", [5_000, 0], ids=["one by one", "all at once"])
def test_few_of_the_register_are_met(register, deliver, seen, monkeypatch, one_by_one, reported, near):
    monkeypatch.setattr("renkei.node.candidates.blocking.FEW", one_by_one)
    register("persons", person(1), person(2, name="EXAMPLE JIRO", birth_date="1960-01-01", nationality="PER"))
    register("cards", card_of(1), card_of(1, 77_000_777), card_of(2, 99_000_999))
    deliver(notification(1, **(OTHER | reported)))
    run.match(DAY, seen)

    assert seen.people == [{"P1"} if near else set()]
    assert seen.cards == [{card(1), card(77_000_777)} if near else set()]


def test_candidates_are_kept_with_their_probability(register, deliver):
    register("persons", person(1), person(2))
    register("cards", card_of(1), card_of(2))
    deliver(notification(1, card_number="AB00000011CD"))
    counts = run.match(DAY, guessed.find)
    kept = NotFound.objects.get()

    assert counts["sought"] == 1
    assert found() == [("N1", 1, "P1", card(1)), ("N1", 2, "P2", card(2))]
    assert (kept.best_probability, kept.no_match_probability, kept.needs_search, kept.state) == (
        0.49,
        0.02,
        False,
        "waiting",
    )


def test_whoever_was_looked_for_is_not_looked_for_again(register, deliver, seen):
    register("persons", person(1))
    register("cards", card_of(1))
    deliver(notification(1, card_number="なし"))
    run.match(DAY, seen)
    deliver(notification(2, card_number="なし", **OTHER))
    run.match(DAY + timedelta(days=1), seen)
    run.match(DAY + timedelta(days=2), seen)

    assert seen.people == [{"P1"}, set()]
    assert found() == [("N1", 1, "P1", card(1))]


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda register: register("persons", person(2)), True),  # of that name
        (lambda register: register("persons", person(2, name="グエン")), True),  # born that day
        (lambda register: register("persons", person(2, **OTHER)), False),
        (lambda register: strange(register, **BORN), False),  # born that day, and nothing else
        (lambda register: strange(register, **BORN, sex="1"), True),
        (lambda register: register("persons", person(1, address="東京都架空区1-1")), True),  # a candidate
        (lambda register: register("persons", {"person_id": "P1"}), True),  # a candidate who goes
    ],
)
def test_a_change_of_the_register_has_candidates_looked_for_again(register, deliver, seen, change, again):
    register("persons", person(1))
    register("cards", card_of(1), card_of(2))
    deliver(notification(1, card_number="なし"))
    run.match(DAY, seen)
    change(register)
    run.match(DAY + timedelta(days=1), seen)

    assert len(seen.people) == 1 + again


@pytest.mark.parametrize(
    "reported", ["AB12345679CD", "AB1234567CD", "AB123456788CD", "AB12345687CD", "BA12345678CD"]
)
def test_a_new_card_is_met_by_the_notification_whose_number_is_near(register, deliver, seen, reported):
    register("persons", person(1, **OTHER))
    deliver(notification(1, card_number=reported))
    run.match(DAY, seen)
    register("cards", card_of(1, 12_345_678))
    run.match(DAY + timedelta(days=1), seen)

    assert seen.people == [set(), {"P1"}]


def test_what_is_found_after_all_is_not_found_no_more(register, deliver):
    register("persons", person(1), person(2))
    register("cards", card_of(1))
    deliver(notification(1, card_number=card(2)), notification(2, card_number="なし"), notification(3))
    run.match(DAY, guessed.find)
    before = set(NotFound.objects.values_list("pk", flat=True))
    register("cards", card_of(2))
    gone = {"deleted_on": "2026-11-24", "registered_on": "2026-04-10"}
    deliver({"notification_id": "N2", "card_number": "なし", **gone})
    run.match(DAY + timedelta(days=1), guessed.find)

    assert before == {"N1", "N2", "N3"}
    assert set(NotFound.objects.values_list("pk", flat=True)) == {"N3"}
    assert set(Candidate.objects.values_list("notification_id", flat=True)) == {"N3"}


def test_a_number_on_a_card_whose_person_has_not_come_is_held_and_not_searched_for(register, deliver):
    register("cards", card_of(1))
    deliver(notification(1))
    run.match(DAY, guessed.find)
    before = (NotFound.objects.count(), *Outcome.objects.values_list("outcome", flat=True))
    register("persons", person(1))
    run.match(DAY + timedelta(days=1), guessed.find)

    assert before == (0, "held")
    assert NotFound.objects.count() == 0
    assert list(Outcome.objects.values_list("outcome", flat=True)) == ["matched"]


def test_many_are_looked_for_in_as_many_statements_as_few(register, deliver):
    register("persons", *(person(number) for number in range(1, 41)))
    register("cards", *(card_of(number) for number in range(1, 41)))
    asked = []
    run.match(DAY, guessed.find)
    for day, numbers in enumerate((range(1, 3), range(3, 40)), start=1):
        deliver(*(notification(number, card_number=f"AB1{number:07d}CD") for number in numbers))
        with CaptureQueriesContext(connection) as queries:
            run.match(DAY + timedelta(days=day), guessed.find)
        asked.append(len(queries))

    assert NotFound.objects.filter(needs_search=False).count() == 39
    assert asked[1] <= asked[0]


def test_all_that_probably_mean_somebody_are_known_with_what_counts(register, deliver):
    register("persons", person(1), person(2, **OTHER))
    register("cards", card_of(1), card_of(2))
    register("permissions", permission(1))
    deliver(notification(2, card_number="なし"), notification(1, card_number="ナシ"))
    run.match(DAY, guessed.find)

    said = {"person_id": "P1", "probability": 0.98, "employment_start": date(2026, 4, 1)}
    found = search.probable().sort("notification_id")
    assert found.select("notification_id", *said).rows(named=True) == [
        {"notification_id": "N1", **said},
        {"notification_id": "N2", **said},
    ]
    assert set(CREDITING) <= set(found.columns)
