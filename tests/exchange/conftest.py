"""Fixtures of the exchange: two agencies that have agreed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import World, a_world, plain_text_in


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Both agencies; after each test the disk is searched for plain text and unfinished files.

    Plain text may exist only in a data package opened after step 8, whatever the test did.
    """
    world = a_world(tmp_path)
    yield world
    homes = (world.mhlw.home, world.isa.home)
    left = [path for home in homes for path in plain_text_in(home) if path.parent.name != "data"]
    assert left == []
    assert [path for home in homes for path in home.rglob(".partial*")] == []
