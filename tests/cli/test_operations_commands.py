"""The administrator's commands through their real entry point: first refusals, then results."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run_alone as run
from django_otp.oath import totp

from node.operations.keys import make
from renkei.cli.rehearsal import DoesNotServe, Served
from renkei.node.rehearsal import Rehearsal
from two_nodes import made_once

pytestmark = pytest.mark.slow  # each command is a process


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory) -> Rehearsal:
    made = made_once.rehearsed(tmp_path_factory.mktemp("nodes") / "pair")
    os.environ["RENKEI_KEY_PASSPHRASE"] = made.passphrase.decode()
    outside = os.environ.pop("RENKEI_DATABASE_URL", None)
    for node in made.nodes.values():
        (node / "extracts").mkdir()
        assert run("migrate", "--node", str(node)).returncode == 0
    yield made
    del os.environ["RENKEI_KEY_PASSPHRASE"]
    if outside:
        os.environ["RENKEI_DATABASE_URL"] = outside


@pytest.fixture
def node(rehearsed: Rehearsal) -> str:
    return str(rehearsed.nodes["isa"])


def checks(node: str) -> dict[str, set[str]]:
    said = run("doctor", "--node", node, "--json")
    found: dict[str, set[str]] = {}
    for row in json.loads(said.stdout):
        assert row["ja"]
        assert row["en"]
        assert row["level"] == "ok" or row["check"] in ("agreement", "alarms") or row["next_en"]
        found.setdefault(row["check"], set()).add(row["level"])
    assert said.returncode == any("fault" in levels for levels in found.values())
    return found


def test_the_doctor_names_a_counterpart_that_is_silent_and_nothing_else(node):
    found = checks(node)

    # Whether a day should have begun depends on the hour at which the test runs: no cycle has run here.
    assert [name for name in found if "fault" in found[name] and name != "cycle"] == ["counterpart"]
    assert found["cycle"] <= {"warning", "fault"}
    assert found["keys"] == found["certificates"] == found["database"] == found["disk"] == {"ok"}


def test_the_doctor_finds_what_is_wrong(rehearsed):
    node = rehearsed.nodes["mhlw"]
    (node / "extracts").rmdir()
    (node / "exchange/restored.json").write_text('{"made_at": "2026-11-23", "last_sent": {"annex1": 3}}')
    os.environ["RENKEI_KEY_PASSPHRASE"] = "another passphrase"
    try:
        found = checks(str(node))
    finally:
        os.environ["RENKEI_KEY_PASSPHRASE"] = rehearsed.passphrase.decode()
        (node / "exchange/restored.json").unlink()
        (node / "extracts").mkdir()

    assert {name for name, levels in found.items() if "fault" in levels} >= {"extracts", "keys", "restore"}


def test_a_backup_says_whether_it_is_sealed(node, tmp_path):
    said = run("backup", str(tmp_path / "b"), "--node", node)

    assert said.returncode == 2
    assert "--plain" in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_production_writes_no_plain_backup(node, tmp_path):
    config = Path(node) / "renkei.toml"
    before = config.read_text()
    config.write_text('environment = "production"\n' + before)
    os.environ["RENKEI_SECRET_KEY"] = "k" * 40
    try:
        said = run("backup", str(tmp_path / "b"), "--plain", "--node", node)
    finally:
        config.write_text(before)
        del os.environ["RENKEI_SECRET_KEY"]

    assert said.returncode == 2
    assert "--to" in said.stderr
    assert not (tmp_path / "b").exists()


def test_a_restore_overwrites_nothing(node, tmp_path):
    key = make(tmp_path)
    file, full = tmp_path / "b", tmp_path / "full"
    full.mkdir()
    (full / "something").touch()
    made = run("backup", str(file), "--to", str(key.certificate), "--node", node)
    again = run("backup", str(file), "--to", str(key.certificate), "--node", node)
    options = ["--key", str(key.private), "--cert", str(key.certificate)]
    options += ["--passphrase-file", str(key.passphrase)]
    said = run("restore", str(file), "--node", str(full), *options)

    assert made.returncode == 0
    assert (again.returncode, said.returncode) == (2, 2)
    assert [path.name for path in full.iterdir()] == ["something"]
    assert run("restore", str(file), "--node", str(tmp_path / "new"), *options).returncode == 0
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_a_step_that_stops_is_logged_beside_the_commands_json_and_not_in_it(rehearsed):
    node = rehearsed.nodes["mhlw"]
    mark = node / "exchange/restored.json"
    mark.write_text(
        '{"made_at": "2026-11-23", "last_sent": {}}'
    )  # nothing is sealed before the restore is confirmed
    try:
        said = run("cycle", "run", "--today", "2026-11-24", "--json", "--node", str(node))
    finally:
        mark.unlink()
    logged = [json.loads(line) for line in said.stderr.splitlines()]

    assert [(step["step"], step["trouble"]) for step in json.loads(said.stdout)][-1] == (
        "seal",
        "Unconfirmed",
    )
    assert [(line["event"], line["step"]) for line in logged] == [("step_stopped", "2026-11-24 seal")]
    assert "dropped" not in logged[0]


def test_a_node_that_cannot_serve_says_why(rehearsed):
    configuration = rehearsed.nodes["mhlw"] / "renkei.toml"
    before = configuration.read_text()
    configuration.write_text("nothing = 1\n" + before)
    try:
        with pytest.raises(DoesNotServe, match="nothing: unknown"):
            Served(os.environ | rehearsed.environment("mhlw")).ready()
    finally:
        configuration.write_text(before)


@pytest.mark.parametrize("name", ["carrier", "console"])
def test_an_address_that_is_not_free_is_named_and_nothing_serves(rehearsed, name):
    port = (rehearsed.ports if name == "carrier" else rehearsed.consoles)["mhlw"]
    with socket.create_server(("127.0.0.1", port)):
        said = run("serve", "--node", str(rehearsed.nodes["mhlw"]))

    assert said.returncode == 2
    assert f"Cannot listen on 127.0.0.1:{port}." in said.stderr
    assert f"[{name}] listen" in said.stderr


def test_a_served_nodes_log_never_fills_its_pipe():
    lines = """['"serving" "carrier"\\n', '"serving" "console"\\n'] + ['x' * 100 + '\\n'] * 5000"""
    served = Served(os.environ, [sys.executable, "-c", f"import sys; sys.stderr.writelines({lines})"])

    assert served.ready().over() == 0


def test_serving_and_the_cycle_refuse_to_start_on_an_error(node):
    key = next(Path(node).glob("exchange/keys/tls/*/key.pem"))
    key.chmod(0o644)
    try:
        said = [run(*command, "--node", node) for command in (("serve",), ("cycle", "run"))]
    finally:
        key.chmod(0o600)

    assert [each.returncode for each in said] == [2, 2]
    assert all("renkei.E003" in each.stderr for each in said)


def test_an_officer_is_made_given_a_duty_enrolled_and_disabled(node, tmp_path):
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("a long enough password\n")
    run(
        "officer", "add", "suzuki", "--display-name", "架空", "--password-file", str(password), "--node", node
    )
    run("officer", "duty", "suzuki", "administer", "handle_cases", "--office", "1301", "--node", node)
    run("officer", "duty", "suzuki", "administer", "--office", "1301", "--withdraw", "--node", node)
    enrolled = enrol(node, "suzuki")
    run("officer", "disable", "suzuki", "--node", node)
    (listed,) = json.loads(run("officer", "list", "--json", "--node", node).stdout)

    assert enrolled == 0
    assert listed == {
        "name": "suzuki",
        "active": False,
        "local": True,
        "codes": True,
        "duties": ["handle_cases:1301"],
    }
    assert run("officer", "duty", "suzuki", "everything", "--node", node).returncode == 2
    assert run("officer", "disable", "nobody", "--node", node).returncode == 2


def enrol(node: str, name: str) -> int:
    """Enrol like an authenticator app."""
    from base64 import b32decode
    from urllib.parse import parse_qs, urlsplit

    process = subprocess.Popen(
        [sys.executable, "-m", "renkei", "officer", "enrol", name, "--node", node],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        text=True,
    )
    assert process.stdin
    assert process.stdout
    address = process.stdout.readline()
    secret = parse_qs(urlsplit(address.strip()).query)["secret"][0]
    process.stdin.write(f"{totp(b32decode(secret)):06d}\n")
    process.stdin.flush()
    process.communicate(timeout=600)
    return process.returncode


def test_a_node_just_made_is_told_of_the_agreement_file_alone(tmp_path):
    assert run("init", str(tmp_path / "new"), "--party", "mhlw").returncode == 0

    found = checks(str(tmp_path / "new"))

    assert [name for name, levels in found.items() if "fault" in levels] == ["agreement"]
    assert found["keys"] == found["certificates"] == found["counterpart"] == {"warning"}


def test_a_backup_of_sqlite_is_not_put_into_a_server(node, tmp_path, monkeypatch):
    key = make(tmp_path)
    file = tmp_path / "b"
    run("backup", str(file), "--to", str(key.certificate), "--node", node)
    options = ["--key", str(key.private), "--cert", str(key.certificate)]
    monkeypatch.setenv("RENKEI_DATABASE_URL", "postgres://127.0.0.1:1/none")
    said = run(
        "restore",
        str(file),
        "--node",
        str(tmp_path / "new"),
        *options,
        "--passphrase-file",
        str(key.passphrase),
    )

    assert said.returncode == 2
    assert "RENKEI_DATABASE_URL" in said.stderr
    assert not (tmp_path / "new").exists()
