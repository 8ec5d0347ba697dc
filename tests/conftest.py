"""The order of the suite: what takes longest goes first, so that no core waits for another at the end.

And what holds for every test that draws: how long an example takes is no fault, as the machine may be busy.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

#: Files by the processor time of all their tests, most first; the rest take less than half a minute each.
DEAREST: Final = (
    "test_spark.py",
    "test_every_page.py",
    "test_demo.py",
    "test_by_change.py",
    "test_backup_and_restore.py",
    "test_a_week.py",
    "test_killed_at_every_commit.py",
    "test_manual_pages.py",
    "test_kill.py",
    "test_forms.py",
    "test_operations_commands.py",
    "test_by_keyboard.py",
    "test_em_training.py",
    "test_against_reference.py",
    "test_incidents.py",
)
#: Files whose tests are handed to the workers one by one, and not together as those of other files: they are
#: costly and independent. Together stay those that use the fixture that is named.
ONE_BY_ONE: Final = {
    "test_spark.py": "session",
    "test_every_page.py": "",
    "test_by_change.py": "",
    "test_backup_and_restore.py": "",
    "test_a_week.py": "",
    "test_manual_pages.py": "",
    "test_kill.py": "",
    "test_by_keyboard.py": "",
    "test_against_reference.py": "",
    "test_incidents.py": "",
}
#: Directories of a node's tests, which make a part of the suite of their own.
NODE: Final = {"node", "two_nodes"}
#: What is written anew for each database: bulk transfer and the trail's triggers. Their slow tests kill
#: processes and draw many days: `make test-node` alone runs those on both.
FOR_EACH_DATABASE: Final = {"records", "audit"}


def pytest_configure(config: pytest.Config) -> None:
    """Make a directory that all workers of this run share (two_nodes/made_once.py)."""
    if not hasattr(config, "workerinput"):
        os.environ["RENKEI_TESTS_SHARED"] = tempfile.mkdtemp(prefix="renkei-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop("RENKEI_TESTS_SHARED"), ignore_errors=True)


@cache
def _place(file: Path) -> Path:
    return file.relative_to(Path(__file__).parent)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark a node's tests and what goes to one worker, choose by marks, sort the dearest files to the front.

    Within a file, and among the rest, the order stays.
    """
    for item in items:
        part, *below = _place(item.path).parts
        if part in NODE:
            item.add_marker("node")
        # SQLite is for trying out: two whole nodes and every page in the browser run on it all the same.
        on_both = part == "node" and below[0] in FOR_EACH_DATABASE and not item.get_closest_marker("slow")
        if part == "node" and not on_both and not item.get_closest_marker("browser"):
            item.add_marker("postgresql")
        shared = ONE_BY_ONE.get(item.path.name)
        if shared is None or shared in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(_place(item.path).as_posix()))
    yield
    places = {name: place for place, name in enumerate(DEAREST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
