"""The order of the suite: what takes longest goes first, so that no core waits for another at the end."""

from typing import Final

import pytest

#: Files by the processor time of all their tests, most first; the rest take less than a minute each.
DEAREST: Final = (
    "test_every_page.py",
    "test_a_week.py",
    "test_backup_and_restore.py",
    "test_killed_at_every_commit.py",
    "test_spark.py",
    "test_learning.py",
    "test_by_change.py",
    "test_against_reference.py",
    "test_incidents.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the dearest files to the front; within a file, and among the rest, the order stays."""
    places = {name: place for place, name in enumerate(DEAREST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
