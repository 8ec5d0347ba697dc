"""Check docs/package-format.md: run its commands, compare its bytes and names with the code."""

import json
import re
import subprocess
from pathlib import Path

import golden
import pytest
from cryptography.hazmat.primitives import serialization as form
from world import HEADER

from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.exchange import cms, manifest
from renkei.exchange.certificates import fingerprint
from renkei.exchange.schemas import SERVICES, tables_of

PAGE = (Path(__file__).parents[2] / "docs/package-format.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The golden directory, with its keys written out as the page says."""
    source = golden.GOLDEN / "p256"
    for path in source.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name, value in json.loads((source / "keys.json").read_text()).items():
        key = form.load_der_private_key(bytes.fromhex(value), None)
        pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        (tmp_path / f"{name}.key").write_bytes(pem)
    return tmp_path


def run(command: str, place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, shell=True, cwd=place, capture_output=True, text=True, check=False)


def test_every_command_of_the_page_runs_in_order(place: Path):
    said = []
    for command in COMMANDS:
        ran = run(command, place)
        assert ran.returncode == 0, f"{command}\n{ran.stderr}"
        said.append(ran.stdout)

    assert said[1] == said[2], "the signer is the pinned certificate"
    assert (
        said[3].split()[0]
        == json.loads((place / "mhlw-isa-annex1-00000001.json").read_bytes())["sealed_sha256"]
    )
    assert (place / "notifications.csv").read_text("utf-8") == HEADER + "".join(golden.ROWS)


def test_what_openssl_leaves_behind_is_as_the_page_warns(place: Path):
    sealed = bytearray((place / "mhlw-isa-annex1-00000001.cms").read_bytes())
    sealed[-8] ^= 1  # in the tag
    (place / "mhlw-isa-annex1-00000001.cms").write_bytes(sealed)
    ran = run(next(command for command in COMMANDS if "-decrypt" in command), place)

    assert ran.returncode == 4
    assert (place / "package.tar.gz").stat().st_size > 0


def test_what_a_hand_made_pair_of_the_page_is_worth(place: Path):
    for command in COMMANDS:
        assert run(command, place).returncode == 0
    signed = cms.verify(
        (place / "signature.p7s").read_bytes(), (place / "mhlw-isa-annex1-00000001.json").read_bytes()
    )
    found = manifest.read((place / "mhlw-isa-annex1-00000001.json").read_bytes())

    assert fingerprint(signed.certificate) == found.signer_sha256


def test_the_bytes_of_the_table_are_those_of_the_golden_file():
    sealed = (golden.GOLDEN / "p256/mhlw-isa-annex1-00000001.cms").read_bytes()

    assert sealed.startswith(bytes.fromhex("3080060B2A864886F70D0109100117A0803080020100") + b"\x31")
    assert bytes.fromhex("308006092A864886F70D010701301E060960864801650304012E3011040C") in sealed
    assert sealed.endswith(b"\x00" * 6)
    assert sealed[-26:-22] == bytes.fromhex("00000410")


def test_the_page_names_every_key_of_the_manifest_and_every_file():
    for key in manifest._READERS:
        assert f"`{key}`" in PAGE
    for service in SERVICES:
        for table in tables_of(service, DEFAULT_POLICY):
            assert f"`{table.path}`" in PAGE


def test_every_test_that_the_table_of_faults_names_is_there():
    code = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    faults = [line.split("|") for line in PAGE.partition("## 8.")[2].splitlines() if line.startswith("| ")]
    named = [name for _, _, tests, _ in faults for name in re.findall(r"`(test_\w+)`", tests)]

    assert len(faults) > 25
    assert [name for name in named if f"def {name}(" not in code] == []
