"""Cookies of a console: browsers keep them by host, whatever the port, so each node has names of its own."""

import runpy
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from renkei.node import settings as module
from renkei.node.accounts.models import Officer

ENVIRONMENTS = ("verification", "production")
NAMES = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME")


def settings_of(directory: Path, party: str, environment: str, patch: pytest.MonkeyPatch) -> dict:
    """Read the settings anew, for a node of that party and environment."""
    directory.mkdir(exist_ok=True)
    (directory / "renkei.toml").write_text(f'party = "{party}"\nenvironment = "{environment}"\n', "utf-8")
    patch.setenv("RENKEI_NODE", str(directory))
    patch.setenv("RENKEI_SECRET_KEY", "made up " * 8)
    return runpy.run_path(module.__file__)


def test_no_two_nodes_share_a_cookies_name(tmp_path, monkeypatch):
    names = [
        settings_of(tmp_path, party, environment, monkeypatch)[name]
        for party in ("isa", "mhlw")
        for environment in ENVIRONMENTS
        for name in NAMES
    ]

    assert len(set(names)) == len(names) == 12


@pytest.mark.django_db
@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("party", ["isa", "mhlw"])
def test_every_cookie_is_the_nodes_own_and_in_production_held_to_its_host(
    tmp_path, monkeypatch, settings, party, environment
):
    read = settings_of(tmp_path, party, environment, monkeypatch)
    for name in (name for name in read if "_COOKIE" in name and name.isupper()):
        setattr(settings, name.lstrip("_"), read[name])
    client = Client()
    client.force_login(Officer.objects.create_user("tanaka"))
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    client.get(reverse("enter"), follow=True)
    client.post(reverse("leave"))
    client.get(reverse("enter"))

    assert set(client.cookies) == {read[name] for name in NAMES}
    for name, cookie in client.cookies.items():
        assert name.startswith(f"{'__Host-' if environment == 'production' else ''}renkei-{party}-")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert bool(cookie["secure"]) == (environment == "production")
