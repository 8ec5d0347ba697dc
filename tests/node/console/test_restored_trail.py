"""A-02: one auditor asks that a restore be accepted, another confirms; what was typed survives a refusal."""

import pytest
from django.db import transaction

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb

pytestmark = pytest.mark.django_db

PAGE = "/trail/restored/"
TYPED = {
    "act": "ask",
    "of": "mhlw",
    "head": "f" * 64,
    "number": "12",
    "reason": "hardware",
    "reference": "入管情第12号",
}


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def auditors(node, db) -> tuple[Officer, Officer]:
    found = [Officer.objects.create_user(name) for name in ("tanaka", "sato")]
    Assignment.objects.bulk_create(Assignment(officer=each, duty=Duty.AUDIT) for each in found)
    return found[0], found[1]


@pytest.fixture
def asked(auditors) -> Entry:
    """What the first auditor asked for, as the command or the page would."""
    facts = {"head": "f" * 64, "reason": "hardware", "reference": "R8-12"}
    heads = [f"mhlw-isa-annex1-00000002 {'a' * 64}"]
    with transaction.atomic():
        return record(auditors[0], Verb.RESTORE_ACCEPTANCE_ASKED, "mhlw 12", **facts, heads=heads)


def test_a_refusal_is_told_and_what_was_typed_is_kept(client, auditors):
    client.force_login(auditors[0])
    for changed in ({}, {"number": "twelve"}, {"number": "9" * 30}, {"reason": ""}, {"head": "x"}):
        answer = client.post(PAGE, TYPED | changed)

        assert answer.status_code == 422
        assert "入管情第12号" in answer.content.decode()
    assert not Entry.objects.filter(verb__startswith="RESTORE").exists()


def test_whoever_asked_sees_that_another_confirms_and_the_other_has_the_button(client, auditors, asked):
    seen = []
    for officer in auditors:
        client.force_login(officer)
        seen.append(client.get(PAGE).content.decode())

    assert all("mhlw-isa-annex1-00000002" in page for page in seen)
    assert ['value="confirm"' in page for page in seen] == [False, True]


def test_the_second_confirms_once_and_it_stands_in_the_trail(client, auditors, asked):
    answers = []
    for officer in (auditors[0], auditors[1], auditors[1]):
        client.force_login(officer)
        answers.append(client.post(PAGE, {"act": "confirm", "asked": str(asked.number)}).status_code)
    accepted = Entry.objects.get(verb="RESTORE_ACCEPTED")

    assert answers == [422, 302, 422]
    assert (accepted.actor, accepted.facts["asked_by"], accepted.facts["asked"]) == (
        "sato",
        "tanaka",
        asked.number,
    )
    assert 'value="confirm"' not in client.get(PAGE).content.decode()


def test_the_trail_leads_to_it(client, auditors):
    client.force_login(auditors[0])

    assert PAGE in client.get("/trail/").content.decode()
