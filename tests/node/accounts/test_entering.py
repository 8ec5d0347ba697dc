"""Login: how often a password may be tried, and what the claims of the directory may do."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone

from renkei.node.accounts.backends import TRIES, DirectoryAccounts
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry

pytestmark = pytest.mark.django_db

LONG = "a plainly made up phrase"
CLAIMS = {"sub": "directory-0001", "preferred_username": "tanaka", "name": "田中 一郎"}


@pytest.fixture
def officer(db) -> Officer:
    return Officer.objects.create_user("tanaka", password=LONG)


def entered(password: str, name: str = "tanaka") -> bool:
    return authenticate(None, username=name, password=password) is not None


def test_the_right_password_enters_and_a_disabled_account_does_not(officer):
    assert entered(LONG)
    Officer.objects.update(is_active=False)
    assert not entered(LONG)


def test_wrong_passwords_in_a_row_lock_the_account_for_a_while(officer):
    for _ in range(TRIES):
        assert not entered("wrong")

    assert not entered(LONG)
    assert Entry.objects.filter(verb="ACCOUNT_LOCKED", subject="tanaka").count() == 1
    Officer.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    assert entered(LONG)
    officer.refresh_from_db()
    assert (officer.failed_entries, officer.locked_until) == (0, None)


def test_a_right_password_in_between_starts_the_count_anew(officer):
    for _ in range(3):
        for _ in range(TRIES - 1):
            entered("wrong")
        assert entered(LONG)

    assert not Entry.objects.filter(verb="ACCOUNT_LOCKED").exists()


def test_an_account_that_is_not_there_is_refused_and_leaves_nothing(db):
    for _ in range(TRIES + 1):
        assert not entered("wrong", "nobody")

    assert Entry.objects.count() == 0


@pytest.fixture
def directory(settings) -> DirectoryAccounts:
    settings.OIDC_OP_TOKEN_ENDPOINT = settings.OIDC_OP_USER_ENDPOINT = "https://directory.example.jp/"
    settings.OIDC_OP_JWKS_ENDPOINT = "https://directory.example.jp/keys"
    settings.OIDC_RP_CLIENT_ID = "renkei"
    return DirectoryAccounts()


def let_in(directory: DirectoryAccounts, monkeypatch, **claims: object) -> Officer | None:
    """What mozilla-django-oidc does once the directory has answered; the answer is at the edge."""
    monkeypatch.setattr(directory, "get_userinfo", lambda *_: {**CLAIMS, **claims})
    return directory.get_or_create_user("", "", {})


def test_somebody_new_gets_an_account_and_no_duty_whatever_the_claims_say(directory, monkeypatch):
    found = let_in(directory, monkeypatch, groups=["administer"], duties=["administer"], is_superuser=True)

    assert (found.username, found.display_name) == ("tanaka", "田中 一郎")
    assert not found.has_usable_password()
    assert (found.is_superuser, found.is_staff) == (False, False)
    assert found.assignments.count() == 0
    assert Entry.objects.get().verb == "ACCOUNT_MADE"


def test_somebody_known_keeps_account_and_duties_under_a_new_name(directory, monkeypatch):
    first = let_in(directory, monkeypatch)
    Assignment.objects.create(officer=first, duty=Duty.AUDIT)
    again = let_in(directory, monkeypatch, preferred_username="sato", name="佐藤 一郎")

    assert (again.pk, again.username, again.display_name) == (first.pk, "tanaka", "佐藤 一郎")
    assert again.assignments.count() == 1


def test_an_account_registered_for_the_directory_is_bound_on_the_first_entry(directory, monkeypatch):
    waiting = Officer(username="tanaka")
    waiting.set_unusable_password()
    waiting.save()

    assert let_in(directory, monkeypatch).pk == waiting.pk
    with pytest.raises(SuspiciousOperation):
        let_in(directory, monkeypatch, sub="directory-0002")


def test_a_local_account_is_not_taken_over_by_its_name(directory, monkeypatch, officer):
    with pytest.raises(SuspiciousOperation):
        let_in(directory, monkeypatch)
    officer.refresh_from_db()

    assert officer.directory_subject is None


@pytest.mark.parametrize("claims", [{"sub": ""}, {"sub": None}, {"preferred_username": 5}])
def test_a_directory_that_says_too_little_lets_nobody_in(directory, monkeypatch, claims):
    with pytest.raises(SuspiciousOperation):
        let_in(directory, monkeypatch, **claims)

    assert Officer.objects.count() == 0


def test_a_session_of_a_disabled_account_is_nobodys(directory, monkeypatch):
    found = let_in(directory, monkeypatch)
    Officer.objects.update(is_active=False)

    assert directory.get_user(found.pk) is None


def seen_by(client, officer) -> int:
    client.force_login(officer)
    return client.get("/", follow=False).status_code


def test_a_local_account_without_its_one_time_code_sees_no_page(node, client, officer):
    """However the session was created: the password alone gives access to no page."""
    Assignment.objects.create(officer=officer, duty=Duty.OPERATE)
    assert seen_by(client, officer) == 302
    officer.set_unusable_password()
    officer.save()
    assert seen_by(client, officer) == 200
