"""§4 to §6, hand-derived: outcomes, flags, both annexes; and what the invented worlds contain."""

import csv
from pathlib import Path

import pytest

from .names import CAUSES as NAME_CAUSES
from .oracle import Result, due_date, prepare, reconcile
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


# §6 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permitted_on", "grace_days", "due"),
    [
        ("2026-01-15", 0, "2026-02-28"),
        ("2024-01-31", 0, "2024-02-29"),
        ("2026-02-28", 0, "2026-03-31"),
        ("2026-11-30", 0, "2026-12-31"),
        ("2026-12-01", 0, "2027-01-31"),
        ("2026-01-15", 3, "2026-03-03"),
    ],
)
def test_a_notification_is_due_at_the_end_of_the_next_month(
    permitted_on: str, grace_days: int, due: str
) -> None:
    assert due_date(permitted_on, grace_days).isoformat() == due


@pytest.mark.parametrize(("as_of", "suspected"), [("2026-02-28", 0), ("2026-03-01", 1)])
def test_an_omission_is_suspected_only_after_the_due_date(as_of: str, suspected: int) -> None:
    assert len(run(permissions=[a_permission()], as_of=as_of).annex3) == suspected


@pytest.mark.parametrize(
    ("changes", "in_scope"),
    [
        ({}, True),
        ({"contract_confirmed": "false"}, False),
        ({"status_of_residence": "student"}, False),
        ({"status_of_residence": "diplomat"}, False),
        ({"status_of_residence": "designated"}, False),
        ({"status_of_residence": "designated", "work_designated": "false"}, False),
        ({"status_of_residence": "特定活動", "work_designated": "有"}, True),
        ({"status_of_residence": "student", "work_designated": "true"}, False),
        ({"permitted_on": ""}, False),
        ({"permitted_on": "2021-03-21"}, False),
        ({"permitted_on": "2021-03-22"}, True),
    ],
)
def test_a_permission_is_in_scope_by_contract_status_and_date(changes: Row, in_scope: bool) -> None:
    assert bool(run(permissions=[a_permission(**changes)]).annex3) is in_scope


CONFLICT = {"name": "LI MING", "sex": "2"}
EARLY = {"employment_start": "2026-01-14"}


@pytest.mark.parametrize(
    ("notifications", "reason"),
    [
        ([], "no_notification"),
        ([{}], None),
        ([{"employment_start": "2026-01-15"}], None),
        ([{"sex": "2"}], None),
        ([{"card_number": OLD_NUMBER}], None),
        ([EARLY], "start_before_permission"),
        ([EARLY, {}], None),
        ([CONFLICT], "identity_conflict"),
        ([CONFLICT, EARLY], "start_before_permission"),
        ([CONFLICT | EARLY], "no_notification"),
        ([{"card_number": "A123"}], "no_notification"),
        ([{"deleted_on": "2026-04-02"}], "no_notification"),
        ([EARLY | {"deleted_on": "2026-04-02"}], "no_notification"),
        ([{"card_number": OTHER_NUMBER}], "no_notification"),
    ],
)
def test_a_permission_is_credited_or_the_omission_has_a_reason(
    notifications: list[Row], reason: str | None
) -> None:
    result = run(
        *(
            a_notification(notification_id=str(place), **changes)
            for place, changes in enumerate(notifications)
        ),
        persons=[a_person(), a_person(person_id="P2")],
        cards=[
            a_card(),
            a_card(card_number=OLD_NUMBER),
            a_card(card_number=OTHER_NUMBER, person_id="P2"),
        ],
        permissions=[a_permission()],
    )

    assert [row["reason"] for row in result.annex3] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (
            {"ground": "coe", "previous_status": "student"},
            {"landed_on": "2026-01-15", "changed_on": "", "previous_status": ""},
        ),
        (
            {"ground": "change", "previous_status": "留学"},
            {"landed_on": "", "changed_on": "2026-01-15", "previous_status": "student"},
        ),
        (
            {"dispatch_name": "B", "dispatch_address": "C"},
            {"dispatch_name": "B", "dispatch_address": "C", "dispatch_phone": ""},
        ),
        (
            {"dispatch_address": "C", "dispatch_phone": "03"},
            {"dispatch_name": "", "dispatch_address": "", "dispatch_phone": ""},
        ),
    ],
)
def test_conditional_items_of_annex_3(changes: Row, shown: Row) -> None:
    (row,) = run(permissions=[a_permission(**changes)]).annex3

    assert {name: row[name] for name in shown} == shown


def test_annex_3_shows_the_persons_latest_record_and_the_permissions_organisation() -> None:
    (row,) = run(persons=[a_person(status_of_residence="35")], permissions=[a_permission()]).annex3

    assert list(row) == [column.name for column in columns("suspected_omissions")]
    assert row["card_number"] == NUMBER
    assert row["status_of_residence"] == "engineer_humanities_intl"
    assert row["organisation_name"] == "連携工業"


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

    seen = {f"{row['ground']} {row['reason']}" for result in results for row in result.annex3}
    assert len(seen) == 6
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
