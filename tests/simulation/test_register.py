"""The register: canonical, whole, and near the published statistics."""

import re

import numpy as np
import polars as pl
import pytest
from simulated import PLAN, World

from renkei.agreement.datasets import DATASETS, NOTIFICATIONS, Kind
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.agreement.nationalities import NATIONALITIES
from renkei.agreement.statuses import STATUSES
from renkei.matching.names import compare_names
from renkei.simulation.employers import corporate_numbers
from renkei.simulation.tables import table

REGISTER = [dataset for name, dataset in DATASETS.items() if name != NOTIFICATIONS.name]
COLUMNS = [column for dataset in REGISTER for column in dataset.columns]
SHAPES = {
    Kind.TEXT: r"\S(.*\S)?",
    Kind.DATE: r"(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
    Kind.PARTIAL_DATE: r"(19|20)\d\d-(00-00|(0[1-9]|1[0-2])-(0\d|[12]\d|3[01]))",
    Kind.SEX: r"[0129]",
    Kind.BOOLEAN: r"true|false",
    Kind.CARD_NUMBER: r"[A-Z]{2}\d{8}[A-Z]{2}",
    Kind.CORPORATE_NUMBER: r"[1-9]\d{12}",
    Kind.POSTAL_CODE: r"\d{7}",
    Kind.PHONE: r"0\d{1,3}-\d{2,4}-\d{4}",
    Kind.GROUND: r"coe|change",
    Kind.STATUS: "|".join(STATUSES),
    Kind.NATIONALITY: "|".join(NATIONALITIES),
}


@pytest.mark.parametrize("dataset", REGISTER, ids=lambda dataset: dataset.name)
def test_a_table_has_the_columns_of_the_data_dictionary(world: World, dataset):
    assert tuple(world.table(dataset.name).columns) == dataset.names


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: f"{column.dataset}.{column.name}")
def test_every_value_is_canonical(world: World, column):
    values = world.table(column.dataset)[column.name]
    shape = re.compile(SHAPES[column.kind])

    assert not [value for value in values.drop_nulls().unique() if not shape.fullmatch(value)]
    assert values.str.len_chars().max() is None or values.str.len_chars().max() <= (column.max_length or 99)
    assert not (column.required and values.null_count())


def test_names_are_printed_in_capital_letters(world: World):
    assert world.table("cards")["name"].str.contains(r"^[A-Z]+( [A-Z]+)*$").all()


@pytest.mark.parametrize(
    ("dataset", "identifier"),
    [
        ("persons", "person_id"),
        ("persons", "card_number"),
        ("cards", "card_number"),
        ("permissions", "permission_id"),
    ],
)
def test_an_identifier_occurs_once(world: World, dataset: str, identifier: str):
    assert world.table(dataset)[identifier].is_unique().all()


@pytest.mark.parametrize("dataset", ["cards", "permissions"])
def test_every_row_belongs_to_somebody(world: World, dataset: str):
    people = world.table("persons")["person_id"]

    assert world.table(dataset)["person_id"].is_in(people.implode()).all()


def test_the_latest_card_of_a_person_is_the_last_issued(world: World):
    last = world.table("cards").sort("issued_on").group_by("person_id").last()
    both = world.table("persons").join(last, on="person_id", suffix="_of_card")

    assert both.height == PLAN.residents
    assert (both["card_number"] == both["card_number_of_card"]).all()
    assert (both["status_of_residence"] == both["status_of_residence_of_card"]).all()


def test_nothing_in_the_register_is_of_the_future(world: World):
    assert world.table("cards")["issued_on"].max() <= PLAN.as_of.isoformat()
    assert world.table("permissions")["permitted_on"].max() <= PLAN.as_of.isoformat()


def test_people_are_born_before_they_land(world: World):
    first = world.table("cards").filter(pl.col("issued_on") > "2012-07-09")

    assert (first["birth_date"] <= first["issued_on"]).all()


def test_a_person_has_about_two_cards(world: World):
    assert 1.8 <= world.table("cards").height / PLAN.residents <= 2.3


def test_there_is_about_one_permission_for_two_people(world: World):
    assert 0.4 <= world.table("permissions").height / PLAN.residents <= 0.65


@pytest.mark.parametrize("by", ["nationality", "status_of_residence"])
def test_residents_follow_the_published_table(world: World, by: str):
    published = (
        table("residents")
        .filter(pl.col("status_of_residence") != "special_permanent")
        .group_by(by)
        .agg(pl.col("residents").cast(pl.Int64).sum())
        .with_columns(expected=pl.col("residents") / pl.col("residents").sum() * PLAN.residents)
    )
    counted = world.table("persons").group_by(by).len()
    both = published.join(counted, on=by, how="left").fill_null(0)

    assert counted[by].is_in(published[by].implode()).all()
    # Five standard deviations of a count, and one for the counts that are nearly none.
    assert ((both["len"] - both["expected"]).abs() <= 5 * both["expected"].sqrt() + 1).all()


def test_residents_live_where_the_published_numbers_say(world: World):
    home = (
        world.table("persons")["address"].str.extract(r"^(東京都|大阪府|愛知県)").value_counts(normalize=True)
    )
    share = dict(home.drop_nulls().iter_rows())
    residents = dict(
        table("prefectures").select("prefecture", pl.col("residents").cast(pl.Float64)).iter_rows()
    )

    for prefecture, found in share.items():
        assert found == pytest.approx(residents[prefecture] / sum(residents.values()), rel=0.1)


def test_special_permanent_residents_hold_no_residence_card(world: World):
    assert "special_permanent" not in set(world.table("cards")["status_of_residence"])


@pytest.mark.parametrize(("ground", "landing", "previous"), [("coe", True, False), ("change", False, True)])
def test_a_permission_says_what_its_ground_calls_for(
    world: World, ground: str, landing: bool, previous: bool
):
    rows = world.table("permissions").filter(pl.col("ground") == ground)

    assert (rows["permitted_on"].null_count() > 0) == landing
    assert (rows["previous_status"].null_count() == 0) == previous


def test_work_is_designated_for_designated_activities_alone(world: World):
    rows = world.table("permissions")

    assert (rows["work_designated"].is_not_null() == (rows["status_of_residence"] == "designated")).all()


def test_some_organisations_have_no_corporate_number_and_some_dispatch(world: World):
    rows = world.table("permissions")

    assert 0.02 < rows["organisation_corporate_number"].null_count() / rows.height < 0.2
    assert 0.02 < rows["dispatch_name"].is_not_null().mean() < 0.3


def check_digit(base: str) -> str:
    """The digit before a corporate number, as the tax agency's page has it: digit by digit."""
    total = sum(int(digit) * (1 if place % 2 == 0 else 2) for place, digit in enumerate(reversed(base)))
    return str(9 - total % 9)


def test_every_corporate_number_checks(world: World):
    numbers = world.table("permissions")["organisation_corporate_number"].drop_nulls().unique()

    assert all(number[0] == check_digit(number[1:]) for number in numbers)


@pytest.mark.parametrize("number", ["6000012070001", "7000012050002", "8000012010038"])
def test_the_check_digit_is_that_of_public_offices(number: str):
    assert corporate_numbers(np.array([int(number[1:])]))[0] == number


def test_a_passport_s_writing_of_a_name_agrees_with_the_card_s():
    parts = table("name_parts").filter(pl.col("passport") != "")
    nobody = pl.lit(None, dtype=pl.String)
    pairs = parts.select(reported="passport", held="latin", held_kanji=nobody)

    assert set(compare_names(pairs, DEFAULT_POLICY)["cause"]) == {"format"}
