"""Lists: whose cases one sees, narrowed, in order, page by page, and without a name."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from node.cases.made_up import NOW, a_discrepancy, an_omission, case_of
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.cases.models import Case
from renkei.node.cases.queries import Filters, by_establishment, counts, page
from renkei.node.errors import Incomplete, NotPermitted


@pytest.fixture
def everywhere(db) -> Officer:
    found = Officer.objects.create_user("sato", display_name="佐藤 次郎")
    Assignment.objects.create(officer=found, duty=Duty.HANDLE_CASES, office="")
    return found


@pytest.fixture
def cases(answer, officer) -> None:
    """Six cases: N1–N4 of offices 1301, 1301, 2703 and none; L1 of 1301; N5 closed."""
    answer(*(a_discrepancy(number) for number in range(1, 6)), an_omission(1))
    for identifier, fields in {
        "N1": {"office": "1301", "due_on": "2026-12-03", "establishment_number": "13010000011"},
        "N2": {"office": "1301", "due_on": "2026-12-01", "establishment_number": "13010000011"},
        "N3": {"office": "2703", "due_on": "2026-12-02", "establishment_number": "27030000011"},
        "N4": {"due_on": "2026-12-04"},
        "L1": {"office": "1301", "due_on": "2026-12-01", "assigned_to": officer, "state": "asked"},
        "N5": {"office": "1301", "due_on": None, "state": "closed", "outcome": "other"},
    }.items():
        Case.objects.filter(identifier=identifier).update(**fields)
    Case.objects.filter(identifier="N1").update(items="sex;name", identity_caution=True)


def listed(who: Officer, /, **narrowed: object) -> list[str]:
    return [case.identifier for case in page(who, Filters(**narrowed), now=NOW).cases]


def test_the_most_urgent_come_first(cases, everywhere):
    assert listed(everywhere) == ["N2", "L1", "N3", "N1", "N4"]


def test_an_officer_sees_the_cases_of_the_office_alone(cases, officer):
    assert listed(officer) == ["N2", "L1", "N1"]
    assert listed(officer, closed=True) == ["N5"]
    assert listed(officer, office="2703") == []
    assert listed(officer, unassigned_tray=True) == []


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ({"kind": "suspected_omission"}, ["L1"]),
        ({"states": ("asked", "checking")}, ["L1"]),
        ({"item": "name"}, ["N2", "N3", "N1", "N4"]),
        ({"item": "sex"}, ["N1"]),
        ({"item": "se"}, []),
        ({"item": "no_notification"}, ["L1"]),
        ({"office": "13"}, ["N2", "L1", "N1"]),
        ({"office": "2703"}, ["N3"]),
        ({"unassigned_tray": True}, ["N4"]),
        ({"nobodys": True}, ["N2", "N3", "N1", "N4"]),
        ({"establishment": "13010000011"}, ["N2", "N1"]),
        ({"identity_caution": True}, ["N1"]),
        ({"due_by": date(2026, 12, 2)}, ["N2", "L1", "N3"]),
        ({"closed": True}, ["N5"]),
    ],
)
def test_a_list_is_narrowed(cases, everywhere, narrowed, found):
    assert listed(everywhere, **narrowed) == found


def test_the_list_of_ones_own(cases, officer):
    assert listed(officer, officer=officer) == ["L1"]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_pages_together_hold_every_case_once(cases, everywhere, closed, size):
    if closed:
        Case.objects.update(state="closed", due_on=None)
    filters = Filters(closed=closed)
    whole = [case.number for case in page(everywhere, filters, now=NOW, size=100).cases]
    found, key = [], ""
    for _ in range(2 * len(whole)):  # a page that does not get on must not hang the test
        one = page(everywhere, filters, now=NOW, after=key, size=size)
        assert len(one.cases) <= size
        found += [case.number for case in one.cases]
        if not (key := one.next_key):
            break

    assert found == whole
    assert len(whole) == (6 if closed else 5)


@pytest.mark.parametrize("key", ["x", "2026-13-01_1", "5_x", "_"])
@pytest.mark.parametrize("closed", [False, True])
def test_a_key_that_no_page_gave_is_refused(cases, everywhere, key, closed):
    with pytest.raises(Incomplete):
        page(everywhere, Filters(closed=closed), now=NOW, after=key)


def test_a_page_is_two_queries_and_reads_no_value(cases, everywhere, officer):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = page(everywhere, Filters(), now=NOW)
        assert [str(case.assigned_to) for case in found.cases if case.assigned_to] == ["田中 一郎"]

    statements = [each["sql"] for each in asked.captured_queries]
    assert len(statements) <= 3  # duties twice, cases once: however many cases there are
    assert not any('"row"' in statement for statement in statements)


def test_cases_are_grouped_by_establishment(cases, everywhere, officer):
    groups = by_establishment(everywhere, Filters(), now=NOW)

    assert groups == [
        {
            "establishment_number": "13010000011",
            "office": "1301",
            "cases": 2,
            "cautions": 1,
            "due_on": date(2026, 12, 1),
        },
        {
            "establishment_number": "27030000011",
            "office": "2703",
            "cases": 1,
            "cautions": 0,
            "due_on": date(2026, 12, 2),
        },
    ]
    assert by_establishment(everywhere, Filters(), now=NOW, after="13010000011") == groups[1:]
    assert by_establishment(officer, Filters(), now=NOW) == groups[:1]


def test_open_cases_are_counted_by_kind_and_state(cases, officer, everywhere):
    assert counts(officer, now=NOW) == {("discrepancy", "new"): 2, ("suspected_omission", "asked"): 1}
    assert counts(everywhere, now=NOW)["discrepancy", "new"] == 4


def test_without_the_duty_there_is_no_list(cases):
    with pytest.raises(NotPermitted):
        page(Officer.objects.create_user("suzuki"), Filters(), now=NOW)


def test_a_case_that_moves_between_pages_is_not_shown_twice(cases, everywhere):
    first = page(everywhere, Filters(), now=NOW, size=2)
    Case.objects.filter(pk=case_of("N2").pk).update(state="closed", due_on=None)
    second = page(everywhere, replace(Filters()), now=NOW, size=2, after=first.next_key)

    assert [case.identifier for case in second.cases] == ["N3", "N1"]
