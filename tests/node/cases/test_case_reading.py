"""Personal values: out through one door, for a purpose, with a trace; documents likewise."""

from datetime import timedelta

import pytest

from node.cases.made_up import NOW, a_discrepancy, case_of
from renkei.node.accounts import purposes
from renkei.node.audit.models import Entry
from renkei.node.cases import queries, services
from renkei.node.cases.models import Attachment, Case
from renkei.node.errors import NotAttachable, NotPermitted
from renkei.node.records.models import Notification

NUMBER = "R8-1124-0001"
PDF = b"%PDF-1.7 made up"


@pytest.fixture
def case(answer) -> Case:
    Notification.objects.create(notification_id="N1", name="架空 花代", establishment_number="13010000011")
    answer(a_discrepancy(1))
    return case_of("N1")


def stated(officer, number: str = NUMBER) -> None:
    purposes.declare(officer, "labour_market", [number], now=NOW)


def test_a_case_is_opened_for_a_purpose_and_the_reading_recorded(case, officer):
    stated(officer)
    shown = queries.open_case(NUMBER, officer, now=NOW)
    entry = Entry.objects.last()

    assert shown.found["latest_name"] == "架空 花子"
    assert shown.notification["name"] == "架空 花代"
    assert [event.what for event in shown.history] == ["open"]
    assert (entry.actor, entry.verb, entry.subject) == ("tanaka", "CASE_READ", NUMBER)
    assert entry.purpose == "labour_market"
    assert "架空" not in str(entry.facts)


def test_each_reading_is_recorded_anew(case, officer):
    stated(officer)
    for _ in range(2):
        queries.open_case(NUMBER, officer, now=NOW)

    assert Entry.objects.filter(verb="CASE_READ").count() == 2


def test_without_a_purpose_or_after_it_lapsed_nothing_is_shown(case, officer):
    with pytest.raises(NotPermitted):
        queries.open_case(NUMBER, officer, now=NOW)
    stated(officer)
    with pytest.raises(NotPermitted):
        queries.open_case(NUMBER, officer, now=NOW + timedelta(minutes=30))

    assert not Entry.objects.filter(verb="CASE_READ").exists()


def test_another_offices_case_and_none_at_all_are_refused_alike(case, officer):
    Case.objects.update(office="2703")
    refusals = []
    for number in (NUMBER, "R8-0101-0001"):
        stated(officer, number)
        with pytest.raises(NotPermitted) as refused:
            queries.open_case(number, officer, now=NOW)
        refusals.append((refused.value.en, refused.value.ja))

    assert refusals[0] == refusals[1]


def test_a_document_is_kept_with_its_case_and_read_for_a_purpose(case, officer):
    made = services.attach(case, "C:\\scans\\回答書.pdf", PDF, officer, now=NOW)
    with pytest.raises(NotPermitted):
        services.read(made, officer, now=NOW)
    stated(officer)

    assert services.read(made, officer, now=NOW) == PDF
    assert (made.name, made.media_type, made.size) == ("回答書.pdf", "application/pdf", len(PDF))
    assert Entry.objects.last().verb == "DOCUMENT_READ"
    assert Entry.objects.last().purpose == "labour_market"


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"MZ program", PDF + bytes(services.LARGEST)],
    ids=["empty", "a page", "a program", "too large"],
)
def test_a_document_of_another_kind_or_too_large_is_refused(case, officer, content):
    with pytest.raises(NotAttachable):
        services.attach(case, "claims to be.pdf", content, officer, now=NOW)

    assert Attachment.objects.count() == 0


def test_a_case_keeps_so_many_documents_and_no_more(case, officer):
    for _ in range(services.MOST):
        services.attach(case, "a.pdf", PDF, officer, now=NOW)
    with pytest.raises(NotAttachable):
        services.attach(case, "a.pdf", PDF, officer, now=NOW)

    assert Attachment.objects.count() == services.MOST


def test_a_document_is_not_for_another_office(case, officer):
    Case.objects.update(office="2703")
    with pytest.raises(NotPermitted):
        services.attach(case_of("N1"), "a.pdf", PDF, officer, now=NOW)
