"""§6, hand-derived: scope, due dates, crediting, reasons and explanations, Annex 3."""

import datetime

import pytest

from . import organisations
from .omissions import SCOPE
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
from .tables import columns

# The permission of most cases: a landing on 15 January 2026, due on 28 February; the run is on 1 April.
ORGANISATION = {"organisation_name": "株式会社連携工業", "organisation_phone": "03-1234-5678"}
SAME = {"establishment_name": "連携工業㈱"}
OTHER = {"establishment_name": "別の商店"}
BEFORE, ON, AFTER = "2026-01-14", "2026-01-15", "2026-01-16"
EARLY = {"employment_start": BEFORE}
CONFLICT = {"name": "LI MING", "sex": "2"}
TOMBSTONE = {"deleted_on": "2026-04-02"}


def kind(permission: Row, *notifications: Row, **policy: object) -> str:
    """The scope of one permission."""
    as_of = str(policy.pop("as_of", "2026-04-01"))
    scope = run(*notifications, permissions=[a_permission(**permission)], as_of=as_of, **policy).scope
    assert list(scope) == list(SCOPE)
    (found,) = [name for name, count in scope.items() if count]
    return found


def suspicion(
    *notifications: Row, permission: Row | None = None, card: Row | None = None, **policy: object
) -> tuple[str, str, str] | None:
    """Reason, explanation and notification on Annex 3, the notifications being 0, 1, …"""
    result = run(
        *(
            a_notification(**{"notification_id": str(place)} | changes)
            for place, changes in enumerate(notifications)
        ),
        persons=[a_person(), a_person(person_id="P2", card_number=OTHER_NUMBER)],
        cards=[
            a_card(**card or {}),
            a_card(card_number=OLD_NUMBER),
            a_card(card_number=OTHER_NUMBER, person_id="P2"),
        ],
        permissions=[a_permission(**ORGANISATION | (permission or {}))],
        **policy,
    )
    for row in result.annex3:
        return row["reason"], row["explanation"], row["notification_id"]
    return None


# Scope ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "scope"),
    [
        ({}, "suspected"),
        ({"contract_confirmed": "false"}, "no_contract"),
        ({"status_of_residence": "student"}, "not_work_status"),
        ({"status_of_residence": "diplomat"}, "not_work_status"),
        ({"status_of_residence": "student", "work_designated": "true"}, "not_work_status"),
        ({"status_of_residence": "designated"}, "designation_unknown"),
        ({"status_of_residence": "designated", "work_designated": "?"}, "designation_unknown"),
        ({"status_of_residence": "designated", "work_designated": "false"}, "not_designated"),
        ({"status_of_residence": "特定活動", "work_designated": "有"}, "suspected"),
        ({"work_designated": "false"}, "suspected"),  # matters only by designation
        ({"permitted_on": ""}, "not_used"),
        ({"permitted_on": "2021-03-21"}, "before_agreement"),
        ({"permitted_on": "2021-03-22"}, "suspected"),
        ({"permitted_on": "2026-03-01"}, "not_due"),
    ],
)
def test_a_permission_falls_in_one_scope(changes: Row, scope: str) -> None:
    assert kind(changes) == scope
    assert bool(run(permissions=[a_permission(**changes)]).annex3) is (scope == "suspected")


@pytest.mark.parametrize(
    ("changes", "scope"),
    [
        ({"contract_confirmed": "false", "status_of_residence": "student"}, "no_contract"),
        ({"status_of_residence": "student", "permitted_on": ""}, "not_work_status"),
        ({"status_of_residence": "designated", "permitted_on": ""}, "designation_unknown"),
        (
            {"status_of_residence": "designated", "work_designated": "false", "permitted_on": ""},
            "not_designated",
        ),
        ({"permitted_on": "2021-03-21"}, "before_agreement"),  # and credited
    ],
)
def test_of_two_scopes_the_first_counts(changes: Row, scope: str) -> None:
    assert kind(changes, a_notification()) == scope


def test_a_notification_before_the_due_date_credits_nothing_yet() -> None:
    assert kind({}, a_notification(), as_of="2026-02-28") == "not_due"
    assert kind({}, a_notification(), as_of="2026-03-01") == "credited"


def test_every_permission_taken_is_counted_once() -> None:
    permissions = [
        a_permission(permission_id="1"),
        a_permission(permission_id="2", permitted_on=""),
        a_permission(permission_id="3", contract_confirmed="false"),
        a_permission(permission_id="4", person_id="P9"),
    ]
    result = run(permissions=permissions)

    assert sum(result.scope.values()) == result.counts["permissions"]["taken"] == 3


def test_of_a_days_changes_nothing_is_said() -> None:
    result = run(permissions=[a_permission()], changes=True)

    assert (result.annex3, result.scope) == ([], {})


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"ground": "change", "permitted_on": ""}, ["missing:permitted_on"]),
        ({"ground": "CHANGE", "permitted_on": " "}, ["missing:permitted_on"]),
        ({"ground": "coe", "permitted_on": ""}, []),
        ({"ground": "change"}, []),
        ({"ground": "change", "permitted_on": "?"}, ["unreadable:permitted_on"]),
        ({"ground": "?", "permitted_on": ""}, ["unreadable:ground"]),
    ],
)
def test_a_change_has_a_day(changes: Row, reasons: list[str]) -> None:
    result = run(permissions=[a_permission(**changes)])

    assert [row["reasons"] for row in result.rejects] == reasons
    assert {row["action"] for row in result.rejects} <= {"row"}


def test_the_beginning_of_the_contract_is_an_optional_column() -> None:
    permission = a_permission()
    del permission["contract_starts_on"]

    assert run(permissions=[permission]).rejects == []
    (reject,) = run(permissions=[a_permission(contract_starts_on="?")]).rejects
    assert (reject["action"], reject["reasons"]) == ("value", "unreadable:contract_starts_on")


# Due date ---------------------------------------------------------------------------------------------

TRAINED = {"due_months": {"default": 2, "titp_1b": 4}}


@pytest.mark.parametrize(
    ("permission", "policy", "due"),
    [
        ({"permitted_on": "2026-01-15"}, {}, "2026-02-28"),
        ({"permitted_on": "2024-01-31"}, {}, "2024-02-29"),
        ({"permitted_on": "2026-02-28"}, {}, "2026-03-31"),
        ({"permitted_on": "2026-11-30"}, {}, "2026-12-31"),
        ({"permitted_on": "2026-12-01"}, {}, "2027-01-31"),
        ({"permitted_on": "2026-01-15"}, {"grace_days": 3}, "2026-03-03"),
        ({"status_of_residence": "titp_1b"}, {}, "2026-04-30"),
        ({"status_of_residence": "esd"}, {}, "2026-04-30"),
        ({"status_of_residence": "titp_1b", "permitted_on": "2026-11-30"}, {}, "2027-02-28"),
        ({"status_of_residence": "titp_1a"}, {}, "2026-02-28"),
        ({"status_of_residence": "titp"}, {}, "2026-02-28"),
        ({"status_of_residence": "titp_1b"}, TRAINED, "2026-05-31"),
        ({}, TRAINED, "2026-03-31"),
        ({"contract_starts_on": "2026-04-01"}, {}, "2026-05-31"),
        ({"contract_starts_on": "2026-01-01"}, {}, "2026-02-28"),
        ({"contract_starts_on": "2025-04-01"}, {}, "2026-02-28"),
        ({"contract_starts_on": "2026-02-01", "status_of_residence": "esd"}, {}, "2026-05-31"),
    ],
)
def test_a_notification_is_due_at_the_end_of_a_month(
    permission: Row, policy: dict[str, object], due: str
) -> None:
    assert kind(permission, as_of=due, **policy) == "not_due"
    assert kind(permission, as_of=_day_after(due), **policy) == "suspected"


def _day_after(day: str) -> str:
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=1)).isoformat()


STUDENT = {"ground": "change", "previous_status": "student"}


@pytest.mark.parametrize(
    ("permission", "policy", "due"),
    [
        (STUDENT | {"permitted_on": "2026-01-01"}, {}, "2026-05-31"),
        (STUDENT | {"permitted_on": "2026-03-31"}, {}, "2026-05-31"),
        (STUDENT | {"permitted_on": "2026-04-30"}, {}, "2026-05-31"),
        (STUDENT | {"permitted_on": "2026-05-01"}, {}, "2026-06-30"),
        (STUDENT | {"permitted_on": "2025-12-31"}, {}, "2026-01-31"),
        (STUDENT | {"permitted_on": "2026-01-15", "contract_starts_on": "2026-06-01"}, {}, "2026-07-31"),
        (STUDENT | {"permitted_on": "2026-01-15", "previous_status": "留学"}, {}, "2026-05-31"),
        (STUDENT | {"permitted_on": "2026-01-15", "previous_status": "precollege"}, {}, "2026-02-28"),
        (STUDENT | {"permitted_on": "2026-01-15", "previous_status": ""}, {}, "2026-02-28"),
        (STUDENT | {"permitted_on": "2026-01-15", "ground": "coe"}, {}, "2026-02-28"),
        (STUDENT | {"permitted_on": "2026-01-15"}, {"due_months": {"default": 5}}, "2026-06-30"),
    ],
)
def test_who_was_a_student_begins_in_april(permission: Row, policy: dict[str, object], due: str) -> None:
    assert kind(permission, as_of=due, **policy) == "not_due"
    assert kind(permission, as_of=_day_after(due), **policy) == "suspected"


def test_days_of_grace_count_from_the_end_of_the_month_and_not_from_31_may() -> None:
    student = STUDENT | {"permitted_on": "2026-03-31"}

    assert kind(student, as_of="2026-05-31", grace_days=3) == "not_due"
    assert kind(student, as_of="2026-06-01", grace_days=3) == "suspected"
    assert kind(student | {"permitted_on": "2026-04-30"}, as_of="2026-06-03", grace_days=3) == "not_due"


def test_what_is_due_after_the_end_of_the_calendar_is_never_due() -> None:
    for permission in ({"permitted_on": "9999-12-01"}, {"contract_starts_on": "9999-12-31"}):
        assert kind(permission, as_of="9999-12-31") == "not_due"


# Crediting --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "does"),
    [
        ({}, True),
        ({"sex": "2"}, True),  # mismatched
        ({"card_number": OLD_NUMBER}, True),
        ({"card_number": OTHER_NUMBER}, False),  # somebody else's
        ({"card_number": "A123"}, False),
        (TOMBSTONE, False),
        (CONFLICT, False),
        ({"employment_start": BEFORE}, False),
        ({"employment_start": ON}, True),
        ({"employment_start": BEFORE, "registered_on": AFTER}, False),
        ({"employment_start": ON, "registered_on": BEFORE}, True),
        ({"employment_start": ON, "employment_end": "2026-03-01"}, True),
        ({"registered_on": BEFORE}, False),  # an employment is notified when it has begun
        ({"registered_on": ON}, True),
        ({"employment_end": "2026-03-01"}, False),  # a notice of separation
        (OTHER, True),  # by default any employer
    ],
)
def test_what_a_notification_credits(changes: Row, does: bool) -> None:
    assert (suspicion(changes) is None) is does


def test_a_held_notification_credits_whom_its_row_names() -> None:
    held = {"persons": [a_person(), a_person(card_number=OTHER_NUMBER)], "cards": []}
    for changes, scope in (({}, "credited"), (EARLY, "suspected")):
        number = {"card_number": OTHER_NUMBER}
        result = run(a_notification(**number | changes), permissions=[a_permission()], **held)
        assert result.scope[scope] == 1


def test_whether_a_blank_start_credits_is_a_decision() -> None:
    assert suspicion({}, blank_start_credits=False) == ("no_notification", "", "")
    assert suspicion({"employment_start": ON}, blank_start_credits=False) is None
    early = ("start_before_permission", "", "0")
    assert suspicion({"registered_on": BEFORE}, blank_start_credits=False, permission=NO_LANDING) == early


NO_LANDING = {"ground": "change", "previous_status": "dependent"}
BY_CONTRACT = {"credited_by": "contract_organisation"}


@pytest.mark.parametrize(
    ("permission", "changes", "does"),
    [
        ({}, SAME, True),
        ({}, OTHER, False),
        ({}, OTHER | {"establishment_phone": "0312345678"}, True),
        ({"dispatch_name": "別の商店株式会社"}, OTHER, True),
        ({"dispatch_phone": "06-1111-2222"}, {"establishment_phone": "0611112222"}, True),
        ({}, {}, False),  # nothing to compare does not agree
    ],
)
def test_the_employer_may_have_to_be_the_organisation(permission: Row, changes: Row, does: bool) -> None:
    assert (suspicion(changes, permission=permission, **BY_CONTRACT) is None) is does
    assert suspicion(changes, permission=permission) is None


@pytest.mark.parametrize(
    ("changes", "others_only"),
    [
        ([OTHER], 1),
        ([SAME], 0),
        ([SAME, OTHER], 0),
        ([OTHER, OTHER], 1),
        ([{}], 0),  # nothing to compare
        ([OTHER, {}], 0),
        ([OTHER, SAME | EARLY], 1),
        ([EARLY | OTHER], 0),  # not credited
    ],
)
def test_permissions_that_only_others_credit_are_counted(changes: list[Row], others_only: int) -> None:
    notifications = [a_notification(notification_id=str(n), **each) for n, each in enumerate(changes)]
    for policy, count in (({}, others_only), (BY_CONTRACT, 0)):
        result = run(*notifications, permissions=[a_permission(**ORGANISATION)], **policy)
        assert result.credited_by_others_only == count


# Organisations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("株式会社連携工業", "連携工業株式会社", True),
        ("㈱連携工業", "(株) 連携工業", True),
        ("（株）連携工業", "㍿連携工業", True),
        ("有限会社花", "花", True),
        ("社会福祉法人 みどり会", "みどり会", True),
        ("キャノン", "キヤノン", True),
        ("ｷｬﾉﾝ", "キヤノン", True),
        ("しょっぷ", "しよつぷ", True),
        ("きゃのん", "キャノン", False),
        ("Acme Trading Co., Ltd.", "ＡＣＭＥ　ＴＲＡＤＩＮＧ", True),
        ("連携工業", "連携工業東京支店", True),  # four characters
        ("連携工", "連携工業", False),  # three
        ("株式会社連携工", "連携工業", False),  # legal forms do not count
        ("連携 工業", "連携工業", True),
        ("連携工業", "共同工業", False),
        ("東京連携工業", "連携工業", False),  # not at the beginning
        ("株式会社", "有限会社", False),  # no names
        ("", "", False),
        ("INCUBATE", "UBATE", False),
    ],
)
def test_names_of_organisations_agree(one: str, other: str, agree: bool) -> None:
    assert organisations.names_agree(organisations.fold(one), organisations.fold(other)) is agree
    assert organisations.names_agree(organisations.fold(other), organisations.fold(one)) is agree


@pytest.mark.parametrize(
    ("establishment", "organisation", "said"),
    [
        (("連携工業", "", "大阪市"), ("連携工業", "", "東京都"), "agrees"),  # whatever the address
        (("連携", "03-1234-5678", ""), ("共同", "0312345678", ""), "agrees"),
        (("連携", "０３（１２３４）５６７８", ""), ("", "0312345678", ""), "agrees"),
        (("連携", "123456", ""), ("共同", "123-456", ""), "other"),
        (("連携", "1234567", ""), ("共同", "123-4567", ""), "agrees"),
        (("連携", "03-1234-5678", "東京都新宿区1"), ("共同", "0312345678", "新宿区2"), "agrees"),
        (("連携", "03-1234-5678", "東京都新宿区1"), ("共同", "0312345678", "東京都"), "agrees"),
        (("連携", "03-1234-5678", "東京都新宿区1"), ("共同", "0312345678", "大阪府"), "other"),
        (("連携", "03-1234-5678", "東京都新宿区1"), ("共同", "0312345678", "東京都港区2"), "other"),
        (("連携", "03-1234-5678", "府中市"), ("共同", "0312345678", "広島県府中市"), "agrees"),
        (("連携", "03-1234-5678", "東京都府中市"), ("共同", "0312345678", "広島県府中市"), "other"),
        (("連携", "03-1234-5678", "東村山市"), ("共同", "0312345678", "東村"), "other"),
        (("連携", "03-1234-5678", "どこか"), ("共同", "0312345678", "東京都港区"), "agrees"),
        (("連携", "", ""), ("共同", "", ""), "other"),
        (("", "", "東京都"), ("共同", "03-1234-5678", ""), "nothing"),
        (("連携", "03-1234-5678", ""), ("", "", "東京都"), "nothing"),
    ],
)
def test_organisations_agree_by_name_else_by_telephone(
    establishment: tuple[str, str, str], organisation: tuple[str, str, str], said: str
) -> None:
    parts = ("name", "phone", "address")
    notification = {f"establishment_{part}": text for part, text in zip(parts, establishment, strict=True)}
    permission = {f"organisation_{part}": text for part, text in zip(parts, organisation, strict=True)}
    explanation = {"agrees": "continues", "other": "continues_elsewhere", "nothing": ""}[said]

    assert suspicion(EARLY | notification, permission=permission | {"ground": "change"}) == (
        "start_before_permission",
        explanation,
        "0",
    )


@pytest.mark.parametrize(
    ("dispatch", "explanation"),
    [
        ({"dispatch_name": "別の商店"}, "continues"),
        ({"dispatch_name": "第三の会社"}, "continues_elsewhere"),
        ({"organisation_name": "", "organisation_phone": "", "dispatch_name": "第三の会社"}, ""),
    ],
)
def test_the_employer_may_be_the_place_of_dispatch(dispatch: Row, explanation: str) -> None:
    found = suspicion(EARLY | OTHER, permission=dispatch | {"ground": "change"})

    assert found == ("start_before_permission", explanation, "0")


# Reason -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notifications", "policy", "reason", "rests_on"),
    [
        ([], {}, "no_notification", ""),
        ([EARLY], {}, "start_before_permission", "0"),
        ([EARLY, {}], {}, None, ""),
        ([CONFLICT], {}, "identity_conflict", "0"),
        ([CONFLICT, EARLY], {}, "start_before_permission", "1"),
        ([CONFLICT | EARLY], {}, "no_notification", ""),
        ([{"card_number": "A123"}], {}, "no_notification", ""),
        ([TOMBSTONE | EARLY], {}, "no_notification", ""),
        ([{"card_number": OTHER_NUMBER}], {}, "no_notification", ""),
        ([OTHER], BY_CONTRACT, "other_employer", "0"),
        ([{}], BY_CONTRACT, "other_employer", "0"),
        ([OTHER | EARLY], BY_CONTRACT, "no_notification", ""),
        ([OTHER | EARLY], {}, "start_before_permission", "0"),
        ([OTHER | CONFLICT], BY_CONTRACT, "no_notification", ""),
        ([SAME | CONFLICT, OTHER], BY_CONTRACT, "other_employer", "1"),
        ([OTHER, SAME | EARLY], BY_CONTRACT, "start_before_permission", "1"),
        ([OTHER, SAME], BY_CONTRACT, None, ""),
    ],
)
def test_the_first_reason_that_fits(
    notifications: list[Row], policy: Row, reason: str | None, rests_on: str
) -> None:
    found = suspicion(*notifications, **policy)

    assert (found and (found[0], found[2])) == (reason and (reason, rests_on))


@pytest.mark.parametrize(
    ("notifications", "rests_on"),
    [
        ([{"registered_on": "2026-04-01"}, {"registered_on": "2026-04-02"}], "1"),
        ([{"registered_on": "2026-04-02"}, {"registered_on": "2026-04-01"}], "0"),
        ([{"notification_id": "10"}, {"notification_id": "9"}], "10"),  # as text
        ([{}, {"registered_on": "2026-04-02", "employment_end": BEFORE} | SAME, SAME], "2"),  # continues
    ],
)
def test_of_several_notifications_the_latest_then_the_smallest_is_named(
    notifications: list[Row], rests_on: str
) -> None:
    found = suspicion(*(EARLY | changes for changes in notifications))

    assert found is not None
    assert found[2] == rests_on
    conflicts = suspicion(*(CONFLICT | changes for changes in notifications[:2]))
    assert conflicts is not None
    assert conflicts[0] == "identity_conflict"


# Explanation ------------------------------------------------------------------------------------------

ISSUED_AFTER = {"issued_on": ON}


@pytest.mark.parametrize(
    ("changes", "permission", "card", "explanation"),
    [
        (EARLY | SAME, {}, ISSUED_AFTER, "notified_after"),
        (EARLY | SAME, {}, {"issued_on": BEFORE}, "continues"),
        (EARLY | SAME, {}, {"issued_on": ""}, "continues"),
        (EARLY | {"card_number": OLD_NUMBER} | SAME, {}, ISSUED_AFTER, "continues"),  # the reported card
        ({"registered_on": BEFORE} | SAME, {}, ISSUED_AFTER, "continues"),  # no start is given
        (EARLY | SAME, NO_LANDING, {}, "continues"),
        (EARLY | SAME | {"employment_end": ON}, {}, {}, "continues"),
        (EARLY | SAME | {"employment_end": BEFORE}, NO_LANDING, {}, "ended_before"),
        (EARLY | OTHER, {}, {}, "just_before"),
        ({"employment_start": "2025-12-15"} | OTHER, {}, {}, "just_before"),  # 31 days
        ({"employment_start": "2025-12-14"} | OTHER, {}, {}, "continues_elsewhere"),
        ({"registered_on": BEFORE} | OTHER, {}, {}, "just_before"),
        (EARLY | OTHER, NO_LANDING, {}, "continues_elsewhere"),
        (EARLY, NO_LANDING, {}, ""),  # nothing to compare
        (EARLY | OTHER | {"employment_end": BEFORE}, {}, {}, "just_before"),
        ({"employment_end": BEFORE} | SAME, {}, ISSUED_AFTER, "ended_before"),
        ({"employment_end": ON} | SAME, {}, ISSUED_AFTER, "separation_only"),
        ({"employment_end": ON, "registered_on": BEFORE} | SAME, {}, {}, "separation_only"),
    ],
)
def test_a_start_before_the_permission_is_explained(
    changes: Row, permission: Row, card: Row, explanation: str
) -> None:
    found = suspicion(changes, permission=permission, card=card)

    assert found == ("start_before_permission", explanation, "0")


def test_the_first_explanation_is_sought_over_all_notifications() -> None:
    ended, elsewhere, went_on = EARLY | {"employment_end": BEFORE}, EARLY | OTHER, EARLY | SAME
    late = {"registered_on": "2026-04-09"}
    start = "start_before_permission"

    assert suspicion(ended | late, elsewhere, permission=NO_LANDING) == (start, "continues_elsewhere", "1")
    assert suspicion(ended | late, elsewhere | late, went_on) == (start, "continues", "2")
    of_two_failures = went_on | CONFLICT
    assert suspicion(ended, of_two_failures, permission=NO_LANDING) == (start, "ended_before", "0")


def test_a_held_notification_has_no_card_that_says_when_it_was_issued() -> None:
    result = run(
        a_notification(card_number=OTHER_NUMBER, **EARLY, **SAME),
        persons=[a_person(), a_person(card_number=OTHER_NUMBER)],
        cards=[a_card(issued_on=AFTER)],
        permissions=[a_permission(**ORGANISATION)],
    )

    assert [row["outcome"] for row in result.matches] == ["held"]
    assert [row["explanation"] for row in result.annex3] == ["continues"]


@pytest.mark.parametrize(
    ("notifications", "found"),
    [
        ([TOMBSTONE], ("no_notification", "cancelled", "")),
        ([TOMBSTONE | {"card_number": OLD_NUMBER}], ("no_notification", "cancelled", "")),
        ([TOMBSTONE | {"card_number": OTHER_NUMBER}], ("no_notification", "", "")),
        ([TOMBSTONE | {"card_number": "A123"}], ("no_notification", "", "")),
        ([TOMBSTONE, EARLY | CONFLICT], ("no_notification", "cancelled", "")),
        ([TOMBSTONE, CONFLICT], ("identity_conflict", "", "1")),
        ([TOMBSTONE, {}], None),
    ],
)
def test_a_deleted_notification_explains_that_there_is_none(
    notifications: list[Row], found: tuple[str, str, str] | None
) -> None:
    assert suspicion(*notifications) == found


def test_explanations_are_a_decision() -> None:
    assert suspicion(EARLY | SAME, explain_omissions=False) == ("start_before_permission", "", "")
    assert suspicion(TOMBSTONE, explain_omissions=False) == ("no_notification", "", "")


@pytest.mark.parametrize("explain", [True, False])
def test_whether_what_went_on_is_reported_is_a_decision(explain: bool) -> None:
    policy = {"report_continuing": False, "explain_omissions": explain}
    permission = a_permission(**ORGANISATION)

    went_on = run(a_notification(**EARLY, **SAME), permissions=[permission], **policy)
    assert (went_on.annex3, went_on.scope["suspected"]) == ([], 1)
    elsewhere = run(a_notification(**EARLY, **OTHER), permissions=[permission], **policy)
    assert len(elsewhere.annex3) == elsewhere.scope["suspected"] == 1


# Annex 3 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (
            {"ground": "coe", "previous_status": "student"},
            {"landed_on": "2026-01-15", "changed_on": "", "previous_status": ""},
        ),
        (
            {"ground": "change", "previous_status": "技術"},
            {"landed_on": "", "changed_on": "2026-01-15", "previous_status": "engineer"},
        ),
        (
            {"dispatch_name": "B", "dispatch_address": "C"},
            {"dispatch_name": "B", "dispatch_address": "C", "dispatch_phone": ""},
        ),
        (
            {"dispatch_address": "C", "dispatch_phone": "03"},
            {"dispatch_name": "", "dispatch_address": "C", "dispatch_phone": "03"},
        ),
    ],
)
def test_conditional_items_of_annex_3(changes: Row, shown: Row) -> None:
    (row,) = run(permissions=[a_permission(**changes)]).annex3

    assert {name: row[name] for name in shown} == shown


def test_annex_3_shows_the_persons_latest_record_and_the_permissions_organisation() -> None:
    permission = a_permission(contract_starts_on="2026-01-31")
    (row,) = run(persons=[a_person(status_of_residence="35")], permissions=[permission]).annex3

    assert list(row) == [column.name for column in columns("suspected_omissions")]
    assert row["card_number"] == NUMBER
    assert row["status_of_residence"] == "engineer_humanities_intl"
    assert row["organisation_name"] == "連携工業"
    assert "2026-01-31" not in row.values()  # never disclosed
