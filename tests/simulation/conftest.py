"""A small world, drawn once, that many tests look at."""

from datetime import date

import pytest
from simulated import DAYS, PLAN, World

from renkei.simulation import Plan, clean, default_flaws, with_rates, write_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    directory = tmp_path_factory.mktemp("world")
    write_world(PLAN, default_flaws(), directory, "csv", days=DAYS)
    return World(directory)


@pytest.fixture(scope="session")
def clean_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    directory = tmp_path_factory.mktemp("clean")
    write_world(Plan(4_000, 2_500, seed=7, as_of=date(2026, 4, 1)), with_rates(clean()), directory)
    return World(directory)
