"""The days after the base world follow from it."""

import json
from datetime import timedelta

import polars as pl
import pytest
from simulated import DAYS, PLAN, World

DAY_NAMES = [f"day-{number:02d}" for number in range(1, DAYS + 1)]
DATASETS = ["persons", "cards", "permissions", "notifications"]
IDENTIFIERS = {"persons": "person_id", "cards": "card_number", "permissions": "permission_id"}


def standing(world: World, dataset: str, upto: int) -> pl.DataFrame:
    """A table after so many days: later rows in place of earlier ones under the same identifier."""
    tables = [world.table(dataset, part) for part in ["", *DAY_NAMES[:upto]]]
    return pl.concat(tables).unique(
        IDENTIFIERS.get(dataset, "notification_id"), keep="last", maintain_order=True
    )


@pytest.mark.parametrize(("number", "name"), list(enumerate(DAY_NAMES, start=1)))
def test_a_day_says_which_it_is(world: World, number: int, name: str):
    about = json.loads((world.directory / name / "day.json").read_text(encoding="utf-8"))

    assert about["business_date"] == (PLAN.as_of + timedelta(days=number)).isoformat()


@pytest.mark.parametrize("name", DAY_NAMES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_every_table_has_something_each_day(world: World, name: str, dataset: str):
    rows = world.table(dataset, name)

    assert rows.height > 0
    assert rows.columns == world.table(dataset).columns


@pytest.mark.parametrize("dataset", ["persons", "cards", "permissions"])
def test_a_day_names_each_row_once(world: World, dataset: str):
    for name in DAY_NAMES:
        assert world.table(dataset, name)[IDENTIFIERS[dataset]].is_unique().all()


@pytest.mark.parametrize("upto", range(1, DAYS + 1))
def test_the_register_holds_together_after_every_day(world: World, upto: int):
    people, cards = standing(world, "persons", upto), standing(world, "cards", upto)
    last = cards.sort("issued_on").group_by("person_id").last()
    both = people.join(last, on="person_id", suffix="_of_card")

    assert both.height == people.height
    assert (both["card_number"] == both["card_number_of_card"]).all()
    assert (both["status_of_residence"] == both["status_of_residence_of_card"]).all()
    assert standing(world, "permissions", upto)["person_id"].is_in(people["person_id"].implode()).all()


def test_a_card_belongs_to_one_person_for_good(world: World):
    tables = pl.concat([world.table("cards", part) for part in ["", *DAY_NAMES]])

    assert tables.group_by("card_number").agg(pl.col("person_id").n_unique())["person_id"].max() == 1


@pytest.mark.parametrize("number", range(1, DAYS + 1))
def test_what_is_not_new_was_there_before(world: World, number: int):
    day = world.table("notifications", DAY_NAMES[number - 1])
    today = (PLAN.as_of + timedelta(days=number)).isoformat()
    before = set(standing(world, "notifications", number - 1)["notification_id"])
    changed = day.filter((pl.col("updated_on") == today) | (pl.col("deleted_on") == today))

    assert changed.filter(pl.col("registered_on") < today).height > 0
    assert changed.filter(pl.col("registered_on") < today)["notification_id"].is_in(list(before)).all()
    assert not set(day.filter(pl.col("registered_on") == today)["notification_id"]) & before


@pytest.mark.parametrize("kind", ["separation", "correction", "deletion"])
def test_notifications_change_in_every_way(world: World, kind: str):
    today = (PLAN.as_of + timedelta(days=1)).isoformat()
    day = world.table("notifications", DAY_NAMES[0])
    found = {
        "separation": (pl.col("employment_end") == today) & (pl.col("updated_on") == today),
        "correction": (pl.col("employment_end").is_null() | (pl.col("employment_end") < today))
        & (pl.col("updated_on") == today),
        "deletion": (pl.col("deleted_on") == today) & pl.col("name").is_null(),
    }[kind]

    assert day.filter(found).height > 0


def test_what_is_deleted_stays_so(world: World):
    gone: set[str] = set()
    for name in DAY_NAMES:
        rows = world.table("notifications", name)
        assert not gone & set(rows["notification_id"])
        gone |= set(rows.drop_nulls("deleted_on")["notification_id"])


def test_somebody_lands_whose_landing_was_awaited(world: World):
    awaited = world.table("permissions").filter(pl.col("permitted_on").is_null())["permission_id"]
    landed = world.table("permissions", DAY_NAMES[0])

    assert landed.filter(pl.col("permission_id").is_in(awaited.implode()))["permitted_on"].null_count() == 0
    assert landed["permission_id"].is_in(awaited.implode()).any()


def test_the_key_of_a_day_speaks_of_its_own_notifications(world: World):
    for name in DAY_NAMES:
        said = world.table("notifications", name)["notification_id"]
        known = world.table("notifications", f"{name}/truth")["notification_id"]

        assert known.is_in(said.implode()).all()
        assert known.is_unique().all()
