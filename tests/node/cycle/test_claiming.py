"""Claiming a step: one worker at a time, a dead worker's claim lapses, a lost one cannot end the step."""

import os
import socket
import subprocess
import sys
from datetime import date, timedelta

import pytest
from django.utils import timezone

from renkei.node.cycle import runner
from renkei.node.cycle.models import Day, Step

pytestmark = pytest.mark.django_db

ELSEWHERE = "another-machine:4711:99"


@pytest.fixture
def step() -> Step:
    return Step.objects.create(
        day=Day.objects.create(business_day=date(2026, 4, 1)), position=1, name="check"
    )


def the_same(step: Step) -> Step:
    return Step.objects.get(pk=step.pk)


def a_dead_worker() -> str:
    code = "from renkei.node.cycle.runner import worker_name; print(worker_name())"
    script = (
        "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'renkei.node.settings'); "
        f"import django; django.setup(); {code}"
    )
    return subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_step_has_one_worker(step):
    second = the_same(step)

    assert runner.claim(step, runner.worker_name())
    assert not runner.claim(second, ELSEWHERE)
    assert the_same(step).state == Step.State.RUNNING


def test_two_that_read_the_step_before_either_claimed_it_do_not_both_get_it(step):
    first, second = the_same(step), the_same(step)

    assert [runner.claim(first, ELSEWHERE), runner.claim(second, runner.worker_name())] == [True, False]


def test_a_worker_killed_on_this_machine_is_replaced_at_once(step):
    assert runner.claim(step, a_dead_worker())
    assert runner.claim(the_same(step), runner.worker_name())


def test_a_worker_whose_number_came_again_counts_as_dead(step):
    reborn = f"{socket.gethostname()}:{os.getpid()}:1"

    assert runner.claim(step, reborn)
    assert runner.claim(the_same(step), runner.worker_name())


def test_a_live_worker_of_this_machine_keeps_its_step_beyond_the_lease(step):
    runner.claim(step, runner.worker_name())
    Step.objects.update(leased_until=timezone.now() - timedelta(hours=1))

    assert not runner.claim(the_same(step), ELSEWHERE)


@pytest.mark.parametrize(("past", "free"), [(timedelta(seconds=-60), False), (timedelta(seconds=1), True)])
def test_a_worker_elsewhere_loses_its_step_when_the_lease_is_over(step, past, free):
    runner.claim(step, ELSEWHERE)
    Step.objects.update(leased_until=timezone.now() - past)

    assert runner.claim(the_same(step), runner.worker_name()) is free


def test_whoever_lost_a_step_cannot_end_it(step):
    runner.claim(step, ELSEWHERE)
    Step.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    runner.claim(the_same(step), runner.worker_name())

    with pytest.raises(runner.Lost):
        runner.release(step, ELSEWHERE, Step.State.DONE)
    assert the_same(step).state == Step.State.RUNNING


def test_a_stopped_step_is_taken_up_again_and_its_attempts_are_counted(step):
    runner.claim(step, runner.worker_name())
    runner.release(step, runner.worker_name(), Step.State.STOPPED, trouble="Unstored")

    assert runner.claim(step, runner.worker_name())
    assert (the_same(step).attempts, the_same(step).trouble) == (2, "")
