"""Fixtures of the exchange: two agencies that have agreed."""

from pathlib import Path

import pytest
from world import World, a_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return a_world(tmp_path)
