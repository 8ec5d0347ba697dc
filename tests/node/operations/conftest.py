"""Nodes to operate: a rehearsal's, copied afresh for each test."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from node.operations import keys
from renkei.node.rehearsal import Rehearsal
from two_nodes import made_once


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Rehearsal:
    return made_once.rehearsed(tmp_path_factory.mktemp("operations") / "made")


@pytest.fixture
def rehearsed(once: Rehearsal, tmp_path: Path) -> Rehearsal:
    """Two nodes' directories; keys are made once."""
    nodes = {party: tmp_path / party for party in once.nodes}
    for party, place in once.nodes.items():
        shutil.copytree(place, nodes[party])
    return replace(once, nodes=nodes)


@pytest.fixture
def backup_key(tmp_path: Path) -> keys.BackupKey:
    place = tmp_path / "backup-key"
    place.mkdir()
    return keys.make(place)
