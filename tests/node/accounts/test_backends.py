"""Login by the agency's directory: what a real node asks of it, and what it refuses."""

import os
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from renkei.cli.rehearsal import Served
from two_nodes import made_once

DIRECTORY = "https://directory.example.jp"
CONFIGURED = f"""
[oidc]
client_id = "renkei"
authorization_endpoint = "{DIRECTORY}/authorize"
token_endpoint = "{DIRECTORY}/token"
user_endpoint = "{DIRECTORY}/user"
jwks_endpoint = "{DIRECTORY}/keys"
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory) -> Iterator[str]:
    """The console of a node that is configured with a directory."""
    made = made_once.migrated(tmp_path_factory.mktemp("directory") / "nodes")
    toml = made.nodes["mhlw"] / "renkei.toml"
    toml.write_text(toml.read_text("utf-8") + CONFIGURED, "utf-8")
    ours = {name: value for name, value in os.environ.items() if name != "RENKEI_DATABASE_URL"}
    environment = ours | made.environment("mhlw") | {"RENKEI_OIDC_CLIENT_SECRET": "of-nobody"}
    serving = Served(environment).ready(600)
    try:
        _wait_for(made.consoles["mhlw"])
        yield f"http://127.0.0.1:{made.consoles['mhlw']}"
    finally:
        serving.stop()


def _wait_for(port: int) -> None:
    """Wait until the console accepts connections; it prints that it serves shortly before it does."""
    until = time.monotonic() + 600
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")


@pytest.fixture
def browser(console: str) -> requests.Session:
    return requests.Session()


@pytest.fixture
def asked(browser: requests.Session, console: str) -> requests.Response:
    """Follow the button of the login page, as far as the redirect to the directory."""
    button = re.search(r'class="button" href="([^"]+)"', browser.get(f"{console}/enter/", timeout=60).text)
    assert button
    return browser.get(f"{console}{button[1]}", timeout=60, allow_redirects=False)


def test_the_directory_is_asked_who_it_is_with_a_proof_that_only_we_can_go_on_with(asked, console):
    location = urlsplit(asked.headers["Location"])
    words = parse_qs(location.query)

    assert f"{location.scheme}://{location.netloc}{location.path}" == f"{DIRECTORY}/authorize"
    assert words["redirect_uri"] == [f"{console}/directory/callback/"]
    assert words["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= words.keys()


def test_a_session_comes_back_from_another_site_by_following_a_link_alone(asked):
    assert "SameSite=Lax" in asked.headers["Set-Cookie"]
    assert "HttpOnly" in asked.headers["Set-Cookie"]


def test_an_answer_that_was_not_asked_for_opens_nothing(browser, asked, console):
    forged = browser.get(f"{console}/directory/callback/?code=x&state=forged", timeout=60)
    page = browser.get(f"{console}/", timeout=60)

    assert forged.status_code == 400
    assert page.url.startswith(f"{console}/enter/")


def test_a_directory_that_says_no_leads_back_to_the_door(browser, asked, console):
    state = parse_qs(urlsplit(asked.headers["Location"]).query)["state"][0]
    answer = browser.get(f"{console}/directory/callback/?error=denied&state={state}", timeout=60)

    assert answer.url == f"{console}/enter/"
