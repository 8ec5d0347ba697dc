"""Who works where across a change of status: each share comes out near its constant."""

import numpy as np
import polars as pl
import pytest
from simulated import PLAN

from renkei.simulation import Plan, clean, with_rates
from renkei.simulation.chunks import Chunk, draw_chunk
from renkei.simulation.draws import Bools, Draws
from renkei.simulation.employers import draw_employers
from renkei.simulation.employments import NUMBERS_BEGIN
from renkei.simulation.tables import BLANK_DAY, status_codes, table


@pytest.fixture(scope="module")
def chunk() -> Chunk:
    plan = Plan(60_000, 40_000, seed=8, as_of=PLAN.as_of)
    employers = draw_employers(plan.notifications, Draws(plan.seed, "employers"))
    rates = clean() | {"omitted": 0.1}
    return draw_chunk(plan, employers, next(iter(plan.chunks())), with_rates(rates))


def near(found: Bools, share: float) -> bool:
    """Say whether a share is within five standard deviations of what was asked for."""
    return len(found) > 100 and abs(found.mean() - share) <= 5 * np.sqrt(share * (1 - share) / len(found))


def test_some_specialists_work_for_another_employer_than_that_of_the_application(chunk: Chunk):
    employed = chunk.employments
    groups = dict(table("statuses").select("status_of_residence", "worker_group").iter_rows())
    specialist = np.array([groups[code] == "specialist" for code in status_codes()])[chunk.people.current]
    there = specialist & (employed.employer >= 0)

    assert near((employed.contract != employed.employer)[there], 0.18)
    assert (employed.contract == employed.employer)[~specialist].all()


def test_some_former_trainees_land_anew_with_a_certificate(chunk: Chunk):
    trained = [code.startswith("titp") for code in status_codes()]
    permissions, people = chunk.permissions, chunk.people
    later = permissions.stage > 0
    before = people.status[permissions.person, np.maximum(permissions.stage - 1, 0)]
    after_training = later & np.array(trained)[before] & ~np.array(trained)[permissions.status]
    landed = (permissions.rows["ground"] == "coe").to_numpy()

    assert near(landed[after_training], 0.25)
    assert not landed[later & ~after_training].any()


def rows(chunk: Chunk) -> pl.DataFrame:
    """Each employment beside the day of the permission under which the person is employed."""
    employed = chunk.employments
    person = employed.person
    groups = table("statuses")["worker_group"].is_in(["specialist", "intern", "designated"]).to_numpy()
    return pl.DataFrame(
        {
            "by_permission": groups[chunk.people.current[person]],
            "permitted": chunk.people.begins[person, employed.anchor[person]],
            "changed_status": employed.anchor[person] > 0,
            "begins": employed.begins,
            "ends": employed.ends,
            "start_said": employed.start_said,
            "registered": employed.registered,
            "omitted": employed.omitted[person],
        }
    )


def test_jobs_under_an_earlier_status_end_with_it_but_for_those_left_open(chunk: Chunk):
    before = rows(chunk).filter(
        pl.col("by_permission") & (pl.col("begins") < pl.col("permitted")) & (pl.col("ends") != BLANK_DAY)
    )
    still_open = rows(chunk).filter(
        pl.col("by_permission") & (pl.col("begins") < pl.col("permitted")) & (pl.col("ends") == BLANK_DAY)
    )

    assert (before["ends"] < before["permitted"]).all()
    assert near(np.repeat([True, False], [still_open.height, before.height]), 0.2)
    assert near(~before["start_said"].to_numpy(), 0.3)


def test_without_a_day_of_hiring_there_is_a_notice_of_separation(chunk: Chunk):
    without = rows(chunk).filter(~pl.col("start_said"))

    assert without.height > 0
    assert (without["ends"] != BLANK_DAY).all()
    assert (without["registered"] >= without["ends"]).all()


def test_those_nobody_notified_can_have_had_a_job_before_and_no_other(chunk: Chunk):
    employed, people = chunk.employments, chunk.people
    of_omitted = rows(chunk).filter("omitted")
    permitted = people.begins[np.arange(len(people)), employed.anchor]
    could = employed.omitted & (employed.anchor > 0) & (permitted > NUMBERS_BEGIN + 30)

    assert (of_omitted["begins"] < of_omitted["permitted"]).all()
    assert of_omitted["changed_status"].all()
    assert near(np.isin(np.flatnonzero(could), employed.person), 0.3)
