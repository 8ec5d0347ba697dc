"""G-01: what was decided here, and which office of clause 8(2) confirmed it on which day."""

from dataclasses import replace

import pytest

from renkei.agreement.decisions import DECISIONS
from renkei.agreement.parties import ISA, MHLW
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer

pytestmark = pytest.mark.django_db

POLICY = "grace_days = 14\n[confirmed]\ngrace_days.isa = 2026-04-01\n"


@pytest.fixture
def page(client, node, db):
    officer = Officer.objects.create_user("suzuki")
    Assignment.objects.create(officer=officer, duty=Duty.AUDIT)
    client.force_login(officer)
    return lambda: client.get("/memorandum/").content.decode()


def test_nothing_is_confirmed_before_somebody_says_so(page):
    decisions = page().partition('<h2 id="decisions">')[2]

    assert decisions.count(">未確認</span>") == 2 * len(DECISIONS)


def test_a_decision_shows_who_confirmed_it_and_when_and_who_has_yet_to(page, node, settings):
    (node.directory / "policy.toml").write_text(POLICY)
    settings.NODE = replace(node, policy="policy.toml")
    card = page().partition("<code>grace_days</code>")[2].partition("</section>")[0]

    assert "<code>14</code>" in card
    assert f"令和8年4月1日(水)</time>　{ISA.office_ja}" in card
    assert f"確認: {MHLW.name_ja}</dt><dd><span" in card
    assert card.count("未確認") == 1


def test_items_are_named_in_words(page):
    card = page().partition("<code>identity_items</code>")[2].partition("</section>")[0]

    assert "氏名、生年月日、性別、国籍・地域" in card
