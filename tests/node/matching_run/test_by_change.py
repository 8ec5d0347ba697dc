"""For any changes on any days: the active findings equal those of one full run, and are reported."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

import polars as pl
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from node.candidates import guessed
from node.records import made_up
from renkei.agreement.datasets import (
    CARDS,
    NOTIFICATIONS,
    PERMISSIONS,
    PERSONS,
    Dataset,
)
from renkei.matching.outcomes import FAULTY
from renkei.matching.reconciliation import reconcile
from renkei.node.accounts import purposes
from renkei.node.candidates import search, services
from renkei.node.candidates.models import Candidate, NotFound
from renkei.node.matching_run import outgoing, scope
from renkei.node.matching_run import run as matching_run
from renkei.node.matching_run.models import Answer, AnswerDay, Finding, Outcome, Run
from renkei.node.records import annex1, bulk_copy, imports, retention
from renkei.node.records.models import (
    Card,
    ChangedKey,
    Erasure,
    Import,
    Permission,
    Person,
    ReceivedNotification,
    Reject,
)

FIRST = date(2026, 4, 1)
PEOPLE, NUMBERS, NOTICES, GRANTS = 3, 5, 5, 3
RECORDS = (Erasure, ChangedKey, Reject, Import, Card, Permission, Person, ReceivedNotification)
NAMES = ("EXAMPLE TARO", "EXAMPLE HANAKO", "SAMPLE JIRO")
OUTCOME = ("notification_id", "outcome", "person_id", "identity_conflict", "differences")
SENT = count(1)
BIRTHS = ("1990-01-02", "1990-02-01", "1985-00-00")


#: Faults of a row of the register that cost the row, by dataset: columns that are overwritten.
FAULTS = {
    "persons": ({"card_number": "AB12"}, {"person_id": ""}, {"person_id": "P" * 40}),
    "cards": ({"card_number": "AB12"}, {"person_id": ""}, {"person_id": "P" * 40}),
}


def _perhaps_faulty(draw, dataset: str, row) -> dict[str, str]:
    """One row in four cannot be taken."""
    return {**row, **(draw(st.sampled_from(FAULTS[dataset])) if draw(st.integers(0, 3)) == 0 else {})}


def _identity(draw) -> dict[str, str]:
    return {
        "name": draw(st.sampled_from(NAMES)),
        "birth_date": draw(st.sampled_from(BIRTHS)),
        "nationality": draw(st.sampled_from(("VNM", "CHN"))),
    }


@st.composite
def persons(draw):
    number, latest = draw(st.integers(1, PEOPLE)), draw(st.integers(1, NUMBERS))
    made = made_up.person(number, card_number=made_up.card(latest), **_identity(draw))
    return _perhaps_faulty(draw, "persons", made)


@st.composite
def cards(draw):
    made = made_up.card_of(draw(st.integers(1, PEOPLE)), draw(st.integers(1, NUMBERS)), **_identity(draw))
    return _perhaps_faulty(draw, "cards", made)


@st.composite
def permissions(draw):
    fields = {
        "person_id": f"P{draw(st.integers(1, PEOPLE))}",
        "ground": draw(st.sampled_from(("coe", "change"))),
        "contract_confirmed": draw(st.sampled_from(("true", "true", "false"))),
    }
    permitted = draw(st.sampled_from(("", "2026-01-10", "2026-02-27", "2026-03-01")))
    made = made_up.permission(draw(st.integers(1, GRANTS)), **fields)
    return {name: value for name, value in made.items() if name != "permitted_on"} | (
        {"permitted_on": permitted} if permitted else {}
    )


@st.composite
def notifications(draw):
    number = draw(st.integers(1, NOTICES))
    named = draw(st.sampled_from([*map(made_up.card, range(1, NUMBERS + 2)), "なし"]))
    if draw(st.integers(0, 5)) == 0:
        return {
            "notification_id": f"N{number}",
            "card_number": named,
            "registered_on": "2026-03-02",
            "deleted_on": "2026-04-01",
        }
    employment = {
        "employment_start": draw(st.sampled_from(("2026-01-01", "2026-03-01", ""))),
        "registered_on": draw(st.sampled_from(("2026-01-09", "2026-03-02"))),
        "establishment_name": draw(st.sampled_from(("架空商事", "見本工業"))),
    }
    if draw(st.integers(0, 3)) == 0:
        employment["employment_end"] = "2026-03-20"
    return made_up.notification(number, card_number=named, **employment, **_identity(draw))


@pytest.fixture
def node_settings(settings):
    """Django's settings, under a name that does not collide with hypothesis's `settings`."""
    return settings


DECISIONS = ("slip_of_the_pen", "slip_of_the_pen", "another_person", "confirmed_in_error")
DAYS = st.lists(
    st.tuples(
        st.integers(0, 40),  # days since the one before: due dates pass
        st.lists(persons(), max_size=3),
        st.lists(cards(), max_size=4),
        st.lists(permissions(), max_size=2),
        st.lists(notifications(), max_size=4),
        st.sampled_from(("delta", "delta", "full")),
        st.booleans(),  # whether the answer can be sealed that day
        st.booleans(),  # whether the counterpart refuses it at first
        st.lists(st.sampled_from(DECISIONS), max_size=2),  # what an officer decides on candidates
    ),
    min_size=1,
    max_size=5,
)


def _once(dataset: Dataset, rows):
    """One row for each identifier: a second one is rejected, which is tested elsewhere."""
    return {row[dataset.identifier.name]: row for row in rows}.values()


class Register:
    """The rejected rows of the register that stand: what can be read of number and person."""

    def __init__(self) -> None:
        self.rows = {PERSONS: [], CARDS: []}

    def take(self, dataset: Dataset, rows, mode: str) -> None:
        key = dataset.identifier.name
        taken: set[str] = set()
        rejected, named = [], []
        for row in rows:
            read = {
                "card_number": row["card_number"] if len(row["card_number"]) == 12 else None,
                "person_id": row["person_id"] if 0 < len(row["person_id"]) <= 32 else None,
            }
            named.append(read)
            if None in read.values() or read[key] in taken:
                rejected.append(read)
            taken.add(read[key])
        again = {read[key] for read in named} - {None}
        numbers = {read["card_number"] for read in named} - {None}
        stand = [
            each
            for each in self.rows[dataset]
            if mode == "delta"
            and each[key] not in again
            and not (each[key] is None and each["card_number"] in numbers)
        ]
        self.rows[dataset] = stand + rejected

    def faulty(self) -> pl.DataFrame:
        rows = [row for rows in self.rows.values() for row in rows if row["card_number"]]
        return pl.DataFrame(rows, schema=FAULTY)


_numbers = count(1)


def _take(directory, dataset: Dataset, rows, mode: str, now) -> None:
    path = made_up.write(directory / f"{next(_numbers)}.csv", dataset.name, *rows)
    imports.import_file(path, dataset.name, mode, now=now, confirmed="drawn; some have no rows")


def _deliver(directory, rows, now) -> None:
    number = next(_numbers)
    made_up.write(directory / str(number) / "notifications.csv", "notifications", *_once(NOTIFICATIONS, rows))
    with transaction.atomic():
        annex1.import_annex1(number, directory / str(number), now=now)


def _whole(day: date, faulty: pl.DataFrame):
    """One full run over everything: as reported, and with the confirmed cards as the named ones."""
    tables = {
        NOTIFICATIONS: "records_receivednotification",
        PERSONS: "records_person",
        CARDS: "records_card",
        PERMISSIONS: "records_permission",
    }
    frames = []
    for dataset, table in tables.items():
        columns = ", ".join(f'"{name}"' for name in dataset.names)
        frames.append(bulk_copy.read(f'SELECT {columns} FROM "{table}"', dataset.names))
    # The test's search gives the probable candidates; the matching gives what they explain.
    everything = {"as_of": day, "confirmed": "a few rows", "faulty": faulty, "probable": search.probable()}
    found = reconcile(*frames, **everything)
    named = _confirmed(found, frames[2].join(frames[1], on="person_id", how="semi"))
    as_if = frames[0].with_columns(
        card_number=pl.col("notification_id").replace_strict(named, default=pl.col("card_number"))
    )
    # On most days nobody is confirmed: then both runs are the same.
    again = reconcile(as_if, *frames[1:], **everything) if named else found
    judged = {row[0]: row for row in again.matches.select(*OUTCOME).iter_rows()}
    outcomes = {row[0]: row for row in found.matches.select(*OUTCOME).iter_rows()}
    for identifier in named:
        differences = ";".join(filter(None, ("card_number:confirmed_candidate", judged[identifier][-1])))
        outcomes[identifier] = (*judged[identifier][:-1], differences)
    return found.annex2, again.annex3, set(outcomes.values())


def _confirmed(found, cards) -> dict[str, str]:
    """The cards that confirmed notifications count for, where their number is still on no card."""
    unfound = set(found.matches.filter(pl.col("outcome") == "not_found")["notification_id"])
    owners = dict(cards.select("card_number", "person_id").iter_rows())
    return {
        each.pk: each.confirmed_card
        for each in NotFound.objects.filter(state="confirmed")
        if each.pk in unfound and owners.get(each.confirmed_card) == each.person_id
    }


def _set(frame: pl.DataFrame) -> set[tuple]:
    columns = [name for name in frame.columns if name not in ("matched_on", "action")]
    return set(frame.select(columns).rows())


def _standing(*whole) -> dict[str, set[tuple]]:
    """The active findings, in the columns of the annexes."""
    columns = {
        kind: [name for name in annex.columns if name != "matched_on"]
        for kind, annex in zip(("discrepancy", "suspected_omission"), whole, strict=True)
    }
    rows = {kind: set() for kind in columns}
    for finding in Finding.objects.filter(is_active=True):
        rows[finding.kind].add(tuple(finding.values[name] for name in columns[finding.kind]))
    return {"discrepancies": rows["discrepancy"], "suspected_omissions": rows["suspected_omission"]}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("party", ["isa"])
@pytest.mark.parametrize(
    "at_once",
    [
        pytest.param(None, id="by change"),
        pytest.param(1, id="whole, in parts of one person", marks=pytest.mark.long),
    ],
)
@hypothesis_settings(max_examples=20, suppress_health_check=[*HealthCheck])
@given(days=DAYS)
def test_what_stands_and_what_was_told_equal_one_full_run(
    node, node_settings, tmp_path, officer, monkeypatch, at_once, days
):
    if at_once:
        monkeypatch.setattr(scope, "PEOPLE_AT_ONCE", at_once)
        monkeypatch.setattr(matching_run, "FEW", 0)
    for model in (Answer, AnswerDay, Finding, Outcome, Run, Candidate, NotFound, *RECORDS):
        model.objects.all().delete()
    node_settings.NODE = replace(node, retention=replace(node.retention, notifications=30))
    day, counterpart = FIRST, {"discrepancies": {}, "suspected_omissions": {}}
    unsealed: list[date] = []
    register = Register()
    for passed, people, numbers, grants, notices, mode, seals, refuses, decisions in days:
        day += timedelta(days=passed)
        if AnswerDay.objects.filter(pk=day).exists():
            day += timedelta(days=1)  # changes after a day's answer is selected belong to another day
        now = datetime.combine(day, time(3), UTC)
        _take(tmp_path, PERSONS, people, mode, now)
        _take(tmp_path, CARDS, numbers, mode, now)
        register.take(PERSONS, people, mode)
        register.take(CARDS, numbers, mode)
        _take(tmp_path, PERMISSIONS, _once(PERMISSIONS, grants), mode, now)
        _deliver(tmp_path, notices, now)
        retention.erase(now, None)
        matching_run.match(day, guessed.find)
        with transaction.atomic():
            outgoing.select(day)
        unsealed.append(day)
        if seals:
            for each in dict.fromkeys(unsealed):
                if refuses:
                    _refused(each)
                _tell(each, counterpart)
            unsealed.clear()
        annex2, annex3, outcomes = _whole(day, register.faulty())

        expected = {"discrepancies": _set(annex2), "suspected_omissions": _set(annex3)}
        assert _standing(annex2, annex3) == expected
        # Days that could not be sealed are reported later, in order, nothing twice.
        if seals:
            assert {name: set(rows.values()) for name, rows in counterpart.items()} == expected
            assert not Finding.objects.filter(is_active=False).exists()
        assert set(Outcome.objects.values_list(*OUTCOME)) == outcomes
        run = Run.objects.first()
        assert sum(run.outcomes.values()) == len(outcomes)
        assert run.active == {"discrepancy": annex2.height, "suspected_omission": annex3.height}
        unfound = {
            row[0] for row in annex2.select("notification_id", "outcome").rows() if row[1] == "not_found"
        }
        assert set(NotFound.objects.values_list("pk", flat=True)) == unfound
        # A day run twice changes and sends nothing.
        before = outgoing.select(day)
        assert matching_run.match(day, guessed.find)["changed"] == 0
        assert outgoing.select(day) == before
        _decide(decisions, officer, now)


def _decide(reasons, officer, now: datetime) -> None:
    """Decide on one notification after another with these reasons, where that is possible."""
    for reason in reasons:
        leads_to = services.REASONS[reason].state
        waits = NotFound.objects.filter(state="waiting", best_probability__isnull=False)
        decided = NotFound.objects.exclude(state="waiting")
        each = (decided if leads_to == "waiting" else waits).order_by("pk").first()
        if each is not None:
            purposes.declare(officer, "residence", [f"candidates {each.pk}"], now=now)
            rank = 1 if leads_to == "confirmed" else None
            services.decide(each.pk, reason, officer, now=now, rank=rank)


@transaction.atomic
def _refused(day: date) -> None:
    """Seal a day's answer and have it refused: it is made again from the current state."""
    outgoing.select(day)
    number = next(SENT)
    outgoing.mark_sent(day, number)
    outgoing.revert(day, number)


def _tell(day: date, counterpart: dict[str, dict[str, tuple]]) -> None:
    with transaction.atomic():
        outgoing.select(day)  # already selected, unless an earlier one was refused
    for name in counterpart:
        frame = outgoing.to_send(day)[name]
        columns = [column for column in frame.columns if column not in ("matched_on", "action")]
        for row in frame.iter_rows(named=True):
            identifier, said = row[frame.columns[0]], tuple(row[column] for column in columns)
            if row["action"] == "withdraw":
                told = counterpart[name].pop(identifier, None)
                assert told, "only what was told is withdrawn"
            else:
                assert counterpart[name].get(identifier) != said, "nothing is told again"
                counterpart[name][identifier] = said
    with transaction.atomic():
        outgoing.mark_sent(day, number := next(SENT))
        outgoing.accepted(number)
    assert all(outgoing.to_send(day)[name].is_empty() for name in counterpart)
