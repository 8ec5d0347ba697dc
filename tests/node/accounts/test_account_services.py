"""Accounts, duties and one-time codes: changed by administrators, never their own, and always recorded."""

from datetime import datetime

import pytest
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from renkei.node.accounts import services
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Officer
from renkei.node.audit.models import Entry
from renkei.node.errors import AccountRefused, NotPermitted

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 10, 12, tzinfo=timezone.get_default_timezone())
LONG = "a plainly made up phrase"


@pytest.fixture
def party() -> str:
    """Accounts work in the same way at both parties."""
    return "mhlw"


@pytest.fixture
def administrator(node) -> Officer:
    first = services.create("suzuki", "鈴木 三郎", LONG, by=None, now=NOW)
    services.grant(first, Duty.ADMINISTER, by=None, now=NOW)
    return first


@pytest.fixture
def officer(administrator) -> Officer:
    return services.create("tanaka", "田中 一郎", LONG, by=administrator, now=NOW)


def trace() -> list[tuple[str, str, str]]:
    return list(Entry.objects.order_by("number").values_list("actor", "verb", "subject"))


def test_an_administrator_makes_an_account_and_entrusts_it(administrator, officer):
    services.grant(officer, Duty.HANDLE_CASES, "1301", by=administrator, now=NOW)
    services.grant(officer, Duty.HANDLE_CASES, "1301", by=administrator, now=NOW)
    services.revoke(officer, Duty.HANDLE_CASES, "1301", by=administrator, now=NOW)
    services.revoke(officer, Duty.HANDLE_CASES, "1301", by=administrator, now=NOW)

    assert officer.check_password(LONG)
    assert trace() == [
        ("system", "ACCOUNT_MADE", "suzuki"),
        ("system", "DUTY_ASSIGNED", "suzuki"),
        ("suzuki", "ACCOUNT_MADE", "tanaka"),
        ("suzuki", "DUTY_ASSIGNED", "tanaka"),
        ("suzuki", "DUTY_WITHDRAWN", "tanaka"),
    ]


def test_a_disabled_account_is_recorded_once_and_comes_back(administrator, officer):
    for active in (False, False, True):
        services.set_active(officer, active, by=administrator, now=NOW)
    officer.refresh_from_db()

    assert officer.is_active
    assert [verb for _, verb, _ in trace()[3:]] == ["ACCOUNT_DISABLED", "ACCOUNT_ENABLED"]


ACTS = {
    "create": lambda officer, by: services.create("new", "新任", LONG, by=by, now=NOW),
    "disable": lambda officer, by: services.set_active(officer, False, by=by, now=NOW),
    "entrust": lambda officer, by: services.grant(officer, Duty.AUDIT, by=by, now=NOW),
    "relieve": lambda officer, by: services.revoke(officer, Duty.ADMINISTER, by=by, now=NOW),
    "remove devices": lambda officer, by: services.remove_devices(officer, by=by, now=NOW),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_without_the_duty_nobody_changes_an_account(administrator, officer, act):
    before = trace()
    with pytest.raises(NotPermitted):
        act(administrator, officer)

    assert trace() == before


@pytest.mark.parametrize("act", [act for name, act in ACTS.items() if name != "create"])
def test_nobody_changes_an_account_of_their_own(administrator, act):
    before = trace()
    with pytest.raises(AccountRefused):
        act(administrator, administrator)

    assert trace() == before


@pytest.mark.parametrize(
    ("name", "password"), [("tanaka", LONG), ("", LONG), ("sato", "short"), ("satosatosato", "satosatosato1")]
)
def test_a_name_that_is_taken_or_a_weak_password_is_refused(administrator, officer, name, password):
    with pytest.raises(AccountRefused):
        services.create(name, "佐藤", password, by=administrator, now=NOW)


def test_an_account_of_the_directory_has_no_password(administrator):
    officer = services.create("sato", "佐藤 次郎", None, by=administrator, now=NOW)

    assert not officer.has_usable_password()


def code_of(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key):06d}"


def test_one_time_codes_count_once_the_first_is_confirmed(officer):
    device = services.enrol(officer)
    services.confirm(officer, code_of(device))
    device.refresh_from_db()

    assert device.confirmed
    assert trace()[-1] == ("tanaka", "DEVICE_ENROLLED", "tanaka")


def test_a_wrong_code_confirms_nothing_and_slows_the_next(officer):
    device = services.enrol(officer)
    wrong = f"{(int(code_of(device)) + 1) % 1_000_000:06d}"
    with pytest.raises(AccountRefused):
        services.confirm(officer, wrong)
    device.refresh_from_db()

    assert not device.confirmed
    assert device.throttling_failure_count == 1
    with pytest.raises(AccountRefused):
        services.confirm(officer, code_of(device))


def test_a_second_telephone_waits_until_the_first_is_removed(administrator, officer):
    services.confirm(officer, code_of(services.enrol(officer)))
    with pytest.raises(AccountRefused):
        services.enrol(officer)
    services.remove_devices(officer, by=administrator, now=NOW)

    assert trace()[-1] == ("suzuki", "DEVICE_REMOVED", "tanaka")
    assert not services.enrol(officer).confirmed
