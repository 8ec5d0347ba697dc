"""Officers and keys: nobody changes their own account; codes are shown once; fingerprints and ends."""

import pytest
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from renkei.exchange.keys import spoken
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.deliveries import keystore

pytestmark = pytest.mark.django_db

PASSWORD = "synthetic-only-42"


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def administrator(client, node, db) -> Officer:
    made = Officer.objects.create_user("kanri", password=PASSWORD)
    Assignment.objects.create(officer=made, duty=Duty.ADMINISTER)
    enter(client, made)
    return made


@pytest.fixture
def colleague(db) -> Officer:
    return Officer.objects.create_user("sato", display_name="試験 花子", password=PASSWORD)


def enter(client, officer: Officer) -> None:
    """Be in with password and one-time code."""
    client.force_login(officer)
    device = TOTPDevice.objects.create(user=officer, name="made before")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()


def verbs() -> list[str]:
    return list(Entry.objects.order_by("number").values_list("verb", flat=True))


def test_an_account_is_made_and_entrusted(client, administrator):
    made = client.post("/officers/", {"name": "suzuki", "local": "1", "password": PASSWORD})
    client.post("/officers/suzuki/", {"act": "entrust", "duty": "operate", "office": ""})
    client.post("/officers/suzuki/", {"act": "entrust", "duty": "handle_cases", "office": "13010"})
    client.post("/officers/suzuki/", {"act": "relieve", "duty": "operate", "office": ""})
    held = Assignment.objects.filter(officer__username="suzuki")

    assert made.status_code == 302
    assert list(held.values_list("duty", "office")) == [("handle_cases", "13010")]
    assert verbs() == ["ACCOUNT_MADE", "DUTY_ASSIGNED", "DUTY_ASSIGNED", "DUTY_WITHDRAWN"]


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "kanri"}, {"name": "x", "local": "1", "password": "a"}]
)
def test_an_account_that_cannot_be_is_refused_with_what_was_typed(client, administrator, fields):
    answer = client.post("/officers/", {**fields, "display_name": "試験 三郎"})

    assert answer.status_code == 422
    assert "試験 三郎" in answer.content.decode()
    assert Officer.objects.count() == 1


def test_whoever_is_disabled_is_out_with_the_next_page(client, administrator, colleague, settings):
    Assignment.objects.create(officer=colleague, duty=Duty.OPERATE)
    other = type(client)()
    enter(other, colleague)
    before = other.get("/days/").status_code
    client.post("/officers/sato/", {"act": "disable"})
    after = other.get("/days/").status_code
    client.post("/officers/sato/", {"act": "enable"})

    assert (before, after) == (200, 302)
    assert verbs() == ["ACCOUNT_DISABLED", "ACCOUNT_ENABLED"]


@pytest.mark.parametrize(
    "fields",
    [
        {"act": "entrust", "duty": "audit"},
        {"act": "relieve", "duty": "administer"},
        {"act": "disable"},
        {"act": "enrol"},
        {"act": "remove_devices"},
        {"act": "anything"},
    ],
)
def test_nobody_changes_an_account_of_their_own(client, administrator, fields):
    answer = client.post("/officers/kanri/", fields)

    assert answer.status_code == 422
    assert verbs() == []
    assert list(administrator.assignments.values_list("duty", flat=True)) == ["administer"]


def test_codes_are_enrolled_by_a_picture_shown_once(client, administrator, colleague):
    shown = client.post("/officers/sato/", {"act": "enrol"}).content.decode()
    device = TOTPDevice.objects.get(user=colleague)
    wrong = client.post("/officers/sato/", {"act": "confirm", "code": "000000"})
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    right = client.post("/officers/sato/", {"act": "confirm", "code": f"{totp(device.bin_key):06d}"})
    later = client.get("/officers/sato/").content.decode()

    assert "<svg" in shown
    assert device.config_url not in shown
    assert (wrong.status_code, right.status_code) == (422, 302)
    assert "<svg" not in later
    assert Entry.objects.get(verb="DEVICE_ENROLLED").actor == "kanri"


def test_lost_codes_are_removed(client, administrator, colleague):
    TOTPDevice.objects.create(user=colleague, confirmed=True)
    client.post("/officers/sato/", {"act": "remove_devices"})

    assert not TOTPDevice.objects.filter(user=colleague).exists()
    assert verbs() == ["DEVICE_REMOVED"]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [(PASSWORD, "another-synthetic-1", 302), ("wrong", "another-synthetic-1", 422), (PASSWORD, "short", 422)],
)
def test_an_officer_changes_their_own_password(client, administrator, old, new, status):
    answer = client.post("/account/", {"old_password": old, "new_password1": new, "new_password2": new})
    administrator.refresh_from_db()

    assert answer.status_code == status
    assert administrator.check_password(new) == (status == 302)
    assert client.get("/account/").status_code == 200
    assert verbs() == (["PASSWORD_CHANGED"] if status == 302 else [])


def test_every_pinned_certificate_is_shown_with_fingerprint_and_end(client, administrator):
    page = client.get("/keys/").content.decode()
    pins = keystore.home().agreements()[-1].pins

    assert {spoken(pin.sha256) in page for pin in pins} == {True}
    assert "あと364日" in page or "あと365日" in page


def test_a_home_without_an_agreement_says_what_is_missing(client, administrator, node):
    (node.exchange / "agreement").rename(node.exchange / "elsewhere")
    answer = client.get("/keys/")

    assert answer.status_code == 200
    assert "agreement" in answer.content.decode()
