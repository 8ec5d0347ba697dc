"""§4 and §5, hand-derived: outcomes, flags, Annex 2; and what the invented worlds contain."""

import csv
from pathlib import Path

import pytest

from .names import CAUSES as NAME_CAUSES
from .omissions import EXPLANATIONS
from .oracle import Result, prepare, reconcile
from .rows import (
    NUMBER,
    OLD_NUMBER,
    OTHER_NUMBER,
    Row,
    a_card,
    a_notification,
    a_permission,
    a_person,
    run,
)
from .tables import INPUTS, columns
from .worlds import world, write

# §4 and §5 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "outcome", "differences", "person"),
    [
        ({}, "matched", "", "P1"),
        ({"sex": "2"}, "mismatched", "sex:different", "P1"),
        ({"card_number": "A123"}, "not_found", "card_number:malformed", ""),
        ({"card_number": OTHER_NUMBER}, "not_found", "card_number:unknown_number", ""),
        ({"deleted_on": "2026-04-02", "card_number": "A123"}, "deleted", "", ""),
    ],
)
def test_a_notification_has_one_outcome(changes: Row, outcome: str, differences: str, person: str) -> None:
    (found,) = run(a_notification(**changes)).matches

    assert (found["outcome"], found["differences"], found["person_id"]) == (outcome, differences, person)


@pytest.mark.parametrize(
    ("card", "persons", "suspected"),
    [
        ({"person_id": "P9"}, [{}], 1),  # names nobody who was taken
        ({"person_id": ""}, [{}], 1),
        ({}, [{"card_number": "?"}], 0),  # the person was set aside, and the permission with it
    ],
)
def test_a_number_of_a_row_set_aside_is_held(card: Row, persons: list[Row], suspected: int) -> None:
    result = run(
        a_notification(),
        persons=[a_person(**({"card_number": OTHER_NUMBER} | person)) for person in persons],
        cards=[a_card(**card)],
        permissions=[a_permission()],
    )

    (found,) = result.matches
    assert (found["outcome"], found["person_id"], found["differences"]) == (
        "held",
        "",
        "card_number:register_fault",
    )
    assert result.annex2 == []
    assert len(result.annex3) == suspected


def test_a_held_notification_credits_the_person_whom_the_row_names() -> None:
    held = run(
        a_notification(),
        persons=[a_person(card_number=OTHER_NUMBER), a_person()],
        cards=[],
        permissions=[a_permission()],
    )

    assert [row["outcome"] for row in held.matches] == ["held"]
    assert held.annex3 == []


def test_values_without_a_digit_are_no_shared_number() -> None:
    other = {"name": "LI MING", "birth_date": "1999-01-01", "notification_id": "N2"}
    for number, shared in (("なし", "false"), ("A1", "true")):
        result = run(a_notification(card_number=number), a_notification(card_number=number, **other))
        assert {row["shared_number"] for row in result.matches} == {shared}


@pytest.mark.parametrize("changes", [{"sex": "?"}, {"birth_date": "?"}, {"name": "A" * 121}])
def test_an_unreadable_value_is_never_a_mismatch(changes: Row) -> None:
    assert run(a_notification(**changes)).matches[0]["outcome"] == "matched"
    record = run(a_notification(), persons=[a_person(**changes)], cards=[a_card(**changes)])
    assert record.matches[0]["outcome"] == "matched"


def test_a_number_that_is_not_the_latest_is_superseded() -> None:
    (found,) = run(a_notification(), persons=[a_person(card_number=OLD_NUMBER)]).matches

    assert found["card_superseded"] == "true"


@pytest.mark.parametrize(
    ("changes", "conflict"),
    [
        ({"name": "LI MING"}, "false"),
        ({"name": "LI MING", "sex": "2"}, "true"),
        ({"name": "LI MING", "stay_expires_on": "2020-01-01"}, "false"),
        ({"birth_date": "1999-01-01", "nationality": "VNM"}, "true"),
        ({"name": "ワン", "sex": "2"}, "false"),
    ],
)
def test_two_of_the_four_make_an_identity_conflict(changes: Row, conflict: str) -> None:
    result = run(a_notification(**changes))

    assert result.matches[0]["identity_conflict"] == conflict
    assert [row["identity_caution"] for row in result.annex2] in ([], [conflict])


@pytest.mark.parametrize(
    ("number", "second", "shared"),
    [
        (NUMBER, {"name": "LI MING", "birth_date": "1999-01-01"}, "true"),
        (OTHER_NUMBER, {"name": "LI MING", "birth_date": "1999-01-01"}, "true"),
        ("A123", {"name": "LI MING", "birth_date": "1999-01-01"}, "true"),
        (NUMBER, {"name": "LI MING"}, "false"),
        (NUMBER, {"birth_date": "1999-01-01"}, "false"),
        (NUMBER, {"name": "ワン", "birth_date": "1999-01-01"}, "false"),
        (NUMBER, {"name": "李明", "birth_date": "1999-01-01"}, "false"),
        (NUMBER, {"name": "LI MING", "birth_date": "1985-00-00"}, "false"),
        (NUMBER, {"name": "LI MING", "birth_date": "1999-01-01", "deleted_on": "2026-04-02"}, "false"),
    ],
)
def test_a_number_is_shared_by_two_live_notifications_of_different_people(
    number: str, second: Row, shared: str
) -> None:
    result = run(
        a_notification(notification_id="1", card_number=number),
        a_notification(notification_id="2", card_number=number, **second),
        a_notification(notification_id="3", card_number=number),
    )

    assert {row["shared_number"] for row in result.matches if row["outcome"] != "deleted"} == {shared}


def test_annex_2_shows_linked_values_of_mismatched_items_and_latest_values_of_all() -> None:
    result = run(
        a_notification(sex="2"),
        persons=[a_person(card_number=OLD_NUMBER, sex="9")],
    )

    (row,) = result.annex2
    assert (row["outcome"], row["matched_on"], row["card_number"]) == ("mismatched", "2026-04-01", OLD_NUMBER)
    assert {name: value for name, value in row.items() if name.startswith("linked_") and value} == {
        "linked_sex": "1"
    }
    assert row["latest_sex"] == "9"
    assert row["latest_name"] == "WANG XIAOMING"
    assert row["latest_address"] == "新宿区西新宿2-8-1"


@pytest.mark.parametrize(
    ("changes", "items", "differences"),
    [
        ({"sex": "2"}, "sex", "sex:different"),
        ({"sex": "2", "birth_date": "1990-12-31"}, "sex", "sex:different"),
        ({"birth_date": "1990-12-31"}, "", ""),
        ({"card_number": "A123"}, "", "card_number:malformed"),
    ],
    ids=["disclosed", "one of two", "others alone", "not found"],
)
def test_annex_2_names_disclosed_items_only(changes: Row, items: str, differences: str) -> None:
    result = run(a_notification(**changes), disclosed_items=["name", "sex"])
    (row,), (match,) = result.annex2, result.matches

    assert (row["mismatched_items"], row["differences"]) == (items, differences)
    assert ("birth_date" in match["differences"]) == ("birth_date" in changes)


def test_what_was_not_found_carries_no_residence_information() -> None:
    (row,) = run(a_notification(card_number="A123")).annex2

    assert {name: value for name, value in row.items() if value} == {
        "notification_id": "N1",
        "outcome": "not_found",
        "matched_on": "2026-04-01",
        "identity_caution": "false",
        "differences": "card_number:malformed",
    }


# Worlds -----------------------------------------------------------------------------------------------


def of_world(seed: int) -> Result:
    made = world(seed)
    return reconcile(*(made.table(dataset) for dataset in INPUTS), made.as_of, made.policy, made.changes)


@pytest.mark.slow
def test_counts_add_up_in_any_world() -> None:
    for seed in range(50):
        made, result = world(seed), of_world(seed)
        for dataset in INPUTS:
            counts = result.counts[dataset]
            assert counts["read"] == counts["rejected"] + counts["taken"] == len(made.table(dataset))
        told = prepare(made.notifications).counts
        assert told.pop("read") == sum(told.values())


@pytest.mark.slow
def test_worlds_contain_every_outcome_reason_and_cause() -> None:
    results = [of_world(seed) for seed in range(300)]

    reasons = ("start_before_permission", "other_employer", "identity_conflict", "no_notification")
    seen = {(row["ground"], row["reason"]) for result in results for row in result.annex3}
    assert seen >= {(ground, reason) for ground in ("coe", "change") for reason in reasons[:2] + reasons[3:]}
    assert {reason for _, reason in seen} == set(reasons)
    explanations = {row["explanation"] for result in results for row in result.annex3}
    assert explanations == {*EXPLANATIONS, "cancelled", ""}
    causes = {pair for result in results for row in result.matches for pair in row["differences"].split(";")}
    dates = ("as_latest", "other_card", "day_month_swapped", "one_digit", "era", "different")
    assert causes >= {f"{item}:{cause}" for item in ("birth_date", "stay_expires_on") for cause in dates}
    of_names = (*NAME_CAUSES, "as_latest", "other_card", "different")
    assert causes >= {f"name:{cause}" for cause in of_names}
    assert causes >= {f"nationality:{c}" for c in ("as_latest", "other_card", "related", "different")}
    assert causes >= {"card_number:malformed", "card_number:unknown_number", "card_number:register_fault"}
    reasons = {
        reason.partition(":")[0]
        for result in results
        for row in result.rejects
        for reason in row["reasons"].split(";")
    }
    assert reasons == {
        *("missing", "unreadable", "duplicate", "superseded", "forbidden"),
        *("unknown_person", "check_digit"),
    }


def test_a_world_is_the_same_again_and_survives_its_files(tmp_path: Path) -> None:
    made = world(7)
    write(made, tmp_path, labels=True)

    assert world(7) == made
    for dataset in INPUTS:
        with (tmp_path / f"{dataset}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == [column.label for column in columns(dataset)]
        names_ = [column.name for column in columns(dataset)]
        assert [dict(zip(names_, row, strict=True)) for row in rows[1:]] == made.table(dataset)
