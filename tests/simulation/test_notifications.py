"""The ministry's extract: who is notified, by whom, and that each flaw occurs as often as its rate says."""

import functools

import numpy as np
import polars as pl
import pytest
from simulated import PLAN, World

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.simulation import Flaw, Plan, clean, default_flaws, with_rates
from renkei.simulation.chunks import Chunk, draw_chunk
from renkei.simulation.draws import Draws
from renkei.simulation.employers import draw_employers
from renkei.simulation.flawed import put_flaws
from renkei.simulation.tables import numbers, table

IN_VALUES = [flaw for flaw in default_flaws() if flaw.item != "employment"]
FILED = [flaw for flaw in default_flaws() if flaw.item == "employment"]


@functools.cache
def a_chunk() -> tuple[Plan, Chunk]:
    plan = Plan(9_000, 6_000, seed=3, as_of=PLAN.as_of)
    employers = draw_employers(plan.notifications, Draws(plan.seed, "employers"))
    return plan, draw_chunk(plan, employers, next(iter(plan.chunks())), with_rates(clean()))


def rows_with(rates: dict[str, float]) -> dict[str, int]:
    """How many rows each flaw befalls in one and the same chunk at these rates."""
    plan, chunk = a_chunk()
    flawed = put_flaws(
        with_rates(rates), chunk.people, chunk.cards, chunk.notifications, plan.today, Draws(1, "test")
    )
    return {
        flaw.name: len(rows) for flaw, rows in zip(flawed.account.flaws, flawed.account.rows, strict=True)
    }


def test_the_extract_has_the_columns_and_rows_asked_for(world: World):
    rows = world.table("notifications")

    assert tuple(rows.columns) == NOTIFICATIONS.names
    assert rows.height == PLAN.notifications


def test_workers_follow_the_published_groups(world: World):
    groups = dict(table("statuses").select("status_of_residence", "worker_group").iter_rows())
    now = dict(world.table("persons").select("person_id", "status_of_residence").iter_rows())
    people = world.table("notifications", "truth")["person_id"].drop_nulls()
    found = pl.Series([groups[now[person]] for person in people]).value_counts(normalize=True)
    wanted = numbers("worker_groups", "notifications")
    shares = dict(zip(table("worker_groups")["worker_group"], wanted / wanted.sum(), strict=True))

    for group, share in found.iter_rows():
        assert share == pytest.approx(shares[group], rel=0.03)


def test_establishments_follow_the_published_size_classes(world: World):
    rows = world.table("notifications").drop_nulls("establishment_size")
    by_workers = dict(rows["establishment_size"].value_counts(normalize=True).iter_rows())

    assert by_workers["30人未満"] == pytest.approx(0.362, abs=0.05)


def test_manufacturing_has_the_published_share_of_workers(world: World):
    divisions = dict(table("industries").select("industry", "division").iter_rows())
    found = world.table("notifications")["industry"].drop_nulls()

    assert np.mean([divisions[code] == "E" for code in found]) == pytest.approx(0.247, abs=0.04)


def test_an_establishment_number_names_one_establishment(world: World):
    rows = world.table("notifications").select("establishment_number", "establishment_name").drop_nulls()
    whole = rows.filter(pl.col("establishment_number").str.contains(r"^\d{11}$")).unique()

    assert whole["establishment_number"].is_unique().all()


def test_somebody_works_for_several_employers(world: World):
    people = world.table("notifications", "truth")["person_id"].drop_nulls()

    assert 0.03 < 1 - people.n_unique() / len(people) < 0.12


def test_the_extract_is_what_comes_before_annex_1(world: World):
    rows = world.table("notifications")
    permanent = rows.filter(pl.col("status_of_residence") == "permanent").drop_nulls("name")

    assert rows["card_number"].null_count() > 0
    assert (rows["status_of_residence"] == "special_permanent").any()
    assert permanent["establishment_number"].null_count() == 0
    assert rows["deleted_on"].is_not_null().any()


def possible(flaw: Flaw) -> int:
    """How many rows of the chunk the flaw could befall."""
    if flaw.name == "identifier_repeated":  # it needs another row that keeps its identifier
        return a_chunk()[0].notifications
    return rows_with({"all": 0, flaw.name: 1.0}).get(flaw.name, 0)


@pytest.mark.parametrize("flaw", IN_VALUES, ids=lambda flaw: flaw.name)
def test_a_flaw_occurs_at_its_rate_where_it_can(flaw: Flaw):
    everywhere = possible(flaw)
    rate = max(flaw.rate, 0.02)
    found = rows_with({"all": 0, flaw.name: rate}).get(flaw.name, 0)

    assert everywhere > 0
    assert abs(found - everywhere * rate) <= 5 * np.sqrt(everywhere * rate) + 1


@pytest.mark.slow
def test_flaws_at_their_default_rates_do_not_crowd_each_other_out():
    found = rows_with({})

    for flaw in IN_VALUES:
        most = possible(flaw) * flaw.rate
        # Flaws that decide an outcome keep others away: from a tenth of the rows at most.
        least = most * 0.88
        assert least - 5 * np.sqrt(most) - 1 <= found.get(flaw.name, 0) <= most + 5 * np.sqrt(most) + 1, flaw


@pytest.mark.slow
@pytest.mark.parametrize("flaw", FILED, ids=lambda flaw: flaw.name)
def test_employers_file_wrongly_at_the_rate_of_the_flaw(flaw: Flaw):
    plan, _ = a_chunk()
    employers = draw_employers(plan.notifications, Draws(plan.seed, "employers"))
    place = next(iter(plan.chunks()))
    found = []
    for rate in (0.0, 0.1, 0.3):
        employed = draw_chunk(plan, employers, place, with_rates({"all": 0, flaw.name: rate})).employments
        others = {"filed_late": employed.late, "started_early": employed.early}
        found.append(int(others.get(flaw.name, getattr(employed, flaw.name, None)).sum()))

    assert found[0] == 0
    assert found[2] == pytest.approx(3 * found[1], rel=0.45)


def test_a_clean_world_has_no_flaw(clean_world: World):
    truth = clean_world.table("notifications", "truth")

    assert truth["flaws"].null_count() == truth.height
    assert set(truth["expected_outcome"]) == {"matched"}
    assert set(clean_world.table("permissions", "truth")["truly_omitted"]) == {"false"}


def test_the_key_speaks_of_every_notification_once(world: World):
    said, known = (world.table("notifications", part)["notification_id"] for part in ("", "truth"))

    assert known.is_unique().all()
    assert set(known) == set(said)
    assert said.len() > known.len()


def test_the_key_marks_the_notification_whose_identifier_is_repeated(world: World):
    said = world.table("notifications")["notification_id"]
    marked = world.table("notifications", "truth").filter(pl.col("flaws").str.contains("identifier_repeated"))

    assert set(marked["notification_id"]) == set(said.filter(said.is_duplicated()))
