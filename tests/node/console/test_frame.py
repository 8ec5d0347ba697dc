"""What frames every page: environment, language, number, support; what a refused or broken page says."""

from dataclasses import replace

import pytest
from django.urls import reverse

from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.console.pages import PAGES

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def operator(client, node, db) -> Officer:
    made = Officer.objects.create_user("suzuki", display_name="<b>試験</b>")
    Assignment.objects.create(officer=made, duty=Duty.OPERATE)
    client.force_login(made)
    return made


@pytest.mark.parametrize(("environment", "shown"), [("verification", True), ("production", False)])
def test_the_ribbon_stands_outside_production_alone(client, operator, settings, environment, shown):
    settings.NODE = replace(settings.NODE, environment=environment)

    assert ("検証環境・架空データ" in client.get("/").content.decode()) == shown


def test_the_footer_names_page_version_and_support(client, operator, settings):
    settings.NODE = replace(settings.NODE, console=replace(settings.NODE.console, support="00-0000-0000"))
    page = client.get(reverse("keys")).content.decode()

    assert f"画面番号 {PAGES['keys'].number}" in page
    assert "00-0000-0000" in page


def test_the_language_is_switched_where_one_is(client, operator):
    answer = client.post(reverse("set_language"), {"language": "en", "next": "/keys/"})
    page = client.get(answer.url).content.decode()

    assert answer.url == "/keys/"
    assert '<html lang="en">' in page
    assert "Fingerprint" in page
    assert 'value="ja" lang="ja"' in page


def test_a_name_that_is_markup_stays_a_name(client, operator):
    page = client.get("/").content.decode()

    assert "<b>試験" not in page
    assert "&lt;b&gt;試験" in page


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/officers/", 403, "この画面は開けません"),
        ("/findings/", 404, "見つかりません"),
        ("/x/", 404, "見つかりません"),
    ],
)
def test_a_refused_page_says_what_to_do(client, operator, path, status, said):
    answer = client.get(path)
    page = answer.content.decode()

    assert answer.status_code == status
    assert said in page
    assert "本日の状況へ" in page


def test_a_broken_page_shows_no_trace(client, operator, node):
    (node.exchange / "party").write_bytes(b"\xffAB00000001CD")  # nobody expects bytes that are no text
    client.raise_request_exception = False
    answer = client.get("/keys/")
    page = answer.content.decode()

    assert answer.status_code == 500
    assert "画面を表示できません" in page
    assert "AB00000001CD" not in page
    assert "Traceback" not in page


def test_numbers_and_addresses_of_pages_are_each_their_own():
    for each in ("number", "path", "name"):
        found = [getattr(page, each) for page in PAGES.values()]

        assert len(found) == len(set(found))
