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


@pytest.fixture(scope="session")
def filed_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world without flaws in its data, in which employers file as they usually do."""
    directory = tmp_path_factory.mktemp("filed")
    rates = {flaw.name: flaw.rate for flaw in default_flaws() if flaw.item == "employment"}
    write_world(Plan(20_000, 13_000, seed=5, as_of=PLAN.as_of), with_rates(clean() | rates), directory)
    return World(directory)
