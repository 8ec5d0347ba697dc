"""The files of deploy/: every unit is complete, hardened in the same way, and runs an existing command."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from renkei.cli import app

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
HARDENED = {
    "User": "renkei",
    "UMask": "0077",
    "LimitCORE": "0",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "ReadWritePaths": "/var/lib/renkei/%i",
}


def read(unit: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(unit, "utf-8")
    return parsed


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_sees_and_changes_its_own_node_alone(unit: Path):
    service = read(unit)["Service"]

    assert {name: service.get(name) for name in HARDENED} == HARDENED


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_calls_a_command_that_is_there(unit: Path):
    words = read(unit)["Service"]["ExecStart"].split()[2:]
    command = get_command(app)
    for word in words:
        if not hasattr(command, "commands"):
            break
        assert word in command.commands, word
        command = command.commands[word]
    known = {name for each in command.params for name in each.opts}

    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_no_secret_stands_in_a_unit(unit: Path):
    text = unit.read_text("utf-8")

    assert "PASSPHRASE=" not in text
    assert "SECRET_KEY=" not in text
    assert "LoadCredential=key-passphrase" in text


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.name)
def test_a_timer_starts_a_service_of_its_name_and_makes_up_for_what_it_missed(timer: Path):
    assert timer.with_suffix(".service") in SERVICES
    assert read(timer)["Timer"]["Persistent"] == "true"
    assert read(timer)["Install"]["WantedBy"] == "timers.target"


def test_credentials_reach_the_command_and_nothing_else(tmp_path: Path):
    (tmp_path / "secret-key").write_text("one\n", "utf-8")
    (tmp_path / "key-passphrase").write_text("two\n", "utf-8")
    script = DEPLOY / "bin" / "with-credentials"
    show = ["sh", "-c", 'echo "$RENKEI_SECRET_KEY $RENKEI_KEY_PASSPHRASE ${RENKEI_TOKEN_PIN-no token}"']
    given = {"CREDENTIALS_DIRECTORY": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([script, *show], env=given, capture_output=True, text=True, check=True)
    (tmp_path / "token-pin").write_text("three\n", "utf-8")
    with_token = subprocess.run([script, *show], env=given, capture_output=True, text=True, check=True)
    without = subprocess.run([script, *show], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)

    assert (done.stdout, with_token.stdout) == ("one two no token\n", "one two three\n")
    assert without.returncode != 0
    assert "deploy/README.md" in without.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="only where systemd is")
@pytest.mark.parametrize("unit", [*SERVICES, *TIMERS], ids=lambda unit: unit.name)
def test_systemd_itself_understands_it(unit: Path):
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "is not executable" not in line]

    assert not [line for line in complaints if "nknown" in line or "Failed" in line]


def test_the_carrier_is_behind_no_proxy():
    text = (DEPLOY / "nginx" / "renkei-console.conf").read_text("utf-8")

    assert "9443" not in text
    assert "proxy_max_temp_file_size 0" in text
    assert "$request_uri" not in text.split("log_format")[1].split(";")[0]


def test_every_metric_of_the_rules_is_one_that_a_node_gives():
    import re

    rules = (DEPLOY / "prometheus" / "renkei.rules.yml").read_text("utf-8")
    given = (DEPLOY.parent / "src/renkei/node/operations/monitoring.py").read_text("utf-8")
    named = set(re.findall(r"renkei_[a-z_]+", rules))

    assert named
    assert {name for name in named if f'"{name}"' not in given} == set()
