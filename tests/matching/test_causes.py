"""Which cause a difference gets: the first that fits (§3)."""

from functools import cache

import pytest
from builders import CARD, OTHER_CARD, Case, Row, a_card, a_match, a_notification, a_person, all_reconciled

from renkei.agreement.decisions import Policy

THIRD_CARD = "JK11112222LM"


def a_case(reported: Row, *, linked: Row, latest: Row, others: tuple[Row, ...] = ()) -> Case:
    """A notification that names CARD, with `linked` on that card and `others` on the person's others."""
    return Case(
        notifications=[a_notification(**reported)],
        cards=[
            a_card(**linked),
            *(a_card(card_number=f"XY{place:04}0000ZW", **other) for place, other in enumerate(others)),
        ],
        persons=[a_person(card_number="XY00000000ZW", **latest)],
    )


def causes(reported: Row, *, linked: Row, latest: Row, others: tuple[Row, ...] = ()) -> str:
    """`differences` of that notification."""
    (said,) = all_reconciled([a_case(reported, linked=linked, latest=latest, others=others)])
    return said.matches[0]["differences"]


# Reported, on the reported card, in the latest record, on the person's other cards.
TABLE = [
    # as_latest comes before all others
    ("birth_date", "1998-04-12", "1998-04-21", "1998-04-12", (), "as_latest"),
    ("birth_date", "1998-04-12", "1998-04-21", "1998-04-12", ("1998-04-12",), "as_latest"),
    # other_card comes before what it looks like
    ("birth_date", "1998-04-12", "1998-04-21", "1998-04-21", ("1998-04-12",), "other_card"),
    ("birth_date", "1998-04-12", "1998-04-21", "1998-04-21", ("1998-04-21", "1998-04-12"), "other_card"),
    ("birth_date", "1998-04-12", "1998-04-21", "1998-04-21", ("1998-04-21",), "one_digit"),
    ("birth_date", "1998-04-12", "1998-04-21", "1998-04-21", (), "one_digit"),
    # agreement is agreement as in any comparison: in part, in format, by ancestor, by compare_as
    ("birth_date", "1998-04-12", "1998-05-12", "1998-04-00", (), "as_latest"),
    ("name", "ANH NGUYEN", "TRAN BINH", "NGUYEN ANH", (), "as_latest"),
    ("name", "nguyen-anh", "TRAN BINH", "TRAN BINH", ("NGUYEN ANH",), "other_card"),
    ("name", "NGUYEN ANH", "NGUYEN VAN ANH", "NGUYEN ANH", (), "as_latest"),
    ("name", "NGUYEN ANH", "NGUYEN VAN ANH", "NGUYEN VAN ANH", (), "partial"),
    ("name", "NGUYEN ANH", "TRAN BINH", "NGUYEN VAN ANH", (), "different"),  # a part is no agreement
    ("name", "ABCDEFGHIJKL", "ABCDEFGHIJKLM", "ABCDEFGHIJKLM", (), "truncated"),
    ("name", "ABCDEFGHIJKL", "ABCDEFGHIJKLM", "ABCDEFGHIJKLM", ("ABCDEFGHIJKL",), "other_card"),
    ("status_of_residence", "hsp", "student", "hsp_1a", (), "as_latest"),
    ("status_of_residence", "39", "student", "student", ("hsp_1c",), "other_card"),
    ("status_of_residence", "39", "student", "hsp_2", (), "different"),
    ("status_of_residence", "dependent", "student", "student", (), "different"),
    ("nationality", "KOR", "PRK", "PRK", (), "related"),
    ("nationality", "KOR", "PRK", "KOR", (), "as_latest"),
    ("nationality", "GBR", "PHL", "GBN", (), "as_latest"),
    ("nationality", "KOR", "PRK", "PRK", ("KOR",), "other_card"),
    ("sex", "1", "2", "1", (), "as_latest"),
    ("sex", "1", "2", "0", (), "different"),  # unknown agrees with nobody
    ("sex", "1", "2", "9", ("0",), "different"),
    ("stay_expires_on", "2028-09-30", "2027-09-30", "2028-09-30", (), "as_latest"),
    ("stay_expires_on", "2028-09-30", "2027-09-30", "2027-09-30", (), "one_digit"),
    ("stay_expires_on", "2030-11-05", "2027-09-30", "", (), "different"),  # nothing held is no agreement
    ("stay_expires_on", "2030-11-05", "2027-09-30", "", ("",), "different"),
    ("extra_activity_permission", "true", "false", "true", (), "as_latest"),
    ("extra_activity_permission", "true", "false", "false", ("true",), "other_card"),
    ("extra_activity_permission", "true", "false", "", (), "different"),
]


@cache
def said_of_the_table() -> list[str]:
    cases = [
        a_case(
            {item: reported},
            linked={item: linked},
            latest={item: latest},
            others=tuple({item: other} for other in others),
        )
        for item, reported, linked, latest, others, _ in TABLE
    ]
    return [said.matches[0]["differences"] for said in all_reconciled(cases)]


@pytest.mark.parametrize("place", range(len(TABLE)), ids=["-".join(map(str, row)) for row in TABLE])
def test_the_first_cause_that_fits_stands(place: int) -> None:
    item, *_, cause = TABLE[place]

    assert said_of_the_table()[place] == f"{item}:{cause}"


def test_each_difference_has_its_own_cause() -> None:
    said = causes(
        {"name": "NGUYEN ANH", "birth_date": "1998-04-12", "nationality": "KOR", "sex": "2"},
        linked={"nationality": "PRK"},
        latest={"birth_date": "1998-04-12"},
        others=({"sex": "2"},),
    )

    assert said == "name:partial;birth_date:as_latest;sex:other_card;nationality:related"


def test_another_persons_card_explains_nothing() -> None:
    match = a_match(
        a_notification(birth_date="1970-12-31"),
        cards=[a_card(), a_card(card_number=OTHER_CARD, person_id="P2", birth_date="1970-12-31")],
        persons=[a_person(), a_person(person_id="P2", card_number=OTHER_CARD, birth_date="1970-12-31")],
    )

    assert match["differences"] == "birth_date:different"


def test_a_card_that_was_rejected_explains_nothing() -> None:
    match = a_match(
        a_notification(birth_date="1970-12-31"),
        cards=[a_card(), a_card(card_number=OTHER_CARD, birth_date="1970-12-31", person_id="P2")],
    )

    assert match["differences"] == "birth_date:different"


def test_the_kanji_name_of_the_latest_record_and_of_other_cards_is_tried() -> None:
    by_latest = causes({"name": "王力"}, linked={"kanji_name": "李明"}, latest={"kanji_name": "王力"})
    by_card = causes(
        {"name": "王力"}, linked={"kanji_name": "李明"}, latest={}, others=({"kanji_name": "王 力"},)
    )

    assert (by_latest, by_card) == ("name:as_latest", "name:other_card")


@pytest.mark.parametrize("latest_card", [CARD, THIRD_CARD])
def test_the_latest_record_is_the_persons_whatever_card_it_names(latest_card: str) -> None:
    match = a_match(
        a_notification(birth_date="1998-04-12"),
        persons=[a_person(card_number=latest_card, birth_date="1998-04-12")],
    )

    assert match["differences"] == "birth_date:as_latest"


# A cause that counts as agreement: policy, reported, linked, latest, what is left.
AGREEING = [
    (("title",), {"name": "MR JOHN SMITH"}, {"name": "JOHN SMITH"}, {"name": "JOHN SMITH"}, ""),
    (("initial",), {"name": "MR JOHN SMITH"}, {"name": "JOHN SMITH"}, {"name": "JOHN SMITH"}, "name:title"),
    (("one_digit",), {"birth_date": "1998-04-22"}, {}, {}, ""),
    (("one_digit",), {"birth_date": "1998-04-22", "sex": "2"}, {}, {}, "sex:different"),
    (("related",), {"nationality": "KOR"}, {"nationality": "PRK"}, {"nationality": "PRK"}, ""),
    # causes that another record gives
    (("as_latest",), {"sex": "2"}, {}, {"sex": "2"}, ""),
    (("other_card",), {"sex": "2"}, {}, {"sex": "2"}, "sex:as_latest"),
    (("as_latest",), {"sex": "2", "name": "TRAN BINH"}, {}, {"sex": "2"}, "name:different"),
    # the latest record agrees by a cause as well
    (("title",), {"name": "MR JOHN SMITH"}, {"name": "TRAN BINH"}, {"name": "JOHN SMITH"}, "name:as_latest"),
]


@pytest.mark.parametrize(("policy", "reported", "linked", "latest", "left"), AGREEING)
def test_a_cause_that_counts_as_agreement_is_no_difference(
    policy: tuple[str, ...], reported: Row, linked: Row, latest: Row, left: str
) -> None:
    case = a_case(reported, linked=linked, latest=latest)
    match = a_match(
        case.notifications[0],
        cards=case.cards,
        persons=case.persons,
        policy=Policy(agreeing_causes=policy),
    )

    assert match["differences"] == left
    assert match["outcome"] == ("mismatched" if left else "matched")


@pytest.mark.parametrize(
    ("policy", "conflict"), [((), "true"), (("as_latest",), "false"), (("title",), "true")]
)
def test_what_counts_as_agreement_makes_no_identity_conflict(policy: tuple[str, ...], conflict: str) -> None:
    case = a_case({"sex": "2", "name": "TRAN BINH"}, linked={}, latest={"sex": "2"})
    match = a_match(
        case.notifications[0],
        cards=case.cards,
        persons=case.persons,
        policy=Policy(agreeing_causes=policy),
    )

    assert match["identity_conflict"] == conflict
