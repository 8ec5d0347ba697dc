"""Both consoles of a rehearsal on one host in one browser: cookies are per host, not per port."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from renkei.cli.rehearsal import Account, make_account
from two_nodes.nodes import TwoNodes, two_nodes

pytestmark = pytest.mark.slow

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path / "nodes", os.environ.get("RENKEI_DATABASE_URL")) as nodes:
        yield nodes


def submit(browser: requests.Session, page: str, address: str, **words: str) -> requests.Response:
    """Send a form as a browser does, with the CSRF token of its page."""
    token = TOKEN.search(browser.get(page, timeout=30).text)
    assert token, page
    data = {"csrfmiddlewaretoken": token[1], **words}
    return browser.post(address, data=data, headers={"Referer": page}, timeout=30)


def enter(browser: requests.Session, console: str, account: Account) -> str:
    """Log in with the account of `renkei demo`; return the resulting address."""
    door = f"{console}/enter/"
    words = {"username": "tanaka", "password": account.password, "code": account.code()}
    return submit(browser, door, door, **words).url


def test_who_enters_both_stays_in_both_and_each_keeps_its_language(nodes, tmp_path):
    parties = ("mhlw", "isa")
    accounts = {party: make_account(nodes.environment(party), tmp_path) for party in parties}
    consoles = {party: f"http://127.0.0.1:{nodes.made.consoles[party]}" for party in parties}
    nodes.serve()
    browser = requests.Session()
    entered = [enter(browser, consoles[party], accounts[party]) for party in parties]
    submit(browser, f"{consoles['isa']}/", f"{consoles['isa']}/language/", language="en", next="/")
    seen = [browser.get(f"{consoles[party]}/", timeout=30) for party in parties * 2]
    left = submit(browser, f"{consoles['isa']}/", f"{consoles['isa']}/leave/")
    after = browser.get(f"{consoles['mhlw']}/", timeout=30)

    assert entered == [f"{consoles[party]}/" for party in parties]
    assert [page.url for page in seen] == [f"{consoles[party]}/" for party in parties * 2]
    assert ['<html lang="en">' in page.text for page in seen] == [False, True] * 2
    assert left.url == f"{consoles['isa']}/enter/"
    assert after.url == f"{consoles['mhlw']}/"
