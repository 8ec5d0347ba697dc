"""The system checks: each fault is found by its id, and none where nothing is wrong."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.checks import run_checks

from renkei.exchange.home import Home
from renkei.node.checks import RULES, TAG, refuse_errors
from renkei.node.config import FILE, Config, Oidc, Token, load
from renkei.node.cycle.alarms import AlarmKind
from renkei.node.errors import Unconfigured
from renkei.node.rehearsal import Rehearsal

ENDPOINTS = {name: "https://directory.example" for name in Oidc.__slots__ if name.endswith("endpoint")}


@pytest.fixture
def sound(rehearsed: Rehearsal, settings) -> Config:
    """A production node with nothing wrong."""
    place = rehearsed.nodes["isa"]
    place.chmod(0o700)
    settings.NODE = Config(
        directory=place, party="isa", environment="production", database="postgres:///renkei"
    )
    settings.SECRET_KEY = "s" * 64
    settings.KEY_PASSPHRASE = rehearsed.passphrase
    settings.ALLOWED_HOSTS = ["renkei.example"]
    return settings.NODE


def found() -> set[str]:
    return {message.id for message in run_checks(tags=[TAG])}


def test_nothing_is_wrong_with_a_sound_node(sound):
    assert found() == set()
    refuse_errors()


def configured(**changes: object) -> Callable:
    def change(settings, place: Path) -> None:
        settings.NODE = replace(settings.NODE, **changes)

    return change


def console(**changes: object) -> Callable:
    def change(settings, place: Path) -> None:
        settings.NODE = replace(settings.NODE, console=replace(settings.NODE.console, **changes))

    return change


def set_to(name: str, value: object) -> Callable:
    return lambda settings, place: setattr(settings, name, value)


def with_policy(settings, place: Path) -> None:
    (place / "policy.toml").write_text("nonsense = 1\n")
    settings.NODE = replace(settings.NODE, policy="policy.toml")


def with_broken_agreement(settings, place: Path) -> None:
    (place / "exchange/agreement/0001/agreement.json").write_text("{}")


def with_plain_carrier(settings, place: Path) -> None:
    carrier = replace(settings.NODE.carrier, counterpart="http://127.0.0.1:1")
    settings.NODE = replace(settings.NODE, carrier=carrier)


FAULTS = {
    "E001": set_to("SECRET_KEY", "short"),
    "E002": set_to("ALLOWED_HOSTS", ["*"]),
    "E003": lambda settings, place: next(place.glob("exchange/keys/tls/*/key.pem")).chmod(0o644),
    "E004": configured(oidc=Oidc(client_id="renkei", **ENDPOINTS)),
    "E005": configured(oidc=Oidc(**ENDPOINTS | {"token_endpoint": "http://directory.example"})),
    "E006": set_to("TIME_ZONE", "UTC"),
    "E007": lambda settings, place: (place / "exchange/party").write_text("mhlw\n"),
    "E008": with_broken_agreement,
    "E009": with_policy,
    "E010": with_plain_carrier,
    "E011": configured(token=Token(module="/usr/lib/softhsm/libsofthsm2.so", label="renkei", signing=("a",))),
    "W001": configured(database="sqlite:///node.db"),
    "W002": set_to("KEY_PASSPHRASE", b""),
    "W003": lambda settings, place: shutil.rmtree(place / "exchange/agreement"),
    "W004": lambda settings, place: place.chmod(0o755),
    "W005": console(listen="0.0.0.0:8000"),
}


@pytest.mark.parametrize("number", FAULTS)
def test_each_fault_is_found_and_an_error_refuses_to_start(number: str, sound: Config, settings):
    FAULTS[number](settings, sound.directory)

    assert found() == {f"renkei.{number}"}
    if number.startswith("E"):
        with pytest.raises(Unconfigured, match=rf"renkei\.{number}") as refusal:
            refuse_errors()
        assert refusal.value.say("ja") != refusal.value.say("en")
    else:
        refuse_errors()


def test_who_names_the_file_means_its_directory(sound):
    assert load(sound.directory / FILE) == load(sound.directory)


def test_a_blank_secret_key_is_an_error_like_a_short_one(sound, settings):
    settings.SECRET_KEY = ""

    assert found() == {"renkei.E001"}


def test_outside_production_a_node_needs_neither_secret_nor_hosts(sound, settings):
    settings.NODE = replace(settings.NODE, environment="verification")
    settings.SECRET_KEY = "short"
    settings.ALLOWED_HOSTS = ["*"]

    assert found() == set()


def test_every_rule_has_its_fault_here_and_its_row_in_the_manual():
    ids = {rule.id for rule in RULES}
    page = (Path(__file__).parents[3] / "docs/operations.md").read_text("utf-8")

    assert ids == {f"renkei.{number}" for number in FAULTS}
    assert set(re.findall(r"^\| `(renkei\.[EW]\d+)` \|", page, re.MULTILINE)) == ids


def test_every_alarm_has_its_row_in_the_manual():
    page = (Path(__file__).parents[3] / "docs/operations.md").read_text("utf-8")

    assert {kind.name for kind in AlarmKind} <= set(re.findall(r"^\| ([A-Z_]+) \|", page, re.MULTILINE))


def test_a_home_of_nobody_is_not_called_another_partys(sound):
    (sound.exchange / "party").unlink()

    assert "renkei.E007" not in found()
    assert Home(sound.exchange).directory.is_dir()
