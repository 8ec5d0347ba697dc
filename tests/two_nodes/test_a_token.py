"""A day between two real nodes; one has its keys in a token, as its renkei.toml says."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from exchange.hsm import PIN, a_token, module
from node.deliveries.test_keys_in_a_token import USES, put
from two_nodes.nodes import TwoNodes, two_nodes
from two_nodes.test_a_week import WEEK, land_first

pytestmark = pytest.mark.slow


@dataclass
class WithToken(TwoNodes):
    """Two nodes; ISA's processes find the token."""

    token: dict[str, str] = field(default_factory=dict)

    def environment(self, party: str):
        return {**super().environment(party), **(self.token if party == "isa" else {})}


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[WithToken]:
    hsm = a_token(tmp_path / "hsm")
    with two_nodes(tmp_path / "nodes", os.environ.get("RENKEI_DATABASE_URL")) as made:
        place = made.made.nodes["isa"]
        for use in USES:
            (file,) = (place / f"exchange/keys/{use}").glob("*/key.pem")
            put(hsm, use, serialization.load_pem_private_key(file.read_bytes(), made.made.passphrase))
            file.unlink()
        with (place / "renkei.toml").open("a", encoding="utf-8") as configuration:
            configuration.write(f'\n[token]\nmodule = "{module()}"\nlabel = "renkei"\n')
            configuration.write('signing = ["signing"]\ndecryption = ["decryption"]\n')
        found = {"SOFTHSM2_CONF": str(hsm.directory / "conf"), "RENKEI_TOKEN_PIN": PIN}
        nodes = WithToken(made.made, token=found)
        yield nodes
        nodes.silence()


def keys(nodes: TwoNodes) -> set[str]:
    said = json.loads(nodes.run("isa", "doctor", "--json", check=False).stdout)
    return {row["level"] for row in said if row["check"] == "keys"}


def test_a_day_goes_through_and_a_pin_that_is_wrong_or_missing_is_told(nodes):
    land_first(nodes, "first")
    nodes.serve()
    nodes.day(WEEK[0], turns=3)
    for party in nodes.made.nodes:
        assert nodes.table(party, "SELECT count(*) FROM cycle_day WHERE closed_at IS NULL") == [("0",)]
    assert keys(nodes) == {"ok"}

    nodes.token["RENKEI_TOKEN_PIN"] = "654321"
    for _ in range(3):
        assert "fault" in keys(nodes)
    nodes.token["RENKEI_TOKEN_PIN"] = ""
    refused = nodes.run("isa", "cycle", "run", check=False)

    assert (refused.returncode, "renkei.E011" in refused.stderr) == (2, True)
    assert PIN not in (nodes.made.nodes["isa"] / "renkei.toml").read_text()
