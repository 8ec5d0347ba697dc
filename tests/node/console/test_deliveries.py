"""Deliveries to look at and to act on: gaps, verified papers, evidence, sending again, two for a medium."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.console.pages import PAGES
from renkei.node.deliveries import medium, outgoing, queries
from renkei.node.deliveries.models import Delivery

pytestmark = pytest.mark.django_db

DAY = timezone.now().date()
PAGE = "/deliveries/out/annex1/1/"
NAMES = {"agreed_by": "試験 相手", "handed_over_by": "試験 一郎", "taken_over_by": "試験 二郎"}
ASKING = {"act": "ask", "reason": "agreed", **NAMES}


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def sealed(node, db) -> Delivery:
    return outgoing.make("annex1", DAY, {}, now=timezone.now())


@pytest.fixture
def operator(client, node, db) -> Officer:
    made = Officer.objects.create_user("suzuki")
    Assignment.objects.create(officer=made, duty=Duty.OPERATE)
    client.force_login(made)
    return made


@pytest.fixture
def second(db) -> Officer:
    made = Officer.objects.create_user("sato")
    Assignment.objects.create(officer=made, duty=Duty.OPERATE)
    return made


def incoming(*numbers: int) -> None:
    for number in numbers:
        Delivery.objects.create(
            direction="in", service="annex2-3", sequence=number, business_day=DAY, kind="data", state="opened"
        )


def names_in(answer) -> set[str]:
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    return {name.rpartition("/")[2] for name in packed.namelist()}


@pytest.mark.parametrize(
    ("numbers", "gaps"),
    [
        ((1, 2, 3), []),
        ((2, 3), [(1, 1)]),
        ((1, 4, 6), [(5, 5), (2, 3)]),
    ],
)
def test_numbers_that_are_missing_are_found(node, db, numbers, gaps):
    incoming(*numbers)
    found = [queries.gap_before(each) for each in queries.listed()]

    assert [(gap.first, gap.last) for gap in found if gap] == gaps


def test_a_gap_is_a_row_and_says_when_both_declared_it_void(client, node, operator):
    incoming(1, 3)
    missing = client.get("/deliveries/").content.decode()
    (node.exchange / "inbox/annex2-3/void/00000002").mkdir(parents=True)
    void = client.get("/deliveries/").content.decode()

    assert "届いていません" in missing
    assert "無効と確認済み" in void
    assert "届いていません" not in void


def test_what_came_before_its_predecessor_is_said_to_wait(client, node, operator):
    (node.exchange / "inbox/annex2-3/waiting/00000007").mkdir(parents=True)

    assert "前の番号を待っています" in client.get("/deliveries/").content.decode()


def test_a_manifest_is_verified_anew_and_a_forged_one_is_told(client, sealed, operator):
    holds = client.get(PAGE).content.decode()
    manifest = queries.files_of(sealed).manifest
    manifest.write_bytes(manifest.read_bytes().replace(b'"revision": 1', b'"revision": 2'))
    forged = client.get(PAGE).content.decode()

    assert "署名有効" in holds
    assert "無効" in forged
    assert "署名有効" not in forged


def test_the_evidence_is_sealed_and_its_taking_recorded(client, sealed, operator):
    name = queries.files_of(sealed).name
    found = names_in(client.post(PAGE, {"act": "evidence"}))

    assert found == {f"{name}.json", f"{name}.json.p7s", f"{name}.cms"}
    assert Entry.objects.get(verb="EVIDENCE_TAKEN").subject == "annex1 1"


def test_sending_again_needs_a_reason_and_is_recorded(client, sealed, operator):
    later = timezone.now() + timedelta(hours=1)
    Delivery.objects.update(state="sent", next_try_at=later)
    without = client.post(PAGE, {"act": "resend"})
    answer = client.post(PAGE, {"act": "resend", "reason": "no_receipt"})
    sealed.refresh_from_db()

    assert (without.status_code, answer.status_code) == (422, 302)
    assert (sealed.state, sealed.next_try_at) == ("sealed", None)
    assert Entry.objects.get(verb="DELIVERY_RESENT").facts == {"reason": "no_receipt"}


@pytest.mark.parametrize("state", ["accepted", "refused"])
def test_what_is_settled_is_neither_sent_again_nor_carried(client, sealed, operator, state):
    Delivery.objects.update(state=state)

    assert client.post(PAGE, {"act": "resend", "reason": "asked"}).status_code == 422
    assert client.post(PAGE, ASKING).status_code == 422
    assert Delivery.objects.get().state == state


def test_two_officers_hand_a_delivery_over_and_neither_alone(client, sealed, operator, second):
    client.post(PAGE, ASKING)
    alone = client.post(PAGE, {"act": "confirm"})
    early = client.post(PAGE, {"act": "medium"})
    client.force_login(second)
    confirmed = client.post(PAGE, {"act": "confirm"})
    found = names_in(client.post(PAGE, {"act": "medium"}))
    name = queries.files_of(sealed).name
    sealed.refresh_from_db()

    assert (alone.status_code, early.status_code, confirmed.status_code) == (422, 422, 302)
    assert found == {f"{name}.json", f"{name}.json.p7s", f"{name}.cms", f"{name}.pdf"}
    assert sealed.by_medium
    assert list((queries.files_of(sealed).directory).glob("export-*.media.json"))
    assert set(Entry.objects.values_list("verb", flat=True)) >= {
        "HANDOVER_ASKED",
        "HANDOVER_CONFIRMED",
        "DELIVERY_EXPORTED",
    }


def test_a_confirmation_lapses_after_a_day(node, sealed, operator, second):
    then = timezone.now() - medium.LASTS
    medium.ask(sealed, operator, reason="agreed", now=then, **NAMES)

    assert medium.standing(sealed, timezone.now()) is None


@pytest.mark.parametrize("missing", ["reason", "agreed_by", "handed_over_by", "taken_over_by"])
def test_a_medium_without_reason_or_name_is_refused_and_nothing_typed_is_lost(
    client, sealed, operator, missing
):
    answer = client.post(PAGE, {**ASKING, missing: ""})
    kept = [name for name in NAMES.values() if name in answer.content.decode()]

    assert answer.status_code == 422
    assert len(kept) == (3 if missing == "reason" else 2)


def test_an_auditor_sees_and_does_not_send(client, sealed):
    auditor = Officer.objects.create_user("kansa")
    Assignment.objects.create(officer=auditor, duty=Duty.AUDIT)
    client.force_login(auditor)
    page = client.get(PAGE).content.decode()
    answer = client.post(PAGE, {"act": "resend", "reason": "asked"})

    assert 'value="resend"' not in page
    assert answer.status_code == 422
    assert not Entry.objects.filter(verb="DELIVERY_RESENT").exists()
    assert PAGES["delivery"].number in page
