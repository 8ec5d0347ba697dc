"""A node to test: SQLite in memory by default, PostgreSQL where RENKEI_DATABASE_URL says so."""

from dataclasses import replace
from pathlib import Path

import pytest

from renkei.node.config import Config


@pytest.fixture(params=("isa", "mhlw"))
def party(request: pytest.FixtureRequest) -> str:
    """Each party in turn; a test for one alone overrides it."""
    return request.param


@pytest.fixture
def node(tmp_path: Path, party: str, settings) -> Config:
    """A node's configuration in a directory of its own."""
    settings.NODE = replace(settings.NODE, directory=tmp_path, party=party)
    return settings.NODE
