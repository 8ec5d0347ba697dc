"""Outcomes and flags of notifications (§4)."""

from functools import cache
from itertools import islice, permutations

import polars as pl
import pytest
from builders import (
    CARD,
    OTHER_CARD,
    Case,
    Row,
    a_card,
    a_match,
    a_notification,
    a_permission,
    a_person,
    a_tombstone,
    all_reconciled,
    reconciled,
    rows,
)

from renkei.agreement.decisions import DEFAULT_POLICY, IDENTITY_ITEMS, Policy
from renkei.matching.outcomes import _shared_numbers

NOBODYS = "ZZ99999999ZZ"


def test_a_notification_that_agrees_is_matched() -> None:
    assert a_match(a_notification()) == {
        "notification_id": "N1",
        "outcome": "matched",
        "person_id": "P1",
        "mismatched_items": "",
        "differences": "",
        "card_superseded": "false",
        "identity_conflict": "false",
        "shared_number": "false",
    }


def test_one_item_that_differs_makes_a_mismatch() -> None:
    match = a_match(a_notification(sex="2"))

    assert (match["outcome"], match["person_id"], match["mismatched_items"]) == ("mismatched", "P1", "sex")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (NOBODYS, "unknown_number"),
        ("AB1234567CD", "malformed"),
        ("不明", "malformed"),
        ("AB12345678CDE", "malformed"),
    ],
)
def test_a_number_in_no_card_is_not_found(number: str, why: str) -> None:
    match = a_match(a_notification(card_number=number))

    assert (match["outcome"], match["person_id"], match["mismatched_items"]) == ("not_found", "", "")
    assert match["differences"] == f"card_number:{why}"
    assert [match[flag] for flag in ("card_superseded", "identity_conflict", "shared_number")] == [
        "false"
    ] * 3


@pytest.mark.parametrize("written", ["ab12345678cd", "ＡＢ　１２３４５６７８　ＣＤ", "AB-12345678-CD"])
def test_a_card_is_found_however_its_number_is_written(written: str) -> None:
    assert a_match(a_notification(card_number=written))["outcome"] == "matched"


@pytest.mark.parametrize(
    "tombstone",
    [a_tombstone(), a_notification(deleted_on="2026-04-10", sex="2"), a_tombstone(card_number=NOBODYS)],
)
def test_a_tombstone_is_not_matched(tombstone: Row) -> None:
    match = a_match(tombstone)

    assert match.pop("outcome") == "deleted"
    assert match == {
        "notification_id": "N1", "person_id": "", "mismatched_items": "", "differences": "",
        "card_superseded": "false", "identity_conflict": "false", "shared_number": "false",
    }  # fmt: skip


@pytest.mark.parametrize(("latest", "expected"), [(CARD, "false"), (OTHER_CARD, "true")])
def test_a_card_is_superseded_when_the_persons_latest_is_another(latest: str, expected: str) -> None:
    match = a_match(a_notification(), persons=[a_person(card_number=latest)])

    assert (match["outcome"], match["card_superseded"]) == ("matched", expected)


def test_a_notification_is_compared_with_the_card_it_names_and_not_with_the_latest_record() -> None:
    renewed = {"card_number": OTHER_CARD, "stay_expires_on": "2030-09-30"}

    match = a_match(a_notification(), cards=[a_card(), a_card(**renewed)], persons=[a_person(**renewed)])

    assert (match["outcome"], match["card_superseded"]) == ("matched", "true")


DIFFERING = {"name": "TRAN BINH", "birth_date": "1970-12-31", "sex": "2", "nationality": "PHL"}
BESIDE = {
    "status_of_residence": "student",
    "stay_expires_on": "2030-01-01",
    "extra_activity_permission": "true",
}
CONFLICTS = [
    (("name",), "false"),
    (("birth_date",), "false"),
    (("name", "birth_date"), "true"),
    (("name", "sex"), "true"),
    (("sex", "nationality"), "true"),
    (("birth_date", "nationality"), "true"),
    (("name", "birth_date", "sex", "nationality"), "true"),
    (("name", "status_of_residence", "stay_expires_on", "extra_activity_permission"), "false"),
    (("status_of_residence", "stay_expires_on"), "false"),
]


@pytest.mark.parametrize(("items", "expected"), CONFLICTS, ids=lambda value: "+".join(value))
def test_two_identity_items_that_differ_are_an_identity_conflict(
    items: tuple[str, ...], expected: str
) -> None:
    differing = DIFFERING | BESIDE

    match = a_match(a_notification(**{item: differing[item] for item in items}))

    assert match["identity_conflict"] == expected
    assert set(match["mismatched_items"].split(";")) == set(items)


def test_a_conflict_is_counted_whatever_its_cause() -> None:
    latest = {"name": "TRAN BINH", "birth_date": "1970-12-31"}

    match = a_match(a_notification(**latest), persons=[a_person(**latest)])

    assert match["differences"] == "name:as_latest;birth_date:as_latest"
    assert match["identity_conflict"] == "true"


def test_how_many_items_make_a_conflict_is_a_decision() -> None:
    reported = a_notification(name="TRAN BINH", sex="2")

    assert a_match(reported, policy=Policy(identity_conflict_at=3))["identity_conflict"] == "false"
    assert (
        a_match(a_notification(sex="2"), policy=Policy(identity_conflict_at=1))["identity_conflict"] == "true"
    )


def test_only_compared_items_make_a_mismatch() -> None:
    match = a_match(a_notification(sex="2"), policy=Policy(compared_items=("name", "birth_date")))

    assert match["outcome"] == "matched"


@pytest.mark.parametrize(
    ("compared", "identity", "outcome"),
    [
        (("stay_expires_on",), IDENTITY_ITEMS, "mismatched"),  # nothing compared that tells of identity
        (("name", "stay_expires_on"), (), "mismatched"),
        ((), IDENTITY_ITEMS, "matched"),
        ((), (), "matched"),
    ],
)
def test_a_policy_that_compares_nothing_of_identity_finds_no_conflict(compared, identity, outcome) -> None:
    policy = Policy(compared_items=compared, identity_items=identity)
    differing = {"name": "TRAN BINH", "sex": "2", "stay_expires_on": "2031-01-31"}
    reported = [a_notification(notification_id=f"N{number}", **differing) for number in range(3)]

    for how_many in (0, 1, 3):
        matches = rows(reconciled(notifications=reported[:how_many], policy=policy).matches)
        said = [(match["outcome"], match["identity_conflict"]) for match in matches]
        assert said == [(outcome, "false")] * how_many


# --- shared numbers ----------------------------------------------------------------------------------

ANH = {"name": "NGUYEN VAN ANH", "birth_date": "1998-04-21"}
BINH = {"name": "TRAN BINH", "birth_date": "1970-12-31"}
SHARED = [
    ((ANH, BINH), "yes yes"),
    ((ANH, ANH), "no no"),
    # both the name and the birth date must differ
    ((ANH, BINH | {"birth_date": "1998-04-21"}), "no no"),
    ((ANH, BINH | {"name": "ANH NGUYEN-VAN"}), "no no"),
    # differ as in §3: only the parts known on both sides
    ((ANH, BINH | {"birth_date": "1998-00-00"}), "no no"),
    ((ANH, BINH | {"birth_date": "1997-00-00"}), "yes yes"),
    # a part of a name, or one cut short, does not agree
    ((ANH, {"name": "NGUYEN ANH", "birth_date": "1970-12-31"}), "yes yes"),
    # names that cannot be compared do not differ
    ((ANH, {"name": "王力", "birth_date": "1970-12-31"}), "no no"),
    ((ANH, {"name": "グエン", "birth_date": "1970-12-31"}), "no no"),
    (({"name": "王力", "birth_date": "1998-04-21"}, {"name": "李明", "birth_date": "1970-12-31"}), "yes yes"),
    (({"name": "髙", "birth_date": "1998-04-21"}, {"name": "高", "birth_date": "1970-12-31"}), "no no"),
    # every live notification of a number that two people share
    ((ANH, BINH, ANH), "yes yes yes"),
    ((ANH, ANH, BINH), "yes yes yes"),
    ((ANH, {"name": "グエン", "birth_date": "1998-04-21"}, BINH), "yes yes yes"),
    # three, of whom only the last two differ: the first has a name like one and a birth date like the other
    (
        (
            {"name": "TRAN BINH", "birth_date": "1998-04-21"},
            ANH,
            BINH,
        ),
        "yes yes yes",
    ),
    # six, of whom the first four agree with all: they are told from the others some at a time
    (
        (
            *({**ANH, "birth_date": f"1998-04-2{day}"} for day in range(1, 5)),
            ANH | {"birth_date": "1999-05-05"},
            BINH | {"birth_date": "1998-00-00"},
        ),
        "yes yes yes yes yes yes",
    ),
    (
        (
            *({**ANH, "birth_date": f"1998-04-2{day}"} for day in range(1, 6)),
            BINH | {"birth_date": "1998-00-00"},
        ),
        "no no no no no no",
    ),
    # no pair differs in both, though two names and two birth dates stand
    ((ANH, ANH | {"name": "TRAN BINH"}, ANH | {"name": "PHAM CHI"}), "no no no"),
    ((ANH, ANH | {"birth_date": "1970-12-31"}), "no no"),
    # agreement is not transitive: MUELLER and MULLER each agree with MÜLLER, and not with each other
    (
        (
            {"name": "MÜLLER HANS", "birth_date": "1990-01-01"},
            {"name": "MUELLER HANS", "birth_date": "1991-02-02"},
            {"name": "MULLER HANS", "birth_date": "1990-01-01"},
        ),
        "yes yes yes",
    ),
    (
        (
            {"name": "MÜLLER HANS", "birth_date": "1990-01-01"},
            {"name": "MUELLER HANS", "birth_date": "1991-02-02"},
            {"name": "HANS MUELLER", "birth_date": "1990-01-01"},
        ),
        "no no no",
    ),
    # father and son
    (
        (
            {"name": "SALMAN BIN MUHAMMAD", "birth_date": "1998-04-21"},
            {"name": "MUHAMMAD BIN SALMAN", "birth_date": "1970-12-31"},
        ),
        "yes yes",
    ),
    # a name that says there is none is nobody's
    ((ANH, {"name": "UNKNOWN", "birth_date": "1970-12-31"}), "no no"),
    ((ANH, {"name": "UNKNOWN ANH", "birth_date": "1970-12-31"}), "yes yes"),
    # one has a Latin letter and the other none
    ((ANH, {"name": "NGUYEN 王力", "birth_date": "1970-12-31"}), "yes yes"),
    (
        ({"name": "WANG 王力", "birth_date": "1998-04-21"}, {"name": "李明", "birth_date": "1970-12-31"}),
        "no no",
    ),
    (({"name": "钟", "birth_date": "1998-04-21"}, {"name": "鐘", "birth_date": "1970-12-31"}), "no no"),
    (({"name": "鍾", "birth_date": "1998-04-21"}, {"name": "鐘", "birth_date": "1970-12-31"}), "yes yes"),
    # the deleted do not count, and are not flagged
    ((ANH, BINH | {"deleted_on": "2026-04-10"}), "no no"),
    ((ANH, BINH, BINH | {"deleted_on": "2026-04-10"}), "yes yes no"),
]  # fmt: skip


@cache
def said_of_shared_numbers(number: str, turn: int) -> list[str]:
    """Return for each case whether each notification shares its number; `turn` rotates the order of rows."""
    cases = [
        Case(
            notifications=[
                a_notification(notification_id=f"N{place}", card_number=number, **person)
                for place, person in enumerate(people)
            ][::turn]
        )
        for people, _ in SHARED
    ]
    words = {"true": "yes", "false": "no"}
    return [
        " ".join(words[match["shared_number"]] for match in said.matches) for said in all_reconciled(cases)
    ]


@pytest.mark.parametrize("number", [CARD, NOBODYS, "AB-1234"], ids=["found", "unknown", "malformed"])
@pytest.mark.parametrize("place", range(len(SHARED)))
def test_a_number_is_shared_when_two_notifications_name_different_people(place: int, number: str) -> None:
    _, expected = SHARED[place]

    assert said_of_shared_numbers(number, 1)[place] == expected
    assert said_of_shared_numbers(number, -1)[place] == expected


@pytest.mark.parametrize(
    ("number", "shared"), [("不明", "false"), ("なし", "false"), ("不明1", "true"), ("１", "true")]
)
def test_a_value_without_any_digit_is_no_number(number: str, shared: str) -> None:
    notifications = [
        a_notification(notification_id=f"N{place}", card_number=number, **person)
        for place, person in enumerate((ANH, BINH))
    ]

    matches = rows(reconciled(notifications=notifications).matches)

    assert [match["shared_number"] for match in matches] == [shared] * 2


def many(how: str) -> list[dict[str, str]]:
    """Return 3,000 users of one number, among whom no pair differs."""
    kana = "アイウエオカキクケコサシスセソ"
    words = list(islice(permutations("ABCDEFG"), 3_000))
    users = {
        "kana": [
            {
                "name": f"グエン {kana[n % 15]}{kana[n // 15 % 15]}{kana[n // 225]}",
                "birth_date": f"{1900 + n % 99}-01-01",
            }
            for n in range(3_000)
        ],
        "orders": [
            {"name": " ".join(words[n]), "birth_date": f"{1900 + n % 99}-01-01"} for n in range(3_000)
        ],
        "birth dates": [
            {"name": f"NGUYEN {''.join(words[n])}", "birth_date": "1990-00-00" if n % 2 else "1990-01-01"}
            for n in range(3_000)
        ],
    }
    return users[how]


@pytest.mark.parametrize("how", ["kana", "orders", "birth dates"])
@pytest.mark.parametrize("and_one_more", [False, True])
def test_thousands_of_users_of_one_number_are_not_compared_pair_by_pair(how: str, and_one_more: bool) -> None:
    # 3,000 users are 4.5 million pairs.
    more = [ANH, BINH] if and_one_more else []
    users = pl.DataFrame([{"card_number": "X1", **user} for user in (*many(how), *more)])
    births = pl.col("birth_date").str.replace_all("-", "").cast(pl.Int32)

    shared = _shared_numbers(users.with_columns(births), DEFAULT_POLICY)

    assert shared.to_list() == ["X1"] * and_one_more


def test_causes_that_count_as_agreement_count_here_too() -> None:
    users = pl.DataFrame(
        {"card_number": "X1", "name": ["MR JOHN SMITH", "JOHN SMITH"], "birth_date": [19900101, 19700101]},
        schema_overrides={"birth_date": pl.Int32},
    )

    assert _shared_numbers(users, DEFAULT_POLICY).to_list() == ["X1"]
    assert _shared_numbers(users, Policy(agreeing_causes=("title",))).to_list() == []
    assert _shared_numbers(users, Policy(agreeing_causes=("initial",))).to_list() == ["X1"]


def test_other_numbers_are_not_shared() -> None:
    notifications = [
        a_notification(notification_id="N1", card_number=NOBODYS, **ANH),
        a_notification(notification_id="N2", card_number=NOBODYS, **BINH),
        a_notification(notification_id="N3", **ANH),
        a_notification(notification_id="N4", card_number="YY99999999ZZ", **BINH),
    ]

    matches = rows(reconciled(notifications=notifications).matches)

    assert [match["shared_number"] for match in matches] == ["true", "true", "false", "false"]


def test_one_number_written_in_two_ways_is_one_number() -> None:
    notifications = [
        a_notification(notification_id="N1", card_number=CARD, **ANH),
        a_notification(notification_id="N2", card_number="ab-12345678-cd", **BINH),
    ]

    matches = rows(reconciled(notifications=notifications).matches)

    assert [match["shared_number"] for match in matches] == ["true", "true"]


def test_a_rejected_notification_shares_nothing() -> None:
    notifications = [
        a_notification(notification_id="N1"),
        a_notification(notification_id="N2", **BINH, registered_on="?"),
    ]

    matches = rows(reconciled(notifications=notifications).matches)

    assert [match["shared_number"] for match in matches] == ["false"]


# --- held: ISA's own row is at fault (§4) ------------------------------------------------------------

HELD = [
    # the person's row was set aside, and with it the card's
    ({"persons": [a_person(card_number="AB1234")]}, "held"),
    ({"persons": [a_person(person_id="P2")], "cards": [a_card(person_id="P9")]}, "held"),
    # only the person's row has the number, and it was set aside
    ({"persons": [a_person(), a_person(card_number=OTHER_CARD)], "cards": []}, "not_found"),
    # the number is found in a row that was taken, too
    ({"cards": [a_card(), a_card(person_id="P9")]}, "matched"),
    ({"cards": []}, "not_found"),
]


@pytest.mark.parametrize(("register", "outcome"), HELD)
def test_a_number_of_a_faulty_row_of_the_register_alone_is_held(register: dict, outcome: str) -> None:
    result = reconciled(notifications=[a_notification()], **register)
    match = rows(result.matches)[0]

    assert match["outcome"] == outcome
    if outcome == "held":
        assert (match["person_id"], match["differences"]) == ("", "card_number:register_fault")
        assert (match["card_superseded"], match["identity_conflict"]) == ("false", "false")
        assert rows(result.annex2) == []


def test_a_second_number_of_a_persons_repeated_row_is_held() -> None:
    result = reconciled(
        notifications=[a_notification(card_number=OTHER_CARD)],
        persons=[a_person(), a_person(card_number=OTHER_CARD)],
        permissions=[a_permission()],
    )

    assert [match["outcome"] for match in rows(result.matches)] == ["held"]
    assert rows(result.annex3) == [], "the row names a person who was taken: it counts as a matched one"


def test_a_held_notification_of_nobody_who_was_taken_counts_for_no_permission() -> None:
    result = reconciled(
        notifications=[a_notification(card_number=OTHER_CARD)],
        cards=[a_card(), a_card(card_number=OTHER_CARD, person_id="P9")],
        permissions=[a_permission()],
    )

    assert [match["outcome"] for match in rows(result.matches)] == ["held"]
    assert [row["reason"] for row in rows(result.annex3)] == ["no_notification"]


def test_a_held_notification_counts_for_everybody_whom_a_faulty_row_names() -> None:
    """Whatever the order of the rows, and as one notification in all else."""
    taken = [a_person(card_number="EE11111111EE"), a_person(person_id="P2", card_number="FF22222222FF")]
    faulty = [a_person(), a_person(person_id="P2")]
    permissions = [a_permission(), a_permission(permission_id="L2", person_id="P2")]
    for persons in ([*taken, *faulty], [*taken, *faulty[::-1]]):
        result = reconciled(
            notifications=[a_notification()], persons=persons, cards=[], permissions=permissions
        )

        assert [match["outcome"] for match in rows(result.matches)] == ["held"]
        assert rows(result.annex3) == []
        assert result.statistics.summary()["datasets"]["notifications"]["held"] == 1


def test_rows_that_were_set_aside_before_count_as_if_they_were_in_the_files() -> None:
    before = pl.DataFrame({"card_number": [OTHER_CARD], "person_id": ["P1"]})
    held, found = (
        reconciled(
            notifications=[a_notification(card_number=number)], permissions=[a_permission()], faulty=before
        )
        for number in (OTHER_CARD, a_card()["card_number"])
    )

    assert [match["outcome"] for match in rows(held.matches)] == ["held"]
    assert [match["outcome"] for match in rows(found.matches)] == ["matched"]
    assert rows(held.annex3) == []


def test_a_malformed_number_stays_malformed_whatever_the_register_has() -> None:
    result = reconciled(
        notifications=[a_notification(card_number="AB1234")], cards=[a_card(card_number="AB1234")]
    )

    assert rows(result.matches)[0]["differences"] == "card_number:malformed"
